"""Events about articles, as CloudEvents 1.0.

Structured mode: one of these models as JSON. Binary mode: the attributes as `ce-` headers, percent-encoded, and `data`
as the message's body. Both are taken on every event channel; each channel takes its own type only.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from newsdex_schemas import channels
from newsdex_schemas.article import Article, Name, Url
from newsdex_schemas.model import ContractModel, Identifier, Version, WithoutNul
from newsdex_schemas.values.languages import OptionalLanguage
from newsdex_schemas.values.timestamps import OptionalMoment, Timestamp

MAX_PAGE_CHARS = 1_500_000
MAX_HTML_CHARS = 4_000_000
JSON_MEDIA_TYPE = r"^\s*[^/;\s]+/([^/;\s]+\+)?[Jj][Ss][Oo][Nn]\s*(;.*)?$"
"""A media type that says JSON: `*/json` or `*/*+json`, with or without parameters."""


def _says_json(value: str) -> str:
    if not re.fullmatch(JSON_MEDIA_TYPE, value):
        raise PydanticCustomError("not_json_content", "the data must be JSON, such as application/json")
    return value


JsonMediaType = Annotated[
    str,
    StringConstraints(max_length=200),
    AfterValidator(_says_json),
    Field(json_schema_extra={"pattern": JSON_MEDIA_TYPE}),
]


class Event(ContractModel):
    """The CloudEvents attributes that every event carries.

    `source` and `id` together name the event: a second one with both and the content equal is a duplicate. `time`
    orders the events of an article; it counts as the moment at which the broker stored the event where it is absent or
    later than that.
    """

    specversion: Literal["1.0"] = "1.0"
    id: Identifier
    source: Identifier
    type: str
    time: OptionalMoment = None
    subject: Identifier | None = None
    datacontenttype: JsonMediaType = "application/json"


def _none_for_zero(version: int | None) -> int | None:
    return version or None


class Withdrawal(ContractModel):
    """Takes an article out of search.

    Without `version`, it covers what was stored before it, and what states an earlier time. With one, it covers that
    version and lower ones, whenever they are stored, until the same one comes again with a later time. Version 0 is
    none: plain objects of many languages have it where nothing was set, and their takedown must hold.

    The article is named by its `id`, or, where it is a scraped page that was published without one, by the page's
    `url`. An `id` that is there and empty stays a fault: a takedown must not hide another article than was meant.
    """

    url: Url | None = None
    version: Annotated[Version | None, AfterValidator(_none_for_zero)] = None
    reason: Annotated[str, StringConstraints(max_length=1000), WithoutNul()] | None = None
    id: Annotated[Identifier | None, Field(validate_default=True)] = None

    @classmethod
    def without_empty_fields(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that are set, and an `id` that is an empty text."""
        empty_id = {"id": data["id"]} if isinstance(data.get("id"), str) else {}
        return {**super().without_empty_fields(data), **empty_id}

    @field_validator("id")
    @classmethod
    def _named(cls, id_: str | None, info: ValidationInfo) -> str | None:
        if id_ is None and "url" in info.data and info.data["url"] is None:
            raise PydanticCustomError("missing", "a withdrawal needs the article's id or the scraped page's url")
        return id_


class ScrapedPage(ContractModel):
    """A page as a scraper left it; newsdex makes an `Article` of it.

    The page is its `html`, its `text`, or both, of which `html` is read first. What the scraper knows by itself
    (`title`, `published_at`, `authors`, `language`, `section`, `canonical_url`) goes before what the page states.

    The article's id is `id` where given. Else it is derived from the page's address: `canonical_url`, the address that
    `html` calls its own within its site, `fetched_url`, or `url`; one of id and addresses is needed. Fragments,
    parameters of tracking and `www.` make no other address.
    """

    url: Url | None = None
    """The address that was asked for."""
    fetched_url: Url | None = None
    """The address that answered, where redirects led to another one."""
    canonical_url: Url | None = None
    """The page's own address, where the scraper knows it."""
    html: Annotated[str, StringConstraints(min_length=1, max_length=MAX_HTML_CHARS)] | None = None
    """The page as it came, decoded; needs newsdex with its extra `pages`."""
    text: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=MAX_PAGE_CHARS), WithoutNul()] | None,
        Field(validate_default=True),
    ] = None
    """The page as plain text."""
    fetched_at: Timestamp
    timezone: Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+\-/]+$")] = "UTC"
    """The publisher's IANA zone, in which dates without a zone are read."""
    title: Annotated[str, StringConstraints(max_length=1000), WithoutNul()] | None = None
    published_at: Annotated[str, StringConstraints(max_length=100)] | None = None
    """In any form that pages use, such as RFC 3339, RFC 822 or `11.12.2021`; what cannot be read is passed over."""
    authors: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    language: OptionalLanguage = None
    section: Name | None = None
    id: Annotated[Identifier | None, Field(validate_default=True)] = None

    @classmethod
    def without_empty_fields(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that are set, and an empty text of a page that has nothing else."""
        fields = super().without_empty_fields(data)
        return fields if "html" in fields or "text" not in data else {**fields, "text": data["text"]}

    @field_validator("text")
    @classmethod
    def _with_content(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is None and "html" in info.data and info.data["html"] is None:
            raise PydanticCustomError("missing", "a page needs its html or its text")
        return text

    @field_validator("id")
    @classmethod
    def _named(cls, id_: str | None, info: ValidationInfo) -> str | None:
        addresses = ("url", "fetched_url", "canonical_url")
        if id_ is None and all(name in info.data and info.data[name] is None for name in addresses):
            raise PydanticCustomError("page_without_name", "a page needs its url or an id")
        return id_


class ArticlePublished(Event):
    """An article was published."""

    type: Literal["article.published.v1"] = "article.published.v1"
    data: Article


class ArticleUpdated(Event):
    """A published article was changed; `data` is the whole new article."""

    type: Literal["article.updated.v1"] = "article.updated.v1"
    data: Article


class ArticleWithdrawn(Event):
    """An article must no longer be found."""

    type: Literal["article.withdrawn.v1"] = "article.withdrawn.v1"
    data: Withdrawal


class ArticleScraped(Event):
    """A page was fetched."""

    type: Literal["article.scraped.v1"] = "article.scraped.v1"
    data: ScrapedPage


AnyEvent = Annotated[ArticlePublished | ArticleUpdated | ArticleWithdrawn | ArticleScraped, Field(discriminator="type")]

EVENT_MODELS: dict[str, type[Event]] = {
    channels.ARTICLES_PUBLISHED: ArticlePublished,
    channels.ARTICLES_UPDATED: ArticleUpdated,
    channels.ARTICLES_WITHDRAWN: ArticleWithdrawn,
    channels.ARTICLES_SCRAPED: ArticleScraped,
}
"""Channel → the one event it takes."""


def event_type(model: type[Event]) -> str:
    """Return the CloudEvents type of an event model."""
    return str(model.model_fields["type"].default)

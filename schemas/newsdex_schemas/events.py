"""Events about articles, as CloudEvents 1.0.

Structured mode: one of these models as JSON. Binary mode: the attributes as `ce-` headers, percent-encoded, and `data`
as the message's body. Both are taken on every event channel; each channel takes its own type only.
"""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from newsdex_schemas import channels
from newsdex_schemas.article import Article, Url
from newsdex_schemas.model import ContractModel, Identifier, Timestamp, Version, WithoutNul

MAX_PAGE_CHARS = 1_500_000


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
    time: Timestamp | None = None
    subject: Identifier | None = None
    datacontenttype: Literal["application/json"] = "application/json"


class Withdrawal(ContractModel):
    """Takes an article out of search.

    Without `version`, it covers what was stored before it, and what states an earlier time. With one, it covers that
    version and lower ones, whenever they are stored, until the same one comes again with a later time.
    """

    id: Identifier
    version: Version | None = None
    reason: Annotated[str, StringConstraints(max_length=1000), WithoutNul()] | None = None


class ScrapedPage(ContractModel):
    """A page as a scraper left it; newsdex makes an `Article` of it.

    `timezone` is the publisher's IANA zone, in which dates without a zone are read. The article's id is `id` where
    given, else it is derived from `url`; one of the two is needed.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["url"]}, {"required": ["id"]}]})

    url: Url | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_PAGE_CHARS), WithoutNul()]
    fetched_at: Timestamp
    timezone: Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+\-/]+$")] = "UTC"
    id: Identifier | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.url is None and self.id is None:
            raise PydanticCustomError("page_without_name", "a page needs its url or an id")
        return self


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
    """Give the CloudEvents type of an event model."""
    return str(model.model_fields["type"].default)

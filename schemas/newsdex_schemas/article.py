"""An article: what a publisher publishes, and what search finds."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from newsdex_schemas.model import ContractModel, Identifier, Timestamp, Version, WithoutNul

MAX_BODY_CHARS = 1_000_000


def _http_url(value: str) -> str:
    scheme, _, rest = value.partition("://")
    if scheme not in ("http", "https") or not rest or any(c.isspace() or c < " " for c in value):
        raise PydanticCustomError("invalid_url", "must be an absolute http or https URL without spaces")
    return value


Url = Annotated[
    str,
    StringConstraints(max_length=2048),
    AfterValidator(_http_url),
    Field(json_schema_extra={"pattern": r"^https?://[^\s\x00-\x1f]+$"}),
]
Language = Annotated[
    str,
    StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"),
]
"""A BCP 47 language tag, such as `en`, `pt-BR` or `zh-Hans`."""
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    WithoutNul(),
    Field(json_schema_extra={"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}),
]
"""A word or two; space around it is taken off, and space alone is refused."""


class RelatedLink(ContractModel):
    """A pointer from an article to another one."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=1000), WithoutNul()]
    url: Url | None = None


class Article(ContractModel):
    """One article in one version.

    Only `id` and `title` are required. Order between versions: by `version` where given, else by the event's time, else
    by its place in the stream; `published_at` orders nothing. All text is plain text, paragraphs parted by a blank
    line; lengths are in characters.
    """

    id: Identifier
    title: Annotated[str, StringConstraints(min_length=1, max_length=1000), WithoutNul()]
    body: Annotated[str, StringConstraints(max_length=MAX_BODY_CHARS), WithoutNul()] = ""
    summary: Annotated[str, StringConstraints(max_length=10_000), WithoutNul()] | None = None
    section: Name | None = None
    authors: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    tags: Annotated[tuple[Name, ...], Field(max_length=200)] = ()
    agency: Name | None = None
    dateline: Name | None = None
    language: Language | None = None
    url: Url | None = None
    published_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    version: Version | None = None
    embargoed_until: Timestamp | None = None
    expires_at: Timestamp | None = None
    related: Annotated[tuple[RelatedLink, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _visible_for_some_time(self) -> Self:
        if self.embargoed_until and self.expires_at and self.expires_at <= self.embargoed_until:
            raise PydanticCustomError("reversed_range", "expires_at must lie after embargoed_until")
        return self

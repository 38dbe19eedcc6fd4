"""An article: what a publisher publishes, and what search finds."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from newsdex_schemas.model import ContractModel, Identifier, Version, WithoutNul, is_empty
from newsdex_schemas.values.languages import OptionalLanguage
from newsdex_schemas.values.timestamps import OptionalDate, OptionalEnd, OptionalMoment

MAX_BODY_CHARS = 1_000_000


def _http_url(value: str) -> str:
    scheme, _, rest = value.partition("://")
    if scheme.lower() not in ("http", "https") or not rest or any(c.isspace() or c < " " for c in value):
        raise PydanticCustomError("invalid_url", "must be an absolute http or https URL without spaces")
    return value


Url = Annotated[
    str,
    StringConstraints(max_length=2048),
    AfterValidator(_http_url),
    Field(json_schema_extra={"pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00-\x1f]+$"}),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    WithoutNul(),
    Field(json_schema_extra={"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}),
]
"""A word or two; space around it is taken off, and space alone is refused."""


def _not_empty(value: object) -> object:
    """Raise for an empty title, which is left in an article without any text only."""
    if value is None:
        raise PydanticKnownError("missing")
    if is_empty(value):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return value


class RelatedLink(ContractModel):
    """A pointer from an article to another one."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=1000), WithoutNul()]
    """The other article's title."""
    url: Url | None = None
    """Where it can be read."""


Origin = Literal["hint", "json_ld", "microdata", "meta", "address", "page", "guess"]
"""What a value of a scraped page was read from: the scraper's word, JSON-LD, microdata, meta elements such as
OpenGraph's, the page's address, what its readers see, or a guess."""


class ValueOrigin(ContractModel):
    """Where newsdex read one value of a scraped page."""

    origin: Origin
    """The part of the page that states the value; `guess` is stated nowhere."""
    precision: Literal["day", "minute"] | None = None
    """Of a date, whether its clock time was stated; a day is its first moment."""
    zone: Literal["stated", "assumed"] | None = None
    """Of a date, whether its time zone was stated, or is the page's `timezone`."""


class Article(ContractModel):
    """One article in one version.

    Only `id` is required, and a title or a body. Order between versions: by `version` where given, else by the event's
    time, else by its place in the stream; `published_at` orders nothing. Paragraphs are parted by a blank line; HTML in
    a text becomes plain text. Lengths are in characters.
    """

    id: Identifier
    """The publisher's name for it: what later versions and withdrawals name."""
    title: Annotated[str, StringConstraints(max_length=1000), WithoutNul(), BeforeValidator(_not_empty)] = ""
    """Absent for a story without one, such as a wire flash; the body must be there then."""
    body: Annotated[str, StringConstraints(max_length=MAX_BODY_CHARS), WithoutNul()] = ""
    """The text, paragraphs parted by a blank line."""
    summary: Annotated[str, StringConstraints(max_length=10_000), WithoutNul()] | None = None
    """A few sentences about it, or a standfirst."""
    section: Name | None = None
    """Where in the publication it stands, such as `Sport`."""
    authors: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    """Who wrote it, a name each."""
    tags: Annotated[tuple[Name, ...], Field(max_length=200)] = ()
    """What it is about, a keyword each."""
    agency: Name | None = None
    """The news agency that it came from."""
    dateline: Name | None = None
    """The place that stands before a story's first words."""
    language: OptionalLanguage = None
    """A BCP 47 tag; where it is absent, the language is detected."""
    url: Url | None = None
    """Where it can be read."""
    published_at: OptionalDate = None
    """When it was published; shown, searched and sorted by, but no part of the order of versions."""
    updated_at: OptionalMoment = None
    """When it was last changed; of a bare article, the time that orders its versions."""
    version: Version | None = None
    """Counted up by the publisher with each change."""
    embargoed_until: OptionalMoment = None
    """Until then no search shows it."""
    expires_at: OptionalEnd = None
    """From then on no search shows it."""
    related: Annotated[tuple[RelatedLink, ...], Field(max_length=100)] = ()
    """Other articles that this one points to."""
    origins: Annotated[dict[str, ValueOrigin], Field(max_length=30)] | None = None
    """Of a scraped page, where each value was read, by the field's name; publishers leave it out."""

    content_type: Literal["text/plain", "text/html"] | None = None
    """What the texts are. HTML becomes plain text; plain text stays as it is; where absent, tags are looked for."""
    markup: Annotated[dict[str, str | tuple[str, ...]], Field(max_length=10)] | None = None
    """The texts as they came, where they had HTML in them, by the field's name; publishers leave it out."""

    @classmethod
    def without_empty_fields(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that are set, and the empty title of an article without any text."""
        fields = super().without_empty_fields(data)
        has_text = "title" in fields or "body" in fields
        return fields if has_text else {**fields, "title": data.get("title")}

    @field_validator("expires_at")
    @classmethod
    def _visible_for_some_time(cls, expires_at: datetime | None, info: ValidationInfo) -> datetime | None:
        embargoed_until = info.data.get("embargoed_until")
        if expires_at and embargoed_until and expires_at <= embargoed_until:
            raise PydanticCustomError("reversed_range", "expires_at must lie after embargoed_until")
        return expires_at

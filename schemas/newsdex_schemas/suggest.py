"""What may be meant while someone is still typing: a request and its answer."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints

from newsdex_schemas.article import Url
from newsdex_schemas.model import ContractModel, Identifier, RequestModel, WholeNumber, WithoutNul
from newsdex_schemas.values.timestamps import Timestamp

MAX_TYPED_CHARS = 200
MAX_SUGGESTIONS = 20
MAX_SUGGEST_TIMEOUT_MS = 10_000

SuggestKind = Literal["titles", "authors", "tags", "terms"]


class SuggestRequest(RequestModel):
    """Asks for completions of `q`, whose last word may be unfinished."""

    q: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TYPED_CHARS), WithoutNul()]
    """What was typed so far."""
    kinds: Annotated[tuple[SuggestKind, ...], Field(min_length=1, max_length=4)] = (
        "titles",
        "authors",
        "tags",
        "terms",
    )
    """What may be suggested: titles of articles, their authors and tags, words of their texts."""
    size: Annotated[StrictInt, Field(ge=1, le=MAX_SUGGESTIONS), WholeNumber] = 5
    """How many of each kind."""
    timeout_ms: Annotated[StrictInt, Field(ge=1, le=MAX_SUGGEST_TIMEOUT_MS), WholeNumber] = 500
    """When it is over, the reply is what was found so far, marked `partial`, or a Problem."""


class Suggestion(ContractModel):
    """An author, a tag, or what was typed with its last word completed."""

    text: str
    """Ready to be sent as `q`, or as a value of a filter."""
    marked: str
    """The text escaped for HTML, what was typed of it between `<mark>` and `</mark>`."""
    total: int
    """How many articles have the author or the tag, or all the words."""
    corrected: bool = False
    """True where it does not begin as typed, but almost."""


class TitleSuggestion(ContractModel):
    """An article whose title has the words."""

    id: Identifier
    """The article's id."""
    text: str
    """The title."""
    marked: str
    """The title escaped for HTML, what was typed of it between `<mark>` and `</mark>`."""
    corrected: bool = False
    """True where its words are not as typed, but almost."""
    section: str | None = None
    """The article's section."""
    url: Url | None = None
    """Where the article can be read."""
    published_at: Timestamp | None = None
    """When the article was published."""


class SuggestReply(ContractModel):
    """The answer to a SuggestRequest; where exact completions are few, those for typing errors follow them."""

    titles: tuple[TitleSuggestion, ...] = ()
    """Newest first."""
    authors: tuple[Suggestion, ...] = ()
    """Those with more, and more recent, articles first; the same with tags and terms."""
    tags: tuple[Suggestion, ...] = ()
    """Tags, as authors."""
    terms: tuple[Suggestion, ...] = ()
    """What was typed, its last word completed, as authors."""
    partial: bool
    """True when the deadline ended the work early."""
    took_ms: float
    """From the request's arrival to the reply, in milliseconds."""
    position: int
    """Every change up to this archive sequence number is reflected in the answer."""

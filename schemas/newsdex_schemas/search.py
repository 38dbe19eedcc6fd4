"""A search request and its answer."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints

from newsdex_schemas.article import Language, Name, Url
from newsdex_schemas.model import ContractModel, Identifier, Timestamp, WithoutNul
from newsdex_schemas.outcomes import EventRef

MAX_QUERY_CHARS = 2_000
MAX_SIZE = 100
MAX_OFFSET = 10_000
MAX_TIMEOUT_MS = 10_000

Values = Annotated[tuple[Name, ...], Field(max_length=50)]


class SearchFilters(ContractModel):
    """Conditions that every hit meets. Values of one filter are alternatives; filters add up."""

    section: Values = ()
    authors: Values = ()
    tags: Values = ()
    agency: Values = ()
    language: Annotated[tuple[Language, ...], Field(max_length=50)] = ()
    published_from: Timestamp | None = None
    """Inclusive."""
    published_to: Timestamp | None = None
    """Exclusive."""


class SearchRequest(ContractModel):
    """A query over title, summary and body; an empty `q` finds every article."""

    q: Annotated[str, StringConstraints(max_length=MAX_QUERY_CHARS), WithoutNul()] = ""
    filters: SearchFilters = SearchFilters()
    sort: Literal["relevance", "newest", "oldest"] = "relevance"
    size: Annotated[StrictInt, Field(ge=0, le=MAX_SIZE)] = 10
    offset: Annotated[StrictInt, Field(ge=0, le=MAX_OFFSET)] = 0
    timeout_ms: Annotated[StrictInt, Field(ge=1, le=MAX_TIMEOUT_MS)] = 1_000
    """When it is over, the reply is what was found so far, marked `partial`, or a Problem."""
    wait_for: EventRef | None = None
    """Answer once the index reflects this event: a publisher's own. Past the deadline, a Problem: `wait_timeout`."""


class Hit(ContractModel):
    """One article that was found."""

    id: Identifier
    title: str
    snippets: tuple[str, ...]
    """Passages of the text, escaped for HTML, matched words between `<mark>` and `</mark>`."""
    score: float
    """Relevance, comparable within one reply only; 0.0 when sorted by date."""
    summary: str | None = None
    section: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    agency: str | None = None
    dateline: str | None = None
    language: str | None = None
    url: Url | None = None
    published_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    version: int | None = None


class SearchReply(ContractModel):
    """The answer to a SearchRequest."""

    hits: tuple[Hit, ...]
    total: int
    """How many articles match; a lower bound where `partial` is true."""
    partial: bool
    """True when the deadline ended the search early."""
    took_ms: float
    """From the request's arrival to the reply, in milliseconds."""
    index_ms: float
    """The part of `took_ms` that the index itself took."""
    position: int
    """Every change up to this archive sequence number is reflected in the answer."""


class Place(ContractModel):
    """Where in a request the fault is."""

    field: str | None = None
    """Path of the field, such as `filters.section.0`."""
    start: int | None = None
    end: int | None = None
    """Offsets in `q`, in characters, end exclusive."""


class Problem(ContractModel):
    """The answer when a request cannot be answered. `code` is stable; `message` is for people."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    message: str
    retryable: bool
    """True where the same request may succeed later."""
    place: Place | None = None
    correlation_id: str | None = None

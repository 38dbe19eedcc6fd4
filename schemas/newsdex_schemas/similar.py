"""Articles about the same as another one: a request and its answer."""

from typing import Annotated

from pydantic import Field, StrictInt

from newsdex_schemas.model import ContractModel, Identifier, RequestModel, WholeNumber
from newsdex_schemas.search import MAX_SIZE, MAX_TIMEOUT_MS, Hit, SearchFilters


class SimilarRequest(RequestModel):
    """Names an article; `filters` are those of a search."""

    id: Identifier
    """The article to which others are compared."""
    filters: SearchFilters = SearchFilters()
    """What every hit must meet."""
    size: Annotated[StrictInt, Field(ge=1, le=MAX_SIZE), WholeNumber] = 10
    """At most so many hits."""
    timeout_ms: Annotated[StrictInt, Field(ge=1, le=MAX_TIMEOUT_MS), WholeNumber] = 1_000
    """When it is over, the reply is what was found so far, marked `partial`, or a Problem."""


class SimilarReply(ContractModel):
    """The answer to a SimilarRequest, most similar first, without the article itself."""

    hits: tuple[Hit, ...]
    """The articles, without the one that was asked about."""
    terms: tuple[str, ...]
    """The article's significant words, most significant first: what the hits were looked for by."""
    partial: bool
    """True when the deadline ended the search early."""
    took_ms: float
    """From the request's arrival to the reply, in milliseconds."""
    index_ms: float
    """The part of `took_ms` that the index itself took."""
    position: int
    """Every change up to this archive sequence number is reflected in the answer."""

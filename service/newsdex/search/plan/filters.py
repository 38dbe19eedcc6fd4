"""Builds the queries of a request's filters, and of the documents that must not be shown."""

from collections.abc import Sequence

from whoosh import query as q
from whoosh.query import Query

from newsdex.errors import Invalid
from newsdex.index.schema import FILTER_FIELDS, filter_value
from newsdex.records.moments import microseconds
from newsdex_schemas import SearchFilters


def filter_queries(filters: SearchFilters) -> dict[str, Query]:
    """Return for each filter that is set, by its field, the query that every hit must match."""
    queries: dict[str, Query] = {}
    for name in FILTER_FIELDS:
        values = getattr(filters, name)
        if values:
            queries[name] = q.Or([q.Term(name, filter_value(value)) for value in values])
    start = microseconds(filters.published_from) if filters.published_from else None
    end = microseconds(filters.published_to) if filters.published_to else None
    if start is not None or end is not None:
        if start is not None and end is not None and start >= end:
            raise Invalid("reversed_range", "published_from must lie before published_to", "filters.published_to")
        queries["published"] = q.NumericRange("published", start, end, endexcl=True)
    return queries


def hidden_query(now_us: int, ids: Sequence[str]) -> Query:
    """Return the query of the documents that must not be shown now: embargoed, expired, or named."""
    return q.Or(
        [
            q.NumericRange("embargoed", now_us + 1, None),
            q.NumericRange("expires", None, now_us),
            *(q.Term("id", id_) for id_ in ids),
        ]
    )

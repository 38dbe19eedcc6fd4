"""What bounds a search: the filters of its request, what must not be shown, and the time that is left."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from whoosh.query import NullQuery, Query


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchScope:
    """The documents among which a request searches, and until when; made once for each request."""

    filters: Mapping[str, Query] = field(default_factory=dict)
    """By field, what every hit must match; a facet's counts are not reduced by the filter of its own field."""
    hidden: Query = NullQuery
    """What must not be shown now."""
    deadline: float
    """A time of `time.monotonic`."""

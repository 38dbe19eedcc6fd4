"""Makes a reply's facets of the index's counts."""

from collections.abc import Sequence

from newsdex.index.columnar.query.matches.facet_counts import FacetCounts
from newsdex.index.schema import filter_value
from newsdex_schemas import Facet, FacetValue


def facet(counts: FacetCounts, chosen: Sequence[str], size: int) -> Facet:
    """Return the most frequent values, and the chosen ones, which are the values of the field's own filter."""
    shown = dict.fromkeys(counts.most_frequent(size), "")
    for value in chosen:
        shown.setdefault(filter_value(value), value)
    values = []
    for folded, instead in shown.items():
        spelling, count = counts.of(folded)
        values.append(FacetValue(value=spelling or instead, count=count))
    return Facet(values=tuple(values), more=len(counts) - sum(value.count > 0 for value in values))

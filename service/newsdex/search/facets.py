"""Makes a reply's facets of the index's counts."""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence

from newsdex.index.schema import filter_value
from newsdex_schemas import Facet, FacetValue


def facet(counts: Mapping[str, int], chosen: Sequence[str], size: int) -> Facet:
    """Give the most frequent values, and the chosen ones; spellings that a filter takes for one are one.

    `counts` are by value as it is spelled, `chosen` the values of the field's own filter.
    """
    spellings: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for spelling, count in counts.items():
        spellings[filter_value(spelling)].append((count, spelling))
    totals = {
        folded: sum(count for count, _ in own) if len(own) > 1 else own[0][0] for folded, own in spellings.items()
    }
    shown = dict.fromkeys(heapq.nsmallest(size, totals, key=lambda folded: (-totals[folded], folded)), "")
    for value in chosen:
        shown.setdefault(filter_value(value), value)
    # of thousands of values a few are shown: only these are made
    values = [
        FacetValue(value=max(spellings[folded])[1] if folded in spellings else value, count=totals.get(folded, 0))
        for folded, value in shown.items()
    ]
    return Facet(values=tuple(values), more=len(totals.keys() - shown.keys()))

"""Makes a reply's facets of the index's counts."""

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
    values = {
        folded: FacetValue(value=max(own)[1], count=sum(count for count, _ in own)) for folded, own in spellings.items()
    }
    order = sorted(values.items(), key=lambda item: (-item[1].count, item[0]))
    shown = dict(order[:size])
    for value in chosen:
        folded = filter_value(value)
        shown.setdefault(folded, values.get(folded, FacetValue(value=value, count=0)))
    return Facet(values=tuple(shown.values()), more=len(values.keys() - shown.keys()))

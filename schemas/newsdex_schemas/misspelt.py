"""Finds the field that may have been meant by one that there is not."""

from collections.abc import Collection
from difflib import SequenceMatcher

LIKE_ENOUGH = 0.6
SHORTEST_PART = 3
MAX_NAME_CHARS = 100
"""So much of a name is compared: its time grows with the square of the length."""
CALLED_ELSEWHERE = {
    "query": "q",
    "search": "q",
    "text": "q",
    "keywords": "q",
    "limit": "size",
    "rows": "size",
    "count": "size",
    "hitsperpage": "size",
    "perpage": "size",
    "start": "offset",
    "skip": "offset",
    "from": "offset",
    "after": "cursor",
    "page": "cursor",
    "fq": "filters",
    "where": "filters",
    "order": "sort",
    "aggs": "facets",
    "aggregations": "facets",
    "highlight": "marks",
    "tz": "timezone",
}
"""What other search services call a field, without signs between the words, and what it is here."""


def suggestion(name: str, known: Collection[str]) -> str:
    """Return the field that is nearest to a name, as a question; where none is near, all there are."""
    if not known:
        return "there are no fields"
    name = name[:MAX_NAME_CHARS]
    elsewhere = CALLED_ELSEWHERE.get(_plain(name))
    if elsewhere in known:
        return f"did you mean {elsewhere}?"
    nearest = max(sorted(known), key=lambda field: _likeness(name, field))
    if _likeness(name, nearest) >= LIKE_ENOUGH:
        return f"did you mean {nearest}?"
    return f"there are {', '.join(sorted(known))}"


def _plain(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _likeness(name: str, field: str) -> float:
    """Return how alike two names are, from 0 to 1: `publishedFrom` is `published_from`, and `from` is a part of it."""
    one, other = _plain(name), _plain(field)
    shorter, longer = sorted((one, other), key=len)
    is_part = longer.startswith(shorter) or longer.endswith(shorter)
    if is_part and (len(shorter) >= SHORTEST_PART or field in name.split("_")):
        return LIKE_ENOUGH + (1 - LIKE_ENOUGH) * len(shorter) / len(longer)
    return SequenceMatcher(a=one, b=other, autojunk=False).ratio()

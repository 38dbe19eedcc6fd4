"""Refuses names that would steer a terminal or turn around how a line reads, and articles that have none: pure.

Only what comes in is asked. The archive may have articles whose names were taken before; those are read as they are.
"""

import unicodedata
from collections.abc import Mapping, Sequence

from newsdex.validation import FieldFault
from newsdex.visible import visible

BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that look like nothing."""
UNSEEN = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf"))
STEERS = "must not contain a control code, a separator of lines or an override of direction"


def steering_names(names: Mapping[str, object], found: Sequence[FieldFault] = ()) -> list[FieldFault]:
    """Return a fault for each name, by its place, that has such a character and no fault among `found`."""
    told = {fault.place for fault in found}
    return [
        FieldFault("control_character", f"{place}: {STEERS}", place)
        for place, name in names.items()
        if place not in told and isinstance(name, str) and visible(name) != name
    ]


def blank_name(place: str, name: object, found: Sequence[FieldFault] = ()) -> list[FieldFault]:
    """Return a fault where an article is named by blanks only, with none among `found`: no reader could tell it."""
    told = {fault.place for fault in found}
    if place in told or not isinstance(name, str) or any(map(_is_seen, name)):
        return []
    return [FieldFault("malformed_text", f"{place}: must not be blank", place)]


def _is_seen(char: str) -> bool:
    return char not in BLANKS and unicodedata.category(char) not in UNSEEN

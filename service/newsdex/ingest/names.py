"""Refuses names that would steer a terminal or turn around how a line reads: pure.

Only what comes in is asked. The archive may have articles whose names were taken before; those are read as they are.
"""

from collections.abc import Mapping, Sequence

from newsdex.validation import FieldFault
from newsdex.visible import visible

STEERS = "must not contain a control code, a separator of lines or an override of direction"


def steering_names(names: Mapping[str, object], found: Sequence[FieldFault] = ()) -> list[FieldFault]:
    """Return a fault for each name, by its place, that has such a character and no fault among `found`."""
    told = {fault.place for fault in found}
    return [
        FieldFault("control_character", f"{place}: {STEERS}", place)
        for place, name in names.items()
        if place not in told and isinstance(name, str) and visible(name) != name
    ]

"""A message holds one article and has one outcome: finds it, and refuses several with how they are sent."""

from typing import Any

from newsdex.errors import Invalid
from newsdex.formats import json_ld
from newsdex.formats.json_values import has_lines, members
from newsdex.json_text import as_object, parse_json

MAX_MEMBERS = 100
"""Far more than a page has beside its article."""


def several_items(what: str = "the message holds several articles") -> Invalid:
    """Return the refusal of several."""
    return Invalid(
        "several_items", f"{what}: send each as a message, or all of them by `newsdex publish` or POST /api/events"
    )


def single_object(body: bytes) -> dict[str, Any]:
    """Return the object that a message holds, also as the only one of a list; raise `Invalid` for anything else."""
    try:
        value = parse_json(body)
    except Invalid as fault:
        if fault.code == "invalid_json" and has_lines(body):
            raise several_items("the message holds JSON Lines") from fault
        raise
    return as_object(single_member(value))


def single_member(value: Any) -> Any:
    """Return the only object of a list, beside which JSON-LD of a page may describe its site; else the value itself.

    Raises `Invalid` for a list of several; where none is an article, the first one stands for all.
    """
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        return value
    if len(value) > MAX_MEMBERS:  # looking at each would hold up the messages behind
        raise several_items()
    found = members(value)
    if len(found) > 1 and not json_ld.has_no_article(found[0][1]):
        raise several_items()
    return found[0][1]

"""Events that could not be handled, and what operators do with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from newsdex.order import Place
from newsdex.records.events import Delivery, Fault, Result

NONE_STATED = -(2**63)
"""Stands for a version or a time that an event does not state, as opposed to one that cannot be read."""


class Claim(NamedTuple):
    """Which version of an article a parked event was to bring, as far as it can be read."""

    version: int | None
    """NONE_STATED for an event without one; None where it cannot be read, and the event compares with no other."""
    stated_us: int | None
    """NONE_STATED for an event without a time; None where it cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingEvent:
    """An open parked event without its message: what tells whether a later event makes it pointless."""

    id: int
    subject: str
    place: Place
    stored_us: int
    source: str
    event_id: str
    article_id: str | None
    claim: Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedEvent:
    """An event that could not be handled, whole."""

    id: int
    at_us: int
    delivery: Delivery
    fault: Fault
    source: str
    event_id: str
    correlation_id: str
    status: Literal["open", "resolved", "dropped"] = "open"
    attempts: int = 1
    resolution: str | None = None
    article_id: str | None = None
    closed_us: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedChoice:
    """Names parked events by what they have in common."""

    codes: Sequence[str] = ()
    """Any of them; empty is every code."""
    since_us: int | None = None
    """Parked then or later."""
    before_us: int | None = None
    include_closed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedCount:
    """How many events wait for an operator for one reason, and since when."""

    code: str
    number: int
    oldest_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Redrive:
    """What became of parked events that an operator named; those in neither are unknown."""

    results: Mapping[int, Result]
    """Those that were open and were handled once more."""
    closed: Mapping[int, str]
    """Those that were closed before, and why."""

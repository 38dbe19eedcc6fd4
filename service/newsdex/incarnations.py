"""Tells whether the places of a stream go on, or an incarnation of it begins: pure."""

from dataclasses import dataclass
from typing import NamedTuple

SAME_MOMENT_US = 1_000
"""The client tells when a message was stored by a float, the broker's API to the nanosecond."""


class Incarnation(NamedTuple):
    """The messages of the stream from a number on."""

    number: int
    first_sequence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownStream:
    """What the archive knows of the stream."""

    created: str | None
    """When the broker made it, as the broker says it; None while that is unknown."""
    incarnation: int
    last_sequence: int
    """The highest message that was handled; 0 where none was."""
    last_stored_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenStream:
    """What the broker says of the stream."""

    created: str
    first_sequence: int
    last_sequence: int
    marked: Incarnation | None
    """What its metadata say; None for a stream that somebody else made, or rewrote."""
    stored_us: int | None
    """When the message was stored that has the number of the last handled one; None where there is no such message."""


def incarnation_of(known: KnownStream, seen: SeenStream) -> Incarnation | None:
    """Return the incarnation that begins with what the broker has now, or None where the places go on."""
    if seen.marked is not None and seen.marked.number > known.incarnation:
        return seen.marked  # the archive is older than the stream: it was lost, or restored from a backup
    if not known.last_sequence:
        return None
    is_the_last_handled = seen.stored_us is not None and abs(seen.stored_us - known.last_stored_us) < SAME_MOMENT_US
    is_marked = seen.marked is not None and seen.marked.number == known.incarnation
    following = known.incarnation + 1
    if not (is_marked or is_the_last_handled or seen.created == known.created):
        return Incarnation(following, 0)  # somebody else made it
    if seen.last_sequence < known.last_sequence:
        return Incarnation(following, seen.last_sequence + 1)  # the broker has lost messages, or was restored
    if seen.stored_us is not None and known.last_stored_us and not is_the_last_handled:
        return Incarnation(following, known.last_sequence)  # and has numbered others as the lost ones since
    return None

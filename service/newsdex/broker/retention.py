"""Decides which events the stream need not keep any longer. Never one that was not handled."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Bound = Literal["wanted", "acknowledged", "backup"]
"""What keeps more from being pruned: nothing more is to go, it was not handled yet, or no backup has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamContents:
    """What the stream has."""

    events: int
    bytes: int
    first: int
    """The number of the oldest event; one more than `last` where there is none."""
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Positions:
    """Numbers in the stream, each of the last event that something is true of; 0 where it is of none."""

    too_old: int
    """Older than events are to be kept."""
    too_many: int
    """Oldest ones in excess of the bytes that are to be kept."""
    acknowledged: int
    """It and all before it were handled."""
    in_backup: int
    """It and all before it were handled before the last backup."""
    spared: int
    """Older than what no backup has is kept at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruning:
    """Up to which number events may go, and what bounds it."""

    up_to: int
    bound: Bound


def acknowledged_position(consumers: Sequence[Mapping[str, Any]], last_before: int) -> int:
    """Return the number up to which every event was acknowledged, from the consumers as the broker's API gives them.

    A consumer's own floor stays at the last event of its channels. Where it has nothing left, everything is done that
    was in the stream at an earlier look, `last_before`: a server of a cluster may not have heard of later events.
    """
    floors: list[int] = [
        max(one["ack_floor"]["stream_seq"], 0 if one.get("num_pending") or one.get("num_ack_pending") else last_before)
        for one in consumers
    ]
    return min(floors)


def excess_position(contents: StreamContents, keep_bytes: int | None) -> int:
    """Return up to where the oldest events exceed some bytes, by their mean size: looking again corrects it."""
    if keep_bytes is None or contents.bytes <= keep_bytes or not contents.events:
        return 0
    numbers = contents.last - contents.first + 1
    return contents.first - 1 + math.ceil(numbers * (contents.bytes - keep_bytes) / contents.bytes)


def decide_pruning(positions: Positions) -> Pruning:
    """Return what may go: what is too old or too many, was handled, and is in a backup or was kept long enough."""
    bounds: dict[Bound, int] = {
        "wanted": max(positions.too_old, positions.too_many),
        "acknowledged": positions.acknowledged,
        "backup": max(positions.in_backup, positions.spared),
    }
    bound = min(bounds, key=lambda name: bounds[name])
    return Pruning(up_to=bounds[bound], bound=bound)

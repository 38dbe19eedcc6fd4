"""Follows the archive's change feed, and the clock, from a position that is kept elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from newsdex.index.generations.feed import ChangeFeed
from newsdex.records.feed import Change, FeedEntry, FeedPosition, Turns

MAX_BATCH = 500


class Archive(ChangeFeed, Protocol):
    """The archive, as sinks see it."""

    def identity(self) -> int:
        """Return what tells an archive from the one that it was restored from."""

    def entry_of(self, article_id: str) -> FeedEntry | None:
        """Return an article's entry in the change feed; None for an article that no event changed."""


class Mark(NamedTuple):
    """How far an archive was followed, and by what it is known as that archive."""

    position: FeedPosition
    article_id: str = ""
    """Of the change at this position, with its correlation id."""
    correlation_id: str = ""
    turning_us: int | None = None
    """The moment that is gone to, where what begins or ceases to be shown until then takes several batches."""
    turned: int = 0
    """The sequence number of the last article that has turned on the way there."""
    archive: int = 0
    """The identity of the archive."""

    def to_values(self) -> dict[str, Any]:
        """Return the mark as JSON has it."""
        return {**self._asdict(), "position": self.position._asdict()}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Mark":
        """Return the mark that `to_values` wrote."""
        return cls(**{**values, "position": FeedPosition(**values["position"])})

    def is_of(self, archive: Archive) -> bool:
        """Return whether an archive has been at this position; one that was restored from a backup may not have.

        A data folder that was put back by other means than ours is known by the change at the position.
        """
        sequence = self.position.sequence
        if sequence == 0:
            return True
        if self.archive != archive.identity():
            return False
        found = archive.changes(sequence - 1, 1)
        if found and found[0].sequence == sequence:
            return (found[0].id, found[0].correlation_id) == (self.article_id, self.correlation_id)
        entry = archive.entry_of(self.article_id)
        return entry is not None and entry.sequence > sequence


class Batch(NamedTuple):
    """What a sink hands on at once, and then keeps as its mark."""

    changes: Sequence[Change]
    moment_us: int
    """As of which the changes are shown or not."""
    turned: bool
    """Whether they are articles that began or ceased to be shown, rather than changes of the archive."""
    mark: Mark


class ChangeReader:
    """Reads batches from a mark on. Whoever fails to hand one on makes another reader, from what was kept."""

    def __init__(self, archive: Archive, mark: Mark, clock_us: Callable[[], int]) -> None:
        """Take the clock as a function that returns microseconds since 1970; it may be set, also back."""
        self.mark = mark
        self._archive = archive
        self._clock_us = clock_us

    def next(self) -> Batch | None:
        """Return what is next, None for nothing: first what has begun or ceased to be shown, then changes."""
        return self._turns() or self._changes()

    def _turns(self) -> Batch | None:
        mark = self.mark
        moment_us = self._clock_us() if mark.turning_us is None else mark.turning_us
        after_us, until_us = sorted((mark.position.moment_us, moment_us))
        turns = Turns(after_us, until_us, mark.position.sequence, mark.turned)
        changes = self._archive.turning(turns, MAX_BATCH)
        turned = changes[-1].sequence if changes else 0
        if changes and self._archive.turning(turns._replace(after_sequence=turned), 1):
            self.mark = mark._replace(turning_us=moment_us, turned=turned)
        else:
            position = mark.position._replace(moment_us=moment_us)
            self.mark = mark._replace(position=position, turning_us=None, turned=0)
        return Batch(changes, moment_us, turned=True, mark=self.mark) if changes else None

    def _changes(self) -> Batch | None:
        position = self.mark.position
        changes = self._archive.changes(position.sequence, MAX_BATCH)
        if not changes:
            return None
        last = changes[-1]
        self.mark = Mark(
            position._replace(sequence=last.sequence), last.id, last.correlation_id, archive=self._archive.identity()
        )
        return Batch(changes, position.moment_us, turned=False, mark=self.mark)

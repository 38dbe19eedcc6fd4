"""Keeps one generation abreast of the archive and of the clock: both decide which articles the index has.

An article under embargo is not in the index before its hour, and no article is in it from its expiry on.
"""

from collections.abc import Callable

from newsdex.index.generations.commit import commit, commit_turns
from newsdex.index.generations.feed import ChangeFeed
from newsdex.index.writer import IndexWriter
from newsdex.records.feed import Turns


class Follower:
    """Applies changes, and what begins or ceases to be shown, a bounded piece of work at a time."""

    def __init__(self, feed: ChangeFeed, writer: IndexWriter, clock_us: Callable[[], int]) -> None:
        """Take the clock as a function that returns microseconds since 1970; it may be set, also back."""
        self.writer = writer
        self._feed = feed
        self._clock_us = clock_us
        self._as_of_us = writer.as_of_us
        """The moment as of which the index is; since its newest commit nothing in it has turned."""
        self._turning_to_us: int | None = None
        """The moment that is gone to, where that takes several commits."""
        self._turned = 0
        """The sequence number of the last article that has turned on the way there."""
        self._next_turn_us: int | None = None
        """When the next article turns, as of the last step that found nothing to do."""

    @property
    def next_us(self) -> int | None:
        """Return when there is something to do without a change of the archive; None where nothing is foreseen."""
        moments = (self._next_turn_us, self.writer.tidy_at_us)
        return min((moment for moment in moments if moment is not None), default=None)

    def step(self, limit: int) -> int:
        """Make one commit of at most `limit` articles; return how many there were, 0 where all is applied.

        Raises `Unavailable` where the commit failed.
        """
        now_us = self._clock_us()
        self.writer.tidy(now_us)
        applied = self._turn(now_us, limit) or self._follow(limit)
        if not applied:
            self._next_turn_us = self._feed.next_turn_us(self._as_of_us)
        return applied

    def _turn(self, now_us: int, limit: int) -> int:
        moment_us = now_us if self._turning_to_us is None else self._turning_to_us
        after_us, until_us = sorted((self._as_of_us, moment_us))
        turns = Turns(after_us, until_us, self.writer.position, self._turned)
        changes = self._feed.turning(turns, limit)
        if changes:
            turned = changes[-1].sequence
            last = not self._feed.turning(turns._replace(after_sequence=turned), 1)
            commit_turns(self.writer, changes, moment_us, last=last)
            self._turning_to_us, self._turned = moment_us, turned
            if not last:
                return len(changes)
        self._as_of_us, self._turning_to_us, self._turned = moment_us, None, 0
        return len(changes)

    def _follow(self, limit: int) -> int:
        changes = self._feed.changes(self.writer.position, limit)
        if changes:
            commit(self.writer, changes, self._as_of_us)
        return len(changes)

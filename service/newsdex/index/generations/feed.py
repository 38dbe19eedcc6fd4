"""The archive, as the index sees it."""

from collections.abc import Sequence
from typing import Protocol

from newsdex.records.feed import Change, FeedEntry, Turns


class ChangeFeed(Protocol):
    """The archive's changes by sequence number: each article once, at its last change."""

    def head(self) -> int:
        """Return the highest sequence number; 0 when there is none."""

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Return the next entries, oldest first, each with its article."""

    def entries(self, after: int, limit: int) -> Sequence[FeedEntry]:
        """Return the next entries, oldest first, without their texts."""

    def turning(self, turns: Turns, limit: int) -> Sequence[Change]:
        """Return the articles whose embargo or expiry falls into a span of time, by sequence number."""

    def next_turn_us(self, after_us: int) -> int | None:
        """Return the first moment after another one at which an embargo or an article ends; None for none."""

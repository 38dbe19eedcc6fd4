"""The change feed: articles and tombstones in the order of their changes, and how far a copy has followed it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from newsdex.records.moments import microseconds, moment_of
from newsdex_schemas import Article


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One entry of the change feed: an article's latest state, or its tombstone."""

    sequence: int
    id: str
    content: bytes | None
    correlation_id: str
    embargoed_us: int | None = None
    """Search must not show the article before; None is no embargo."""
    expires_us: int | None = None
    """Search must not show the article from then on; None is never."""
    unseen: bool = False
    """Whether nothing of it was free of an embargo up to this change."""

    def shown_at(self, moment_us: int) -> bool:
        """Return whether search shows the article at a moment."""
        return self.content is not None and _is_within(self.embargoed_us, self.expires_us, moment_us)

    def is_secret_at(self, moment_us: int) -> bool:
        """Return whether nobody can have seen the article up to a moment: nobody is to learn that there is one."""
        return self.unseen and (self.content is None or (self.embargoed_us or 0) > moment_us)

    def article(self) -> Article | None:
        """Read the article; None for a tombstone."""
        return None if self.content is None else Article.model_validate_json(self.content)


class Turns(NamedTuple):
    """Which articles to look for whose embargo or expiry falls into a span of time."""

    after_us: int
    until_us: int
    """Those that turn after the one moment and not after the other."""
    until_sequence: int
    """Those whose last change has at most this sequence number."""
    after_sequence: int = 0


class FeedPosition(NamedTuple):
    """Up to where a copy of the articles has followed the change feed, and the clock."""

    sequence: int
    moment_us: int
    """Embargoes and expiries up to this moment were followed."""

    def __str__(self) -> str:
        """Return what `parsed` reads."""
        return f"{self.sequence}@{moment_of(self.moment_us).isoformat().replace('+00:00', 'Z')}"

    @classmethod
    def parsed(cls, text: str) -> "FeedPosition":
        """Read a position, or a sequence number alone: every embargo and expiry counts then, however long ago.

        Raises `ValueError` for another text.
        """
        number, _, moment = text.partition("@")
        if not number.isascii() or not number.isdecimal() or int(number) >= 2**63:
            raise ValueError("not a sequence number")
        if not moment:
            return cls(int(number), 0)
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None:
            raise ValueError("a moment without a zone")
        return cls(int(number), microseconds(when))


class FeedEntry(NamedTuple):
    """What the change feed says of an article now, without its text."""

    sequence: int
    id: str
    live: bool
    """False for a tombstone."""
    embargoed_us: int | None = None
    expires_us: int | None = None

    def shown_at(self, moment_us: int) -> bool:
        """Return whether search shows the article at a moment, as `Change.shown_at`."""
        return self.live and _is_within(self.embargoed_us, self.expires_us, moment_us)

    def turns_between(self, one_us: int, other_us: int) -> bool:
        """Return whether the embargo or the expiry falls between two moments, whichever is the earlier."""
        after, until = min(one_us, other_us), max(one_us, other_us)
        turns = (self.embargoed_us, self.expires_us)
        return self.live and any(turn is not None and after < turn <= until for turn in turns)


def _is_within(embargoed_us: int | None, expires_us: int | None, moment_us: int) -> bool:
    return (embargoed_us is None or embargoed_us <= moment_us) and (expires_us is None or moment_us < expires_us)

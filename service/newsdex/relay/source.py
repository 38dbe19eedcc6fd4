"""What a relay reads from: one seam for every bus, one file for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

BATCH = 200
"""Records that are read, published and settled together, at most."""
WAIT_S = 1.0
"""How long a source waits for a first record."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Record:
    """One message as the source has it."""

    body: bytes
    origin: str
    """Its place at the source, such as `kafka:news/0/419`: the same whenever it is read, and another's is another."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """CloudEvents attributes as `ce-…`, and what else the source says; names in lower case, texts as they are."""
    key: str | None = None
    """Records with one key are published in the order of the source; without keys, those of one article are."""
    token: Any = None
    """What the source settles the record by."""


class Source(Protocol):
    """A bus or a table, read by at most one relay at a time wherever two would break the order of a key.

    Each method may raise `Unavailable`, or one of `faults`: the source is closed then, opened again, and gives once
    more what was not settled.
    """

    faults: tuple[type[Exception], ...]
    """What its client raises for faults that may pass."""

    async def open(self) -> None:
        """Connect; raise `Misconfigured` where the source refuses us."""

    async def read(self) -> Sequence[Record]:
        """Return the next records in order, none where there are none in WAIT_S."""

    async def settle(self, taken: Sequence[Record], refused: Sequence[Record]) -> None:
        """Have what `read` returned last never come again: what our broker has, and what it never takes."""

    async def close(self) -> None:
        """Give the connection up, whatever state it is in."""

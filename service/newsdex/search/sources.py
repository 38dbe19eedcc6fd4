"""What searches read from: the archive, and the index as it is now."""

from collections.abc import Sequence
from typing import Protocol

from newsdex.index.reader import View
from newsdex_schemas import Article


class Texts(Protocol):
    """The archive, as search sees it."""

    def visible(self, ids: Sequence[str], now_us: int) -> dict[str, Article]:
        """Return those articles that may be shown now."""

    def visible_contents(self, ids: Sequence[str], now_us: int) -> dict[str, bytes]:
        """Return the JSON of those articles."""

    def hidden_since(self, position: int, now_us: int) -> list[str]:
        """Return the articles that an index at some position may still show and must not."""


class Views(Protocol):
    """Gives the newest commit of the index to the calling thread."""

    def view(self) -> View:
        """Return a view; raise `Unavailable` while there is none."""

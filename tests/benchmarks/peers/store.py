"""What the two alternatives need of an engine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel


class PeerArticle(BaseModel):
    """An article as the alternatives take it; what else is stated is not kept."""

    id: str
    title: str = ""
    summary: str | None = None
    body: str = ""
    url: str | None = None
    section: str | None = None
    published_at: str | None = None


class PeerQuery(BaseModel):
    """A search; without words it finds everything."""

    q: str = ""
    size: int = 10


class PeerHit(BaseModel):
    """An article that a search found."""

    id: str
    score: float
    title: str
    snippet: str
    url: str | None = None
    section: str | None = None
    published_at: str | None = None


class PeerReply(BaseModel):
    """The answer to a search."""

    total: int
    hits: list[PeerHit]


class Writing(Protocol):
    """The one writer of an index."""

    def commit(self, articles: Sequence[PeerArticle]) -> None:
        """Replace articles by their ids, and return when that is durable."""


class Searching(Protocol):
    """A reader of an index in another process."""

    def refresh(self) -> None:
        """See the newest commit."""

    def search(self, query: PeerQuery) -> PeerReply:
        """Find the articles that have all words, or some words in a row where these are quoted."""


class Engine(Protocol):
    """Where an alternative keeps its index."""

    def writing(self, folder: Path) -> Writing:
        """Open the index for its writer, made where it is missing."""

    def searching(self, folder: Path) -> Searching:
        """Open the index for a reader; it is there."""

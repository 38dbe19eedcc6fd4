"""What the benchmark asks of an engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.benchmarks.questions import Question

Article = Mapping[str, Any]
"""As the contract has it."""
HITS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an engine found."""

    total: int
    ids: Sequence[str] = ()
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Engine(Protocol):
    """An index in a folder of its own, in this process, with one thread."""

    name: str

    def build(self, articles: Iterable[Article]) -> None:
        """Index new articles durably, and wait until merging has come to rest."""

    def replace(self, articles: Sequence[Article]) -> None:
        """Replace some articles in one durable commit; merging goes on beside it."""

    def open(self) -> None:
        """Open the newest commit for searching, as a process does that was just started."""

    def refresh(self) -> None:
        """Let the next answer reflect the newest commit."""

    def prepared(self, question: Question) -> Any | None:
        """Return a question as this engine wants it, or None where it cannot answer that kind."""

    def ask(self, prepared: Any) -> Answer:
        """Answer a prepared question."""

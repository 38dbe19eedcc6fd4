"""What the index knew of a query's words, kept for its next pages: words that come meanwhile must not move a hit."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

from newsdex.errors import Unavailable
from newsdex.index.columnar.query.co_occurrence import CoOccurrence, total
from newsdex.index.lexicon.related_terms import RelatedTerm, RelatedTerms
from newsdex.index.text.analysis import stem_of

MAX_PARTED = 2
"""At most so many ways to part a word are kept, those that the most articles have."""


class Vocabulary(Protocol):
    """What the index knows of words."""

    def frequency(self, term: str) -> int:
        """Return in how many documents a term is; 0 for a word that no article has."""

    def relatives(self, stem: str) -> tuple[RelatedTerm, ...]:
        """Return the nearest stems that begin like this one."""

    def inflections(self, stem: str) -> tuple[str, ...]:
        """Return other forms in which a stem stands in the texts."""

    def correction(self, spelled: str) -> str | None:
        """Return what a word that no article has was probably meant to be; None where nothing is near."""

    def parted(self, word: str) -> tuple[str, ...]:
        """Return how articles write a folded word in parts, with spaces between these."""

    def joined(self, parts: str) -> str | None:
        """Return the word that some words, with spaces between them, make together; None where no article has it."""


class PinnedAnswers(NamedTuple):
    """Answers that were given, by the word that was asked for; empty ones are left out."""

    unknown: list[str]
    relatives: dict[str, list[tuple[str, str, float]]]
    inflections: dict[str, list[str]]
    corrections: dict[str, str]
    parted: dict[str, list[str]]
    joined: list[str]


class PinnedVocabulary:
    """Gives and keeps the index's answers or, on a further page, gives those of the first."""

    def __init__(
        self,
        related: RelatedTerms,
        correct: Callable[[str], str | None],
        shown: Callable[[], CoOccurrence],
        earlier: PinnedAnswers | None = None,
        *,
        deadline: float,
    ) -> None:
        """Take the words of the index, what corrects an unknown one, and until when there is time to look for more.

        `shown` gives what counts the articles that may be shown; few queries need it.
        """
        self._related = related if earlier is None else None
        self._correct = correct
        self._shown = shown
        self._deadline = deadline
        self.answers = earlier or PinnedAnswers([], {}, {}, {}, {}, [])

    def frequency(self, term: str) -> int:
        """Return in how many documents a term is; on a further page only whether it is in any."""
        unknown = self.answers.unknown
        if self._related is None:
            return int(term not in unknown)
        frequency = self._related.frequency(term)
        if not frequency and term not in unknown:
            unknown.append(term)
        return frequency

    def relatives(self, stem: str) -> tuple[RelatedTerm, ...]:
        """Return the nearest stems that begin like this one."""
        kept = self.answers.relatives
        if self._related is not None and self._has_time() and (found := self._related.relatives(stem)):
            kept[stem] = _written(found)
        return _read(kept.get(stem, []))

    def inflections(self, stem: str) -> tuple[str, ...]:
        """Return other forms in which a stem stands in the texts."""
        kept = self.answers.inflections
        if self._related is not None and self._has_time() and (found := self._related.inflections(stem)):
            kept[stem] = list(found)
        return tuple(kept.get(stem, ()))

    def correction(self, spelled: str) -> str | None:
        """Return what a word that no article has was probably meant to be; None where nothing is near."""
        kept = self.answers.corrections
        if self._related is not None and self._has_time() and (found := self._correct(spelled)):
            kept[spelled] = found
        return kept.get(spelled)

    def parted(self, word: str) -> tuple[str, ...]:
        """Return how articles write a folded word in parts, with spaces between these."""
        kept = self.answers.parted
        if self._related is None or word in kept or not self._has_time():
            return tuple(kept.get(word, ()))
        if ways := self._related.parted(word, self._deadline):
            with suppress(Unavailable):
                in_time = (way for way in ways if self._has_time())
                found = sorted((-total(self._shown().with_phrase(way.split())), way) for way in in_time)
                if parts := [way for having, way in found if having][:MAX_PARTED]:
                    kept[word] = parts
        return tuple(kept.get(word, ()))

    def joined(self, parts: str) -> str | None:
        """Return the word that some words, with spaces between them, make together; None where no article has it."""
        kept, word = self.answers.joined, parts.replace(" ", "")
        if self._related is not None and word not in kept:
            # articles in other languages have no stem of the default one, but the word itself
            known = [term for term in dict.fromkeys((stem_of(word), word)) if self._related.frequency(term)]
            with suppress(Unavailable):
                kept += [word] if any(map(self._shown().is_written, known)) else []
        return word if word in kept else None

    def _has_time(self) -> bool:
        return time.monotonic() < self._deadline


def _written(near: tuple[RelatedTerm, ...]) -> list[tuple[str, str, float]]:
    return [(one.stem, one.word, one.closeness) for one in near]


def _read(near: list[tuple[str, str, float]]) -> tuple[RelatedTerm, ...]:
    return tuple(RelatedTerm(stem=stem, word=word, closeness=closeness) for stem, word, closeness in near)

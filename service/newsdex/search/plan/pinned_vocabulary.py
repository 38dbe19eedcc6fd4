"""What the index knew of a query's words, kept for its next pages: words that come meanwhile must not move a hit."""

from typing import NamedTuple, Protocol

from newsdex.index.lexicon.related_terms import RelatedTerm


class Known(Protocol):
    """What the index knows of words."""

    def frequency(self, term: str) -> int:
        """Give in how many documents a term is; 0 for a word that no article has."""

    def relatives(self, stem: str) -> tuple[RelatedTerm, ...]:
        """Give the nearest stems that begin like this one."""

    def inflections(self, stem: str) -> tuple[str, ...]:
        """Give other forms in which a stem stands in the texts."""

    def spelt_like(self, word: str) -> tuple[RelatedTerm, ...]:
        """Give the likeliest words that an unknown one may be a misspelling of."""


class Remembered(NamedTuple):
    """Answers that were given, by the word that was asked for; empty ones are left out."""

    unknown: list[str]
    relatives: dict[str, list[tuple[str, str, float]]]
    inflections: dict[str, list[str]]
    spellings: dict[str, list[tuple[str, str, float]]]


class RememberedWords:
    """Gives and keeps the index's answers, or, on a further page, gives those of the first."""

    def __init__(self, known: Known, earlier: Remembered | None = None) -> None:
        self._known = known if earlier is None else None
        self.answers = earlier or Remembered([], {}, {}, {})

    def frequency(self, term: str) -> int:
        """Give in how many documents a term is; of a further page only whether it is in any."""
        unknown = self.answers.unknown
        if self._known is None:
            return int(term not in unknown)
        frequency = self._known.frequency(term)
        if not frequency and term not in unknown:
            unknown.append(term)
        return frequency

    def relatives(self, stem: str) -> tuple[RelatedTerm, ...]:
        """Give the nearest stems that begin like this one."""
        kept = self.answers.relatives
        if self._known is not None and (found := self._known.relatives(stem)):
            kept[stem] = _written(found)
        return _read(kept.get(stem, []))

    def inflections(self, stem: str) -> tuple[str, ...]:
        """Give other forms in which a stem stands in the texts."""
        kept = self.answers.inflections
        if self._known is not None and (found := self._known.inflections(stem)):
            kept[stem] = list(found)
        return tuple(kept.get(stem, ()))

    def spelt_like(self, word: str) -> tuple[RelatedTerm, ...]:
        """Give the likeliest words that an unknown one may be a misspelling of."""
        kept = self.answers.spellings
        if self._known is not None and (found := self._known.spelt_like(word)):
            kept[word] = _written(found)
        return _read(kept.get(word, []))


def _written(near: tuple[RelatedTerm, ...]) -> list[tuple[str, str, float]]:
    return [(one.stem, one.word, one.closeness) for one in near]


def _read(near: list[tuple[str, str, float]]) -> tuple[RelatedTerm, ...]:
    return tuple(RelatedTerm(stem=stem, word=word, closeness=closeness) for stem, word, closeness in near)

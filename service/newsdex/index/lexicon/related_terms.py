"""What the index knows of words: how frequent they are, their forms and relatives."""

import sys
from dataclasses import dataclass
from itertools import compress
from typing import TypeVar
from weakref import WeakKeyDictionary

from newsdex.index.columnar.query.live_terms import live_terms
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.segment import OpenSegment
from newsdex.index.lexicon.compounds import parted
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import bare_stem, certain_part, stem_of

Value = TypeVar("Value")

FIELDS = tuple(TEXT_FIELDS)
MAX_RELATIVES = 6
RELATED_LETTERS = 5
"""Words are relatives when they begin with so many same letters: stems of one word family mostly do (McNamee and
Mayfield 2004, Character N-Gram Tokenization for European Language Text Retrieval)."""
MAX_INFLECTIONS = 4
SHORT_STEM = 4
"""The beginning of such a stem, less than itself, is that of too many words."""
MAX_LOOKED_AT = 4_000
"""Terms of a segment that are looked at, of those with one beginning or spelt alike; there may be very many."""
MAX_REMEMBERED = 20_000
MAX_KEPT_BYTES = 16_000_000
"""Terms by beginning that are kept, of all segments: one beginning may have thousands."""
ENTRY_BYTES = 200
"""What a beginning takes besides its terms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelatedTerm:
    """A stem near another word; `closeness` is between 0 and 1."""

    stem: str
    word: str
    closeness: float


class RelatedTerms:
    """The words of one commit; threads may share it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._relatives: dict[str, tuple[RelatedTerm, ...]] = {}
        self._inflections: dict[str, tuple[str, ...]] = {}
        self._parted: dict[str, tuple[str, ...]] = {}

    def frequency(self, term: str) -> int:
        """Return how frequent a term is in the field that has most; 0 for a word that no article has.

        Deleted documents are counted, but do not suffice: their words are none.
        """
        known, written = self._snapshot, term.encode()
        return max(
            (known.term(name, written).count for name in FIELDS if known.live_count(name, written, 1)), default=0
        )

    def relatives(self, stem: str) -> tuple[RelatedTerm, ...]:
        """Return the nearest stems that begin like this one: how many first letters they share, of the longer's."""
        known = self._relatives.get(stem)
        if known is None:
            known = _remember(self._relatives, stem, self._find_relatives(stem))
        return known

    def inflections(self, stem: str) -> tuple[str, ...]:
        """Return other forms in which a stem stands in the texts."""
        known = self._inflections.get(stem)
        if known is None:
            known = _remember(self._inflections, stem, self._find_inflections(stem))
        return known

    def parted(self, word: str, deadline: float) -> tuple[str, ...]:
        """Return how articles write a folded word in parts, with spaces between these: `take over` for `takeover`.

        Of some of these ways there may be hidden articles only. Where there is no time to find all, there are none.
        """
        known = self._parted.get(word)
        if known is None:
            known = parted(word, self._snapshot, self.frequency, deadline)
            if known is None:
                return ()
            _remember(self._parted, word, known)
        return known

    def _find_relatives(self, stem: str) -> tuple[RelatedTerm, ...]:
        bare = bare_stem(stem)
        if len(bare) < RELATED_LETTERS or not bare.isalpha():
            return ()
        written: dict[str, str] = {}
        for word in sorted(self._beginning(bare[:RELATED_LETTERS]), key=lambda word: (len(word), word)):
            own = stem_of(word)
            if word != own or own not in written:  # a stem by itself may be no word
                written[own] = word if written.get(own, own) == own else written[own]
        near = [
            RelatedTerm(stem=other, word=word, closeness=_shared_beginning(bare, bare_stem(other)))
            for other, word in written.items()
            if other != stem
        ]
        near.sort(key=lambda one: (-one.closeness, one.stem))
        return tuple(one for one in near if self.frequency(one.stem))[:MAX_RELATIVES]

    def _find_inflections(self, stem: str) -> tuple[str, ...]:
        beginning = certain_part(stem) if len(stem) > SHORT_STEM else stem
        stems = {word: stem_of(word) for word in self._beginning(beginning)}
        # a term may be another word's stem, too: `earli`, of `early`, has `ear` for its own, and no article about ears
        others = {own for word, own in stems.items() if own != word}
        found = [word for word, own in stems.items() if word != stem and own == stem and word not in others]
        found.sort(key=lambda word: (-self.frequency(word), word))
        return tuple(found[:MAX_INFLECTIONS])

    def _beginning(self, beginning: str) -> set[str]:
        """Return the terms with a beginning."""
        found: set[str] = set()
        for segment in self._snapshot.segments:
            found.update(_kept_terms.of(segment, beginning))
        return found


class _TermsByBeginning:
    """Keeps terms by beginning: a commit that deletes nothing in a segment does not make them be looked for anew."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[OpenSegment, dict[str, tuple[str, ...]]] = WeakKeyDictionary()
        self._bytes = 0

    def of(self, segment: OpenSegment, beginning: str) -> tuple[str, ...]:
        """Return the terms of a segment that are in a document which is not deleted."""
        known = self._kept.setdefault(segment, {}).get(beginning)
        if known is None:
            known = _terms_with(segment, beginning)
            self._bytes += ENTRY_BYTES + sum(map(sys.getsizeof, known))
            if self._bytes > MAX_KEPT_BYTES:
                self._kept.clear()
                self._bytes = 0
            self._kept.setdefault(segment, {})[beginning] = known
        return known


_kept_terms = _TermsByBeginning()


def _terms_with(segment: OpenSegment, beginning: str) -> tuple[str, ...]:
    found: set[bytes] = set()
    for name in FIELDS:
        field = segment.data.field(name)
        if isinstance(field, PostingField):
            start, stop = field.terms.prefix_range(beginning.encode())
            stop = min(stop, start + MAX_LOOKED_AT)
            found.update(compress(field.terms.slice(start, stop), live_terms(segment, field, start, stop)))
    return tuple(term.decode() for term in found)


def _remember(kept: dict[str, Value], word: str, found: Value) -> Value:
    if len(kept) >= MAX_REMEMBERED:
        kept.clear()
    kept[word] = found
    return found


def _shared_beginning(one: str, other: str) -> float:
    shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return round(shared / max(len(one), len(other)), 3)

"""Turns texts into numbers of terms: each distinct piece of text is analysed once, all the rest is arrays.

A text's bytes are cut at every ASCII character that cannot be in a word; no word goes across one. What a piece stands
for, mostly one word, is found by `analysis` when it is first seen in a language, so there is one definition of words.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from newsdex.index.analysis import DOT_OF_INITIALS, terms, words
from newsdex.index.columnar.sections import Array

MAX_PIECES = 400_000
"""Bounds the memory of what is remembered, about 150 MB; then it starts anew."""
KEY_BYTES = 8
FIRST_NOT_ASCII = 0x80
_KEPT_DOT = "\0"
"""Stands for the dots inside initials while a text is cut; no article has it."""

_PIECES = (
    bytes(byte if byte >= FIRST_NOT_ASCII or chr(byte).isalnum() or byte in b"_'" else ord(" ") for byte in range(256))
    .lower()
    .replace(b" ", b".", 1)
)  # the first space stands in NUL's place


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrences:
    """Every word of some texts: parallel arrays, in the order of the texts."""

    term: Array
    document: Array
    position: Array
    lengths: Array
    """Words by document; a word and its stem count as two, as Whoosh counts."""


class _Numbers(dict[bytes, int]):
    """Piece → its number, in one language."""

    def __init__(self, vocabulary: "Vocabulary", language: str) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._language = language

    def __missing__(self, piece: bytes) -> int:
        number = self[piece] = self._vocabulary.analyse(piece, self._language)
        return number


class Vocabulary:
    """What the pieces seen so far stand for."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[str, _Numbers] = {}
        self._places = array("i")
        self._entry_starts = array("i", [0])
        self._entry_terms = array("i")
        self._entry_offsets = array("i")
        self._term_numbers: dict[str, int] = {}
        self._terms: list[bytes] = []
        self._keys = (array("Q"), array("Q"))

    def analyse(self, piece: bytes, language: str) -> int:
        """Add a piece: at which places after its first stands which term; give its number."""
        place = -1
        for place, (word, _, _) in enumerate(words(piece.decode(errors="replace"))):
            for form in terms(word, language):
                self._entry_terms.append(self._term(form))
                self._entry_offsets.append(place)
        self._places.append(place + 1)
        self._entry_starts.append(len(self._entry_terms))
        return len(self._places) - 1

    def _term(self, text: str) -> int:
        number = self._term_numbers.get(text)
        if number is None:
            number = self._term_numbers[text] = len(self._terms)
            term = text.encode()
            self._terms.append(term)
            padded = term[: 2 * KEY_BYTES].ljust(2 * KEY_BYTES, b"\0")
            self._keys[0].append(int.from_bytes(padded[:KEY_BYTES]))
            self._keys[1].append(int.from_bytes(padded[KEY_BYTES:]))
        return number

    def read(self, texts: Sequence[str], languages: Sequence[str]) -> Occurrences:
        """Find every word of some texts, each in its language; an empty text is a document without the field."""
        if len(self._places) > MAX_PIECES:
            self._forget()
        pieces: list[int] = []
        counts = np.zeros(len(texts), np.int64)
        for document, (text, language) in enumerate(zip(texts, languages, strict=True)):
            before = len(pieces)
            marked = DOT_OF_INITIALS.sub(_KEPT_DOT, text)
            pieces += map(self._number_of(language), marked.encode(errors="replace").translate(_PIECES).split())
            counts[document] = len(pieces) - before
        return self._expanded(np.array(pieces, np.int64), counts)

    def _number_of(self, language: str) -> Callable[[bytes], int]:
        if language not in self._numbers:
            self._numbers[language] = _Numbers(self, language)
        return self._numbers[language].__getitem__

    def _expanded(self, pieces: Array, counts: Array) -> Occurrences:
        documents = np.repeat(np.arange(len(counts)), counts)
        places = np.array(self._places)[pieces]
        after = np.cumsum(places)
        before_document = np.concatenate([np.zeros(1, np.int64), after])[np.cumsum(counts) - counts]
        position = after - places - before_document[documents]

        starts = np.array(self._entry_starts)
        entries = np.diff(starts)[pieces]
        first = starts[pieces] - (np.cumsum(entries) - entries)
        entry = np.arange(int(entries.sum())) + np.repeat(first, entries)
        document = np.repeat(documents, entries)
        return Occurrences(
            term=np.array(self._entry_terms)[entry],
            document=document,
            position=np.repeat(position, entries) + np.array(self._entry_offsets)[entry],
            lengths=np.bincount(document, minlength=len(counts)),
        )

    def ranked(self, term: Array) -> tuple[list[bytes], Array]:
        """Give the distinct terms among some occurrences in byte order, and each occurrence's number in that order."""
        seen = np.zeros(len(self._terms), bool)
        seen[term] = True
        numbers = np.flatnonzero(seen)
        first, second = (np.array(keys)[numbers] for keys in self._keys)
        order = np.lexsort((second, first))
        numbers, first, second = numbers[order], first[order], second[order]
        self._sort_long(numbers, (first[1:] == first[:-1]) & (second[1:] == second[:-1]))
        rank = np.empty(len(self._terms), np.int64)
        rank[numbers] = np.arange(len(numbers))
        return [self._terms[number] for number in numbers.tolist()], rank[term]

    def _sort_long(self, numbers: Array, same_as_next: Array) -> None:
        """Put terms in order that begin with the same 16 bytes."""
        at = np.flatnonzero(same_as_next)
        if not len(at):
            return
        for group in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
            span = slice(int(group[0]), int(group[-1]) + 2)
            numbers[span] = sorted(numbers[span].tolist(), key=self._terms.__getitem__)

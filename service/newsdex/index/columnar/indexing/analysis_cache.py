"""Turns texts into numbers of terms: each distinct piece of text is analysed once, all the rest is arrays.

What a piece stands for, mostly one word, is found by `analysis` when it is first seen in a language, so there is one
definition of words.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsdex.host.memory import give_back
from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.indexing.signatures import mixed
from newsdex.index.columnar.indexing.text_runs import (
    SHORT_BYTES,
    WIDE_BYTES,
    RunTable,
    TextRuns,
    distinct,
    is_ideograph_pair,
    split_runs,
)
from newsdex.index.text.analysis import WORD_OF_PIECE, in_own_case, indexed_as, with_inner_dots, words
from newsdex.index.text.emoji import is_emoji
from newsdex.index.text.scripts import is_unspaced

MAX_BYTES = 64 * 1024 * 1024
"""Bounds the memory of what is remembered; then it starts anew."""
PIECE_BYTES, TERM_BYTES = 80, 200
"""What one takes besides its own bytes: places in tables that are half empty, numbers, a place in a dictionary."""
LONGEST_REMEMBERED = 256
"""A longer piece, in bytes, is no word that comes again."""
KEY_BYTES = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenColumns:
    """Every word of some texts: parallel arrays, in the order of the texts."""

    term: Array
    document: Array
    position: Array
    lengths: Array
    """Words by document; a word and its stem count as two, as Whoosh counts."""
    places: Array
    """Positions by document; a word and its stem have one."""


class AnalysisCache:
    """What the pieces seen so far stand for."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._languages: dict[str, int] = {}
        self._short = RunTable()
        self._long: dict[tuple[bytes, str], int] = {}
        self._places = array("i")
        self._entry_starts = array("i", [0])
        self._entry_terms = array("i")
        self._entry_offsets = array("i")
        self._bytes = 0
        """About what all of this takes."""
        self._term_numbers: dict[bytes, int] = {}
        self._terms: list[bytes] = []
        self._keys = np.zeros((0, 2), np.uint64)
        self._keyed = 0
        self._hashes = np.zeros(0, np.uint64)
        """Of each term, by its first 16 bytes: the same in every process."""
        self._seen = np.zeros(0, bool)
        self._rank = np.zeros(0, np.int64)
        """Places of their own for `ranked`: making them anew takes longer than ranking the words of one article."""

    def _analyse(self, run: bytes, language: str) -> int:
        """Add a piece: at which places after its first stands which term; give its number."""
        if is_ideograph_pair(run):
            return self._add([(run, run[:WIDE_BYTES])])
        text = run.decode(errors="replace")
        # nothing in such a piece needs a closer look: it is one word, or two signs
        # (dots are left inside initials only)
        whole = (text.isascii() and text.replace(".", "").isalnum()) or is_unspaced(text)
        places: list[tuple[str, ...]] = []
        before: tuple[str, ...] = ()
        for word in (text,) if whole else (word for word, _, _ in words(text, WORD_OF_PIECE)):
            forms = indexed_as(word, language)
            if not is_emoji(word):
                places.append(forms)
            elif places:
                places[-1] = tuple(dict.fromkeys((*forms, *places[-1])))
            else:
                before = tuple(dict.fromkeys((*before, *forms)))
        return self._add([[form.encode() for form in forms] for forms in places], [form.encode() for form in before])

    def _add(self, places: Sequence[Sequence[bytes]], before: Sequence[bytes] = ()) -> int:
        """Add what a piece stands for, and what stands at the place before its first; return its number."""
        for term in before:
            self._entry_terms.append(self._term(term))
            self._entry_offsets.append(-1)
        for place, forms in enumerate(places):
            for term in forms:
                self._entry_terms.append(self._term(term))
                self._entry_offsets.append(place)
        self._places.append(len(places))
        self._entry_starts.append(len(self._entry_terms))
        self._bytes += PIECE_BYTES
        return len(self._places) - 1

    def _term(self, term: bytes) -> int:
        number = self._term_numbers.get(term)
        if number is None:
            number = self._term_numbers[term] = len(self._terms)
            self._terms.append(term)
            self._bytes += TERM_BYTES + len(term)
        return number

    def shrink(self) -> None:
        """Forget everything where it takes too much; nothing that `read` gave before can be ranked afterwards."""
        if self._bytes > MAX_BYTES:
            self._forget()
            give_back()

    def read(self, texts: Sequence[str], languages: Sequence[str]) -> TokenColumns:
        """Find every word of some texts, each in its language; an empty text is a document without the field."""
        runs = split_runs(list(map(in_own_case, map(with_inner_dots, texts), languages)))
        own = [self._languages.setdefault(language, len(self._languages)) for language in languages]
        return self._expanded(self._numbered(runs, np.repeat(np.array(own, np.uint8), runs.counts)), runs.counts)

    def _numbered(self, runs: TextRuns, languages: Array) -> Array:
        """Return the number of each piece, analysing those that are new."""
        codes = list(self._languages)
        is_short = runs.ends - runs.starts <= SHORT_BYTES
        short = np.flatnonzero(is_short)
        first, second = runs.keys(short, languages[short])
        found = self._short.find(first, second)
        unknown = np.flatnonzero(found < 0)
        if len(unknown):
            fresh, which = distinct(first[unknown], second[unknown])
            fresh = unknown[fresh]
            own = zip(runs.several(short[fresh]), languages[short[fresh]].tolist(), strict=True)
            added = np.array([self._analyse(run, codes[language]) for run, language in own], np.int32)
            self._short.add(first[fresh], second[fresh], added)
            found[unknown] = added[which]
        numbers = np.empty(len(is_short), np.int32)
        numbers[short] = found
        long = np.flatnonzero(~is_short)
        own = zip(runs.several(long), languages[long].tolist(), strict=True)
        numbers[long] = [self._long_number(run, codes[language]) for run, language in own]
        return numbers

    def _long_number(self, run: bytes, language: str) -> int:
        number = self._long.get((run, language))
        if number is None:
            number = self._analyse(run, language)
            if len(run) <= LONGEST_REMEMBERED:
                self._long[run, language] = number
                self._bytes += len(run)
        return number

    def _expanded(self, runs: Array, counts: Array) -> TokenColumns:
        # the arrays' own memory: they cannot grow before this returns, and copying them would take longer than the rest
        own = (self._places, self._entry_starts, self._entry_terms, self._entry_offsets)
        all_places, starts, entry_terms, entry_offsets = (np.frombuffer(part, np.int32) for part in own)
        documents = np.repeat(np.arange(len(counts)), counts)
        places = all_places[runs]
        after = np.cumsum(places, dtype=np.int64)
        after_document = np.concatenate([np.zeros(1, np.int64), after])[np.cumsum(counts)]
        position = after - places - np.concatenate([np.zeros(1, np.int64), after_document])[documents]

        first = starts[runs]
        entries = starts[runs + 1] - first
        entry = np.arange(int(entries.sum())) + np.repeat(first - (np.cumsum(entries) - entries), entries)
        document, offset, term = np.repeat(documents, entries), entry_offsets[entry], entry_terms[entry]
        position = np.repeat(position, entries) + offset
        if (offset < 0).any():
            np.maximum(position, 0, out=position)
            once = _once_a_place(term, document, position, np.flatnonzero(offset < 0))
            term, document, position = term[once], document[once], position[once]
        return TokenColumns(
            term=term,
            document=document,
            position=position,
            lengths=np.bincount(document, minlength=len(counts)),
            places=np.diff(after_document, prepend=0),
        )

    def ranked(self, term: Array) -> tuple[list[bytes], Array]:
        """Return the distinct terms of some occurrences in byte order, and each occurrence's number in that order."""
        self._add_sorting_keys()
        self._seen[term] = True
        numbers = np.flatnonzero(self._seen)
        self._seen[numbers] = False
        first, second = self._keys[numbers].T
        order = np.lexsort((second, first))
        numbers, first, second = numbers[order], first[order], second[order]
        self._sort_long(numbers, (first[1:] == first[:-1]) & (second[1:] == second[:-1]))
        self._rank[numbers] = np.arange(len(numbers))
        return list(map(self._terms.__getitem__, numbers.tolist())), self._rank.take(term)

    def hashes_of_words(self, found: TokenColumns) -> tuple[Array, Array]:
        """Return a number for each word of some texts as it stands, folded, and the word's document."""
        self._add_sorting_keys()
        # a word's forms stand at one place, the folded word behind its stem
        is_last = np.ones(len(found.term), bool)
        is_last[:-1] = np.diff(found.position) != 0
        is_last[:-1] |= np.diff(found.document) != 0
        last = np.flatnonzero(is_last)
        return self._hashes.take(found.term.take(last)), found.document.take(last)

    def _add_sorting_keys(self) -> None:
        """Keep the first 16 bytes of each new term as two numbers, which sort as the bytes do."""
        fresh = self._terms[self._keyed :]
        if not fresh:
            return
        if len(self._terms) > len(self._keys):
            room = 2 * len(self._terms)
            self._keys = np.concatenate([self._keys, np.zeros((room - len(self._keys), 2), np.uint64)])
            self._hashes = np.concatenate([self._hashes, np.zeros(room - len(self._hashes), np.uint64)])
            self._seen, self._rank = np.zeros(room, bool), np.zeros(room, np.int64)
        size = 2 * KEY_BYTES
        padded = b"".join([term[:size].ljust(size, b"\0") for term in fresh])
        keys = np.frombuffer(padded, ">u8").reshape(-1, 2).astype(np.uint64)
        span = slice(self._keyed, len(self._terms))
        self._keys[span], self._hashes[span] = keys, mixed(mixed(keys[:, 0]) + keys[:, 1])
        self._keyed = len(self._terms)

    def _sort_long(self, numbers: Array, same_as_next: Array) -> None:
        """Put terms in order that begin with the same 16 bytes."""
        at = np.flatnonzero(same_as_next)
        if not len(at):
            return
        for group in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
            span = slice(int(group[0]), int(group[-1]) + 2)
            numbers[span] = sorted(numbers[span].tolist(), key=self._terms.__getitem__)


def _once_a_place(term: Array, document: Array, position: Array, some: Array) -> Array:
    """Return the numbers of the occurrences, of those at the places of some the first of each term only."""
    place = document * (int(position.max()) + 1) + position
    shared = np.flatnonzero(np.isin(place, place[some]))
    _, first = np.unique(np.stack([place[shared], term[shared]]), axis=1, return_index=True)
    kept = np.ones(len(term), bool)
    kept[np.delete(shared, first)] = False
    found: Array = np.flatnonzero(kept)
    return found

"""Reads tables of words out of a segment: which of its terms people wrote, and the names that its articles bear.

The index holds a word and its stem as terms of one field at one position, and does not say which is which. A term's
frequency does: it counts the word itself and every other word that has it as its stem, so what is left after those
are taken off is how often people wrote it. Articles in other languages have marked stems instead, so their words are
left out of what is taken off.
"""

import sys
from collections import Counter
from collections.abc import Iterator

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.segment import SegmentData
from newsdex.index.columnar.storage.term_dictionary import TermDictionary
from newsdex.index.lexicon.table import MAX_COUNT, WordTable
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import MARK, plain_form, stem_of, words
from newsdex.index.text.emoji import is_emoji
from newsdex.index.text.languages import OWN_SCRIPT
from newsdex.index.text.scripts import UNSPACED_RANGES

_UNSPACED_RANGES = [(first, chr(ord(last) + 1)) for first, last in UNSPACED_RANGES]
"""The characters [first, stop) whose terms are signs and pairs of them and no words, in order."""
LONGEST = 50
NAME_FIELDS = ("authors", "tags")
MAX_NAMES = 100_000
"""Of a segment; each is kept once for each of its words. Where there are more, the rarest are left out."""
READ_AT_ONCE = 4_096
"""Postings are read so many in one piece, but for those of a frequent term."""


def text_words(data: SegmentData) -> WordTable:
    """Return the words of a segment's texts, folded, never stems, with how often they stand there."""
    counts: Counter[str] = Counter()
    fields = [field for name in TEXT_FIELDS if isinstance(field := data.field(name), PostingField)]
    foreign = _foreign(data, fields)
    for field in fields:
        spans = _word_spans(field.terms)
        terms = [term.decode() for span in spans for term in field.terms.slice(*span)]
        written = _written(field, spans, terms, foreign)
        counts.update({term: count for term, count in zip(terms, written, strict=True) if count > 0 and _is_word(term)})
    return _table(counts)


def number_of_terms(data: SegmentData) -> int:
    """Return how many terms there are to be read for `text_words` and `names`."""
    fields = [field for name in TEXT_FIELDS if isinstance(field := data.field(name), PostingField)]
    named = [field for name in NAME_FIELDS if isinstance(field := data.field(name), PostingField)]
    of_texts = sum(stop - start for field in fields for start, stop in _word_spans(field.terms))
    return of_texts + sum(field.terms.count for field in named)


def _word_spans(terms: TermDictionary) -> list[tuple[int, int]]:
    """Return the numbers [start, stop) of the terms that may be words: neither marked stems nor pairs of characters.

    There may be a million pairs in one article; terms sort as their characters do, so none of them needs to be read.
    """
    _, start = terms.prefix_range(MARK.encode())
    spans = []
    for first, stop in _UNSPACED_RANGES:
        spans.append((start, terms.lower_bound(first.encode())))
        start = terms.lower_bound(stop.encode())
    return [(start, stop) for start, stop in (*spans, (start, terms.count)) if start < stop]


def _foreign(data: SegmentData, fields: list[PostingField]) -> Array | None:
    """Tell of each document whether its words have no stems of the default language; None where all may have."""
    languages = data.languages - OWN_SCRIPT  # Latin words in those are read as the default language
    if not languages:
        return None
    mask = np.zeros(data.documents, bool)
    for field in fields:
        for language in languages:
            mask[field.documents(*field.span(*field.terms.prefix_range(f"{MARK}{language}".encode())))] = True
    return mask


def _written(field: PostingField, spans: list[tuple[int, int]], terms: list[str], foreign: Array | None) -> list[int]:
    """Return how often each term was written as it is."""
    total, stemmed = _frequencies(field, spans, foreign)
    numbers = {term: number for number, term in enumerate(terms)}
    stems = np.fromiter((numbers.get(stem_of(term), -1) for term in terms), np.int64, len(terms))
    others = np.flatnonzero((stems >= 0) & (stems != np.arange(len(terms))))
    taken = np.bincount(stems[others], weights=stemmed[others], minlength=len(terms)).astype(np.int64)
    counts: list[int] = (total - taken).tolist()
    return counts


def _frequencies(field: PostingField, spans: list[tuple[int, int]], foreign: Array | None) -> tuple[Array, Array]:
    """Return how often each term stands in all documents, and in those not foreign; a bounded part at a time."""
    starts = field.starts().astype(np.int64)
    size = sum(stop - start for start, stop in spans)
    total, stemmed = np.zeros((2, size), np.int64)
    done = 0
    for begin, end in spans:
        first = begin
        while first < end:
            within = int(np.searchsorted(starts, starts[first] + READ_AT_ONCE, "right")) - 1
            stop = min(end, max(first + 1, within))
            span, begins = (int(starts[first]), int(starts[stop])), starts[first:stop] - starts[first]
            place = slice(done + first - begin, done + stop - begin)
            frequencies = field.frequencies(*span)
            np.add.reduceat(frequencies, begins, dtype=np.int64, out=total[place])
            if foreign is not None:
                own = np.where(foreign.take(field.documents(*span)), 0, frequencies)
                np.add.reduceat(own, begins, dtype=np.int64, out=stemmed[place])
            first = stop
        done += end - begin
    return total, total if foreign is None else stemmed


def _is_word(term: str) -> bool:
    return len(term) <= LONGEST and not term.isdecimal() and not is_emoji(term)


def names(data: SegmentData, field_name: str) -> WordTable:
    """Return the values of a field, such as `authors`, found by their text from any of their words on."""
    field = data.field(field_name)
    if not isinstance(field, PostingField):
        return WordTable([], np.zeros(0, np.uint32))
    counts = np.diff(field.starts().astype(np.int64))
    values = field.terms.slice(0, field.terms.count)
    if len(values) > MAX_NAMES:
        chosen = np.sort(np.argsort(-counts, kind="stable")[:MAX_NAMES])
        values, counts = [values[number] for number in chosen.tolist()], counts[chosen]
    pairs = zip(values, counts.tolist(), strict=True)
    entries = sorted(entry for value, count in pairs for entry in _entries(value.decode(), count))
    return WordTable(
        [text for text, _, _ in entries],
        np.array([count for _, _, count in entries], np.uint32),
        [value for _, value, _ in entries],
    )


def _entries(value: str, count: int) -> Iterator[tuple[str, str, int]]:
    parts = [plain_form(word) for word, _, _ in words(value)]
    for number in range(len(parts)):
        yield " ".join(parts[number:])[:LONGEST], value, count


def _table(counts: Counter[str]) -> WordTable:
    ordered = sorted(map(sys.intern, counts))  # segments have most of their words in common
    return WordTable(ordered, np.array([min(counts[word], MAX_COUNT) for word in ordered], np.uint32))

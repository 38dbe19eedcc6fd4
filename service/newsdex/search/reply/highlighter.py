"""Finds the words of an article that a query asks for."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extract
from whoosh import query as q
from whoosh.query import Query

from newsdex.index.columnar.query.bm25f import WordQuery
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import (
    DOT_OF_INITIALS,
    LETTERS,
    LONGEST_WORD,
    MARKS,
    certain_part,
    folded_lines,
    indexed_as,
    terms,
    words,
)
from newsdex.index.text.emoji import EMOJI, is_emoji
from newsdex.index.text.folding import APOSTROPHES, folded_in_place
from newsdex.index.text.languages import DEFAULT
from newsdex.index.text.scripts import UNSPACED
from newsdex.search.reply.phrases import MatchSpan, Phrase

INNER_APOSTROPHE = re.compile(rf"[{APOSTROPHES}](?<=\w.)(?=\w)(?![sS]\b)")
WITHOUT_SPACES = re.compile(f"[{UNSPACED}]")
ONE_AROUND = re.compile(rf"[^\W_]|[.{APOSTROPHES}{MARKS}]")
AROUND = re.compile(rf"(?:{ONE_AROUND.pattern})*")
"""Letters and what may stand between them: whatever goes on as one word."""
STARTING = re.compile(rf"{EMOJI}|{AROUND.pattern}")
_INNER_LETTER = re.compile(rf"[^\W_{UNSPACED}{APOSTROPHES}]")
"""Before it, no word begins."""
_RUN = re.compile(LETTERS)
"""A word that has nothing inside it, in a folded text."""
_ASCII_RUNS = bytes(code if re.match(r"[^\W_]", chr(code), re.ASCII) else ord(" ") for code in range(256))
"""A byte of ASCII → itself where it is part of such a word, or a space: several times as fast."""
MAX_PLACES = 500
"""So many matches of a text are looked at."""
FEW_BEGINNINGS = 64
"""So many beginnings are looked for one by one; with more, going through the text word by word is faster."""

Chosen = Callable[[Sequence[str]], Iterable[str]]
"""Gives those of some words, folded, that a pattern or a fuzzy word stands for."""


class TermMatcher(dict[str, str | None]):
    """Gives the stem of a word as it stands where the query asks for it, each word once: replies repeat words."""

    def __init__(self, query: Query, language: str = DEFAULT) -> None:
        """Take a query of which a hit in a language may have words; negated parts are left out."""
        super().__init__()
        self._language = language
        self._terms: set[str] = set()
        """Counted wherever they stand."""
        self.phrases: list[Phrase] = []
        """Their words are counted where they stand as the phrase."""
        self._tests: list[Callable[[str], bool]] = []
        self._chosen: list[Chosen] = []
        self._beginnings: set[str] = set()
        self._parts: set[str] = set()
        self._add(query)

    def _add(self, node: Query) -> None:
        """Take what a node asks for in full text."""
        match node:
            case WordQuery():
                self._add_terms([variant.term for variant in node.variants if variant.kind != "exact"])
                for series in (series for phrase in node.phrases for series in phrase.series):
                    self._add_phrase(Phrase(series, 1))
            case q.Not():
                return
            case q.AndNot():
                self._add(node.a)
            case q.Require():  # words that are scored, and the phrase that they must stand in: only there they count
                self._add(node.b)
            case _ if not node.is_leaf():
                for part in node.children():
                    self._add(part)
            case _ if node.field() in TEXT_FIELDS:
                self._add_leaf(node)

    def _add_leaf(self, leaf: Query) -> None:
        match leaf:
            case q.Phrase():
                self._add_phrase(Phrase(tuple(leaf.words), leaf.slop))
            case q.FuzzyTerm():
                self._add_chosen(_near(leaf), leaf.text[: leaf.prefixlength])
            case q.Prefix():
                self._add_prefix(leaf.text)
            case q.Wildcard():
                self._add_chosen(_fitting(leaf), "")
            case q.Term():
                self._add_terms([leaf.text])

    def _add_phrase(self, phrase: Phrase) -> None:
        self.phrases.append(phrase)
        self._look_for(phrase.words)

    def _add_terms(self, terms_: Iterable[str]) -> None:
        self._terms.update(terms_)
        self._look_for(terms_)

    def _look_for(self, terms_: Iterable[str]) -> None:
        parts = [certain_part(term) if self._language == DEFAULT else "" for term in terms_]
        self._parts.update(parts)
        self._beginnings.update(parts)

    def _add_prefix(self, prefix: str) -> None:
        self._tests.append(lambda word: word.startswith(prefix))
        self._parts.add(prefix)
        self._beginnings.add(prefix)

    def _add_chosen(self, chosen: Chosen, part: str) -> None:
        self._tests.append(lambda word: any(chosen([word])))
        self._chosen.append(chosen)
        self._parts.add(part)

    @cached_property
    def _have_beginnings(self) -> bool:
        return all(self._beginnings) and not any(WITHOUT_SPACES.search(part) for part in self._beginnings)

    def beginnings(self, text: str) -> tuple[str, Sequence[str]] | None:
        """Return a text folded, and how every such word of it begins that has nothing inside it.

        None where that cannot be told, or there are many.
        """
        folded = folded_in_place(text) if self._have_beginnings else None
        if folded is None or not self._chosen:
            return None if folded is None else (folded, tuple(self._beginnings))
        if not folded.isascii() and WITHOUT_SPACES.search(folded):
            return None
        runs = [run[:LONGEST_WORD] for run in set(_runs(folded))]
        found = self._beginnings.union(*(chosen(runs) for chosen in self._chosen))
        return (folded, tuple(found)) if len(found) <= FEW_BEGINNINGS else None

    def may_be_in(self, folded_line: str) -> bool:
        """Return whether a line may have such a word; most lines of most texts are passed over by this."""
        return any(part in folded_line for part in self._parts)

    def __missing__(self, word: str) -> str | None:
        forms = indexed_as(word, self._language)
        found = self._counts_anywhere(word) or any(term in phrase.words for phrase in self.phrases for term in forms)
        stem = self[word] = forms[0] if found else None
        return stem

    def _counts_anywhere(self, word: str) -> bool:
        if not self._terms.isdisjoint(indexed_as(word, self._language)):
            return True
        exact = terms(word, self._language)[-1] if self._tests else ""
        return any(test(exact) for test in self._tests)

    def in_their_places(self, text: str, found: Sequence[MatchSpan]) -> Iterator[MatchSpan]:
        """Yield those of the words found in a text that count wherever they stand, or stand in a phrase there."""
        forms = [indexed_as(text[one.start : one.end], self._language) for one in found]
        starts = [start for word, start, _ in words(text) if not is_emoji(word)]
        positions = [bisect_right(starts, one.start) for one in found]
        standing = {place for phrase in self.phrases for place in phrase.places(positions, forms)}
        for place, one in enumerate(found):
            if place in standing or self._counts_anywhere(text[one.start : one.end]):
                yield one


def _runs(folded: str) -> list[str]:
    if folded.isascii():
        return folded.encode().translate(_ASCII_RUNS).decode().split()
    return _RUN.findall(folded)


def _fitting(leaf: Query) -> Chosen:
    pattern = re.compile(leaf._get_pattern())  # noqa: SLF001 - the only way to Whoosh's reading of `*` and `?`
    return lambda words_: filter(pattern.match, words_)


def _near(leaf: Query) -> Chosen:
    beginning, most = leaf.text[: leaf.prefixlength], leaf.maxdist

    def chosen(words_: Sequence[str]) -> Iterable[str]:
        # one call for all: texts have some hundreds of words
        near = extract(leaf.text, words_, scorer=Levenshtein.distance, score_cutoff=most, limit=None)
        return [word for word, _, _ in near if word.startswith(beginning)]

    return chosen


def found_words(texts: Sequence[str], matcher: TermMatcher) -> list[list[MatchSpan]]:
    """Return the words of each text that a query asks for, from left to right; in an endless text the first ones."""
    joined = "\n".join(texts)  # no word goes over the end of a line
    known = matcher.beginnings(joined)
    if known is not None:
        found = _at_beginnings(texts, joined, *known, matcher)
    elif len(texts) > 1:  # one of them may be in the way
        return [found_words([text], matcher)[0] for text in texts]
    else:
        found = [_in_lines(text, matcher) for text in texts]
    if matcher.phrases:
        found = [matcher.in_their_places(text, list(own)) for text, own in zip(texts, found, strict=True)]
    return [list(islice(own, MAX_PLACES)) for own in found]


def _at_beginnings(
    texts: Sequence[str], joined: str, folded: str, beginnings: Sequence[str], matcher: TermMatcher
) -> list[Iterable[MatchSpan]]:
    """Return the matches of each text, looking only at words that may be one."""
    hits = [hit for beginning in beginnings for hit in _starts(folded, beginning)]
    # a word with something inside it may have its beginning in two pieces
    hits += [match.start() for pattern in (INNER_APOSTROPHE, DOT_OF_INITIALS) for match in pattern.finditer(joined)]
    hits.sort()
    found: list[Iterable[MatchSpan]] = []
    start = first = 0
    for text in texts:
        last = bisect_left(hits, start + len(text), first)
        found.append(_words_around(hits[first:last], joined, start, matcher))
        start, first = start + len(text) + 1, last
    return found


def _words_around(hits: Sequence[int], joined: str, text_start: int, matcher: TermMatcher) -> Iterator[MatchSpan]:
    """Yield the matches among the words of one of the joined texts that are at some places there."""
    behind = 0
    for hit in hits:
        if hit < behind:
            continue
        start = _start_around(joined, hit)
        around = STARTING.match(joined, start)
        behind = around.end() if around else hit + 1
        piece = joined[start:behind]
        plain = piece.isascii() and piece.isalnum()
        for word, begin, end in [(piece, 0, len(piece))] if plain else words(piece):
            stem = matcher[word]
            if stem is not None:
                yield MatchSpan(start - text_start + begin, start - text_start + end, stem)


def _start_around(text: str, hit: int) -> int:
    """Return where a word begins, with all that goes on as one word, whose first letter or inside is there."""
    if not hit or is_emoji(text[hit]) or not ONE_AROUND.match(text, hit - 1):
        return hit
    before = AROUND.match(text[max(0, hit - LONGEST_WORD) : hit][::-1])
    return hit - before.end() if before else hit


def _starts(folded: str, beginning: str) -> Iterator[int]:
    """Yield where words may begin so."""
    at = folded.find(beginning)
    while at >= 0:
        if not at or not _INNER_LETTER.match(folded, at - 1) or is_emoji(beginning):
            yield at
        at = folded.find(beginning, at + 1)


def _in_lines(text: str, matcher: TermMatcher) -> Iterator[MatchSpan]:
    """Yield each match, word by word; no word goes over the end of a line."""
    offset = 0
    for line, folded in zip(text.split("\n"), folded_lines(text), strict=True):
        if matcher.may_be_in(folded):
            for word, start, end in words(line):
                stem = matcher[word]
                if stem is not None:
                    yield MatchSpan(offset + start, offset + end, stem)
        offset += len(line) + 1

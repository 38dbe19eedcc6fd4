"""Finds the words of an article that a query asks for."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple
from unicodedata import is_normalized

from whoosh import query as whoosh_query
from whoosh.support.levenshtein import distance

from newsdex.index.analysis import LONGEST_WORD, certain_part, fold, forms, raw_words
from newsdex.index.schema import TEXT_FIELDS
from newsdex.search.trees import tree_leaves

INNER_APOSTROPHE = re.compile(r"(?<=\w)['’ʼ](?=\w)(?![sS]\b)")
BEFORE = re.compile(r"[\w'’ʼ\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0dff\u0e00-\u0e7f]*")
AROUND = re.compile(BEFORE.pattern)
"""Letters and what may stand between them: whatever goes on as one word."""
LETTERS = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Scripts without spaces."""
MAX_PLACES = 500
"""So many matches of a text are looked at."""

class Matches(dict[str, bool]):
    """Tells of a word as it stands whether the query asks for it, each word once: replies repeat words."""

    def __init__(self, tree: Any) -> None:
        """Take the words of a query that a hit may contain; negated parts are left out."""
        super().__init__()
        self._stems: set[str] = set()
        self._tests: list[Callable[[str], bool]] = []
        self._parts: set[str] = set()
        for leaf in _positive_leaves(tree):
            if isinstance(leaf, whoosh_query.Phrase):
                self._add_stems(leaf.words)
            elif isinstance(leaf, whoosh_query.FuzzyTerm):
                self._add_test(_fuzzy_test(leaf), "")
            elif isinstance(leaf, whoosh_query.Prefix):
                self._add_test(_prefix_test(leaf.text), leaf.text)
            elif isinstance(leaf, whoosh_query.PatternQuery):
                self._add_test(_pattern_test(leaf), "")
            elif isinstance(leaf, whoosh_query.Term):
                self._add_stems([leaf.text])

    def _add_stems(self, stems: Iterable[str]) -> None:
        self._stems.update(stems)
        self._parts.update(certain_part(stem) for stem in stems)

    def _add_test(self, test: Callable[[str], bool], part: str) -> None:
        self._tests.append(test)
        self._parts.add(part)

    @cached_property
    def literal(self) -> re.Pattern[str] | None:
        """Give a pattern that is found in every such word, folded, that has no apostrophe; None where there is none."""
        if not all(self._parts) or any(LETTERS.search(part) for part in self._parts):
            return None
        return re.compile("|".join(map(re.escape, self._parts)) or "(?!)")

    def may_be_in(self, folded_line: str) -> bool:
        """Tell whether a line may have such a word; most lines of most texts are passed over by this."""
        return any(part in folded_line for part in self._parts)

    def __missing__(self, word: str) -> bool:
        folded, stem = forms(word)
        found = stem in self._stems or folded in self._stems or any(test(folded) for test in self._tests)
        self[word] = found
        return found


def _positive_leaves(tree: Any) -> list[Any]:
    found = []
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, whoosh_query.Not):
            continue
        if isinstance(node, whoosh_query.AndNot):
            pending.append(node.a)
        elif node.is_leaf():
            found += [leaf for leaf in tree_leaves(node) if leaf.field() in TEXT_FIELDS]
        else:
            pending += node.children()
    return found


def _prefix_test(prefix: str) -> Callable[[str], bool]:
    return lambda word: word.startswith(prefix)


def _pattern_test(leaf: Any) -> Callable[[str], bool]:
    pattern = re.compile(leaf._get_pattern())  # noqa: SLF001 - the only way to Whoosh's reading of `*` and `?`
    return lambda word: pattern.match(word) is not None


def _fuzzy_test(leaf: Any) -> Callable[[str], bool]:
    beginning = leaf.text[: leaf.prefixlength]

    def test(word: str) -> bool:
        near = abs(len(word) - len(leaf.text)) <= leaf.maxdist and word.startswith(beginning)
        return near and distance(word, leaf.text) <= leaf.maxdist

    return test


class Found(NamedTuple):
    """A word that the query asks for; `start` and `end` are offsets in the text."""

    start: int
    end: int
    stem: str


def found_words(text: str, matches: Matches) -> list[Found]:
    """Give the words that a query asks for, from left to right; in an endless text the first ones."""
    folded = text.casefold()
    # of one length, both have the same letters at the same places
    aligned = len(folded) == len(text) and is_normalized("NFKC", text)
    places = _at_literals(text, folded, matches) if aligned and matches.literal else _in_lines(text, matches)
    return [Found(start, end, forms(text[start:end])[1]) for start, end in islice(places, MAX_PLACES)]


def _at_literals(text: str, folded: str, matches: Matches) -> Iterator[tuple[int, int]]:
    """Give (start, end) of each match, looking only at words that may be one."""
    assert matches.literal is not None
    behind = 0
    inner = (match.start() for match in INNER_APOSTROPHE.finditer(text))
    hits = (match.start() for match in matches.literal.finditer(folded))
    for hit in merge(hits, inner):
        if hit < behind:
            continue
        before = BEFORE.match(text[max(0, hit - LONGEST_WORD) : hit][::-1])
        word = AROUND.match(text, hit - (before.end() if before else 0))
        behind = word.end() if word else hit + 1
        for own, start, end in raw_words(word.group()) if word else ():
            if matches[own]:
                yield word.start() + start, word.start() + end  # type: ignore[union-attr]  # there is a word


def _in_lines(text: str, matches: Matches) -> Iterator[tuple[int, int]]:
    """Give (start, end) of each match, word by word; no word goes over the end of a line."""
    offset = 0
    for line, folded in zip(text.split("\n"), fold(text).split("\n"), strict=True):
        if matches.may_be_in(folded):
            for word, start, end in raw_words(line):
                if matches[word]:
                    yield offset + start, offset + end
        offset += len(line) + 1

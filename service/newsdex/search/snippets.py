"""Cuts passages around matched words from an article's text, escaped for HTML, matches marked."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from whoosh import query as whoosh_query
from whoosh.support.levenshtein import distance

from newsdex.index.analysis import certain_part, folded_lines, terms, words
from newsdex.index.languages import DEFAULT
from newsdex.index.schema import TEXT_FIELDS
from newsdex.search.query import leaves

PASSAGE_CHARS = 200
MAX_PASSAGES = 2
MAX_SCANNED_CHARS = 50_000
"""A match further down is not shown; a reply must not take longer for a long article."""


class Matches(dict[str, bool]):
    """Tells of a word as it stands whether the query asks for it, each word once: replies repeat words."""

    def __init__(self, tree: Any, language: str = DEFAULT) -> None:
        """Take the words of a query that a hit in a language may contain; negated parts are left out."""
        super().__init__()
        self._language = language
        self._terms: set[str] = set()
        self._tests: list[Callable[[str], bool]] = []
        self._parts: set[str] = set()
        for leaf in _positive_leaves(tree):
            if isinstance(leaf, whoosh_query.Phrase):
                self._add_terms(leaf.words)
            elif isinstance(leaf, whoosh_query.FuzzyTerm):
                self._add_test(_fuzzy_test(leaf), "")
            elif isinstance(leaf, whoosh_query.Prefix):
                self._add_test(_prefix_test(leaf.text), leaf.text)
            elif isinstance(leaf, whoosh_query.PatternQuery):
                self._add_test(_pattern_test(leaf), "")
            elif isinstance(leaf, whoosh_query.Term):
                self._add_terms([leaf.text])

    def _add_terms(self, terms_: Iterable[str]) -> None:
        self._terms.update(terms_)
        self._parts.update(certain_part(term) if self._language == DEFAULT else "" for term in terms_)

    def _add_test(self, test: Callable[[str], bool], part: str) -> None:
        self._tests.append(test)
        self._parts.add(part)

    def may_be_in(self, folded_line: str) -> bool:
        """Tell whether a line may have such a word; most lines of most texts are passed over by this."""
        return any(part in folded_line for part in self._parts)

    def __missing__(self, word: str) -> bool:
        own = terms(word, self._language)
        found = not self._terms.isdisjoint(own) or any(test(own[-1]) for test in self._tests)
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
            found += [leaf for leaf in leaves(node) if leaf.field() in TEXT_FIELDS]
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


def snippets(text: str, matches: Matches) -> tuple[str, ...]:
    """Give up to two passages around the matches, or the text's beginning where there is none."""
    text = text[:MAX_SCANNED_CHARS]
    windows = _windows(text, matches) or [_Window(start=0, places=[])]
    return tuple(passage for window in windows if (passage := _passage(text, window.start, window.places)))


@dataclass(kw_only=True, slots=True)
class _Window:
    """Where a passage starts, and the matches in it."""

    start: int
    places: list[tuple[int, int]]

    @property
    def end(self) -> int:
        return self.start + PASSAGE_CHARS


def _windows(text: str, matches: Matches) -> list[_Window]:
    """Find the passages, reading no further than needed: a reply has ten texts."""
    windows: list[_Window] = []
    for start, end in _places(text, matches):
        after = windows[-1].end if windows else 0
        if start >= after and len(windows) == MAX_PASSAGES:
            break
        if start >= after:
            windows.append(_Window(start=max(after, start - PASSAGE_CHARS // 3), places=[]))
        if end <= windows[-1].end:
            windows[-1].places.append((start, end))
    return windows


def _places(text: str, matches: Matches) -> Iterator[tuple[int, int]]:
    """Give (start, end) of each match; no word goes over the end of a line."""
    offset = 0
    for line, folded in zip(text.split("\n"), folded_lines(text), strict=True):
        if matches.may_be_in(folded):
            for word, start, end in words(line):
                if matches[word]:
                    yield offset + start, offset + end
        offset += len(line) + 1


def _passage(text: str, start: int, places: Sequence[tuple[int, int]]) -> str:
    start, end = _at_word(text, start), _at_word(text, min(len(text), start + PASSAGE_CHARS))
    if places:
        start, end = min(start, places[0][0]), max(end, places[-1][1])
    parts, at = [], start
    for left, right in places:
        if left < at:
            continue  # pairs of an unspaced script overlap
        parts += [escape(text[at:left]), "<mark>", escape(text[left:right]), "</mark>"]
        at = right
    parts.append(escape(text[at:end]))
    shown = " ".join("".join(parts).split())
    return f"{'… ' if start > 0 else ''}{shown}{' …' if end < len(text) else ''}" if shown else ""


def _at_word(text: str, place: int) -> int:
    """Move a cut forward to the next white space, at most a few letters."""
    if place in (0, len(text)):
        return place
    for near in range(place, min(len(text), place + 15)):
        if text[near].isspace():
            return near
    return place

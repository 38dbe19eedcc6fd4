"""Finds the words of an article that a query asks for."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from whoosh import query as whoosh_query
from whoosh.support.levenshtein import distance

from newsdex.index.analysis import (
    DOT_OF_INITIALS,
    LONGEST_WORD,
    MARKS,
    UNSPACED,
    certain_part,
    folded_lines,
    terms,
    words,
)
from newsdex.index.folding import APOSTROPHES, folded_in_place
from newsdex.index.languages import DEFAULT, stemmed_as
from newsdex.index.schema import TEXT_FIELDS
from newsdex.search.trees import tree_leaves
from newsdex_schemas import Article

INNER_APOSTROPHE = re.compile(rf"(?<=\w)[{APOSTROPHES}](?=\w)(?![sS]\b)")
WITHOUT_SPACES = re.compile(f"[{UNSPACED}]")
AROUND = re.compile(rf"[\w.{APOSTROPHES}{MARKS}]*")
"""Letters and what may stand between them: whatever goes on as one word."""
MAX_PLACES = 500
"""So many matches of a text are looked at."""


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

    @cached_property
    def literal(self) -> re.Pattern[str] | None:
        """Give a pattern that is found in every such word, folded, that has no apostrophe; None where there is none."""
        if not all(self._parts) or any(WITHOUT_SPACES.search(part) for part in self._parts):
            return None
        return re.compile("|".join(map(re.escape, self._parts)) or "(?!)")

    def may_be_in(self, folded_line: str) -> bool:
        """Tell whether a line may have such a word; most lines of most texts are passed over by this."""
        return any(part in folded_line for part in self._parts)

    def __missing__(self, word: str) -> bool:
        own = self.terms(word)
        found = not self._terms.isdisjoint(own) or any(test(own[-1]) for test in self._tests)
        self[word] = found
        return found

    def terms(self, word: str) -> tuple[str, ...]:
        """Give what a word of the article is indexed as: its stem, and itself, folded."""
        return terms(word, self._language)


class MatchesByLanguage:
    """What a query asks for in articles of each language, made when there is one."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self._known: dict[str, Matches] = {}

    def of(self, article: Article) -> Matches:
        """Give what the query asks for in an article."""
        language = stemmed_as(article)
        if language not in self._known:
            self._known[language] = Matches(self._tree, language)
        return self._known[language]


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
    folded = folded_in_place(text) if matches.literal else None
    places = _in_lines(text, matches) if folded is None else _at_literals(text, folded, matches)
    return [Found(start, end, matches.terms(text[start:end])[0]) for start, end in islice(places, MAX_PLACES)]


def _at_literals(text: str, folded: str, matches: Matches) -> Iterator[tuple[int, int]]:
    """Give (start, end) of each match, looking only at words that may be one."""
    assert matches.literal is not None
    behind = 0
    # a word with something inside it may have the literal in two pieces
    patterns = ((matches.literal, folded), (INNER_APOSTROPHE, text), (DOT_OF_INITIALS, text))
    for hit in merge(*([match.start() for match in pattern.finditer(where)] for pattern, where in patterns)):
        if hit < behind:
            continue
        before = AROUND.match(text[max(0, hit - LONGEST_WORD) : hit][::-1])
        word = AROUND.match(text, hit - (before.end() if before else 0))
        behind = word.end() if word else hit + 1
        for own, start, end in words(word.group()) if word else ():
            if matches[own]:
                yield word.start() + start, word.start() + end  # type: ignore[union-attr]  # there is a word


def _in_lines(text: str, matches: Matches) -> Iterator[tuple[int, int]]:
    """Give (start, end) of each match, word by word; no word goes over the end of a line."""
    offset = 0
    for line, folded in zip(text.split("\n"), folded_lines(text), strict=True):
        if matches.may_be_in(folded):
            for word, start, end in words(line):
                if matches[word]:
                    yield offset + start, offset + end
        offset += len(line) + 1

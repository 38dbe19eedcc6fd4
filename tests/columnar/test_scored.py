"""Words are scored by BM25F as the formula says, pages of a search agree, and explanations add up."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.columnar.corpus import OPTIONS, Indexed, articles
from tests.columnar.test_paging import batches, many, pages
from whoosh import query as q

from newsdex.index.columnar.query.bm25f import ALIKE, DELTA, K1, B, Variant, WordQuery
from newsdex.index.columnar.query.score_nodes import (
    PAIR_WEIGHT,
    Decay,
    MinShouldMatch,
    ProximityBoost,
    RecencyBoost,
    WordPair,
)
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.reader import IndexReader
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import indexed_as, words
from newsdex.index.text.languages import DEFAULT

DAY_US = 86_400_000_000
NOW_US = 1_800_000_000_000_000
lax = settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

_terms = st.sampled_from(["oil", "price", "run", "running", "größe", "bank", "a", "ab", "nowhere"])
_kinds = st.sampled_from(["related", "synonym", "spelling"])
variants = st.builds(
    lambda first, others: (Variant(term=first), *(one for one in others if one.term != first)),
    _terms,
    st.lists(st.builds(Variant, term=_terms, weight=st.sampled_from([0.25, 0.5, 1.0]), kind=_kinds), max_size=2,
             unique_by=lambda one: one.term),
)  # fmt: skip
fields = st.sampled_from([tuple(TEXT_FIELDS), ("title",), ("body",), ("summary", "body")])
word_queries = st.builds(
    WordQuery, word=st.just("word"), variants=variants, fields=fields, boost=st.sampled_from([1.0, 2.0, 0.5])
)
decays = st.builds(
    Decay,
    weight=st.sampled_from([0.0, 0.3, 1.0]),
    half_life_us=st.sampled_from([float(DAY_US), 365.0 * DAY_US]),
    now_us=st.just(NOW_US),
)


def _pairs(parts: Sequence[WordQuery]) -> tuple[WordPair, ...]:
    return tuple(WordPair(first=a, second=b) for a, b in pairwise(parts))


_lists = st.lists(word_queries, min_size=1, max_size=4)
combined = st.one_of(
    word_queries,
    st.builds(
        lambda parts, n: MinShouldMatch(parts=tuple(parts), at_least=min(n, len(parts))), _lists, st.integers(1, 3)
    ),
    st.builds(lambda parts: ProximityBoost(child=q.And(parts), pairs=_pairs(parts)), _lists),
    st.builds(lambda parts: ProximityBoost(child=MinShouldMatch(parts=tuple(parts)), pairs=_pairs(parts)), _lists),
)
scored_trees = st.one_of(combined, st.builds(RecencyBoost, child=combined, decay=decays))


class Model:
    """The formula, word by word, over articles that are each in the index once."""

    def __init__(self, live: Mapping[str, Mapping[str, Any]]) -> None:
        self.texts = {
            id_: {
                name: [indexed_as(word, DEFAULT) for word, *_ in words(article.get(name) or "")] for name in TEXT_FIELDS
            }
            for id_, article in live.items()
        }

    def length(self, id_: str, name: str) -> int:
        """A word, its stem and its other spellings count as so many."""
        return sum(len({*forms}) for forms in self.texts[id_][name])

    def usual_length(self, name: str) -> float:
        lengths = [length for id_ in self.texts if (length := self.length(id_, name))]
        return sum(lengths) / (len(lengths) or 1) or 1

    def times(self, id_: str, name: str, term: str) -> int:
        return sum(term in forms for forms in self.texts[id_][name])

    def has(self, word: WordQuery, id_: str, *, without: tuple[str, ...]) -> bool:
        own = [v.term for v in word.variants if v.kind not in without]
        return any(self.times(id_, name, term) for name in word.fields for term in own)

    def frequency(self, word: WordQuery) -> int:
        """Each article counts once, in however many forms and fields it has the word."""
        return sum(self.has(word, id_, without=("related", "exact")) for id_ in self.texts)

    def factor(self, id_: str, name: str) -> float:
        return 1 / (1 - B + B * self.length(id_, name) / self.usual_length(name))

    def idf(self, word: WordQuery) -> float:
        found = self.frequency(word)
        return math.log1p((len(self.texts) - found + 0.5) / (found + 0.5))

    def score(self, word: WordQuery, id_: str) -> float:
        tf = sum(
            TEXT_FIELDS[name] * v.weight * self.times(id_, name, v.term) * self.factor(id_, name)
            for name in word.fields
            for v in word.variants
        )
        part = tf / (K1 + tf)
        if not self.has(word, id_, without=("related",)):
            return word.boost * self.idf(word) * ALIKE * part
        return word.boost * self.idf(word) * (part * (K1 + 1) + DELTA)

    def pair(self, pair: WordPair, id_: str) -> float:
        tf = 0.0
        for name in set(pair.first.fields) & set(pair.second.fields):
            text, (one, other) = self.texts[id_][name], (pair.first.variants[0].term, pair.second.variants[0].term)
            beside = sum(one in a and other in b for a, b in pairwise(text))
            tf += TEXT_FIELDS[name] * beside * self.factor(id_, name)
        less = min(self.idf(word) * word.boost for word in (pair.first, pair.second))
        return PAIR_WEIGHT * less * tf * (K1 + 1) / (K1 + tf)


def _indexed(folder: str, made: Sequence[dict[str, Any]], size: int) -> Indexed:
    indexed = Indexed(Path(folder))
    distinct = [{**article, "id": f"x{number}"} for number, article in enumerate(made)]
    for start in range(0, len(distinct), size):
        indexed.apply(distinct[start : start + size])
    return indexed


def _found(indexed: Indexed, tree: Any) -> dict[str, float]:
    return dict(IndexReader(indexed.root).view().find(tree, **OPTIONS).documents)


def _equal(expected: Mapping[str, float], found: Mapping[str, float]) -> bool:
    close = all(math.isclose(score, found.get(id_, -1), rel_tol=1e-4, abs_tol=1e-5) for id_, score in expected.items())
    return expected.keys() == found.keys() and close


@lax
@given(made=st.lists(articles(), min_size=1, max_size=12), size=st.integers(1, 12), word=word_queries)
def test_a_word_is_scored_as_bm25f_says(made: list[Any], size: int, word: WordQuery) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(folder, made, size)
        model = Model(indexed.live)
        expected = {id_: score for id_ in indexed.live if (score := model.score(word, id_))}

        assert _equal(expected, _found(indexed, word))


@lax
@given(
    made=st.lists(articles(), min_size=1, max_size=12), size=st.integers(1, 12), parts=_lists, number=st.integers(1, 3)
)
def test_some_of_many_words_add_up_where_enough_match(
    made: list[Any], size: int, parts: list[WordQuery], number: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(folder, made, size)
        model = Model(indexed.live)
        scores = {id_: [score for part in parts if (score := model.score(part, id_))] for id_ in indexed.live}
        having = {
            id_: sum(model.has(part, id_, without=("related",)) for part in parts) for id_ in indexed.live
        }  # fmt: skip
        expected = {id_: sum(own) for id_, own in scores.items() if own and having[id_] >= number}

        assert _equal(expected, _found(indexed, MinShouldMatch(parts=tuple(parts), at_least=number)))


@lax
@given(made=st.lists(articles(), min_size=1, max_size=12), size=st.integers(1, 12), parts=_lists)
def test_words_side_by_side_add_their_part(made: list[Any], size: int, parts: list[WordQuery]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(folder, made, size)
        model = Model(indexed.live)
        pairs = _pairs(parts)
        expected = {}
        for id_ in indexed.live:
            scores = [model.score(part, id_) for part in parts]
            if all(scores):
                expected[id_] = sum(scores) + sum(model.pair(pair, id_) for pair in pairs)

        assert _equal(expected, _found(indexed, ProximityBoost(child=q.And(parts), pairs=pairs)))


@lax
@given(made=st.lists(articles(), min_size=1, max_size=10), size=st.integers(1, 10), tree=scored_trees)
def test_the_reasons_of_a_score_add_up_to_it(made: list[Any], size: int, tree: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(folder, made, size)
        found = _found(indexed, tree)
        parts = IndexReader(indexed.root).view().explained(tree, list(found), math.inf)
        explained = {id_: sum(part.score for part in own) for id_, own in parts.items()}

        assert _equal(found, explained)


@lax
@given(first=many(), between=batches, tree=scored_trees, size=st.integers(1, 7))
def test_what_did_not_change_is_on_one_page(first: list[Any], between: list[Any], tree: Any, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = Indexed(Path(folder))
        for start in range(0, len(first), 7):
            indexed.apply(first[start : start + 7])
        whole = [id_ for id_, _ in IndexReader(indexed.root).view().find(tree, **OPTIONS).documents]
        before = dict(indexed.live)
        shown = [id_ for page in pages(indexed, tree, "relevance", size, between) for id_ in page]
        changed = {entry if isinstance(entry, str) else entry["id"] for batch in between for entry in batch}
        unchanged = [id_ for id_ in whole if id_ not in changed and indexed.live.get(id_) == before[id_]]

        assert sorted(unchanged) == sorted(id_ for id_ in shown if id_ in set(unchanged))


def test_newer_articles_count_more_and_undated_ones_as_they_are() -> None:
    decay = Decay(weight=0.5, half_life_us=10.0 * DAY_US, now_us=NOW_US)
    factors = decay.factors(np.array([NOW_US, NOW_US - 10 * DAY_US, NOW_US + DAY_US, ABSENT]))

    assert [1.5, 1.25, 1.5, 1.0] == factors.tolist()

"""Our execution finds what stock Whoosh finds, with the same scores, over the same index and over Whoosh's own."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.columnar.comparison import assert_same, stock
from tests.columnar.corpus import OPTIONS, Indexed, articles, stock_index, terms, trees, within
from whoosh import query as q
from whoosh.index import open_dir

from newsdex.index.reader import IndexReader
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.languages import DEFAULT
from newsdex.records.moments import microseconds

INDEXES = int(os.environ.get("NEWSDEX_TEST_INDEXES", "60"))
"""So many indexes are drawn; each answers many queries."""
QUERIES = 40
EXACT_WORDS = 2
"""A word is up to four terms (`Größe`: by its stem, as it stands, and both with `oe`), and 11 is the first length that
Whoosh's format does not keep."""


ids = st.sampled_from([f"a{n}" for n in range(12)])
batches = st.lists(st.lists(st.one_of(articles(), articles(), articles(), ids), max_size=6), min_size=1, max_size=6)
# shrinking takes minutes here, and the first example says enough
lax = settings(
    deadline=None,
    max_examples=INDEXES,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@lax
@given(history=batches, merged=st.sampled_from([0, 1, 99]), queries=st.lists(trees, min_size=QUERIES, max_size=QUERIES))
def test_agrees_with_whoosh_on_the_same_index(history: list[Any], merged: int, queries: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(Path(folder), history, merged)
        view = IndexReader(indexed.root).view()
        with open_dir(str(indexed.folder)).searcher() as searcher:
            for tree in queries:
                assert_same(stock(searcher, tree), view.find(tree, **OPTIONS), tree)


@lax
@given(history=batches, queries=st.lists(trees, min_size=QUERIES, max_size=QUERIES))
def test_finds_the_documents_of_a_stock_index(history: list[Any], queries: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(Path(folder), history, 99)
        stock_ = stock_index(Path(folder, "stock"), list(indexed.live.values()))
        view = IndexReader(indexed.root).view()
        with stock_.searcher() as searcher:
            for tree in queries:
                expected = stock(searcher, tree)
                found = view.find(tree, **OPTIONS)

                assert set(expected) == {id_ for id_, _ in found.documents}, tree


@lax
@given(
    language=st.sampled_from([DEFAULT, "de"]),
    first=st.lists(articles(), min_size=1, max_size=12, unique_by=lambda made: made["id"]),
    queries=st.lists(trees, min_size=QUERIES, max_size=QUERIES),
)
def test_scores_as_a_stock_index_without_deletions(language: str, first: list[Any], queries: list[Any]) -> None:
    first = [_shortened(article) | {"language": language} for article in first]
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(Path(folder), [first], 0)
        view = IndexReader(indexed.root).view()
        with stock_index(Path(folder, "stock"), first, language).searcher() as searcher:
            for tree in queries:
                assert_same(stock(searcher, tree), view.find(tree, **OPTIONS), tree)


@lax
@given(history=batches, parts=st.lists(terms, min_size=2, max_size=4), required=terms)
def test_what_stock_whoosh_gets_wrong_does_what_it_documents(
    history: list[Any], parts: list[Any], required: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(Path(folder), history, 0)
        view = IndexReader(indexed.root).view()
        # Whoosh 2.7.4: DisjunctionMax compares scores of different documents and loses some, AndNot may keep the first
        # excluded document, Require excludes instead
        scores = [dict(view.find(part, **OPTIONS).documents) for part in parts]
        largest = {id_: max(own.get(id_, -1.0) for own in scores) for id_ in set().union(*scores)}
        wanted = dict(view.find(required, **OPTIONS).documents)

        assert largest == pytest.approx(dict(view.find(q.DisjunctionMax(parts), **OPTIONS).documents))
        left = {id_: score for id_, score in scores[0].items() if id_ not in wanted}
        assert left == dict(view.find(q.AndNot(parts[0], required), **OPTIONS).documents)
        kept = {id_: score for id_, score in scores[0].items() if id_ in wanted}
        assert kept == dict(view.find(q.Require(parts[0], required), **OPTIONS).documents)


@lax
@given(
    history=batches,
    tree=trees,
    allowed=terms,
    size=st.integers(0, 5),
    offset=st.integers(0, 5),
    sort=st.sampled_from(["relevance", "newest", "oldest"]),
)
def test_pages_filters_and_sorting_cut_from_the_whole_result(  # noqa: PLR0917 - drawn
    history: list[Any], tree: Any, allowed: Any, size: int, offset: int, sort: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(Path(folder), history, 0)
        view = IndexReader(indexed.root).view()
        whole = view.find(tree, **OPTIONS | {"sort": sort})
        page = view.find(tree, **OPTIONS | {"sort": sort, "size": size, "offset": offset})
        permitted = {id_ for id_, _ in view.find(allowed, **OPTIONS).documents}
        filtered = view.find(tree, **OPTIONS | {"sort": sort, "scope": within(filters={"id": allowed})})
        hidden = view.find(tree, **OPTIONS | {"sort": sort, "scope": within(hidden=allowed)})

        assert list(whole.documents)[offset : offset + size] == list(page.documents)
        assert whole.total == page.total == len(whole.documents)
        assert [one for one in whole.documents if one[0] in permitted] == list(filtered.documents)
        assert [one for one in whole.documents if one[0] not in permitted] == list(hidden.documents)
        if sort != "relevance":
            dates = [indexed.live[id_].get("published_at", "") for id_, _ in whole.documents]
            assert sorted(dates, reverse=sort == "newest") == dates


@lax
@given(history=batches, tree=trees)
def test_facets_count_all_matches(history: list[Any], tree: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(Path(folder), history, 0)
        found = IndexReader(indexed.root).view().find(tree, **OPTIONS | {"size": 1_000}, facets=["section"])
        expected: dict[str, int] = {}
        for id_, _ in found.documents:
            section = indexed.live[id_].get("section")
            if section:
                expected[section] = expected.get(section, 0) + 1

        assert expected == found.facets["section"].by_spelling()


@lax
@given(history=batches, tree=trees, chosen=terms, other=terms)
def test_a_filter_reduces_every_count_but_that_of_its_own_facet(
    history: list[Any], tree: Any, chosen: Any, other: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        view = IndexReader(_indexed(Path(folder), history, 0).root).view()
        names = ["section", "authors"]
        found = view.find(
            tree, **OPTIONS | {"scope": within(filters={"section": chosen, "agency": other})}, facets=names
        )
        both = view.find(tree, **OPTIONS | {"scope": within(filters={"id": q.And([chosen, other])})}, facets=names)
        without = view.find(tree, **OPTIONS | {"scope": within(filters={"id": other})}, facets=names)

        assert both.documents == found.documents
        assert both.total == found.total
        assert both.facets["authors"].by_spelling() == found.facets["authors"].by_spelling()
        assert without.facets["section"].by_spelling() == found.facets["section"].by_spelling()


@lax
@given(history=batches, parts=st.lists(trees, min_size=1, max_size=4), least=st.integers(1, 4))
def test_an_or_with_a_least_number_finds_what_matches_so_many_of_its_parts(
    history: list[Any], parts: list[Any], least: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        view = IndexReader(_indexed(Path(folder), history, 0).root).view()
        every = [{id_ for id_, _ in view.find(part, **OPTIONS).documents} for part in parts]
        found = view.find(q.Or(parts, minmatch=least), **OPTIONS)
        expected = {id_ for id_ in set().union(*every) if sum(id_ in own for own in every) >= least}
        scores = dict(view.find(q.Or(parts), **OPTIONS).documents)

        assert expected == {id_ for id_, _ in found.documents}
        assert {id_: scores[id_] for id_ in expected} == dict(found.documents)


@lax
@given(
    history=batches,
    tree=trees,
    edges=st.lists(st.integers(1_250_000_000, 1_800_000_000).map(lambda second: second * 1_000_000), max_size=8),
)
def test_the_histogram_counts_all_matches_by_their_date(history: list[Any], tree: Any, edges: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = _indexed(Path(folder), history, 0)
        exact = [_published_us(article) for article in indexed.live.values() if "published_at" in article][:2]
        edges = sorted(edges + exact)
        found = IndexReader(indexed.root).view().find(tree, **OPTIONS, histogram=edges)
        dates = [_published_us(indexed.live[id_]) for id_, _ in found.documents if "published_at" in indexed.live[id_]]

        assert [sum(start <= date < end for date in dates) for start, end in pairwise(edges)] == found.histogram


def _published_us(article: Mapping[str, Any]) -> int:
    return microseconds(datetime.fromisoformat(article["published_at"]))


def _shortened(article: dict[str, Any]) -> dict[str, Any]:
    """Cut texts to lengths that Whoosh's own format, one byte a length, keeps exactly."""
    cut = {name: " ".join(article[name].split()[:EXACT_WORDS]) for name in TEXT_FIELDS if name in article}
    return article | cut


def _indexed(folder: Path, history: Sequence[Sequence[Mapping[str, Any] | str]], merged_after: int) -> Indexed:
    indexed = Indexed(folder / "index")
    for number, batch in enumerate(history):
        indexed.apply(batch)
        if number == merged_after:
            indexed.writer.finish_merging()
    if merged_after > len(history):
        indexed.writer.merge_everything()
    return indexed

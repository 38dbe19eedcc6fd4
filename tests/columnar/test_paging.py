"""Pages, one behind the other, while the index changes between them: no hit twice, none lost."""

import tempfile
from collections.abc import Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.columnar.corpus import OPTIONS, WORDS, Indexed, articles, trees
from whoosh import query as q

from newsdex.index.columnar.query.doc_set import DocList
from newsdex.index.columnar.query.matches.top_hits import TIE, PageEnd, hits_after, top_hits
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Statistics
from newsdex.index.reader import IndexReader

ids = st.sampled_from([f"a{n}" for n in range(12)])
batches = st.lists(st.lists(st.one_of(articles(), articles(), ids), max_size=4), max_size=6)
sorts = st.sampled_from(["relevance", "relevance", "newest", "oldest"])
lax = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def many() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Many articles, of few texts: so that a lot of them tie."""
    one = articles()
    return st.lists(one, min_size=1, max_size=4).map(
        lambda few: [few[n % len(few)] | {"id": f"{'bca'[n % 3]}{n}"} for n in range(30)]
    )


def joined(pages_: Sequence[list[str]]) -> list[str]:
    return list(chain.from_iterable(pages_))


def pages(indexed: Indexed, tree: Any, sort: Any, size: int, between: Sequence[Any]) -> list[list[str]]:
    """Page through everything; apply a batch, and merge, between one page and the next."""
    reader = IndexReader(indexed.root)
    found: list[list[str]] = []
    after: PageEnd | None = None
    statistics: Statistics | None = None
    pending = list(between)
    while not found or after:
        options = OPTIONS | {"sort": sort, "size": size, "after": after, "statistics": statistics}
        result = reader.view().find(tree, **options)
        found.append([id_ for id_, _ in result.documents])
        after, statistics = result.cut, result.statistics
        if pending:
            indexed.apply(pending.pop())
            if len(pending) % 2:
                indexed.writer.finish_merging()
                indexed.writer.merge_everything()
    return found


@lax
@given(first=many(), between=batches, tree=trees, sort=sorts, size=st.integers(1, 7))
def test_what_did_not_change_is_on_one_page(
    first: list[Any], between: list[Any], tree: Any, sort: Any, size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = Indexed(Path(folder))
        for start in range(0, len(first), 7):
            indexed.apply(first[start : start + 7])
        whole = [id_ for id_, _ in IndexReader(indexed.root).view().find(tree, **OPTIONS).documents]
        before = dict(indexed.live)
        shown = joined(pages(indexed, tree, sort, size, between))
        changed = {entry if isinstance(entry, str) else entry["id"] for batch in between for entry in batch}
        unchanged = [id_ for id_ in whole if id_ not in changed and indexed.live.get(id_) == before[id_]]

        assert sorted(unchanged) == sorted(id_ for id_ in shown if id_ in set(unchanged))


@lax
@given(first=many(), tree=trees, sort=sorts, size=st.integers(1, 7))
def test_pages_of_an_index_at_rest_are_cut_from_the_whole_result(
    first: list[Any], tree: Any, sort: Any, size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = Indexed(Path(folder))
        for start in range(0, len(first), 7):
            indexed.apply(first[start : start + 7])
        whole = IndexReader(indexed.root).view().find(tree, **OPTIONS | {"sort": sort}).documents
        found = pages(indexed, tree, sort, size, [])

        assert [id_ for id_, _ in whole] == joined(found)
        assert all(len(page) == size for page in found[:-1])


def test_a_score_does_not_change_with_what_is_committed_between_pages(tmp_path: Path) -> None:
    """Without the first page's statistics, a word that becomes frequent would move every hit that has it."""
    indexed = Indexed(tmp_path)
    texts = [("oil " * (n % 5 + 1) + "bank " * (n % 7) + "price " * (n % 3)).strip() for n in range(60)]
    indexed.apply([{"id": f"x{n}", "title": "t", "body": text} for n, text in enumerate(texts)])
    tree = q.Or([q.Term("body", word) for word in ("oil", "bank", "price")])
    whole = [id_ for id_, _ in IndexReader(indexed.root).view().find(tree, **OPTIONS).documents]
    flood = [[{"id": f"y{b}-{n}", "title": "bank", "body": "bank " * 9} for n in range(50)] for b in range(6)]
    shown = joined(pages(indexed, tree, "relevance", 9, flood))

    assert whole == [id_ for id_ in shown if id_.startswith("x")]


def test_hits_of_one_score_stand_newest_first_then_by_id(tmp_path: Path) -> None:
    indexed = Indexed(tmp_path)
    days = [3, 9, 3, 5, None, 9, 5, None]
    made = [
        {"id": f"{'zyxwvuts'[n]}", "title": "oil", "body": "b"}
        | ({"published_at": f"2024-01-0{day}T00:00:00Z"} if day else {})
        for n, day in enumerate(days)
    ]
    for batch in (made[:3], made[3:5], made[5:]):
        indexed.apply(batch)
    expected = ["u", "y", "t", "w", "x", "z", "s", "v"]
    for size in range(1, 9):
        assert expected == joined(pages(indexed, q.Term("title", "oil"), "relevance", size, []))


def test_scores_are_told_apart_where_they_differ_by_more_than_rounding(tmp_path: Path) -> None:
    indexed = Indexed(tmp_path)
    indexed.apply([{"id": f"a{n:03}", "title": "t", "body": "oil " + WORDS[1] * 1 + " ab" * n} for n in range(100)])
    found = IndexReader(indexed.root).view().find(q.Term("body", "oil"), **OPTIONS).documents
    scores = [score for _, score in found]

    assert all(a - b > TIE * a for a, b in pairwise(scores))
    assert [f"a{n:03}" for n in range(100)] == [id_ for id_, _ in found]


STEPS = st.lists(st.integers(0, 8), min_size=1, max_size=12)


@settings(lax, max_examples=150)
@example(steps=[6, 4, 8, 7, 0, 3, 8], dates=[2, 5, 4, 9, 1, 8, 6, 3, 11, 0, 7, 10], size=2, share=0.6)
@given(steps=STEPS, dates=st.permutations(range(12)), size=st.integers(1, 5), share=st.sampled_from([0.1, 0.6, 3.0]))
def test_pages_of_almost_equal_scores_have_each_hit_once(
    almost: Snapshot, steps: list[int], dates: list[int], size: int, share: float
) -> None:
    """Each may be a tie with the next, and the first none with the last."""
    documents = np.array(sorted(dates[: len(steps)]))
    scores = 1 + np.array(steps) * TIE * share
    found: list[int] = []
    after: PageEnd | None = None
    while not found or after:
        matches = DocList(almost.documents, documents, scores)
        remaining = hits_after(almost, matches, "relevance", after) if after else matches
        hits, after = top_hits(almost, remaining, "relevance", size, after)
        found += [hit.document for hit in hits]

        assert len(found) <= len(documents)

    assert documents.tolist() == sorted(found)


@pytest.fixture(scope="module")
def almost(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    indexed = Indexed(tmp_path_factory.mktemp("almost"))
    dates = [f"2024-06-{n * 7 % 12 + 1:02}T08:00:00Z" for n in range(12)]
    indexed.apply([{"id": f"a{n}", "title": "oil", "published_at": date} for n, date in enumerate(dates)])
    return IndexReader(indexed.root).view().snapshot

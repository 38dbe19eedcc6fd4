"""When the time is over, documents may be missing, but none is found that a query or a filter excludes."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.columnar.corpus import OPTIONS, Indexed, within
from whoosh import query as q

from newsdex.index.columnar.query.bm25f import Variant, WordQuery
from newsdex.index.columnar.query.doc_set import DocList, DocSet
from newsdex.index.columnar.query.evaluator import Evaluator
from newsdex.index.columnar.query.node import Evaluation, QueryNode
from newsdex.index.columnar.query.score_nodes import WordPair
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity
from newsdex.index.reader import IndexReader, View

TIMES = 400
STEP_S = 2e-6
MANY = 9_000
"""So many articles take more than one look at the time."""


@pytest.fixture
def view(tmp_path: Path) -> View:
    indexed = Indexed(tmp_path)
    indexed.apply([{"id": f"a{n}", "title": "oil", "body": "bank", "section": "world"} for n in range(3)])
    indexed.apply([{"id": "hidden", "title": "oil", "body": "bank", "section": "sport"}])
    return IndexReader(indexed.root).view()


class Slow(QueryNode):
    """A part whose evaluation takes all the time there is."""

    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:  # noqa: ARG002
        while not evaluator.out_of_time():
            pass
        return DocList(snapshot.documents, np.arange(snapshot.documents), 1.0)


@pytest.mark.parametrize(
    "tree",
    [q.And([q.Term("title", "oil"), q.Not(Slow())]), q.Not(Slow()), q.AndNot(q.Term("title", "oil"), Slow())],
    ids=["and", "not", "but not"],
)
def test_what_was_not_looked_for_to_the_end_lets_nothing_through(view: View, tree: Any) -> None:
    snapshot = Snapshot(view.opened)
    deadline = time.monotonic() + 0.02
    evaluator = Evaluator(snapshot, Similarity(snapshot), deadline)

    assert not len(evaluator.evaluate(tree))
    assert evaluator.partial


@pytest.mark.parametrize(
    "options",
    [
        {"hidden": q.Term("section", "sport")},
        {"filters": {"tags": q.Not(q.Term("section", "sport"))}},
        {"filters": {"section": q.Not(q.Term("section", "sport"))}, "facets": ["section"]},
    ],
    ids=["hidden", "filter", "filter of a facet"],
)
def test_no_deadline_shows_what_is_not_to_be_shown(view: View, options: dict[str, Any]) -> None:
    facets = options.get("facets", ())
    bounds = {name: value for name, value in options.items() if name != "facets"}
    for number in range(TIMES):
        scope = within(**bounds, deadline=time.monotonic() + number * STEP_S)
        found = view.find(q.Term("title", "oil"), **OPTIONS | {"scope": scope}, facets=facets)

        assert "hidden" not in [id_ for id_, _ in found.documents]
        assert found.partial or found.total == 3


def test_words_side_by_side_are_looked_for_until_the_deadline(tmp_path: Path) -> None:
    indexed = Indexed(tmp_path)
    indexed.apply([{"id": f"a{n}", "title": "oil bank"} for n in range(MANY)])
    snapshot = Snapshot(IndexReader(indexed.root).view().opened)
    oil, bank = (WordQuery(word=word, variants=(Variant(term=word),), fields=("title",)) for word in ("oil", "bank"))
    pair = WordPair(first=oil, second=bank)
    every, _ = pair.scores(snapshot, Similarity(snapshot), None, lambda: False)
    some, _ = pair.scores(snapshot, Similarity(snapshot), None, lambda: True)

    assert MANY == len(every)
    assert 0 < len(some) < MANY

"""What stock Whoosh finds, and whether ours is the same."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from newsdex.index.reader import IndexResult

TOLERANCE = 2e-5
"""Some float32 roundings of a sum; Whoosh adds in float64."""


def stock(searcher: Any, tree: Any) -> dict[str, float]:
    """Return what Whoosh's own searcher finds, with scores."""
    return {hit["id"]: hit.score for hit in searcher.search(tree, limit=None)}


def assert_same(expected: Mapping[str, float], found: IndexResult, tree: Any) -> None:
    """The same documents, the same scores up to rounding, best first."""
    scores = dict(found.documents)

    assert set(expected) == set(scores), tree
    assert all(math.isclose(expected[id_], score, rel_tol=TOLERANCE) for id_, score in scores.items()), (
        tree,
        expected,
        scores,
    )
    in_order = [expected[id_] for id_, _ in found.documents]
    assert all(a >= b * (1 - TOLERANCE) for a, b in pairwise(in_order)), tree

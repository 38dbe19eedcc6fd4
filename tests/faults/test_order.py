"""Neither the order nor the number of deliveries, nor how they are cut into transactions, changes what is kept."""

import random
import tempfile
from collections.abc import Iterable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faults.histories import cut, history, shuffled
from tests.scenarios.corpus import Corpus, found_in
from tests.unit.test_decide import fold

from newsdex.ingest.read import read_event
from newsdex.records import Delivery

HISTORIES = 700
COLUMNS = "id, version, time_us, digest, withdrawn_version, withdrawn_us, content, embargoed_us, expires_us"
MOST_PERMUTED = 5
"""Events: 120 orders."""


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_order_of_a_history_leads_to_the_same_state_and_content(draw: random.Random) -> None:
    events = [read_event(one) for one in history(draw, "a-1", 1)[:MOST_PERMUTED]]
    ends = {fold(order)[:2] for order in permutations(events)}

    assert 1 == len(ends)


def kept(corpus: Corpus) -> dict[str, tuple[Any, ...]]:
    """Give all that the archive keeps of each article, besides when it changed."""
    rows = corpus.writer._connection.execute(f"SELECT {COLUMNS} FROM articles")
    return {row["id"]: tuple(row) for row in rows}


def searchable(corpus: Corpus) -> dict[str, list[str]]:
    """Give what the index finds, by the words in which the histories' versions differ."""
    view = corpus.reader.view()
    return {q: sorted(found_in(view, q, size=10**6)) for q in ("*", "ebb", "flood", "slack", "tables")}


def end_of(batches: Iterable[Sequence[Delivery]], *, commits: int) -> tuple[Any, Any]:
    """Give archive and index after some batches, of which each starts `commits` projections at most."""
    with tempfile.TemporaryDirectory() as folder, Corpus(Path(folder)) as corpus:
        for number, batch in enumerate(batches):
            corpus.handle(*batch)
            if number < commits:
                corpus.index()
        corpus.index()
        return kept(corpus), searchable(corpus)


@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_histories_lead_to_the_same_archive_and_index_however_they_are_delivered(seed: int) -> None:
    """Each history is of an article of its own, so that one archive takes all of them."""
    draw = random.Random(seed)
    deliveries = [one for number in range(HISTORIES) for one in history(draw, f"a-{number}", 10 * number)]
    expected_archive, expected_index = end_of(cut(draw, deliveries), commits=2)
    other = shuffled(draw, deliveries)
    archive, index = end_of(cut(draw, other), commits=8)
    different = [id_ for id_ in expected_archive if expected_archive[id_] != archive.get(id_)]

    assert [] == [(id_, expected_archive[id_], archive.get(id_)) for id_ in different[:3]]
    assert expected_archive.keys() == archive.keys()
    assert expected_index == index

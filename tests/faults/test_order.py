"""Neither the order nor the number of deliveries, nor how they are cut into transactions, changes what is kept."""

import os
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.faults.histories import cut, history, shuffled
from tests.scenarios.corpus import Corpus, found_in
from tests.unit import order_model as model

from newsdex.ingest.read import read_event
from newsdex.order import OrderedEvent, Place
from newsdex.records.events import Delivery

HISTORIES = int(os.environ.get("NEWSDEX_TEST_HISTORIES", "2000")) // 3
WORDS = ("*", "ebb", "flood", "slack", "tables")
"""In which the histories' versions differ."""


def kept(corpus: Corpus) -> dict[str, tuple[Any, ...]]:
    """Return all that the archive keeps of each article, besides when it changed."""
    columns = "id, content, digest, embargoed_us, expires_us"
    rows = corpus.writer._connection.execute(f"SELECT {columns} FROM articles")
    return {row["id"]: (*row, standing.state) for row in rows if (standing := corpus.archive.standing(row["id"]))}


def searchable(corpus: Corpus) -> dict[str, list[str]]:
    """Return what the index finds."""
    view = corpus.reader.view()
    return {q: sorted(found_in(view, q, size=10**6)) for q in WORDS}


def end_of(batches: Iterable[Sequence[Delivery]], *, commits: int) -> tuple[Any, Any]:
    """Return archive and index after some batches, of which each starts `commits` projections at most."""
    with tempfile.TemporaryDirectory() as folder, Corpus(Path(folder)) as corpus:
        for number, batch in enumerate(batches):
            corpus.handle(*batch)
            if number < commits:
                corpus.index()
        corpus.index()
        return kept(corpus), searchable(corpus)


def modelled(deliveries: Iterable[Delivery]) -> dict[str, bytes | None]:
    """Return what the model, which keeps every event, says that search must show of each article."""
    events: dict[str, list[OrderedEvent]] = {}
    for one in deliveries:
        event = read_event(one)
        events.setdefault(event.article_id, []).append(event.ordered(Place(1, one.stream_sequence), one.stored_us))
    return {id_: model.shown(stored) for id_, stored in events.items()}


@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_histories_lead_to_the_same_archive_and_index_however_they_are_delivered(seed: int) -> None:
    """Each history is of an article of its own, so that one archive takes all of them."""
    draw = random.Random(seed)
    deliveries, at = [], 0
    for number in range(HISTORIES):
        deliveries += history(draw, f"a-{number}", at + 1)
        at = deliveries[-1].stream_sequence
    expected_archive, expected_index = end_of(cut(draw, deliveries), commits=2)
    archive, index = end_of(cut(draw, shuffled(draw, deliveries)), commits=8)
    different = [id_ for id_ in expected_archive if expected_archive[id_] != archive.get(id_)]

    assert modelled(deliveries) == {id_: row[1] for id_, row in expected_archive.items()}
    assert [] == [(id_, expected_archive[id_], archive.get(id_)) for id_ in different[:3]]
    assert expected_archive.keys() == archive.keys()
    assert expected_index == index

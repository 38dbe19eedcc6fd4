"""What merging promises: the same segment however little is held at a time, and nothing of what was deleted."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.columnar.corpus import Indexed, articles

from newsdex.index.columnar.indexing.merger import merge_segments
from newsdex.index.columnar.storage.commits import latest_generation, read_segments
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.segment import COLUMNS, OpenSegment, SegmentData
from newsdex.index.columnar.storage.term_dictionary import TermDictionary
from newsdex.index.schema import make_schema

ids = st.sampled_from([f"a{n}" for n in range(12)])
batches = st.lists(st.lists(st.one_of(articles(), articles(), ids), min_size=1, max_size=6), min_size=1, max_size=5)


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(batches, st.integers(1, 40))
def test_a_merge_that_holds_few_postings_at_a_time_gives_the_same(history: list[Any], held: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        indexed = Indexed(Path(folder))
        for batch in history:
            indexed.apply(batch)
        segments = _opened(indexed.folder)
        assume(segments)
        paths = [Path(folder, "whole.cols"), Path(folder, "pieces.cols")]
        counts = [merge_segments(paths[0], segments), merge_segments(paths[1], segments, held)]

        assert [len(indexed.live)] * 2 == counts
        assert _content(paths[0]) == _content(paths[1])


def test_words_of_deleted_documents_are_forgotten(tmp_path: Path) -> None:
    indexed = Indexed(tmp_path)
    indexed.apply([{"id": "a", "title": "kept", "body": "both"}, {"id": "b", "title": "gone", "body": "both rare"}])
    indexed.apply([{"id": "c", "title": "kept", "body": "other"}, "b"])
    indexed.writer.merge_everything()
    (segment,) = _opened(indexed.folder)
    dictionaries = [TermDictionary(segment.data.file, name) for name in ("title", "body")]

    assert [[b"kept"], [b"both", b"other"]] == [terms.slice(0, terms.count) for terms in dictionaries]


def _content(path: Path) -> dict[str, Any]:
    data = SegmentData(path)
    data.file.verify()
    content: dict[str, Any] = {name: data.column(name).values().tolist() for name in COLUMNS}
    for name in data.field_names:
        field = data.field(name)
        if isinstance(field, PostingField):
            count = field.terms.count
            postings = [part(*field.span(0, count)).tolist() for part in (field.documents, field.frequencies)]
            positions = field.positions(0, count).tolist() if field.has_positions else []
            content[name] = [field.terms.slice(0, count), field.starts().tolist(), *postings, positions]
    return content


def _opened(folder: Path) -> list[OpenSegment]:
    return [OpenSegment(folder, one) for one in read_segments(folder, latest_generation(folder), make_schema())]

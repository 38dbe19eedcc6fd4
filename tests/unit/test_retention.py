"""What may be removed from the stream: never what was not handled, and not what would be nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsdex.apps.stream.marks import HANDLED, StreamMark, mark_of, read_mark, write_mark
from newsdex.broker.retention import Positions, StreamContents, acknowledged_position, decide_pruning, excess_position

EVERYTHING = Positions(too_old=100, too_many=100, acknowledged=100, in_backup=100, spared=100)
NUMBERS = st.integers(min_value=0, max_value=1_000)


@pytest.mark.parametrize(
    ("changed", "up_to", "bound"),
    [
        ({"acknowledged": 40}, 40, "acknowledged"),
        ({"in_backup": 40, "spared": 0}, 40, "backup"),
        ({"in_backup": 0, "spared": 0}, 0, "backup"),
        ({"in_backup": 0, "spared": 60}, 60, "backup"),
        ({"too_old": 30, "too_many": 0}, 30, "wanted"),
        ({"too_old": 0, "too_many": 70}, 70, "wanted"),
        ({"too_old": 0, "too_many": 0}, 0, "wanted"),
    ],
)
def test_the_lowest_of_what_is_wanted_handled_and_backed_up_counts(
    changed: dict[str, int], up_to: int, bound: str
) -> None:
    pruning = decide_pruning(replace(EVERYTHING, **changed))

    assert (up_to, bound) == (pruning.up_to, pruning.bound)


@given(st.builds(Positions, too_old=NUMBERS, too_many=NUMBERS, acknowledged=NUMBERS, in_backup=NUMBERS, spared=NUMBERS))
def test_nothing_goes_that_was_not_handled_or_is_nowhere_else(positions: Positions) -> None:
    up_to = decide_pruning(positions).up_to

    assert up_to <= positions.acknowledged
    assert up_to <= max(positions.in_backup, positions.spared)
    assert up_to <= max(positions.too_old, positions.too_many)


@pytest.mark.parametrize(
    ("contents", "keep_bytes", "position"),
    [
        (StreamContents(events=10, bytes=1_000, first=1, last=10), 500, 5),
        (StreamContents(events=10, bytes=1_000, first=91, last=100), 500, 95),
        (StreamContents(events=10, bytes=1_000, first=1, last=10), 990, 1),
        (StreamContents(events=10, bytes=1_000, first=1, last=10), 1_000, 0),
        (StreamContents(events=10, bytes=1_000, first=1, last=10), 0, 10),
        (StreamContents(events=10, bytes=1_000, first=1, last=10), None, 0),
        (StreamContents(events=0, bytes=0, first=11, last=10), 0, 0),
    ],
)
def test_what_exceeds_the_bytes_that_are_kept_is_told_by_the_mean_size(
    contents: StreamContents, keep_bytes: int | None, position: int
) -> None:
    assert position == excess_position(contents, keep_bytes)


@pytest.mark.parametrize(
    ("events", "pages", "position"),
    [
        ((7, 0, 0), (3, 0, 0), 90),
        ((7, 0, 0), (3, 1, 0), 3),
        ((7, 0, 1), (3, 0, 0), 7),
        ((7, 2, 1), (95, 9, 0), 7),
        ((95, 0, 0), (93, 0, 0), 93),
        ((95, 0, 0), (0, 0, 0), 90),
        ((0, 1, 0), (0, 0, 0), 0),
    ],
)
def test_acknowledged_is_what_every_consumer_has_left_behind(
    events: tuple[int, int, int], pages: tuple[int, int, int], position: int
) -> None:
    consumers = [
        {"ack_floor": {"stream_seq": floor}, "num_pending": waiting, "num_ack_pending": at_work}
        for floor, waiting, at_work in (events, pages)
    ]

    assert position == acknowledged_position(consumers, 90)


def test_a_place_that_was_noted_is_read_again(tmp_path: Path) -> None:
    mark = StreamMark(created="2026-11-27T20:08:35.419331485Z", position=42)
    write_mark(tmp_path, HANDLED, mark)

    assert mark == read_mark(tmp_path, HANDLED)
    assert [HANDLED] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"created": "x"}', '{"created": 1, "position": 2}', "\x00"])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / HANDLED).write_text(text, encoding="utf-8")

    assert None is read_mark(tmp_path, HANDLED)
    assert None is read_mark(tmp_path / "nowhere", HANDLED)
    assert None is mark_of(None)

"""A fault that goes on has one line a minute, and a sample keeps or leaves out whole events."""

from newsdex.apps.log_limits import EVERY_S, CountedLines, is_sampled


def test_the_first_of_a_kind_has_a_line_at_once_and_then_one_a_minute_counts_the_rest() -> None:
    now = 5.0
    lines = CountedLines(clock=lambda: now)
    told = [lines.count("archive_disk_full") for _ in range(3_441)]
    now += EVERY_S

    assert [1, *[None] * 3_440] == told
    assert 3_441 == lines.count("archive_disk_full")


def test_each_cause_has_lines_of_its_own() -> None:
    lines = CountedLines(clock=lambda: 5.0)

    assert [1, 1, None] == [lines.count(code) for code in ("archive_locked", "archive_failed", "archive_locked")]


def test_once_it_is_over_what_has_no_line_yet_gets_one_and_the_next_fault_is_told_at_once() -> None:
    lines = CountedLines(clock=lambda: 5.0)
    for _ in range(4):
        lines.count("archive_locked")

    assert {"archive_locked": 3} == lines.rest()
    assert {} == lines.rest()
    assert 1 == lines.count("archive_locked")


def test_a_sample_is_a_part_and_every_process_takes_the_same_one() -> None:
    ids = [f"event-{number}" for number in range(10_000)]
    kept = [id_ for id_ in ids if is_sampled(id_, 0.1)]

    assert 900 < len(kept) < 1_100
    assert all(is_sampled(id_, 0.2) for id_ in kept)
    assert len(ids) == sum(is_sampled(id_, 1.0) for id_ in ids)
    assert 0 == sum(is_sampled(id_, 0.0) for id_ in ids)

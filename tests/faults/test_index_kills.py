"""The index is whole whenever its writer was killed: it opens, has everything acknowledged, and whole commits only."""

import json

from tests.faults import index_kills
from tests.faults.index_kills import RESULT, SEED

HARMS = ("not_opened", "lost", "wrong")


def test_a_writer_killed_at_any_moment_loses_nothing_and_leaves_no_wrong_answer() -> None:
    outcome = index_kills.run(12, 3, SEED)

    assert (15, 0, 0, 0) == (outcome.kills, outcome.not_opened, outcome.lost, outcome.wrong)
    assert outcome.commits > outcome.kills


def test_the_kept_run_of_500_kills_met_commits_merges_and_swaps_and_lost_nothing() -> None:
    kept = json.loads(RESULT.read_text(encoding="utf-8"))

    assert [0, 0, 0] == [kept[name] for name in HARMS]
    assert 500 == kept["kills"]
    assert all(kept[name] > 0 for name in ("unacknowledged_kept", "with_leftovers", "merged", "swaps"))

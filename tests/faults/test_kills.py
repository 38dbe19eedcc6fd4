"""Nothing is lost, doubled or stale, and no reply is wrong, while processes are killed at random."""

from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.faults.clients import EXPLAINED
from tests.faults.kills import PROCESSES, Plan, kill_and_compare

PLAN = Plan(seed=7, kills=25, pause_s=1.0, minutes=5, events_per_s=25, articles=150)
NOTHING_WRONG = {"lost": 0, "twice": 0, "stale": 0, "wrong_replies": 0, "unexpected_ends": 0}
DAMAGED = ("index_damaged", "index_unreadable", "internal_error")


@pytest.mark.long
def test_25_kills_lose_double_and_misplace_nothing(tmp_path: Path) -> None:
    result = kill_and_compare(PLAN, tmp_path, print)

    assert NOTHING_WRONG == {name: result[name] for name in NOTHING_WRONG}, result
    assert result["poison_sent"] == result["parked"]
    assert (PLAN.kills, set(PROCESSES)) == (result["kills"], set(result["by_process"]))
    assert [] == [line for line in result["logged"] if any(code in line for code in DAMAGED)]
    assert min(result["events"], result["replies_with_one_right_answer"]) > PLAN.kills


@pytest.mark.parametrize("code", sorted(EXPLAINED))
def test_every_error_that_a_requester_may_meet_then_is_documented(code: str) -> None:
    assert f"`{code}`" in (ROOT / "deploy" / "OPERATING.md").read_text(encoding="utf-8")

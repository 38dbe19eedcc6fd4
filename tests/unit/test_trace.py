"""`newsdex trace` finds every step of an event, an article and a query, whatever the lines are wrapped in."""

import gzip
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsdex.apps.operations.log_sources import log_lines
from newsdex.apps.operations.trace import follow
from newsdex.cli import app
from newsdex.errors import Invalid, Unavailable
from newsdex.records.ledger import LedgerEntry


def line(second: int, process: str, event: str, **values: object) -> str:
    return json.dumps(
        {"timestamp": f"2026-11-28T03:00:{second:02d}.5Z", "process": process, "event": event, **values},
        ensure_ascii=False,
    )


def no_fault(fault: str) -> None:
    pytest.fail(fault)


ACCEPTED = line(1, "indexer", "event.accepted", article_id="gull-7", event_id="e-1", correlation_id="c-1")
COMMITTED = line(2, "projector", "index.committed", position=4, correlation_ids=["c-0", "c-1"])
OTHERS = [
    line(1, "indexer", "event.accepted", article_id="gull-77", event_id="e-12", correlation_id="c-11"),
    line(3, "projector", "index.committed", position=5, correlation_ids=["c-11"]),
    "Traceback of gull-7 e-1 c-1",
    '{"gull-7": broken',
    line(1, "indexer", "event.accepted", article_id=None, correlation_id=["gull-7"]),
]
ENTRY = LedgerEntry(
    number=1, at_us=1_795_834_801_200_000, source="s", event_id="e-1", type=None, subject="articles.published",
    stream_sequence=1, deliveries=1, article_id="gull-7", outcome="accepted", reason="new", sequence=4, parked_id=None,
    correlation_id="c-1", incarnation=1,
)  # fmt: skip


@pytest.mark.parametrize("id_", ["gull-7", "e-1", "c-1"])
@pytest.mark.parametrize(
    "wrapped",
    [
        "{}",
        "indexer-1  | {}",
        "JOURNAL",
    ],
)
def test_an_events_way_is_followed_to_its_commit_by_any_of_its_names(id_: str, wrapped: str, tmp_path: Path) -> None:
    """The commit stands before the event in the folder, as logs of several processes do."""
    texts = [COMMITTED, *OTHERS, ACCEPTED]
    if wrapped == "JOURNAL":
        texts = [json.dumps({"MESSAGE": text, "_PID": "7"}) for text in texts]
    else:
        texts = [wrapped.format(text) if text.startswith("{") else text for text in texts]
    (tmp_path / "a.log").write_text("\n".join(texts[:2]) + "\n", encoding="utf-8")
    with gzip.open(tmp_path / "b.log.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(texts[2:]))
    with log_lines([str(tmp_path)], journal=False, on_fault=no_fault) as lines:
        steps = follow(id_, lines, [])

    assert ["event.accepted", "index.committed"] == [step.event for step in steps]
    assert "position=4" == steps[1].told()


def test_the_ledger_alone_tells_the_outcome_and_leads_to_the_lines_of_a_sampled_log(tmp_path: Path) -> None:
    (log := tmp_path / "log").write_text(f"{COMMITTED}\n", encoding="utf-8")
    with (
        log_lines([], journal=False, on_fault=no_fault) as none,
        log_lines([str(log)], journal=False, on_fault=no_fault) as lines,
    ):
        alone, together = follow("gull-7", none, [ENTRY]), follow("gull-7", lines, [ENTRY])

    assert ["outcome.accepted"] == [step.event for step in alone]
    assert ["outcome.accepted", "index.committed"] == [step.event for step in together]


@pytest.mark.parametrize("id_", ['q"uo\\te', "kéa-1", "https://news.example/a?b=1&c=2", "a b"])
@pytest.mark.parametrize("in_journal", [False, True])
def test_any_id_is_found(id_: str, in_journal: bool, tmp_path: Path) -> None:
    text = line(1, "indexer", "event.accepted", article_id=id_, correlation_id="c-2")
    (log := tmp_path / "log").write_text(
        json.dumps({"MESSAGE": text}, ensure_ascii=False) if in_journal else text, encoding="utf-8"
    )
    with log_lines([str(log)], journal=False, on_fault=no_fault) as lines:
        assert ["event.accepted"] == [step.event for step in follow(id_, lines, [])]


def test_a_pipe_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.TextIOWrapper(io.BytesIO(f"{COMMITTED}\n{ACCEPTED}".encode()))
    monkeypatch.setattr("sys.stdin", piped)
    with log_lines(["-"], journal=False, on_fault=no_fault) as lines:
        assert 2 == len(follow("gull-7", lines, []))


def test_a_log_that_is_not_there_is_named_absolutely(tmp_path: Path) -> None:
    with (
        pytest.raises(Invalid, match=str(tmp_path / "none")),
        log_lines([str(tmp_path / "none")], journal=False, on_fault=no_fault),
    ):
        pass


def damaged(kind: str) -> bytes:
    whole = gzip.compress(f"{COMMITTED}\n{ACCEPTED}\n".encode())
    return {"truncated": whole[:-12], "no gzip": b"plain", "broken": whole[:30] + b"\xff" * 30 + whole[60:]}[kind]


@pytest.mark.parametrize("kind", ["truncated", "no gzip", "broken"])
@pytest.mark.parametrize("place", ["a.log.gz", "z.log.gz"])
def test_a_damaged_log_is_named_once_and_the_others_are_read(kind: str, place: str, tmp_path: Path) -> None:
    (tmp_path / place).write_bytes(damaged(kind))
    (tmp_path / "b.log").write_text(f"{COMMITTED}\n{ACCEPTED}\n", encoding="utf-8")
    faults: list[str] = []
    with log_lines([str(tmp_path)], journal=False, on_fault=faults.append) as lines:
        steps = follow("gull-7", lines, [])

    assert {"event.accepted", "index.committed"} == {step.event for step in steps}
    assert [True] == [fault.startswith(f"{tmp_path / place}: ") for fault in faults]


def test_the_command_names_a_damaged_log_on_standard_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSDEX_DATA_DIR", str(tmp_path / "none"))
    (bad := tmp_path / "bad.log.gz").write_bytes(damaged("truncated"))
    (good := tmp_path / "good.log").write_text(ACCEPTED, encoding="utf-8")
    done = CliRunner().invoke(app, ["trace", "gull-7", str(bad), str(good)])

    assert 0 == done.exit_code, done.output
    assert (True, True) == ("event.accepted" in done.stdout, f"{bad}: " in done.stderr)


def test_journald_is_asked_for_the_lines_of_our_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tool := tmp_path / "journalctl").write_text(f"#!/bin/sh\necho '{ACCEPTED}'\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with log_lines([], journal=True, on_fault=no_fault) as lines:
        assert ["event.accepted"] == [step.event for step in follow("gull-7", lines, [])]


def test_without_journald_the_files_are_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="name the files"), log_lines([], journal=True, on_fault=no_fault) as lines:
        follow("gull-7", lines, [])

"""The backup that was just made stays, and is noted once old ones are gone; `newsdex env` fits where files are set."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsdex.apps.operations import upkeep
from newsdex.apps.stream.marks import BACKED_UP, BACKED_UP_AT, HANDLED, StreamMark, read_mark, write_mark
from newsdex.archive.backup import MANIFEST
from newsdex.archive.writer import ArchiveWriter
from newsdex.broker.address import write_address
from newsdex.cli import app
from newsdex.errors import Unavailable
from newsdex.settings import Settings

MARK = StreamMark(created="2026-11-28T00:00:00Z", position=7)
AHEAD = ("newsdex-20990101T000000Z", "newsdex-20990102T000000Z")
OLD = "newsdex-20200101T000000Z"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ArchiveWriter(tmp_path / "data").close()
    write_mark(tmp_path / "data", HANDLED, MARK)
    for name in (*AHEAD, OLD):
        (tmp_path / "backups" / name).mkdir(parents=True)
        (tmp_path / "backups" / name / MANIFEST).write_text("{}", encoding="utf-8")
    return Settings(data_dir=tmp_path / "data")


@pytest.mark.parametrize(("keep", "others"), [(1, ()), (2, AHEAD[1:]), (3, AHEAD), (4, (OLD, *AHEAD))])
def test_the_new_backup_is_kept_where_a_clock_was_ahead(
    settings: Settings, tmp_path: Path, keep: int, others: tuple[str, ...]
) -> None:
    new, _, gone = upkeep.make_backup(settings, tmp_path / "backups", lambda _, __: None, keep)

    assert {*others, new.name} == {path.name for path in (tmp_path / "backups").iterdir()}
    assert sorted({OLD, *AHEAD} - {*others}) == [path.name for path in gone]
    assert MARK == read_mark(settings.data_dir, BACKED_UP)


def test_a_backup_is_noted_only_once_old_ones_are_gone(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *, ignore_errors: bool = False) -> None:
        if ignore_errors:
            return
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(Unavailable, match="cannot be deleted"):
        upkeep.make_backup(settings, tmp_path / "backups", lambda _, __: None, 1)

    assert (None, False) == (read_mark(settings.data_dir, BACKED_UP), (settings.data_dir / BACKED_UP_AT).exists())


@pytest.mark.parametrize("from_file", [False, True])
def test_what_env_prints_can_be_set_beside_a_file_for_the_brokers_address(
    from_file: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSDEX_DATA_DIR", str(tmp_path))
    if from_file:
        (tmp_path / "url").write_text("nats://newsdex:p@broker.example:4222\n", encoding="utf-8")
        monkeypatch.setenv("NEWSDEX_BROKER_URL_FILE", str(tmp_path / "url"))
    else:
        write_address(tmp_path, "nats://newsdex:p@127.0.0.1:4222", "http://127.0.0.1:8222")
    printed = CliRunner().invoke(app, ["env"]).stdout

    assert from_file == ("unset NEWSDEX_BROKER_URL_FILE\n" in printed)
    assert "export NEWSDEX_BROKER_URL=nats://newsdex:p@" in printed

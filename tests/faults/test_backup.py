"""A backup of a running service is the archive of one moment, whole; a restore overwrites nothing and checks first."""

import asyncio
import json
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.faults.test_disk_full import everything, publish
from tests.integration.running import Service, until
from tests.scenarios.corpus import Corpus, stories

from newsdex.apps.operations.upkeep import drop_old_backups
from newsdex.archive.backup import MANIFEST, back_up, restore, verify_backup
from newsdex.archive.database import FILE_NAME
from newsdex.errors import Invalid, NewsdexError
from newsdex.settings import Settings

NOW = datetime(2026, 11, 25, tzinfo=UTC)
EVENTS = 200


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Return a backup of some articles."""
    with Corpus(tmp_path / "data") as corpus:
        corpus.publish(*stories(*range(28)))
        back_up(tmp_path / "data", tmp_path / "backup", NOW, lambda _, __: None)
    return tmp_path / "backup"


@pytest.mark.long
def test_a_backup_of_a_running_service_is_restored_and_searched(own: Service, tmp_path: Path) -> None:
    """Events go on coming while it is made: it holds the first of them, each whole, and no others."""
    settings = Settings(data_dir=own.data_dir)
    with own.process("up") as up:
        up.wait_until_ready()
        asyncio.run(publish(settings, range(EVENTS)))
        publishing = threading.Thread(target=lambda: asyncio.run(publish(settings, range(EVENTS, 3 * EVENTS))))
        until(lambda: everything(own.data_dir)[1] >= EVENTS, 60, "some events have outcomes")
        publishing.start()
        made = own.run("backup", str(tmp_path / "backup"))
        publishing.join()
        until(lambda: everything(own.data_dir)[1] == 3 * EVENTS, 60, "all events have outcomes")
    other = Service(data_dir=tmp_path / "other")
    restored = other.run("restore", str(tmp_path / "backup"))
    manifest = json.loads((tmp_path / "backup" / MANIFEST).read_text(encoding="utf-8"))
    with other.process("up") as up:
        up.wait_until_ready()
        total = other.search("shared", "--size", "0")["total"]
    with closing(sqlite3.connect(other.data_dir / FILE_NAME)) as archive:
        sequences = [row[0] for row in archive.execute("SELECT sequence FROM articles ORDER BY sequence")]

    assert (0, 0) == (made.returncode, restored.returncode), made.stderr + restored.stderr
    assert EVENTS <= total == manifest["articles"] == manifest["sequence"] == manifest["outcomes"]
    assert list(range(1, total + 1)) == sequences


def test_a_backup_into_a_folder_that_exists_makes_one_in_it(own: Service, tmp_path: Path) -> None:
    with Corpus(own.data_dir) as corpus:
        corpus.publish(*stories(1))
    folder = tmp_path / "backups"
    folder.mkdir()
    made = own.run("backup", str(folder))

    assert (0, 1) == (made.returncode, len(list(folder.iterdir()))), made.stderr
    assert 1 == verify_backup(next(folder.iterdir())).articles


def test_a_backup_overwrites_nothing(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(NewsdexError) as raised:
        back_up(tmp_path / "data", backup, NOW, lambda _, __: None)

    assert "backup_exists" == raised.value.code


def test_a_backup_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with Corpus(tmp_path / "data") as corpus:
        corpus.publish(*({**story, "body": "a" * 900_000} for story in stories(*range(28))))
        back_up(tmp_path / "data", tmp_path / "backup", NOW, lambda done, total: told.append((done, total)))

    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_a_backup_of_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    with Corpus(tmp_path / "data") as corpus:
        corpus.publish(*stories(*range(28)))
    path = tmp_path / "data" / FILE_NAME
    content = path.read_bytes()
    path.write_bytes(content.replace(b"The ferry left", b"The fErry left", 1))
    with pytest.raises(NewsdexError) as raised:
        back_up(tmp_path / "data", tmp_path / "backup", NOW, lambda _, __: None)

    assert ("archive_corrupt", []) == (raised.value.code, list(tmp_path.glob("backup*")))


@pytest.mark.parametrize("name", [FILE_NAME, "index"])
def test_a_restore_overwrites_nothing(backup: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    (target / name).mkdir(parents=True)
    with pytest.raises(NewsdexError) as raised:
        restore(backup, target)

    assert ("data_dir_not_empty", [name]) == (raised.value.code, [path.name for path in target.iterdir()])


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_backup_with_another_bit_is_not_restored(backup: Path, tmp_path: Path, place: float) -> None:
    content = bytearray((backup / FILE_NAME).read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    (backup / FILE_NAME).write_bytes(content)
    with pytest.raises(Invalid) as raised:
        restore(backup, tmp_path / "target")

    assert ("backup_damaged", False) == (raised.value.code, (tmp_path / "target").exists())


@pytest.mark.parametrize("missing", [FILE_NAME, MANIFEST])
def test_half_a_backup_is_none(backup: Path, tmp_path: Path, missing: str) -> None:
    (backup / missing).unlink()
    with pytest.raises(Invalid) as raised:
        restore(backup, tmp_path / "target")

    assert "backup_unreadable" == raised.value.code


def test_an_index_that_is_ahead_of_a_restored_archive_is_built_anew(tmp_path: Path, backup: Path) -> None:
    """As where an operator put back the archive's file by hand, and kept the index."""
    with Corpus(tmp_path / "kept") as corpus:
        corpus.publish(*stories(1, 2, 3, word="harbour"))
        corpus.index()
    for path in (tmp_path / "kept").glob(f"{FILE_NAME}*"):
        path.unlink()
    shutil.copy(backup / FILE_NAME, tmp_path / "kept")
    with Corpus(tmp_path / "kept") as corpus:
        status = corpus.projector.status.build
        corpus.index()

        assert status is not None
        assert ("index_disagrees", []) == (status.reason, corpus.ids("harbour"))


def test_of_backups_the_newest_are_kept_and_nothing_else_in_the_folder_is_touched(backup: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    names = [f"newsdex-2026112{day}T033000Z" for day in range(6)]
    for name in names:
        shutil.copytree(backup, folder / name)
    others = ["newsdex-old", "newsdex-20261101T000000Z.partial", "newsdex-20200101T000000Z"]  # the last has no manifest
    for name in others:
        (folder / name).mkdir()
    gone = drop_old_backups(folder, 2, folder / names[-1])

    assert [folder / name for name in names[:4]] == gone
    assert {*names[4:], *others} == {path.name for path in folder.iterdir()}


def test_the_restore_drill_that_the_runbook_has(own: Service, tmp_path: Path) -> None:
    """A backup as the timer makes it, restored into a folder of its own, indexed and checked, beside the archive."""
    with Corpus(own.data_dir) as corpus:
        corpus.publish(*stories(*range(28)))
    made = own.run("backup", str(tmp_path / "backups"), "--keep", "14")
    (newest,) = (tmp_path / "backups").iterdir()
    rehearsal = Service(data_dir=tmp_path / "rehearsal")
    drill = [rehearsal.run(*command) for command in (("restore", str(newest)), ("rebuild",), ("check",))]

    assert [0] * 4 == [done.returncode for done in (made, *drill)], [done.stderr for done in (made, *drill)]
    assert "nothing is wrong" in drill[-1].stdout
    assert everything(own.data_dir) == everything(rehearsal.data_dir)

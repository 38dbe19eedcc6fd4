"""Nobody but its owner may open what newsdex writes, whatever the umask is and however open the folder was before."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.test_read_only_index import IN_A_NAMESPACE, READ_ONLY
from tests.integration.running import Service

from newsdex.host.private import private_folder, tighten

ARTICLE = b'{"id": "private-1", "title": "A wren nests in the harbour office"}'


@pytest.fixture
def _nothing_masked() -> Iterator[None]:
    """Let every process that a test starts make files as open as it asks for."""
    before = os.umask(0)
    yield
    os.umask(before)


def tree(folder: Path) -> list[Path]:
    return [folder, *(Path(parent, name) for parent, folders, files in os.walk(folder) for name in (*folders, *files))]


def not_private(folder: Path) -> list[str]:
    """Return what has another mode than 0700, for folders, and 0600, for files."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in tree(folder)}
    return [f"{path}: {mode:o}" for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)]


@pytest.mark.usefixtures("_nothing_masked")
def test_data_folder_broker_index_and_backups_are_their_owners_only(tmp_path: Path) -> None:
    (logs := tmp_path / "logs").mkdir()
    (tmp_path / "data").mkdir()
    service = Service(data_dir=tmp_path / "data", logs=logs)
    with service.process("up") as up:
        up.wait_until_ready()
        published = service.run("publish", "--wait", "-", stdin=ARTICLE)
        page = service.search("wren", "--size", "1")
        backed_up = service.run("backup", str(tmp_path / "backup"))
    made = {path.relative_to(tmp_path / "data").parts[0] for path in tree(tmp_path / "data")[1:]}
    other = Service(data_dir=tmp_path / "other")
    restored = other.run("restore", str(tmp_path / "backup"))

    assert (0, 0, 0) == (published.returncode, backed_up.returncode, restored.returncode), restored.stderr
    assert 1 == page["total"]
    assert made >= {"archive.sqlite3", "index", "nats"}
    assert [] == [*not_private(tmp_path / "data"), *not_private(tmp_path / "backup")]
    assert [] == not_private(tmp_path / "other")

    for path in tree(tmp_path / "data"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    with service.process("up") as up:
        up.wait_until_ready()
        found = service.found("wren")
        closed = [line["closed"] for line in up.events("data_dir.tightened")]

    assert ["private-1"] == found
    assert [] == not_private(tmp_path / "data")
    assert closed[0] > len(made)


def test_what_lies_in_a_data_folder_and_is_not_of_newsdex_stays_as_open_as_it_is(tmp_path: Path) -> None:
    (folder := tmp_path / "data").mkdir(mode=0o755)
    (stranger := folder / "notes.txt").touch(mode=0o644)
    (key := folder / "cursor.key").touch(mode=0o644)
    (elsewhere := tmp_path / "elsewhere").mkdir(mode=0o755)
    (kept := elsewhere / "kept.txt").touch(mode=0o644)
    (foreign := folder / "uv.lock").touch(mode=0o644)
    (folder / "index").symlink_to(elsewhere)

    assert (2, []) == tighten(folder)
    assert (0o700, 0o600) == (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(key.stat().st_mode))
    assert [0o644] * 3 == [stat.S_IMODE(path.stat().st_mode) for path in (stranger, foreign, kept)]
    assert 0o755 == stat.S_IMODE(elsewhere.stat().st_mode)
    assert (0, []) == tighten(folder)


def test_a_folder_that_all_users_share_is_named_and_stays_one(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (archive := shared / "archive.sqlite3").touch(mode=0o644)

    assert (1, [shared]) == tighten(shared)
    assert 0o1777 == stat.S_IMODE(shared.stat().st_mode)
    assert 0o600 == stat.S_IMODE(archive.stat().st_mode)


def test_what_cannot_be_closed_is_named_and_does_not_stop_anything(tmp_path: Path) -> None:
    """On a file system that is mounted read-only, as for a folder of another user."""
    (folder := tmp_path / "data").mkdir(mode=0o755)
    (folder / "index").mkdir(mode=0o700)
    (folder / "archive.sqlite3").touch(mode=0o644)
    program = "import sys, pathlib; from newsdex.host.private import tighten; print(tighten(pathlib.Path(sys.argv[1])))"
    mounted = [*IN_A_NAMESPACE, READ_ONLY, "sh", str(folder)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    script = f'{READ_ONLY} && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [*IN_A_NAMESPACE, script, "sh", str(folder), sys.executable, program], capture_output=True, check=True
    )

    assert f"{(0, [folder, folder / 'archive.sqlite3'])}" == done.stdout.decode().strip()


@pytest.mark.usefixtures("_nothing_masked")
def test_a_folder_is_made_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    private_folder(tmp_path / "made")

    assert 0o700 == stat.S_IMODE((tmp_path / "made").stat().st_mode)


def test_no_folder_yet_is_no_fault(tmp_path: Path) -> None:
    assert (0, []) == tighten(tmp_path / "absent")

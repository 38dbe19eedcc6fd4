"""Copies the archive while it is written, and puts a copy back: what is needed to make all else anew."""

import hashlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsdex.archive.database import FILE_NAME, SCHEMA_VERSION, archive_fault, open_for_reading
from newsdex.archive.integrity import check_connection
from newsdex.errors import Invalid, NewsdexError, Unavailable
from newsdex.host.durable import sync_file, sync_path
from newsdex.host.private import private_folder

MANIFEST = "manifest.json"
PAGES_AT_ONCE = 2_000
READ_BYTES = 1 << 20
Progress = Callable[[int, int], None]
"""Hears how many pages are copied, and of how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made_at: str
    """RFC 3339, UTC."""
    schema_version: int
    sequence: int
    """The newest change in it."""
    articles: int
    """Tombstones included."""
    outcomes: int
    """Rows of the ledger."""
    parked: int
    bytes: int
    sha256: str
    stream: dict[str, object] | None = None
    """Up to where in which stream events were handled before it was made; absent where that was not known."""


def back_up(
    folder: Path,
    target: Path,
    now: datetime,
    on_progress: Progress,
    stream: dict[str, object] | None = None,
) -> Manifest:
    """Copy the archive into a new folder `target`, as it is at one moment, while others go on writing it.

    `stream` goes into the manifest: what was known of the stream before the copy began.

    The copy is checked before it gets its name. Raises `NewsdexError` where `target` exists, where the copy is not
    whole, or where there is no room for it; nothing is left then.
    """
    if target.exists():
        raise NewsdexError("backup_exists", f"{target} exists: a backup overwrites nothing")
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        private_folder(partial)
        _copy(folder, partial / FILE_NAME, on_progress)
        manifest = _describe(partial / FILE_NAME, now, stream)
        _write(partial / MANIFEST, json.dumps(asdict(manifest), indent=2) + "\n")
        sync_path(partial)
        partial.rename(target)
        sync_path(target.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise Unavailable("backup_failed", f"{target}: {error.strerror}") from error
    except sqlite3.Error as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise Unavailable("backup_failed", f"{target}: {archive_fault(error).message}") from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def _copy(folder: Path, path: Path, on_progress: Progress) -> None:
    with closing(open_for_reading(folder)) as source, closing(sqlite3.connect(path)) as copy:
        # one read transaction around all steps: else each commit of the indexer would start the copy anew
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, total: on_progress(total - left, total))
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode=DELETE")
    sync_path(path)


def _describe(path: Path, now: datetime, stream: dict[str, object] | None) -> Manifest:
    """Check a copy and describe it; raise `NewsdexError` where it is damaged, as then the archive is."""
    with _frozen(path) as connection:
        finding = next(check_connection(connection, str(path)), None)
        if finding is not None:
            raise NewsdexError("archive_corrupt", f"the archive is damaged, and so is its copy: {finding}")
        counts = [_number(connection, f"SELECT count(*) FROM {table}") for table in ("articles", "ledger", "parked")]  # noqa: S608 - three names
        sequence = _number(connection, "SELECT max(sequence) FROM articles")
        version = _number(connection, "PRAGMA user_version")
    return Manifest(
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        schema_version=version,
        sequence=sequence,
        articles=counts[0],
        outcomes=counts[1],
        parked=counts[2],
        bytes=path.stat().st_size,
        sha256=_digest(path),
        stream=stream,
    )


def restore(backup: Path, folder: Path) -> Manifest:
    """Put a backup's archive into a data folder that has neither archive nor index.

    Raises `NewsdexError` where it has, and `Invalid` where the backup is not what was written.
    """
    for name in (FILE_NAME, "index"):
        if (folder / name).exists():
            raise NewsdexError("data_dir_not_empty", f"{folder / name} exists: a restore overwrites nothing, move it")
    manifest = verify_backup(backup)
    partial = folder / f"{FILE_NAME}.partial"
    try:
        private_folder(folder)
        shutil.copyfile(backup / FILE_NAME, partial)
        _name_anew(partial)
        sync_path(partial)
        partial.rename(folder / FILE_NAME)
        sync_path(folder)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise Unavailable("restore_failed", f"{folder}: {getattr(error, 'strerror', error)}") from error
    return manifest


def _name_anew(path: Path) -> None:
    """Make a copy another archive than the one that it is of: its next changes have numbers that others had there."""
    with closing(sqlite3.connect(path)) as copy:
        copy.execute(f"PRAGMA application_id={1 + secrets.randbelow(2**31 - 1)}")


def verify_backup(backup: Path) -> Manifest:
    """Check a backup, every byte; raise `Invalid` where it is not what was written, or of a newer newsdex."""
    try:
        manifest = Manifest(**json.loads((backup / MANIFEST).read_text(encoding="utf-8")))
        digest = _digest(backup / FILE_NAME)
    except (OSError, ValueError, TypeError) as error:
        raise Invalid("backup_unreadable", f"{backup}: {error}") from error
    if digest != manifest.sha256:
        raise Invalid("backup_damaged", f"{backup / FILE_NAME} is not what was written")
    if manifest.schema_version > SCHEMA_VERSION:
        found = manifest.schema_version
        raise Invalid("archive_too_new", f"{backup} has schema {found}, this newsdex knows {SCHEMA_VERSION}")
    with _frozen(backup / FILE_NAME) as connection:
        finding = next(check_connection(connection, str(backup / FILE_NAME)), None)
    if finding is not None:
        raise Invalid("backup_damaged", finding)
    return manifest


@contextmanager
def _frozen(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file that nobody writes: no side files are made."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
        yield connection


def _number(connection: sqlite3.Connection, query: str) -> int:
    return connection.execute(query).fetchone()[0] or 0


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        sync_file(file)

"""What keeps the data folder in order: check, rebuild, rollback, backup and restore."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from newsdex.apps.client import Client, connected
from newsdex.apps.indexer.index_requests import index_reply
from newsdex.apps.lock import is_free, lock_data_dir
from newsdex.apps.stream.marks import BACKED_UP, BACKED_UP_AT, HANDLED, read_mark, redeliver_note, write_mark
from newsdex.archive.backup import MANIFEST, Manifest, Progress, back_up, restore
from newsdex.archive.database import FILE_NAME
from newsdex.archive.integrity import check_archive
from newsdex.archive.reader import ArchiveReader
from newsdex.clock import now_us
from newsdex.errors import Unavailable
from newsdex.index.generations.generations import serving
from newsdex.index.generations.projector import Projector
from newsdex.index.generations.verification import Finding, check_documents, check_files
from newsdex.index.reader import open_view
from newsdex.settings import Settings
from newsdex_schemas.operations import IndexReply

INDEX = "index"
BACKUP_NAME = "newsdex-%Y%m%dT%H%M%SZ"
"""In a folder of backups; names sort as times do."""
POLL_S = 0.5
OnStatus = Callable[[IndexReply], None]


def check(settings: Settings, *, index: bool, archive: bool) -> Iterator[str]:
    """Return what is wrong with the index and the archive, one text each; nothing where all is well.

    Works beside running processes and without them. Raises `NewsdexError` where there is nothing to check.
    """
    if archive:
        yield from check_archive(settings.data_dir)
    if index:
        folder = serving(settings.data_dir / INDEX)
        damaged = set()
        for step in check_files(folder):
            if isinstance(step, Finding):
                damaged.add(step.text)
                yield step.text
        # what reads the documents may meet the same damage once more
        yield from (text for text in _check_agreement(settings, folder) if text not in damaged)


def _check_agreement(settings: Settings, folder: Path) -> Iterator[str]:
    try:
        view = open_view(folder)
    except Unavailable as fault:
        yield fault.message
        return
    try:
        with closing(ArchiveReader(settings.data_dir)) as reader:
            if view.position > (head := reader.head()):
                yield f"{folder} is at change {view.position}, the archive at {head}"
            yield from (step.text for step in check_documents(view, reader, now_us()) if isinstance(step, Finding))
    except Unavailable as fault:
        yield f"{folder} cannot be compared with the archive: {fault.message}"


def rebuild(settings: Settings, on_status: OnStatus) -> IndexReply:
    """Make a new generation of the index and wait until it serves: the running indexer does it, or else this process.

    Raises `Unavailable` where it could not be made.
    """
    if _alone(settings):
        return _alone_with(settings, Projector.rebuild, on_status)
    return asyncio.run(_asked(settings, Client.rebuild_index, on_status))


def roll_back(settings: Settings, on_status: OnStatus) -> IndexReply:
    """Go back to the generation that served before, once it has caught up; as with `rebuild`."""
    if _alone(settings):
        return _alone_with(settings, Projector.roll_back, on_status)
    return asyncio.run(_asked(settings, Client.roll_back_index, on_status))


def _alone(settings: Settings) -> bool:
    """Tell whether there is an archive here that no indexer has."""
    return (settings.data_dir / FILE_NAME).exists() and is_free(settings.data_dir, "indexer")


def _alone_with(settings: Settings, order: Callable[[Projector], None], on_status: OnStatus) -> IndexReply:
    with (
        lock_data_dir(settings.data_dir, "indexer"),
        lock_data_dir(settings.data_dir, "projector"),
        closing(ArchiveReader(settings.data_dir)) as reader,
    ):
        projector = Projector(reader, settings.data_dir / INDEX)
        before = projector.status.generation
        order(projector)
        while projector.step() or projector.busy:
            on_status(index_reply(projector.status))
        projector.finish_merging()
    return _ended(before, index_reply(projector.status))


async def _asked(settings: Settings, order: Callable[[Client], object], on_status: OnStatus) -> IndexReply:
    async with connected(settings) as client:
        before = (await client.index_status()).generation
        reply: IndexReply = await order(client)  # type: ignore[misc]  # a method of Client
        while True:
            on_status(reply)
            if reply.building is None:
                return _ended(before, reply)
            await asyncio.sleep(POLL_S)
            reply = await client.index_status()


def _ended(before: str | None, reply: IndexReply) -> IndexReply:
    if reply.generation is None or reply.generation == before:
        raise Unavailable("index_build_failed", reply.fault or "the generation does not serve; the log says why")
    return reply


def make_backup(
    settings: Settings, target: Path, on_progress: Progress, keep: int | None = None
) -> tuple[Path, Manifest, list[Path]]:
    """Copy the archive; into a folder that exists, under a name made of the time.

    Gives the backup's folder, and those of old ones that are gone, where only so many are kept. Once that is done the
    stream need not keep for it what was handled before.
    """
    into = target if target.is_dir() else None
    now = datetime.now(UTC)
    if into is not None:
        target = into / now.strftime(BACKUP_NAME)
    handled = read_mark(settings.data_dir, HANDLED)  # before the copy: what is handled later may not be in it
    manifest = back_up(settings.data_dir, target, now, on_progress, asdict(handled) if handled else None)
    gone = drop_old_backups(into, keep, target) if into is not None and keep is not None else []
    with suppress(OSError):  # a folder that this user may not write: the stream keeps more
        (settings.data_dir / BACKED_UP_AT).touch()
        if handled is not None:
            write_mark(settings.data_dir, BACKED_UP, handled)
    return target, manifest, gone


def drop_old_backups(folder: Path, keep: int, new: Path) -> list[Path]:
    """Delete all but the newest backups that `make_backup` named in a folder; return those that are gone.

    The one that was just made stays whatever the others' names say: a clock may have been ahead.
    Raises `Unavailable` where one cannot be deleted.
    """
    others = sorted((path for path in folder.iterdir() if path != new and _is_backup(path)), reverse=True)
    old = others[keep - 1 :][::-1]
    for path in old:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise Unavailable("backup_failed", f"{path} cannot be deleted: {error.strerror}") from error
    return old


def _is_backup(path: Path) -> bool:
    with suppress(ValueError):
        datetime.strptime(path.name, BACKUP_NAME).replace(tzinfo=UTC)
        return (path / MANIFEST).is_file() and not path.is_symlink()
    return False


def put_back(settings: Settings, backup: Path) -> Manifest:
    """Restore a backup where no indexer runs; raise `NewsdexError` where that would overwrite something.

    The next indexer has the broker deliver every event once more, those that came after the backup too.
    """
    with lock_data_dir(settings.data_dir, "indexer"):
        manifest = restore(backup, settings.data_dir)
        redeliver_note(settings.data_dir).touch()
        return manifest

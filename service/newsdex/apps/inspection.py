"""What became of an event or an article: read from the data folder, so that it works while nothing else does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.errors import NewsdexError, Unavailable
from newsdex.index.reader import IndexReader
from newsdex.records import LedgerEntry, ParkedChoice, ParkedEvent, Standing
from newsdex.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """Everything that is known of an article."""

    history: Sequence[LedgerEntry]
    standing: Standing | None
    position: int
    """Up to where the index has applied changes; 0 without an index."""
    as_of_us: int
    """The moment as of which the index shows articles; 0 without an index."""


def story_of(settings: Settings, article_id: str) -> Story:
    """Tell what became of an article; raise `NewsdexError` for one that no event named."""

    def read(archive: ArchiveReader) -> Story:
        if not _is_text(article_id):
            raise NewsdexError("unknown_article", "no article has an id that is no text")
        history, standing = archive.history(article_id), archive.standing(article_id)
        if not history and standing is None:
            raise NewsdexError("unknown_article", f"no event that the ledger remembers names the article {article_id}")
        position, as_of_us = _index_state(settings)
        return Story(history=history, standing=standing, position=position, as_of_us=as_of_us)

    return read_archive(settings.data_dir, read)


def archived_article(settings: Settings, article_id: str) -> bytes:
    """Return an article's JSON from the data folder, also one that is embargoed or expired.

    Raises `NewsdexError` where the archive has no text of it: never published, withdrawn or erased.
    """
    content = (
        read_archive(settings.data_dir, lambda archive: archive.content(article_id)) if _is_text(article_id) else None
    )
    if content is None:
        raise NewsdexError("unknown_article", f"the archive has no text of the article {article_id!r}")
    return content


def _is_text(argument: str) -> bool:
    """Tell whether an argument of a command was UTF-8; Python keeps other bytes as unpaired surrogates."""
    return argument.isprintable() or argument.encode(errors="replace").decode() == argument


def parked_events(settings: Settings, choice: ParkedChoice, *, limit: int) -> list[ParkedEvent]:
    """Return parked events, newest first."""
    return read_archive(settings.data_dir, lambda archive: archive.parked(choice, limit=limit))


def parked_ids(settings: Settings, choice: ParkedChoice) -> list[int]:
    """Return the numbers of parked events, oldest first."""
    return read_archive(settings.data_dir, lambda archive: archive.parked_ids(choice))


def every_parked(settings: Settings, choice: ParkedChoice) -> Iterator[ParkedEvent]:
    """Return parked events one after the other, oldest first; only one message is in memory."""
    archive = ArchiveReader(settings.data_dir)
    try:
        for id_ in archive.parked_ids(choice):
            event = archive.parked_event(id_)
            if event is not None:
                yield event
    finally:
        archive.close()


def parked_event(settings: Settings, id_: int) -> ParkedEvent:
    """Return one parked event; raise `NewsdexError` for an unknown one."""
    event = read_archive(settings.data_dir, lambda archive: archive.parked_event(id_))
    if event is None:
        raise NewsdexError("unknown_parked", f"no event is parked under {id_}")
    return event


def _index_state(settings: Settings) -> tuple[int, int]:
    """Return the position of the index and the moment as of which it is; zeros without an index."""
    try:
        view = IndexReader(settings.data_dir / "index").view()
    except Unavailable:
        return 0, 0
    return view.position, view.as_of_us

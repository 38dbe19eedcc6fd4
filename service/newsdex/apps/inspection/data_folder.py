"""What became of an event or an article: read from the data folder, so that it works while nothing else does."""

from collections.abc import Iterator, Mapping

from newsdex.apps.inspection.article_story import Story, read_story
from newsdex.archive.database import FILE_NAME
from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.archive.retrieval import ids_named
from newsdex.errors import NewsdexError, Unavailable
from newsdex.event_outcomes import Commit
from newsdex.index.reader import IndexReader
from newsdex.records.ledger import LedgerEntry
from newsdex.records.parked import ParkedChoice, ParkedEvent
from newsdex.settings import Settings
from newsdex_schemas import Article
from newsdex_schemas.article import ValueOrigin


def story_of(settings: Settings, article_id: str) -> Story:
    """Return the story of an article; raise `NewsdexError` for one that no event named."""
    if not _is_text(article_id):
        raise NewsdexError("unknown_article", "no article has an id that is no text")
    return read_archive(settings.data_dir, lambda archive: read_story(article_id, archive, _commit(settings)))


def outcomes_of(settings: Settings, id_: str) -> list[LedgerEntry]:
    """Return the ledger's rows of an article, an event or a correlation id; none where there is no archive here."""
    if not _is_text(id_) or not (settings.data_dir / FILE_NAME).exists():
        return []
    return read_archive(settings.data_dir, lambda archive: archive.outcomes_named(id_))


def archived_article(settings: Settings, article_id: str) -> bytes:
    """Return an article's JSON from the data folder, by its id or an address of its page, also where it is embargoed.

    Raises `NewsdexError` where the archive has no text of it: never published, withdrawn or erased.
    """

    def found(archive: ArchiveReader) -> bytes | None:
        return next(filter(None, map(archive.content, ids_named(article_id, archive))), None)

    content = read_archive(settings.data_dir, found) if _is_text(article_id) else None
    if content is None:
        raise NewsdexError("unknown_article", f"the archive has no text of the article {article_id!r}")
    return content


def archived_origins(settings: Settings, article_id: str) -> Mapping[str, ValueOrigin]:
    """Return where the values of an article were read; nothing for one that is no scraped page, or has no text."""
    content = read_archive(settings.data_dir, lambda archive: archive.content(article_id))
    return (Article.model_validate_json(content).origins or {}) if content else {}


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


def _commit(settings: Settings) -> Commit | None:
    try:
        return IndexReader(settings.data_dir / "index").view()
    except Unavailable:
        return None

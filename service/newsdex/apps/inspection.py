"""What operators look at: read from the data folder, so that it works while nothing else does."""

from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass

from newsdex.apps.client import connected
from newsdex.apps.stream_watch import FILLING
from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.broker.address import broker_url, monitoring_url
from newsdex.broker.client import connect
from newsdex.broker.streams import consumer_state, sync_always
from newsdex.errors import Invalid, Misconfigured, NewsdexError, Unavailable
from newsdex.index.generations.generations import serving
from newsdex.index.reader import IndexReader
from newsdex.records import LedgerEntry, ParkedChoice, ParkedEvent, Standing
from newsdex.settings import Settings, without_credentials
from newsdex_schemas import SearchRequest, channels
from newsdex_schemas.operations import StreamReply


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """Everything that is known of an article."""

    history: Sequence[LedgerEntry]
    standing: Standing | None
    position: int
    """Up to where the index has applied changes; 0 without an index."""
    as_of_us: int
    """The moment as of which the index shows articles; 0 without an index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One part of the service and how it is."""

    part: str
    well: bool
    text: str


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
    """Give parked events, newest first."""
    return read_archive(settings.data_dir, lambda archive: archive.parked(choice, limit=limit))


def parked_ids(settings: Settings, choice: ParkedChoice) -> list[int]:
    """Give the numbers of parked events, oldest first."""
    return read_archive(settings.data_dir, lambda archive: archive.parked_ids(choice))


def every_parked(settings: Settings, choice: ParkedChoice) -> Iterator[ParkedEvent]:
    """Give parked events one after the other, oldest first; only one message is in memory."""
    archive = ArchiveReader(settings.data_dir)
    try:
        for id_ in archive.parked_ids(choice):
            event = archive.parked_event(id_)
            if event is not None:
                yield event
    finally:
        archive.close()


def parked_event(settings: Settings, id_: int) -> ParkedEvent:
    """Give one parked event; raise `NewsdexError` for an unknown one."""
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


async def look(settings: Settings) -> list[Finding]:
    """Look at every part of the service, one after the other."""
    parts = (
        ("broker", _broker),
        ("indexer", _indexer),
        ("stream", _stream),
        ("searchers", _searchers),
        ("archive", _archive),
        ("parked", _parked),
        ("index", _index),
    )
    return [await _finding(part, look_at(settings)) for part, look_at in parts]


async def _finding(part: str, look_at: Awaitable[str]) -> Finding:
    try:
        return Finding(part=part, well=True, text=await look_at)
    except NewsdexError as fault:
        return Finding(part=part, well=False, text=f"{fault.message} ({fault.code})")


async def _broker(settings: Settings) -> str:
    connection = await connect(settings, name="newsdex-status")
    payload = connection.max_payload
    await connection.close()
    if payload < channels.MAX_MESSAGE_BYTES:
        reason = f"answers, but takes {payload:,} bytes a message: max_payload must be {channels.MAX_MESSAGE_BYTES:,}"
        raise Misconfigured("broker_small_payload", reason)
    always = await sync_always(monitoring_url(settings))
    if always is False:
        raise Misconfigured("broker_sync", "answers, but does not fsync before it acknowledges")
    sync = "fsyncs before it acknowledges" if always else "whether it fsyncs cannot be seen without its monitoring URL"
    return f"answers at {without_credentials(broker_url(settings))}; {sync}"


async def _indexer(settings: Settings) -> str:
    connection = await connect(settings, name="newsdex-status")
    try:
        consumer = await consumer_state(connection.jetstream())
    finally:
        await connection.close()
    waiting, at_work = consumer.num_pending or 0, consumer.num_ack_pending or 0
    text = f"{waiting:,} events wait in the stream, {at_work:,} are being handled"
    if not consumer.num_waiting:
        raise Unavailable("no_indexer", f"does not run; {text}")
    return text


async def _stream(settings: Settings) -> str:
    async with connected(settings) as client:
        reply = await client.stream_status()
    text = stream_text(reply)
    if reply.faults:
        raise Misconfigured("stream_fault", f"{'; '.join(reply.faults)}; {text}")
    if fullness(reply) >= FILLING:
        raise Unavailable("broker_full", f"{fullness(reply):.0%} of the room for events is used; {text}")
    return text


def fullness(reply: StreamReply) -> float:
    """Return how full stream or store are, whichever is fuller, 0 to 1; 0 where no limit is known."""
    pairs = ((reply.bytes, reply.limit_bytes), (reply.store_bytes, reply.store_limit_bytes))
    return max(used / limit if limit else 0.0 for used, limit in pairs)


BOUNDS = {
    "wanted": "none needs to go",
    "acknowledged": "the rest is not handled yet",
    "backup": "no backup has the rest",
}


def stream_text(reply: StreamReply) -> str:
    """Tell in a sentence what the stream has, how much it may have, and what may go."""
    limits = [
        f"{what} {used:,} of {limit:,} bytes"
        for what, used, limit in (
            ("the stream", reply.bytes, reply.limit_bytes),
            ("the store", reply.store_bytes, reply.store_limit_bytes),
        )
        if limit
    ]
    room = f"; {', '.join(limits)}" if limits else ""
    since = f" since {reply.oldest_at:%Y-%m-%d %H:%M}" if reply.oldest_at else ""
    kept = f"{reply.events:,} events of {reply.bytes:,} bytes{since}{room}"
    return f"{kept}; {reply.prunable:,} handled ones may go, {BOUNDS[reply.bound]}"


async def _searchers(settings: Settings) -> str:
    async with connected(settings) as client:
        reply = await client.search(SearchRequest(size=0))
    return f"answer in {reply.took_ms:.1f} ms; {reply.total:,} articles can be found now"


async def _archive(settings: Settings) -> str:
    counts = read_archive(settings.data_dir, lambda archive: archive.counts())
    outcomes = ", ".join(f"{number:,} {name}" for name, number in counts.outcomes.items()) or "none yet"
    articles = f"{counts.live:,} articles, {counts.tombstones:,} withdrawn, change {counts.sequence:,}"
    return f"{articles}; outcomes: {outcomes}"


async def _parked(settings: Settings) -> str:
    parked = read_archive(settings.data_dir, lambda archive: archive.parked_open())
    if parked:
        number = sum(count.number for count in parked)
        codes = ", ".join(f"{count.number:,} {count.code}" for count in parked)
        raise Invalid("events_parked", f"{number:,} events wait for you ({codes}): newsdex parked list")
    return "nothing is parked"


async def _index(settings: Settings) -> str:
    root = settings.data_dir / "index"
    position = IndexReader(root).view().position
    behind = read_archive(settings.data_dir, lambda archive: archive.head()) - position
    return f"{serving(root).name} at change {position:,}, {behind:,} behind the archive"

"""How the service is: as each process says itself over the broker, and as the data folder shows."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from newsdex.apps.client import connected
from newsdex.apps.operations.findings import LATE_S, fault_of, missing
from newsdex.apps.stream.watch import CLOCKS_APART_S, FILLING
from newsdex.archive.reader import read_archive
from newsdex.broker.address import broker_url, monitoring_urls
from newsdex.broker.client import connect
from newsdex.broker.monitoring import sync_always
from newsdex.broker.streams import consumer_states
from newsdex.clock import now_us
from newsdex.errors import Invalid, Misconfigured, NewsdexError, Unavailable
from newsdex.index.generations.generations import serving
from newsdex.index.reader import IndexReader
from newsdex.settings import Settings, without_credentials
from newsdex_schemas import SearchRequest, channels
from newsdex_schemas.operations import StreamReply
from newsdex_schemas.processes import ProcessReply

Source = Literal["broker", "files"]
REACHED = (None, "broker_small_payload", "broker_sync")
"""What is wrong with a broker that can be asked all the same."""
PARKED_FOR_LONG_S = 86_400.0
"""How long an event may be parked before that is not well, as the alert NewsdexParkedForLong has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One part of the service, how it is, and who says so: a process over the broker, or the data folder."""

    part: str
    well: bool
    text: str
    code: str | None = None
    """What is not well."""
    source: Source = "broker"


async def look(settings: Settings) -> list[Finding]:
    """Look at every part of the service, one after the other; where the broker is away, that comes first."""
    broker = await _finding("broker", _broker(settings))
    over_broker: list[Finding] = []
    if broker.code in REACHED:
        over_broker = [
            *await _processes(settings),
            await _finding("events", _events(settings)),
            await _finding("stream", _stream(settings)),
            await _finding("search", _search(settings)),
        ]
    return [
        broker,
        *over_broker,
        await _finding("archive", _archive(settings), "files"),
        await _finding("parked", _parked(settings), "files"),
        await _finding("index", _index(settings), "files"),
    ]


async def _finding(part: str, look_at: Awaitable[str], source: Source = "broker") -> Finding:
    try:
        return Finding(part=part, well=True, text=await look_at, source=source)
    except NewsdexError as fault:
        return Finding(part=part, well=False, text=fault.message, code=fault.code, source=source)


async def _broker(settings: Settings) -> str:
    connection = await connect(settings, name="newsdex-status")
    payload = connection.max_payload
    await connection.close()
    if payload < channels.MAX_MESSAGE_BYTES:
        reason = f"answers, but takes {payload:,} bytes a message: max_payload must be {channels.MAX_MESSAGE_BYTES:,}"
        raise Misconfigured("broker_small_payload", reason)
    always = await sync_always(monitoring_urls(settings))
    if always is False:
        raise Misconfigured("broker_sync", "answers, but not all its servers fsync before they acknowledge")
    unseen = "whether it fsyncs cannot be seen without the monitoring URLs of its servers"
    sync = "fsyncs before it acknowledges" if always else unseen
    return f"answers at {without_credentials(broker_url(settings))}; {sync}"


async def _processes(settings: Settings) -> Sequence[Finding]:
    """Return a finding for each process that says how it is, and for each kind that is missing."""
    try:
        async with connected(settings) as client:
            replies = await client.processes()
    except NewsdexError as fault:
        return [Finding(part="processes", well=False, text=fault.message, code=fault.code)]
    absent = [Finding(part=one.process, well=False, text=one.text, code=one.code) for one in missing(replies)]
    return [*map(_process, replies), *absent]


def _process(reply: ProcessReply) -> Finding:
    fault = fault_of(reply)
    told = [
        f"{reply.instance}, newsdex {reply.version}, up {_for(datetime.now(UTC) - reply.started_at)}",
        *(f"{what}: {reason}" for what, reason in reply.reasons.items()),
    ]
    if reply.position is not None:
        told.append(f"at change {reply.position:,}")
    if reply.doing is not None:
        told.append(reply.doing)
    if reply.waiting_s is not None:
        told.append(f"the oldest change waits for {reply.waiting_s:.0f} s")
    return Finding(part=reply.process, well=fault is None, text="; ".join(told), code=fault.code if fault else None)


def _for(time: timedelta) -> str:
    """Return a span of time in its largest unit."""
    seconds = max(0, int(time.total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


async def _events(settings: Settings) -> str:
    connection = await connect(settings, name="newsdex-status")
    try:
        consumers = await consumer_states(connection.jetstream())
    finally:
        await connection.close()
    waiting = sum(consumer.num_pending or 0 for consumer in consumers)
    at_work = sum(consumer.num_ack_pending or 0 for consumer in consumers)
    return f"{waiting:,} events wait in the stream, {at_work:,} are being handled"


async def _stream(settings: Settings) -> str:
    async with connected(settings) as client:
        reply = await client.stream_status()
    text = stream_text(reply)
    if reply.faults:
        raise Misconfigured("stream_fault", f"{'; '.join(reply.faults)}; {text}")
    if abs(ahead_s := reply.clock_ahead_s or 0.0) > CLOCKS_APART_S:
        direction = "ahead of" if ahead_s > 0 else "behind"
        raise Unavailable(
            "clocks_apart", f"the indexer's clock is {abs(ahead_s):,.0f} s {direction} the broker's; {text}"
        )
    if reply.oldest_waiting_at is not None:
        waiting_s = (datetime.now(UTC) - reply.oldest_waiting_at).total_seconds()
        if waiting_s > LATE_S:
            raise Unavailable(
                "events_late", f"the oldest event has waited for {waiting_s:,.0f} s to be archived; {text}"
            )
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


async def _search(settings: Settings) -> str:
    async with connected(settings) as client:
        reply = await client.search(SearchRequest(size=0))
    return f"answers in {reply.took_ms:.1f} ms; {reply.total:,} articles can be found now"


async def _archive(settings: Settings) -> str:
    counts = read_archive(settings.data_dir, lambda archive: archive.counts())
    outcomes = ", ".join(f"{number:,} {name}" for name, number in counts.outcomes.items()) or "none yet"
    articles = f"{counts.live:,} articles, {counts.tombstones:,} withdrawn, change {counts.sequence:,}"
    return f"{articles}; outcomes: {outcomes}"


async def _parked(settings: Settings) -> str:
    parked = read_archive(settings.data_dir, lambda archive: archive.parked_open())
    if not parked:
        return "nothing is parked"
    codes = ", ".join(f"{count.number:,} {count.code}" for count in parked)
    text = f"{sum(count.number for count in parked):,} events wait for you ({codes}): newsdex parked list"
    if now_us() - min(count.oldest_us for count in parked) > PARKED_FOR_LONG_S * 1e6:
        raise Invalid("events_parked", f"{text}; the oldest for more than a day")
    return text


async def _index(settings: Settings) -> str:
    root = settings.data_dir / "index"
    position = IndexReader(root).view().position
    behind = read_archive(settings.data_dir, lambda archive: archive.head()) - position
    return f"{serving(root).name} at change {position:,}, {behind:,} behind the archive"

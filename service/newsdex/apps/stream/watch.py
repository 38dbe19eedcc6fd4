"""Watches the stream for the indexer: has it mended and pruned, and shows how it is in readiness and metrics."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from nats.js import JetStreamContext

from newsdex import metrics
from newsdex.apps.stream.adoption import StreamAdoption
from newsdex.apps.stream.marks import BACKED_UP, HANDLED, StreamMark, read_mark, write_mark
from newsdex.broker.address import monitoring_urls
from newsdex.broker.retention import Positions, Pruning, acknowledged_position, decide_pruning, excess_position
from newsdex.broker.room import (
    Usage,
    clock_ahead_s,
    contents_of,
    position_before,
    remove_up_to,
    store_usage,
    stored_at,
    stream_usage,
)
from newsdex.broker.stream_keeper import StreamKeeper
from newsdex.broker.streams import CONSUMERS, ensure_stream, forget_consumer, wanted_replicas, wanted_stream
from newsdex.errors import Unavailable
from newsdex.health import Readiness
from newsdex.settings import Settings
from newsdex_schemas.operations import StreamOrder, StreamReply

log = structlog.get_logger()

PRUNE_EVERY_S = 60.0
FILLING, FULL = 0.8, 0.95
"""Parts of a limit: from the first on there is pruned at each look, from the second on the indexer is not ready."""
CLOCKS_APART_S = 60.0
"""From how far on that is told: embargoes end by our clock, and events are dated by the broker's."""
KEPT_OF_LIMIT = 0.5
"""The part of the lowest limit that is kept where no setting says how many bytes are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What the broker says of stream, consumers and store at one moment."""

    stream: dict[str, Any]
    consumers: Sequence[dict[str, Any]]
    usage: Usage
    store: Usage
    handled: int
    """Up to which number every event was handled, as far as the consumers can be believed."""
    oldest_waiting_at: datetime | None
    """When the broker stored the oldest event that is not archived; None where all are."""
    clock_ahead_s: float | None
    """How far our clock is ahead of the broker's; None where it does not tell its own."""

    @property
    def waiting(self) -> int:
        """Return how many events were not delivered yet."""
        return sum(one.get("num_pending", 0) for one in self.consumers)

    @property
    def at_work(self) -> int:
        """Return how many events are being handled."""
        return sum(one.get("num_ack_pending", 0) for one in self.consumers)

    @property
    def share(self) -> float:
        """Return how full the fuller of the two is, 0 to 1."""
        return max(self.usage.share, self.store.share)

    @property
    def oldest_at(self) -> datetime | None:
        """Return when the broker stored the oldest event."""
        if not self.stream["state"]["messages"]:
            return None
        return datetime.fromisoformat(self.stream["state"]["first_ts"])


class StreamWatch:
    """Looks at the stream, again and again; one look, or order, at a time."""

    def __init__(
        self, js: JetStreamContext, settings: Settings, readiness: Readiness, adoption: StreamAdoption
    ) -> None:
        self._js = js
        self._adoption = adoption
        self._settings = settings
        self._readiness = readiness
        self._stream = wanted_stream(settings.stream_max_bytes, wanted_replicas(js, settings.broker_replicas))
        self._keeper = StreamKeeper(js, self._stream, lambda what: metrics.STREAM_MENDED.labels(what).inc())
        self._turn = asyncio.Lock()
        self._prune_at = time.monotonic()
        self._oldest_waiting: tuple[int, datetime | None] | None = None
        """The first place that is not acknowledged, and when the broker stored what stands there."""
        metrics.STREAM_OLDEST_EVENT.set_function(self._oldest_age_s)
        self._oldest_at_last: datetime | None = None
        self._clocks_apart = False
        self._last_seen = StreamMark(created="", position=0)
        """The last event that was in the stream at the last look."""

    async def begin(self, *, redeliver: bool) -> None:
        """Make stream and consumers where they are missing, and look once; consumers anew where that is asked for.

        Raises `Unavailable` where JetStream does not answer or refuses.
        """
        if redeliver:
            await self._forget_consumers()
        await ensure_stream(self._js, await self._adoption.to_make(self._stream))
        await self.check()

    async def check(self) -> None:
        """Look once; raise `Unavailable` where stream or consumers are gone: a new process makes them anew."""
        try:
            async with self._turn:
                look = await self._look()
                self._show(look)
                if look.share >= FILLING or time.monotonic() >= self._prune_at:
                    self._prune_at = time.monotonic() + PRUNE_EVERY_S
                    if await self._prune(look, StreamOrder(order="prune")):
                        self._show(await self._look())
        except Unavailable as fault:
            if fault.code == "consumer_missing":
                self._readiness.fail("broker", fault.message)
                log.error("broker.consumer_missing")  # noqa: TRY400 - the line says it all
                raise
            if fault.code != "stream_not_pruned":
                self._readiness.fail("broker", fault.message)
            log.warning("broker.check_failed", error=fault.message)

    async def status(self) -> StreamReply:
        """Tell how the stream is; raise `Unavailable` where the broker does not answer."""
        async with self._turn:
            return await self._reply(await self._look(), StreamOrder(order="prune"))

    async def prune(self, order: StreamOrder) -> StreamReply:
        """Remove what may go, by what the order says in place of the settings; raise `Unavailable` as `status`."""
        async with self._turn:
            pruned = await self._prune(await self._look(), order)
            look = await self._look()
            self._show(look)
            return (await self._reply(look, order)).model_copy(update={"pruned": pruned})

    async def redeliver(self) -> StreamReply:
        """Have every event delivered once more, by consumers that are made anew; raise `Unavailable` as `status`."""
        async with self._turn:
            await self._forget_consumers()
            await ensure_stream(self._js, await self._adoption.to_make(self._stream))
            log.warning("stream.redelivered")
            return await self._reply(await self._look(), StreamOrder(order="prune"))

    async def _forget_consumers(self) -> None:
        for name in CONSUMERS:
            await forget_consumer(self._js, name)

    async def _look(self) -> Look:
        stream, consumers = await self._keeper.keep()
        ahead_s = clock_ahead_s(stream, datetime.now(UTC))
        store = await store_usage(self._js, monitoring_urls(self._settings))
        # what was removed from the stream does not come any more, also where this archive never had it
        gone = contents_of(stream).first - 1
        settled = await self._adoption.check(max(gone, self._acknowledged(stream, consumers)))
        handled = acknowledged_position(consumers, settled)
        mark = StreamMark(created=stream["created"], position=handled)
        if handled and mark != read_mark(self._settings.data_dir, HANDLED):
            with suppress(OSError):  # a full disk: by an older note less is pruned
                write_mark(self._settings.data_dir, HANDLED, mark)
        return Look(
            stream=stream,
            consumers=consumers,
            usage=stream_usage(stream),
            store=store,
            handled=handled,
            oldest_waiting_at=await self._oldest_waiting_at(consumers, settled + 1),
            clock_ahead_s=ahead_s,
        )

    def _acknowledged(self, stream: dict[str, Any], consumers: Sequence[dict[str, Any]]) -> int:
        before = self._last_seen
        self._last_seen = StreamMark(created=stream["created"], position=contents_of(stream).last)
        return acknowledged_position(consumers, before.position if before.created == stream["created"] else 0)

    async def _oldest_waiting_at(self, consumers: Sequence[dict[str, Any]], position: int) -> datetime | None:
        """Ask for the message once for each place at which the archive stands: it may be large."""
        if not any(one.get("num_pending") or one.get("num_ack_pending") for one in consumers):
            return None
        if self._oldest_waiting is None or self._oldest_waiting[0] != position:
            at = await stored_at(self._js, position)
            # nothing there yet: the next event may come to wait at this very place
            self._oldest_waiting = None if at is None else (position, at)
        return self._oldest_waiting[1] if self._oldest_waiting else None

    def _oldest_age_s(self) -> float:
        """Return for how long the oldest event has waited, as of the last look: it grows while the broker is away."""
        at = self._oldest_at_last
        return 0.0 if at is None else max(0.0, (datetime.now(UTC) - at).total_seconds())

    def _show(self, look: Look) -> None:
        self._oldest_at_last = look.oldest_waiting_at
        self._readiness.clear("broker")
        metrics.STREAM_WAITING.set(look.waiting)
        metrics.STREAM_AT_WORK.set(look.at_work)
        metrics.STREAM_EVENTS.set(look.stream["state"]["messages"])
        metrics.STREAM_BYTES.set(look.usage.used)
        metrics.STREAM_LIMIT.set(look.usage.limit or 0)
        metrics.STORE_BYTES.set(look.store.used)
        metrics.STORE_LIMIT.set(look.store.limit or 0)
        metrics.STREAM_FAULTS.set(len(self._keeper.faults))
        self._show_clock(look.clock_ahead_s or 0.0)
        self._fail_or_clear("stream", "; ".join(self._keeper.faults))
        full = f"{look.share:.0%} of the room for events is used: newsdex stream says what may go"
        self._fail_or_clear("broker_full", full if look.share >= FULL else "")

    def _show_clock(self, ahead_s: float) -> None:
        metrics.CLOCK_AHEAD.set(ahead_s)
        apart = abs(ahead_s) > CLOCKS_APART_S
        if apart and not self._clocks_apart:
            log.warning("clock.apart", ahead_s=round(ahead_s, 1))
        self._clocks_apart = apart

    def _fail_or_clear(self, what: str, reason: str) -> None:
        if reason:
            self._readiness.fail(what, reason)
        else:
            self._readiness.clear(what)

    async def _prune(self, look: Look, order: StreamOrder) -> int:
        """Remove what may go; return how many events went."""
        pruning = await self._pruning(look, order)
        if pruning.up_to < contents_of(look.stream).first:
            return 0
        pruned = await remove_up_to(self._js, pruning.up_to)
        metrics.STREAM_PRUNED.inc(pruned)
        log.info("stream.pruned", events=pruned, up_to=pruning.up_to, bound=pruning.bound)
        return pruned

    async def _pruning(self, look: Look, order: StreamOrder) -> Pruning:
        contents, settings = contents_of(look.stream), self._settings
        keep_days = settings.stream_keep_days if order.keep_days is None else order.keep_days
        spare_days = 0.0 if order.unbacked else settings.stream_keep_unbacked_days
        keep_bytes = self._keep_bytes(look) if order.keep_bytes is None else order.keep_bytes
        backup = read_mark(settings.data_dir, BACKED_UP)
        positions = Positions(
            too_old=await self._older_than(look, keep_days),
            too_many=excess_position(contents, keep_bytes),
            acknowledged=look.handled,
            in_backup=backup.position if backup is not None and backup.created == look.stream["created"] else 0,
            spared=await self._older_than(look, spare_days) if spare_days else contents.last,
        )
        return decide_pruning(positions)

    def _keep_bytes(self, look: Look) -> int | None:
        """Return how many bytes are kept: as it is set, or else by how many there may be."""
        if self._settings.stream_keep_bytes is not None:
            return self._settings.stream_keep_bytes
        limits = [usage.limit for usage in (look.usage, look.store) if usage.limit]
        return int(min(limits) * KEPT_OF_LIMIT) if limits else None

    async def _older_than(self, look: Look, days: float) -> int:
        """Return the number of the last event that is older; 0 where none is."""
        moment = datetime.now(UTC) - timedelta(days=days)
        if look.oldest_at is None or look.oldest_at >= moment:
            return 0
        return await position_before(self._js, contents_of(look.stream), moment)

    async def _reply(self, look: Look, order: StreamOrder) -> StreamReply:
        contents, pruning = contents_of(look.stream), await self._pruning(look, order)
        return StreamReply(
            events=contents.events,
            bytes=contents.bytes,
            oldest_at=look.oldest_at,
            limit_bytes=look.usage.limit,
            store_bytes=look.store.used,
            store_limit_bytes=look.store.limit,
            waiting=look.waiting,
            at_work=look.at_work,
            oldest_waiting_at=look.oldest_waiting_at,
            prunable=max(0, min(pruning.up_to, contents.last) - contents.first + 1),
            bound=pruning.bound,
            clock_ahead_s=look.clock_ahead_s,
            faults=tuple(self._keeper.faults),
        )

"""Publishes article changes to a stream of their own: at least once, from a position in the data folder."""

import asyncio
import secrets
from datetime import timedelta

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, Header, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from newsdex import metrics
from newsdex.archive.reader import ArchiveReader
from newsdex.broker.streams import DUPLICATE_WINDOW_S, wanted_replicas
from newsdex.clock import now_us
from newsdex.errors import Unavailable
from newsdex.host.durable import read_sealed, write_sealed
from newsdex.records.feed import FeedPosition
from newsdex.settings import Settings
from newsdex.sink.article_changes import changed_event
from newsdex.sink.changes import Batch, ChangeReader, Mark
from newsdex_schemas import channels
from newsdex_schemas.changes import ArticleChanged

log = structlog.get_logger()

MAX_AGE_S = timedelta(days=7).total_seconds()
MAX_BYTES = 64 * 1024 * 1024
"""Some 100,000 events: the store is for what is published."""
ACK_TIMEOUT_S = 10.0
FILE_NAME = "changes-position.json"


def wanted_changes_stream(replicas: int) -> StreamConfig:
    """Return the stream of changes: it drops its oldest events, so that it never fills the broker's store."""
    return StreamConfig(
        name=channels.CHANGES_STREAM,
        subjects=[channels.ARTICLES_CHANGED],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=MAX_AGE_S,
        max_bytes=MAX_BYTES,
        duplicate_window=DUPLICATE_WINDOW_S,
        num_replicas=replicas,
    )


class ChangesStream:
    """The sink `nats`. A stream that an operator has given other limits keeps them."""

    faults: tuple[type[Exception], ...] = (NatsError,)

    def __init__(self, settings: Settings, archive: ArchiveReader, connection: Client) -> None:
        self._connection = connection
        self._archive = archive
        self._path = settings.data_dir / FILE_NAME
        self._replicas = settings.broker_replicas
        self._js: JetStreamContext | None = None
        self._reader: ChangeReader | None = None
        self._incarnation = ""
        self._stream_created = ""

    async def open(self) -> None:
        """Make the stream where it is missing, and go on where the last event was stored."""
        js = self._connection.jetstream(timeout=ACK_TIMEOUT_S)
        try:
            stream = await js.stream_info(channels.CHANGES_STREAM)
        except NotFoundError:
            stream = await js.add_stream(wanted_changes_stream(wanted_replicas(js, self._replicas)))
        self._js, self._stream_created = js, str(stream.created)
        self._reader = ChangeReader(self._archive, self._mark(was_used=stream.state.last_seq > 0), now_us)

    def _mark(self, *, was_used: bool) -> Mark:
        """Return where to go on.

        At the first time that is what changes from now on. In an archive that was put back from a backup it is the
        beginning, under another incarnation: its changes have the numbers of others that were announced. So it is where
        the position was lost and the stream was not, or the stream with what followers had not read was.
        """
        if not was_used and not self._path.exists():
            (newest,) = self._archive.changes(self._archive.head() - 1, 1) or (None,)
            position = FeedPosition(newest.sequence if newest else 0, now_us())
            known = (newest.id, newest.correlation_id) if newest else ("", "")
            return self._begun(Mark(position, *known, archive=self._archive.identity()))
        kept = self._kept()
        if kept is not None and kept.is_of(self._archive):
            return kept
        log.warning("sink.begun_anew")
        return self._begun(Mark(FeedPosition(0, now_us())))

    def _kept(self) -> Mark | None:
        """Return the mark of the file; None where it is not there, damaged, or of another stream."""
        try:
            values = read_sealed(self._path)
        except (Unavailable, FileNotFoundError):
            return None
        if values["stream_created"] != self._stream_created:
            return None
        self._incarnation = values["incarnation"]
        return Mark.from_values(values["mark"])

    def _begun(self, mark: Mark) -> Mark:
        """Begin an incarnation at a mark."""
        self._incarnation = secrets.token_hex(6)
        self._keep(mark)
        return mark

    async def step(self) -> bool:
        """Publish a batch, and keep the position once the broker has all of it."""
        assert self._reader is not None
        batch = self._reader.next()
        if batch is None:
            return False
        events = [event for event in self._events(batch) if event is not None]
        await asyncio.gather(*(self._publish(event) for event in events))
        self._keep(batch.mark)
        metrics.SINK_POSITION.set(batch.mark.position.sequence)
        return True

    def _events(self, batch: Batch) -> list[ArticleChanged | None]:
        return [
            changed_event(
                change,
                self._archive.cause_of(change.id, change.sequence),
                incarnation=self._incarnation,
                moment_us=batch.moment_us,
                turned=batch.turned,
            )
            for change in batch.changes
        ]

    async def _publish(self, event: ArticleChanged) -> None:
        assert self._js is not None
        headers = {
            channels.MESSAGE_ID_HEADER: event.id,
            "content-type": channels.CONTENT_TYPE_STRUCTURED,
            Header.EXPECTED_STREAM.value: channels.CHANGES_STREAM,
        }
        ack = await self._js.publish(channels.ARTICLES_CHANGED, event.to_json(), headers=headers)
        metrics.SINK_CHANGES.labels(result="repeated" if ack.duplicate else event.data.change).inc()

    def _keep(self, mark: Mark) -> None:
        values = {"incarnation": self._incarnation, "stream_created": self._stream_created, "mark": mark.to_values()}
        write_sealed(self._path, values)

    async def close(self) -> None:
        """Nothing is open but the process' connection."""
        self._reader = None

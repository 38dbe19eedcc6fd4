"""Goes on with the stream that the broker has: the same one, one that was made anew, or one that was restored."""

from dataclasses import replace

import structlog
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from newsdex import metrics
from newsdex.archive.writer import ArchiveWriter
from newsdex.broker.stream_identity import mark_stream, metadata_of, see_stream
from newsdex.errors import Unavailable
from newsdex.incarnations import incarnation_of
from newsdex.ingest.committer import Committer

log = structlog.get_logger()


class StreamAdoption:
    """Keeps the places of events in order over streams: looks at start, and again and again."""

    def __init__(self, js: JetStreamContext, archive: ArchiveWriter, committer: Committer) -> None:
        self._js = js
        self._archive = archive
        self._committer = committer

    async def to_make(self, wanted: StreamConfig) -> StreamConfig:
        """Return how a missing stream is made: its places go on above those that the archive knows."""
        try:
            known = await self._committer.run(self._archive.stream)
            incarnation = await self._committer.run(self._archive.incarnation)
        except Unavailable as fault:  # the stream counts as somebody else's then
            log.warning("stream.not_adopted", code=fault.code, error=fault.message)
            return wanted
        return replace(wanted, first_seq=known.last_sequence + 1, metadata=metadata_of(incarnation))

    async def check(self, acknowledged: int) -> int:
        """Look once, and settle what waits for messages up to the number that the broker has the acknowledgements of.

        Returns the number up to which every message was handled, which the archive may know better than the broker.
        Raises `Unavailable` where the stream is gone or nobody answers. A failing archive is said by whoever writes it.
        """
        try:
            await self._adopt()
            return await self._committer.run(lambda: self._archive.settle_up_to(acknowledged))
        except Unavailable as fault:
            if not fault.code.startswith("archive_"):
                raise
            log.warning("stream.not_adopted", code=fault.code, error=fault.message)
            return acknowledged

    async def _adopt(self) -> None:
        known = await self._committer.run(self._archive.stream)
        seen = await see_stream(self._js, known.last_sequence)
        begun = incarnation_of(known, seen)
        if begun is not None or seen.created != known.created:
            # looked at again in the archive's thread: a batch may have noticed it meanwhile
            begun = await self._committer.run(lambda: self._archive.adopt(seen))
        if begun is not None:
            metrics.INCARNATIONS.inc()
            log.warning("stream.incarnation_began", incarnation=begun.number, first_sequence=begun.first_sequence)
        current = await self._committer.run(self._archive.incarnation)
        if seen.marked != current:
            await self._mark()

    async def _mark(self) -> None:
        try:
            await mark_stream(self._js, await self._committer.run(self._archive.incarnation))
        except Unavailable as fault:  # the archive knows it too: the mark is for an archive that is lost
            log.warning("stream.mark_failed", code=fault.code, error=fault.message)

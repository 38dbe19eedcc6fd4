"""The sink `opensearch`: keeps the index that readers search up to date, and makes a new one where it has to."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import structlog

from newsdex import metrics
from newsdex.archive.reader import ArchiveReader
from newsdex.clock import now_us
from newsdex.records.feed import FeedPosition
from newsdex.sink.changes import ChangeReader, Mark
from newsdex.sink.opensearch.address import ClusterAddress
from newsdex.sink.opensearch.bulk import operation_of, write
from newsdex.sink.opensearch.cluster import Cluster
from newsdex.sink.opensearch.indices import Indices

log = structlog.get_logger()


class _Kept:
    """An index, and what it lacks."""

    def __init__(self, name: str, reader: ChangeReader) -> None:
        self.name = name
        self.reader = reader


class OpenSearchSink:
    """Each index has a position of its own, so that the one that serves goes on while another one is made."""

    faults: tuple[type[Exception], ...] = (httpx.HTTPError,)

    def __init__(
        self,
        address: ClusterAddress,
        archive: ArchiveReader,
        definition: Mapping[str, Any],
        *,
        rebuild: bool = False,
        clock_us: Callable[[], int] = now_us,
    ) -> None:
        self._address = address
        self._archive = archive
        self._definition = definition
        self._rebuild = rebuild
        """Whether an operator asks for a new index; no longer, once it is begun."""
        self._clock_us = clock_us
        self._cluster: Cluster | None = None
        self._indices: Indices | None = None
        self._serving: _Kept | None = None
        self._building: _Kept | None = None
        self._outdated: str | None = None
        """The index that serves, where it cannot be gone on with."""

    async def open(self) -> None:
        """Find the index that serves and go on; begin another one where there is none that can be gone on with."""
        self._cluster = Cluster(self._address)
        self._indices = indices = Indices(self._cluster, self._address.alias, self._definition)
        await indices.make_positions()
        found = await indices.find()
        self._serving = await self._gone_on_with(found.serving)
        self._building = None if self._rebuild else await self._gone_on_with(found.building)
        if found.building is not None and self._building is None:
            await indices.remove(found.building)
        for name in found.left_over:
            await indices.remove(name)
        self._outdated = found.serving if self._serving is None else None
        if self._building is None and (self._rebuild or self._serving is None or not found.is_current):
            await self._begin(found.serving)

    async def _gone_on_with(self, name: str | None) -> _Kept | None:
        assert self._indices is not None
        mark = await self._indices.mark(name) if name is not None else None
        if name is None or mark is None or not mark.is_of(self._archive):
            return None
        return _Kept(name, ChangeReader(self._archive, mark, self._clock_us))

    async def _begin(self, serving: str | None) -> None:
        assert self._indices is not None
        mark = Mark(FeedPosition(0, self._clock_us()))
        name = await self._indices.create(mark)
        self._building, self._rebuild = _Kept(name, ChangeReader(self._archive, mark, self._clock_us)), False
        log.info("sink.index_begun", index=name, serving=serving)

    async def step(self) -> bool:
        """Bring each index a batch further; let the new one serve once it lacks nothing."""
        did = self._serving is not None and await self._advance(self._serving)
        if self._building is None:
            return did
        if not await self._advance(self._building):
            await self._swap(self._building)
        return True

    async def _advance(self, kept: _Kept) -> bool:
        assert self._cluster is not None
        assert self._indices is not None
        batch = kept.reader.next()
        if batch is None:
            return False
        await write(self._cluster, kept.name, [operation_of(change, batch.moment_us) for change in batch.changes])
        await self._indices.keep(kept.name, batch.mark)
        if kept is self._serving:
            metrics.SINK_POSITION.set(batch.mark.position.sequence)
        return True

    async def _swap(self, building: _Kept) -> None:
        assert self._indices is not None
        before = self._serving.name if self._serving is not None else self._outdated
        await self._indices.serve(building.name, before)
        self._serving, self._building, self._outdated = building, None, None
        metrics.SINK_POSITION.set(building.reader.mark.position.sequence)
        log.info("sink.index_serves", index=building.name, position=building.reader.mark.position.sequence)
        if before is not None:
            await self._indices.remove(before)

    async def close(self) -> None:
        """Close the connections."""
        if self._cluster is not None:
            await self._cluster.close()

"""An alternative's indexer and its searcher: `python -m tests.benchmarks.peers.service ENGINE ROLE FOLDER URL`.

Each event is read by pydantic, whatever has come is one commit, and an event is acknowledged once it is durable. The
searcher is a process of its own, which looks anew when the indexer says that it committed.
"""

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import cast

from faststream import AckPolicy, FastStream
from faststream.nats import JStream, NatsBroker, PullSub
from nats.js.api import ConsumerConfig
from tests.benchmarks.peers.store import Engine, PeerArticle, PeerQuery, PeerReply

STREAM = "ARTICLES"
EVENTS, QUERIES, COMMITTED = "articles.published", "search.query", "peer.committed"
PULLED_AT_ONCE, WAITING = 300, 1_000


class GroupCommit:
    """Makes one commit of all events that came while the one before was made."""

    def __init__(self, engine: Engine, folder: Path, broker: NatsBroker) -> None:
        self._writing = engine.writing(folder)
        self._broker = broker
        self._waiting: list[tuple[PeerArticle, asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def add(self, article: PeerArticle) -> None:
        """Return when the article is durable."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((article, done))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        await done

    async def _commit(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            newest = {article.id: article for article, _ in taken}
            await asyncio.to_thread(self._writing.commit, list(newest.values()))
            for _, done in taken:
                done.set_result(None)
            await self._broker.publish(b"", COMMITTED)


def indexer(engine: Engine, folder: Path, url: str) -> NatsBroker:
    """Return a broker that takes events in."""
    broker = NatsBroker(url, logger=None)
    group = GroupCommit(engine, folder, broker)

    @broker.subscriber(
        EVENTS,
        stream=JStream(STREAM, subjects=["articles.*"]),
        durable="peer",
        pull_sub=PullSub(batch_size=PULLED_AT_ONCE, timeout=1),
        ack_policy=AckPolicy.NACK_ON_ERROR,
        config=ConsumerConfig(max_ack_pending=WAITING),
    )
    async def on_event(article: PeerArticle) -> None:
        await group.add(article)

    return broker


def searcher(engine: Engine, folder: Path, url: str) -> NatsBroker:
    """Return a broker that answers searches, one after the other: the engine's own work is short."""
    broker = NatsBroker(url, logger=None)
    searching = engine.searching(folder)

    @broker.subscriber(COMMITTED)
    async def on_commit(_: bytes) -> None:
        searching.refresh()

    @broker.subscriber(QUERIES, queue="searchers")
    async def on_query(query: PeerQuery) -> PeerReply:
        return searching.search(query)

    return broker


def main() -> None:
    """Serve until SIGTERM."""
    engine, role, folder, url = sys.argv[1:]
    store = cast("Engine", import_module(f"tests.benchmarks.peers.{engine}_store"))
    broker = {"indexer": indexer, "searcher": searcher}[role](store, Path(folder), url)
    app = FastStream(broker, logger=None)

    @app.after_startup
    async def ready() -> None:
        print("ready", flush=True)

    asyncio.run(app.run())


if __name__ == "__main__":
    main()

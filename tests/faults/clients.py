"""Who uses the service while its processes are killed: a publisher, a reader who checks every reply, and a watcher."""

import asyncio
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import nats
from nats.aio.client import Client as NatsClient
from nats.errors import Error as NatsError
from tests.faults.ledger import Event, Ledger, article_word, number_at, version_word

from newsdex.apps.client import Client
from newsdex.errors import NewsdexError, Refused
from newsdex_schemas import Hit, SearchReply, SearchRequest
from newsdex_schemas.client.refusals import Refusals
from newsdex_schemas.outcomes import MAX_EVENTS_PER_REQUEST

PUBLISHING = 8
"""Events that are on their way to the broker at the same time."""
ACK_TIMEOUT_S = 2.0
READING = 2
PAUSE_S = 0.03
COPIES = 0.05
"""How many copies of old events are sent for each event."""
ASKED_FOR = MAX_EVENTS_PER_REQUEST // 2
TIMEOUT_MS = 1_000
WATCH_TIMEOUT_S = 1.0
BROAD = 0.2
"""The part of the queries that asks for the newest articles of all."""
EXPLAINED = frozenset(
    {"broker_unavailable", "deadline_exceeded", "index_rebuilding", "archive_missing", "nobody_answers", "no_reply"}
)
"""Codes that a requester must expect while processes are killed; a test holds that each is documented."""


@dataclass(kw_only=True)
class Clients(threading.Thread):
    """Runs them all in one thread, until `stop`; what they saw is in `wrong`, `codes` and `replies`."""

    url: str
    ledger: Ledger
    draw: random.Random
    per_s: float
    wrong: list[str] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    replies: int = 0
    checked: int = 0
    """Replies whose only right content was known."""
    longest_gap_s: float = 0.0
    """The longest time in which no query was answered."""
    first_fault: str | None = None

    def __post_init__(self) -> None:
        super().__init__(name="clients", daemon=True)
        self._publishing_ends = threading.Event()
        self._ends = threading.Event()
        self._answered_at: float | None = None
        self._position = 0

    def __hash__(self) -> int:
        return id(self)

    def stop_publishing(self) -> None:
        """Send nothing new; what was sent is repeated until it is acknowledged."""
        self._publishing_ends.set()

    def stop(self) -> None:
        """End the thread, and wait for it."""
        self._publishing_ends.set()
        self._ends.set()
        self.join()

    def run(self) -> None:
        """Run until stopped; a defect of a client is kept in `first_fault`."""
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that started it
            self.first_fault = f"{type(error).__name__}: {error}"

    async def _run(self) -> None:
        async def quiet(_: Exception) -> None:
            """What fails is seen at the request that fails."""

        connection = await nats.connect(
            self.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=quiet, name="clients"
        )
        client = Client(connection, Refusals())
        async with asyncio.TaskGroup() as group:
            for _ in range(PUBLISHING):
                group.create_task(self._publish(connection))
            for _ in range(READING):
                group.create_task(self._read(client))
            group.create_task(self._watch(client))
        await connection.close()

    # Publishing

    async def _publish(self, connection: NatsClient) -> None:
        js = connection.jetstream(timeout=ACK_TIMEOUT_S)
        while not self._publishing_ends.is_set():
            event = self.ledger.next()
            while event.ref not in self.ledger.acknowledged and not self._ends.is_set():
                message = event.message
                try:
                    ack = await js.publish(message.channel, message.body, headers=message.headers())
                except (NatsError, OSError, TimeoutError):
                    await asyncio.sleep(PAUSE_S)  # sent again under the same id until it is acknowledged
                else:
                    self.ledger.acknowledge(event, ack.seq)
            if self.draw.random() < COPIES and (copy := self.ledger.copy()):
                with suppress(NatsError, OSError, TimeoutError):
                    await js.publish(copy.channel, copy.body, headers=copy.headers())
            await asyncio.sleep(PUBLISHING / self.per_s)

    # Reading

    async def _watch(self, client: Client) -> None:
        """Ask which events every search reflects by now."""
        while not self._ends.is_set():
            waiting = list(self.ledger.waiting.values())
            oldest, newest = waiting[:ASKED_FOR], waiting[ASKED_FOR:][-ASKED_FOR:]
            if waiting:
                try:
                    async with asyncio.timeout(WATCH_TIMEOUT_S):  # a searcher that was killed never replies
                        reply = await client.outcomes([event.ref for event in (*oldest, *newest)])
                except NewsdexError as error:
                    self._note(error)
                except TimeoutError:
                    self.codes["no_reply"] += 1
                else:
                    for event, outcome in zip((*oldest, *newest), reply.outcomes, strict=True):
                        if outcome.reflected:
                            self.ledger.settle(event)
            await asyncio.sleep(PAUSE_S)

    async def _read(self, client: Client) -> None:
        while not self._ends.is_set():
            await self._ask(client)
            await asyncio.sleep(PAUSE_S)

    async def _ask(self, client: Client) -> None:
        """Ask for an article by its own word; where its story is known whole, only one reply is right."""
        if self.draw.random() < BROAD:
            await self._search(client, SearchRequest(q="everywhere", sort="newest", size=50, timeout_ms=TIMEOUT_MS))
            return
        article = str(self.draw.randrange(self.ledger.articles))
        shown = await self._find(article, article_word(article), client)
        if shown is not None:
            # a word that one version has: the index answers it, not the archive's text
            await self._find(article, version_word(article, shown), client, shown)

    async def _find(self, article: str, word: str, client: Client, number: int | None = None) -> int | None:
        """Search and check; give the number of the publication that the reply must have shown, where that is known.

        With `number`, the word is that publication's own.
        """
        known = self.ledger.settled_of(article, len(self.ledger.settled))
        reply = await self._search(client, SearchRequest(q=word, timeout_ms=TIMEOUT_MS))
        if reply is None or reply.partial or len(known) != len(self.ledger.by_article[article]):
            return None
        self.checked += 1
        newest = self.ledger.shown(known)
        is_found = newest is not None and number in {None, newest.number}
        right = [(article, newest.number)] if newest is not None and is_found else []
        found = [(hit.id, number_at(hit.url)) for hit in reply.hits]
        if found != right:
            self.wrong.append(f"{word} found {found} instead of {right}")
        return newest.number if newest else None

    async def _search(self, client: Client, request: SearchRequest) -> SearchReply | None:
        """Ask; check what holds of every reply: nothing older than was seen, nothing withdrawn, nothing twice."""
        settled, position = len(self.ledger.settled), self._position
        try:
            reply = await client.search(request)
        except NewsdexError as error:
            self._note(error)
            return None
        now = time.monotonic()
        self.longest_gap_s = max(self.longest_gap_s, now - (self._answered_at or now))
        self._answered_at = now
        self.replies += 1
        if reply.position < position:
            self.wrong.append(f"position {reply.position} after {position}")
        self._position = max(self._position, reply.position)
        if len({hit.id for hit in reply.hits}) != len(reply.hits):
            self.wrong.append(f"twice in one reply: {[hit.id for hit in reply.hits]}")
        for hit in reply.hits:
            self._check(hit, self.ledger.settled_of(hit.id, settled))
        return reply

    def _check(self, hit: Hit, floor: list[Event]) -> None:
        number = number_at(hit.url)
        event = None if number is None else self.ledger.sent[number]
        if event is None or event.article != hit.id:
            self.wrong.append(f"{hit.id} as {hit.url}, which was never published")
        elif fault := self.ledger.fault_of(event, floor):
            self.wrong.append(f"{hit.id} in event {number}, which {fault}")

    def _note(self, error: NewsdexError) -> None:
        self.codes[error.code] += 1
        retryable = not isinstance(error, Refused) or error.problem.retryable
        if error.code not in EXPLAINED or not retryable:
            self.wrong.append(f"unexplained: {error.code}: {error.message}")

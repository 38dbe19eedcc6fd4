"""Over a clustered broker only publishing and waiting outlast an election: a request keeps its own deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from newsdex.apps.client import Client
from newsdex.apps.messages import message_of
from newsdex.errors import Refused, Unavailable
from newsdex_schemas import EventRef, SearchRequest, SuggestRequest
from newsdex_schemas.client.refusals import Refusals
from newsdex_schemas.outcomes import EventOutcome, OutcomeReply
from newsdex_schemas.search import Problem

EVENT = b'{"specversion": "1.0", "type": "article.withdrawn.v1", "source": "desk", "id": "e-1", "data": {"id": "a-1"}}'
REF = EventRef(source="desk", id="e-1", stream_sequence=7)
OVERLOADED = Refused(Problem(code="overloaded", message="too many requests", retryable=True), 0.05)


class Connection:
    """As much of a connection to a server as the client asks of it when it is made."""

    def __init__(self, cluster: str | None) -> None:
        self._server_info = {"cluster": cluster}

    def jetstream(self, **_: Any) -> None:
        return None


class Failing:
    """Answers once it has failed a number of times."""

    def __init__(self, error: Exception, answer: Any, times: int = 10**6) -> None:
        self.calls, self._error, self._answer, self._times = 0, error, answer, times

    async def __call__(self, *_: Any) -> Any:
        self.calls += 1
        if self.calls <= self._times:
            raise self._error
        return self._answer


def client_with(failing: Failing, cluster: str | None = "newsdex") -> Client:
    client = Client(cast("Any", Connection(cluster)), Refusals())
    transport = cast("Any", client._nats)
    transport.request = transport.publish_one = failing
    return client


@pytest.mark.parametrize("error", [Unavailable("nobody_answers", "start a searcher"), OVERLOADED], ids=["none", "load"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.search(SearchRequest(q="gull", timeout_ms=200)),
        lambda client: client.suggest(SuggestRequest(q="gu", timeout_ms=200)),
        lambda client: client.similar("a-1"),
        lambda client: client.get("a-1"),
        lambda client: client.outcomes([REF]),
    ],
    ids=["search", "suggest", "similar", "get", "outcomes"],
)
def test_a_request_that_fails_is_not_asked_again(ask: Callable[[Client], Awaitable[Any]], error: Exception) -> None:
    failing = Failing(error, None)

    async def asked() -> None:
        async with asyncio.timeout(5):
            await ask(client_with(failing))

    with pytest.raises(type(error)):
        asyncio.run(asked())
    assert 1 == failing.calls


def test_publishing_and_waiting_outlast_an_election() -> None:
    lost = Unavailable("broker_unavailable", "the leader is gone")
    publishing, waiting = Failing(lost, (REF, False), 2), Failing(lost, _searchable(), 2)

    async def both() -> list[EventOutcome]:
        await client_with(publishing).publish_one(message_of(EVENT, "test"))
        return await client_with(waiting).wait_until_searchable([REF], 20)

    (outcome,) = asyncio.run(both())

    assert ("accepted", 3, 3) == (outcome.outcome, publishing.calls, waiting.calls)


@pytest.mark.parametrize(("cluster", "patience_s"), [("newsdex", 0.0), ("newsdex", 0.3), (None, 20.0)])
def test_publishing_is_tried_again_for_as_long_as_the_publisher_waits(cluster: str | None, patience_s: float) -> None:
    failing, began = Failing(Unavailable("no_stream", "no leader"), None), time.monotonic()
    with pytest.raises(Unavailable, match="no leader"):
        asyncio.run(client_with(failing, cluster).publish_one(message_of(EVENT, "test"), patience_s))

    assert time.monotonic() - began < 5
    assert (failing.calls > 1) == (patience_s == 0.3)


def _searchable() -> OutcomeReply:
    outcome = EventOutcome(source=REF.source, id=REF.id, outcome="accepted", reflected=True)
    return OutcomeReply(outcomes=(outcome,), position=7)

"""The contract's client: what it sends, what it tries again, and what it says of failures."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from newsdex_schemas import (
    Article,
    ArticlePublished,
    EventOutcome,
    EventRef,
    OutcomeReply,
    Problem,
    SearchFilters,
    SearchReply,
    SearchRequest,
    SimilarRequest,
    channels,
    message_id,
)
from newsdex_schemas.client import Client, Invalid, Message, Misconfigured, NewsdexError, Refused, Unavailable, connect
from newsdex_schemas.client.over_http import HttpTransport
from newsdex_schemas.client.transport import Stored
from newsdex_schemas.model import RequestModel
from newsdex_schemas.receipts import EventReceipt

OVERLOADED = Problem(code="overloaded", message="later", retryable=True)
TOO_DEEP = Problem(code="query_too_deep", message="never", retryable=False)
REPLY = {
    "hits": [], "total": 0, "total_is": "exact", "partial": False, "took_ms": 1.0, "index_ms": 0.5, "position": 7,
    "interpretation": {"query": ""},
}  # fmt: skip
ARTICLE = Article(id="gull-7", title="Gull steals the lunch")


class Scripted:
    """A way to a service that answers what a test says, in order, and stores what it says nothing of."""

    def __init__(self, *answers: Any, full: int = 0, refused: Sequence[str] = ()) -> None:
        self.answers = list(answers)
        self.full = full
        self.refused = refused
        self.batches: list[list[Message]] = []
        self.asked: list[RequestModel] = []
        self.is_closed = False

    async def publish(self, messages: Sequence[Message]) -> list[Stored | NewsdexError]:
        self.batches.append(list(messages))
        return [self._stored(message, number) for number, message in enumerate(messages, 1)]

    def _stored(self, message: Message, number: int) -> Stored | NewsdexError:
        if message.ref.id in self.refused:
            return Invalid("message_too_large", "larger than the broker takes")
        if len(self.batches) <= self.full and number % 2:
            return Unavailable("broker_full", "the broker is full")
        return Stored(message.ref.model_copy(update={"stream_sequence": number}), repeated=False)

    async def request(self, request: RequestModel, reply: type[Any], _: float = 0.0) -> Any:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, NewsdexError):
            raise answer
        return reply.from_json(json.dumps(answer))

    async def close(self) -> None:
        self.is_closed = True


def client(transport: Any, *, retry_s: float = 20.0) -> Client:
    return Client(transport, source="https://courier.example/newsroom", retry_s=retry_s)


def event(number: int) -> ArticlePublished:
    return ArticlePublished(id=f"e{number}", source="desk", data=Article(id=f"a{number}", title="T"))


async def receipts(of: Client, events: Sequence[Any]) -> list[EventReceipt]:
    return [receipt async for receipt in of.publish_many(events)]


@pytest.mark.parametrize("fault", [Refused(OVERLOADED), Unavailable("no_reply", "none"), Unavailable("no_stream", "-")])
def test_what_may_pass_is_tried_again_until_it_has(fault: NewsdexError) -> None:
    transport = Scripted(fault, fault, REPLY)
    reply = asyncio.run(client(transport).search("gull"))

    assert (7, 3) == (reply.position, len(transport.asked))


@pytest.mark.parametrize("fault", [Refused(TOO_DEEP), Invalid("too_long", "-"), Misconfigured("broker_forbidden", "-")])
def test_what_cannot_pass_is_raised_at_once_with_its_code(fault: NewsdexError) -> None:
    transport = Scripted(fault)
    with pytest.raises(NewsdexError) as raised:
        asyncio.run(client(transport).search("gull"))

    assert (fault.code, False, 1) == (raised.value.code, raised.value.retryable, len(transport.asked))


@pytest.mark.parametrize("retry_s", [0.0, 0.3])
def test_the_last_failure_is_raised_once_the_time_is_over(retry_s: float) -> None:
    transport = Scripted(*[Refused(OVERLOADED)] * 50)
    with pytest.raises(Refused, match="later") as raised:
        asyncio.run(client(transport, retry_s=retry_s).search("gull"))

    assert raised.value.retryable
    assert len(transport.asked) < 10


def test_a_service_that_says_when_to_come_back_is_not_asked_before() -> None:
    transport = Scripted(Refused(OVERLOADED, retry_after_s=60), REPLY)
    with pytest.raises(Refused):
        asyncio.run(client(transport, retry_s=5).search("gull"))

    assert 1 == len(transport.asked)


def test_only_what_was_not_stored_is_sent_again_as_it_was() -> None:
    transport = Scripted(full=2)
    got = asyncio.run(receipts(client(transport), [event(number) for number in range(1, 7)]))
    ids = [[message.ref.id for message in batch] for batch in transport.batches]
    first, second, third = (next(message for message in batch if message.ref.id == "e1") for batch in transport.batches)

    assert [["e1", "e2", "e3", "e4", "e5", "e6"], ["e1", "e3", "e5"], ["e1", "e5"]] == ids
    assert first == second == third
    assert [(202, f"e{number}") for number in range(1, 7)] == [(receipt.status, receipt.id) for receipt in got]


def test_a_receipt_says_what_was_not_stored_and_the_rest_is() -> None:
    got = asyncio.run(receipts(client(Scripted(refused=["e2"])), [event(1), event(2), event(3)]))

    assert [202, 413, 202] == [receipt.status for receipt in got]
    assert ("message_too_large", False) == (got[1].problem.code, got[1].problem.retryable) if got[1].problem else False


def test_one_event_that_is_not_taken_is_raised() -> None:
    with pytest.raises(Invalid, match="larger") as raised:
        asyncio.run(client(Scripted(refused=["e1"])).publish(event(1)))

    assert "message_too_large" == raised.value.code


def test_many_events_go_in_batches_that_are_bounded_by_number_and_by_bytes() -> None:
    transport = Scripted()
    large = [ArticlePublished(id=f"l{n}", source="desk", data=Article(id="a", body="x" * 900_000)) for n in range(20)]
    got = asyncio.run(receipts(client(transport), [*(event(number) for number in range(1_200)), *large]))

    assert 1_220 == len(got)
    assert [500, 500] == [len(batch) for batch in transport.batches[:2]]
    assert channels.MAX_MESSAGE_BYTES >= max(sum(len(one.body) for one in batch) for batch in transport.batches)


def test_the_message_id_is_that_of_the_publishers_recipe() -> None:
    transport = Scripted()
    asyncio.run(client(transport).publish(event(1)))
    ((message,),) = transport.batches

    assert message_id("desk", "e1", message.body) == message.message_id == message.headers()[channels.MESSAGE_ID_HEADER]
    assert (channels.ARTICLES_PUBLISHED, "e1") == (message.channel, message.headers()[channels.CORRELATION_HEADER])


def test_an_article_becomes_a_new_event_of_the_clients_source_each_time() -> None:
    transport = Scripted()

    async def twice() -> list[EventReceipt]:
        return [await client(transport).publish(ARTICLE), await client(transport).publish(ARTICLE)]

    one, two = asyncio.run(twice())

    assert "https://courier.example/newsroom" == one.source == two.source
    assert one.id != two.id
    assert ARTICLE == ArticlePublished.from_json(transport.batches[0][0].body).data


def test_a_withdrawal_names_the_article_its_version_and_this_moment() -> None:
    transport = Scripted()
    asyncio.run(client(transport).withdraw("gull-7", version=3, reason="a mistake"))
    ((message,),) = transport.batches
    sent = json.loads(message.body)

    assert (channels.ARTICLES_WITHDRAWN, "article.withdrawn.v1") == (message.channel, sent["type"])
    assert {"id": "gull-7", "version": 3, "reason": "a mistake"} == sent["data"]
    assert sent["time"]


def test_waiting_ends_once_all_are_reflected_or_parked_and_no_sooner() -> None:
    def reply(*outcomes: EventOutcome) -> Any:
        return json.loads(OutcomeReply(outcomes=outcomes, position=1).to_json())

    waits, done = (EventOutcome(source="desk", id="e1", reflected=reflected) for reflected in (False, True))
    parked = EventOutcome(source="desk", id="e2", outcome="parked")
    transport = Scripted(Refused(OVERLOADED), reply(waits, parked), reply(waits), reply(done))
    refs = [EventRef(source="desk", id="e1"), EventReceipt(status=202, source="desk", id="e2", stream_sequence=4)]
    outcomes = asyncio.run(client(transport).wait_until_searchable(refs, timeout_s=20))

    assert [done, parked] == outcomes
    assert [2, 2, 1, 1] == [len(request.events) for request in transport.asked]  # type: ignore[attr-defined]


def test_waiting_has_an_end() -> None:
    waits = json.loads(OutcomeReply(outcomes=(EventOutcome(source="desk", id="e1"),), position=1).to_json())
    with pytest.raises(Unavailable, match="not searchable") as raised:
        asyncio.run(client(Scripted(*[waits] * 99)).wait_until_searchable([EventRef(source="desk", id="e1")], 0.1))

    assert "wait_timeout" == raised.value.code


def test_waiting_ends_in_its_time_also_where_nobody_answers() -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        asyncio.run(
            client(Scripted(*[Unavailable("nobody_answers", "away")] * 99)).wait_until_searchable(
                [EventRef(source="desk", id="e1")], 0.3
            )
        )

    assert time.monotonic() - began < 5, "calls by themselves are tried again for 20 s"


def test_a_refused_event_is_not_waited_for() -> None:
    with pytest.raises(Invalid, match="refused"):
        asyncio.run(client(Scripted()).wait_until_searchable([EventReceipt(status=400)]))


def test_a_misspelt_request_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValidationError, match="unknown field: tag"):
        SearchFilters(tag=["ferries"])  # type: ignore[call-arg]


# Over HTTP


def over_http(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    transport = HttpTransport("http://gate.example:8080", "secret", transport=httpx.MockTransport(answer))
    return client(transport, retry_s=0)


def test_requests_are_the_parameters_of_an_address_whatever_is_in_an_id() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        kind = {"hits": [], "terms": [], "partial": False, "took_ms": 1, "index_ms": 1, "position": 1}
        return httpx.Response(200, json=REPLY if request.url.path == "/api/search" else kind)

    async def ask() -> None:
        gate = over_http(answer)
        filters = SearchFilters(section=("Bahn & Bus", "Ämter"))
        await gate.search(SearchRequest(q='title:"night ferry"', filters=filters, size=3))
        for id_ in ("a/b?c#d%2F", "..", "ليل 3"):
            await gate.similar(SimilarRequest(id=id_))

    asyncio.run(ask())
    search, *similar = asked

    assert [("q", 'title:"night ferry"'), ("section", "Bahn & Bus"), ("section", "Ämter"), ("size", "3")] == [
        *search.url.params.multi_items()
    ]
    assert "Bearer secret" == search.headers["authorization"]
    assert [b"/api/similar/a%2Fb%3Fc%23d%252F", b"/api/similar/%2E%2E"] == [one.url.raw_path for one in similar[:2]]
    assert b"/api/similar/%D9%84%D9%8A%D9%84%203" == similar[2].url.raw_path


def test_a_problem_over_http_is_the_same_refusal_as_over_nats() -> None:
    details = {"type": "/docs/http#overloaded", "title": "Service Unavailable", "status": 503, "detail": "later"}
    body = {**details, "code": "overloaded", "retryable": True, "correlation_id": "abc"}

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503, json=body, headers={"retry-after": "2"})

    with pytest.raises(Refused) as raised:
        asyncio.run(over_http(answer).search("gull"))

    assert Problem(code="overloaded", message="later", retryable=True, correlation_id="abc") == raised.value.problem
    assert 2.0 == raised.value.retry_after_s


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(502, text="<h1>Bad Gateway</h1>"),
        httpx.Response(200, text="<h1>Welcome</h1>"),
        httpx.Response(200, json={"hits": 3}),
        httpx.Response(503, json={"error": "no"}),
        httpx.Response(404, json=[1]),
        httpx.Response(302, headers={"location": "https://login.example/"}),
    ],
)
def test_what_is_no_newsdex_is_said_to_be_none(response: httpx.Response) -> None:
    with pytest.raises(Unavailable, match="no newsdex") as raised:
        asyncio.run(over_http(lambda _: response).search("gull"))

    assert "no_reply" == raised.value.code


@pytest.mark.parametrize(
    ("error", "code"),
    [(httpx.ConnectError("refused"), "nobody_answers"), (httpx.ReadTimeout("slow"), "no_reply")],
)
def test_a_gateway_that_is_away_is_a_passing_fault(error: httpx.HTTPError, code: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(Unavailable) as raised:
        asyncio.run(over_http(answer).search("gull"))

    assert code == raised.value.code


def test_parts_of_a_batch_over_http_succeed_and_fail_by_themselves() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert ["e1", "e2"] == [one["id"] for one in json.loads(request.content)]
        problem = {"code": "event_erased", "message": "no", "retryable": False}
        stored = {"status": 202, "source": "desk", "id": "e1", "stream_sequence": 9, "repeated": True}
        return httpx.Response(207, json={"results": [stored, {"status": 400, "problem": problem}]})

    one, two = asyncio.run(receipts(over_http(answer), [event(1), event(2)]))

    assert (202, "e1", 9, True) == (one.status, one.id, one.stream_sequence, one.repeated)
    assert (400, "event_erased") == (two.status, two.problem.code) if two.problem else False


# Connecting


@pytest.fixture
def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_options_of_the_connection_stand_beside_ours_or_in_their_place(free_port: int) -> None:
    """httpx' and NATS' clients take each of these; two values for one of them would be a TypeError."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=REPLY)

    async def over_http() -> None:
        options = {"timeout": 9.0, "headers": {"x-desk": "night"}, "transport": httpx.MockTransport(answer)}
        async with connect("http://newsdex.example", key="secret", **options) as client:
            await client.search("gull")

    async def over_nats(told: list[Exception]) -> None:
        async def tell(fault: Exception) -> None:
            told.append(fault)

        address, options = f"nats://127.0.0.1:{free_port}", {"error_cb": tell, "max_reconnect_attempts": 1}
        async with connect(address, retry_s=0.5, name="desk", connect_timeout=0.3, **options):
            raise AssertionError("nobody listens")

    told: list[Exception] = []
    asyncio.run(over_http())
    with pytest.raises(Unavailable, match="does not take the connection"):
        asyncio.run(over_nats(told))

    assert ("night", "Bearer secret") == (asked[0].headers["x-desk"], asked[0].headers["authorization"])
    assert told


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:4222", "", "newsdex"])
def test_an_address_that_is_none_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEWSDEX_BROKER_URL", "NEWSDEX_GATEWAY_URL"):
        monkeypatch.delenv(name, raising=False)

    async def attempt() -> None:
        async with connect(url):
            raise AssertionError

    with pytest.raises(Misconfigured) as raised:
        asyncio.run(attempt())

    assert "invalid_setting" == raised.value.code


def test_a_broker_that_is_away_is_a_passing_fault(free_port: int) -> None:
    async def attempt() -> None:
        async with connect(f"nats://127.0.0.1:{free_port}", retry_s=0.2, connect_timeout=0.2):
            raise AssertionError

    with pytest.raises(Unavailable) as raised:
        asyncio.run(attempt())

    assert "broker_unavailable" == raised.value.code


def test_the_reply_is_typed() -> None:
    reply = asyncio.run(client(Scripted(REPLY)).search(SearchRequest(q="x")))

    assert isinstance(reply, SearchReply)

"""The contract's client says the same over NATS and over HTTP, to the real service."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import nats
import pytest
from tests.conftest import ROOT
from tests.integration.running import Running, Service

from newsdex_schemas import (
    Article,
    ArticlePublished,
    EventRef,
    SearchFilters,
    SearchRequest,
    SuggestRequest,
    Withdrawal,
    channels,
)
from newsdex_schemas.client import Client, Invalid, Message, Misconfigured, Refused, connect
from newsdex_schemas.client.messages import withdrawn
from newsdex_schemas.client.over_nats import NatsTransport
from newsdex_schemas.client.refusals import Refusals
from newsdex_schemas.client.transport import Stored


class Way(NamedTuple):
    """A way to the service: its name, and what connects."""

    name: str
    connect: Callable[[], AbstractAsyncContextManager[Client]]


@pytest.fixture(scope="session")
def key(_up: tuple[Service, Running]) -> str:
    scopes = ("--scope", "search", "--scope", "publish")
    return _up[0].run("keys", "add", "contract-client", *scopes).stdout.strip()


@pytest.fixture(params=["nats", "http"])
def way(request: pytest.FixtureRequest, service: Service, up: Running, key: str) -> Way:
    """Return what connects, with an address and whatever else is said."""
    if request.param == "nats":
        return Way("nats", lambda: connect(service.broker_url))
    return Way("http", lambda: connect(up.gateway_url, key=key))


def run(way: Way, work: Callable[[Client], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with way.connect() as client:
            await work(client)

    asyncio.run(connected())


def test_what_is_published_is_found_completed_compared_and_got(way: Way) -> None:
    name = f"plover{way.name}"
    bodies = {f"{name}-{n}": f"The {name} nests on the shingle beside pebbles and marram, colony {n}." for n in (1, 2)}

    async def work(client: Client) -> None:
        articles = [Article(id=id_, title=f"{name} nests, {id_}", body=body) for id_, body in bodies.items()]
        receipts = [receipt async for receipt in client.publish_many(articles)]
        outcomes = await client.wait_until_searchable(receipts)
        found = await client.search(SearchRequest(q=name, repeats="show"))
        similar = await client.similar(f"{name}-1")
        suggested = await client.suggest(SuggestRequest(q=f"{name} ne"))
        got = await client.get(f"{name}-2")

        assert [("accepted", True)] * 2 == [(one.outcome, one.searchable) for one in outcomes]
        assert bodies.keys() == {hit.id for hit in found.hits}
        assert f"{name}-2" in {hit.id for hit in similar.hits}
        assert bodies.keys() <= {title.id for title in suggested.titles}
        assert bodies[f"{name}-2"] == got.article.body

    run(way, work)


def test_a_retry_is_known_and_a_repaired_event_is_stored(way: Way) -> None:
    name = f"retry-{way.name}"

    async def work(client: Client) -> None:
        event, repaired = (
            ArticlePublished(id=name, source="desk", data=Article(id=name, title=title)) for title in ("Tpyo", "Typo")
        )
        receipts = [await client.publish(one) for one in (event, event, repaired)]

        assert [False, True, False] == [one.repeated for one in receipts]
        assert receipts[0].stream_sequence == receipts[1].stream_sequence != receipts[2].stream_sequence

    run(way, work)


def test_what_is_withdrawn_is_not_found_and_what_is_unknown_has_its_code(way: Way) -> None:
    name = f"dunlin{way.name}"

    async def work(client: Client) -> None:
        await client.wait_until_searchable([await client.publish(Article(id=name, title=name))])
        before = (await client.search(name)).total
        (outcome,) = await client.wait_until_searchable([await client.withdraw(name, reason="a test")])

        assert (1, 0) == (before, (await client.search(name)).total)
        assert ("withdrawn", True) == (outcome.outcome, outcome.current)
        with pytest.raises(Refused) as raised:
            await client.get(name)
        assert ("unknown_article", False) == (raised.value.code, raised.value.retryable)

    run(way, work)


def test_an_embargo_is_told_and_not_waited_for(way: Way) -> None:
    name = f"embargo{way.name}"
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)

    async def work(client: Client) -> None:
        receipt = await client.publish(Article(id=name, title=name, embargoed_until=until))
        (outcome,) = await client.wait_until_searchable([receipt])

        assert (False, until) == (outcome.searchable, outcome.searchable_from)
        assert 0 == (await client.search(name)).total

    run(way, work)


def test_a_query_that_cannot_be_read_has_its_code_and_place(way: Way) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(Refused) as raised:
            await client.search(SearchRequest(q="(gull", strict=True))

        assert "unbalanced_bracket" == raised.value.code
        assert raised.value.problem.place is not None
        assert (0, 1) == (raised.value.problem.place.start, raised.value.problem.place.end)

    run(way, work)


def test_filters_and_an_order_travel(way: Way) -> None:
    name = f"knot{way.name}"

    async def work(client: Client) -> None:
        days = {number: datetime(2024, 6, number, tzinfo=UTC) for number in (1, 2, 3)}
        sections = {1: "Ämter & Bus", 2: "Ämter & Bus", 3: "Sport"}
        articles = [
            Article(id=f"{name}-{n}", title=name, section=sections[n], published_at=day) for n, day in days.items()
        ]
        await client.wait_until_searchable([receipt async for receipt in client.publish_many(articles)])
        filters = SearchFilters(section=("Ämter & Bus",), published_from=days[1], published_to=days[3])
        reply = await client.search(SearchRequest(q=name, filters=filters, sort="oldest", repeats="show"))

        assert [f"{name}-1", f"{name}-2"] == [hit.id for hit in reply.hits]

    run(way, work)


def test_a_withdrawal_by_address_is_an_event_like_another(way: Way) -> None:
    async def work(client: Client) -> None:
        event = withdrawn(Withdrawal(url="https://news.example/never-there"), "desk")
        (outcome,) = await client.wait_until_searchable([await client.publish(event)])

        assert outcome.current

    run(way, work)


def test_a_key_that_opens_nothing_has_its_code(up: Running) -> None:
    async def attempt() -> None:
        async with connect(up.gateway_url, key="ndx_wrong", retry_s=0) as client:
            await client.publish(Article(id="a", title="b"))

    with pytest.raises(Refused) as raised:
        asyncio.run(attempt())

    assert "wrong_key" == raised.value.code


def test_the_address_is_that_of_the_environment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSDEX_BROKER_URL", service.broker_url)

    async def work() -> int:
        async with connect() as client:
            return (await client.search("")).position

    assert asyncio.run(work()) >= 0


def test_a_connection_that_must_be_encrypted_and_is_not_is_refused(service: Service) -> None:
    async def attempt() -> None:
        async with connect(service.broker_url.replace("nats://", "tls://"), retry_s=5):
            raise AssertionError

    with pytest.raises(Misconfigured) as raised:
        asyncio.run(attempt())

    assert "broker_not_encrypted" == raised.value.code


def test_the_program_that_the_contract_shows_runs_as_it_stands(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSDEX_BROKER_URL", service.broker_url)
    text = (ROOT / "schemas" / "README.md").read_text(encoding="utf-8")
    shown = next(block.split("```")[0] for block in text.split("```python\n") if "publish_and_search" in block)
    exec(compile(shown, "README.md", "exec"), {})

    outcome, found, code = capsys.readouterr().out.splitlines()

    assert ("accepted True", "1 (TitleSuggestion(", "unknown_article") == (outcome, found[:19], code)


def test_a_message_too_large_by_its_headers_alone_is_refused_and_the_connection_goes_on(service: Service) -> None:
    async def work() -> None:
        connection = await nats.connect(service.broker_url, max_reconnect_attempts=0)
        transport = NatsTransport(connection, Refusals())
        body = b'{"id": "heavy-1", "title": "Heavy"}'
        ref = EventRef(source="desk", id="heavy-1")
        message = Message(channel="articles.published", body=body, ref=ref, message_id="heavy-1", origin="here")
        heavy, *_ = await transport.publish([replace(message, body=body.ljust(channels.MAX_MESSAGE_BYTES - 50))])
        light, *_ = await transport.publish([message])
        await transport.close()

        assert isinstance(heavy, Invalid)
        assert "message_too_large" == heavy.code
        assert isinstance(light, Stored)

    asyncio.run(work())

"""What a reader learns of an article under embargo, on the real broker with the shipped roles while the hour passes."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.faults.secured import Certificates, Secured, connect_as, secured_broker
from tests.integration.running import Running, until

SOURCE = "https://desk.example/"
LATE_S = 5.0
"""How late the index may have an article after its hour: generous, for a busy machine."""
AHEAD_S = 2.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("embargo")
    data_dir = folder / "data"
    data_dir.mkdir()
    certificates = Certificates(folder / "files")
    with secured_broker(folder / "broker", certificates) as port:
        yield Secured(port=port, certificates=certificates, data_dir=data_dir)


@pytest.fixture(scope="module")
def running(broker: Secured) -> Iterator[tuple[Running, Running]]:
    """Return an indexer and one of the two searchers, each under its own user."""
    with (
        broker.as_("indexer").process("indexer") as indexer,
        broker.as_("searcher").process("searcher") as one,
        broker.as_("searcher").process("searcher") as other,
    ):
        for process in (indexer, one, other):
            process.wait_until_ready()
        until(lambda: "hits" in ask(broker, "reader", "search.query", size=1), 60, "there is an index")
        yield indexer, one


def ask(broker: Secured, role: str, channel: str, **request: Any) -> dict[str, Any]:
    """Ask as a role may; return the reply, which may be a problem."""

    async def asked() -> dict[str, Any]:
        connection = await connect_as(broker, role, ignore)
        try:
            reply = await connection.request(channel, json.dumps(request).encode(), timeout=10)
        finally:
            await connection.close()
        answer: dict[str, Any] = json.loads(reply.data)
        return answer

    return asyncio.run(asked())


async def ignore(_: Exception) -> None:
    """Leave errors of the connection to the requests that meet them."""


def publish(broker: Secured, event_id: str, article: dict[str, Any]) -> None:
    event = {"specversion": "1.0", "type": "article.published.v1", "source": SOURCE, "id": event_id, "data": article}

    async def published() -> None:
        connection = await connect_as(broker, "publisher", ignore)
        await connection.jetstream().publish("articles.published", json.dumps(event).encode())
        await connection.close()

    asyncio.run(published())


def outcome(broker: Secured, event_id: str) -> dict[str, Any]:
    (told,) = ask(broker, "publisher", "events.outcome", events=[{"source": SOURCE, "id": event_id}])["outcomes"]
    return dict(told)


def found(broker: Secured, q: str) -> list[str]:
    return [hit["id"] for hit in ask(broker, "reader", "search.query", q=q, timeout_ms=5_000)["hits"]]


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def secret(name: str, until_: datetime) -> dict[str, Any]:
    return {"id": name, "title": f"Quorvalex to buy Zindrathor: {name}", "embargoed_until": until_.isoformat()}


def test_an_article_becomes_searchable_at_its_hour_while_nothing_else_happens(
    broker: Secured, running: tuple[Running, Running]
) -> None:
    hour = in_seconds(AHEAD_S)
    publish(broker, "soon", secret("soon", hour))
    told = until(lambda: told if (told := outcome(broker, "soon")).get("outcome") else None, 20, "it is archived")
    before = found(broker, "soon")
    asked_before_it = datetime.now(UTC) < hour
    until(lambda: found(broker, "soon"), AHEAD_S + LATE_S, "it is found")
    late_s = (datetime.now(UTC) - hour).total_seconds()

    assert asked_before_it, "the machine was too slow for this test to tell anything"
    assert ([], False, hour) == (before, told["searchable"], datetime.fromisoformat(told["searchable_from"]))
    assert 0 <= late_s < LATE_S
    assert (True, None) == (outcome(broker, "soon")["searchable"], outcome(broker, "soon").get("searchable_from"))
    assert [(1, 0)] == [(line["shown"], line["hidden"]) for line in running[0].events("index.turned")[-1:]]


@pytest.mark.usefixtures("running")
def test_publish_wait_says_from_when_on_an_article_under_embargo_is_searchable(broker: Secured, tmp_path: Path) -> None:
    article = tmp_path / "article.json"
    article.write_text(json.dumps(secret("waits", datetime(2099, 1, 1, tzinfo=UTC))))
    done = broker.as_("publisher").run("publish", "--wait", str(article))

    assert (0, True) == (done.returncode, "searchable from 2099-01-01T00:00:00Z" in done.stdout), done.stderr


@pytest.mark.usefixtures("running")
def test_readers_are_answered_as_if_an_article_under_embargo_did_not_exist(broker: Secured) -> None:
    publish(broker, "never", secret("never", datetime(2030, 1, 1, tzinfo=UTC)) | {"title": "Wexomarq joins Pelluvian"})
    until(lambda: outcome(broker, "never").get("outcome"), 20, "it is archived")
    asked: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("search.query", {"q": "wexomarz"}, {"q": "wexomxrz"}),
        ("search.query", {"q": "wexomarq"}, {"q": "wexomaaq"}),
        ("search.query", {"q": "pelluviann"}, {"q": "pellxviann"}),
        ("search.suggest", {"q": "wexo"}, {"q": "wxxo"}),
        ("search.similar", {"id": "never"}, {"id": "xxxxx"}),
        (
            "search.query",
            {"wait_for": {"source": SOURCE, "id": "never"}, "timeout_ms": 300},
            {"wait_for": {"source": SOURCE, "id": "nevex"}, "timeout_ms": 300},
        ),
    ]

    def told(channel: str, request: dict[str, Any]) -> str:
        reply = ask(broker, "reader", channel, **request)
        left_out = {"took_ms", "index_ms", "position", "correlation_id"}
        text = json.dumps({name: value for name, value in reply.items() if name not in left_out})
        return text.replace(str(request.get("q", "no query")), "…")

    for channel, hidden, unknown in asked:
        assert told(channel, hidden) == told(channel, unknown)
    assert "wait_timeout" in told(asked[-1][0], asked[-1][1])


@pytest.mark.usefixtures("running")
def test_cursors_are_good_for_every_searcher_and_tampered_ones_for_none(broker: Secured) -> None:
    """A queue group gives requests to either searcher: of twenty, hardly all go to the one that wrote the cursor."""
    publish(broker, "p-0", {"id": "p-0", "title": "Pages"})
    publish(broker, "p-1", {"id": "p-1", "title": "Pages"})
    until(lambda: len(found(broker, "pages")) == 2, 20, "both are found")
    asked = {"q": "pages", "size": 1}
    cursor = ask(broker, "reader", "search.query", **asked)["next_cursor"]
    pages = [ask(broker, "reader", "search.query", **asked, cursor=cursor) for _ in range(20)]
    tampered = ask(broker, "reader", "search.query", **asked, cursor=cursor[:-4] + "AAAA")

    assert {1} == {len(page["hits"]) for page in pages}
    assert "invalid_cursor" == tampered["code"]


def test_an_hour_that_comes_while_the_indexer_is_down_is_caught_up_with(
    broker: Secured, running: tuple[Running, Running]
) -> None:
    hour = in_seconds(AHEAD_S)
    publish(broker, "down", secret("down", hour))
    until(lambda: outcome(broker, "down").get("outcome"), 20, "it is archived")
    running[0].process.send_signal(signal.SIGKILL)
    running[0].process.wait()
    until(lambda: datetime.now(UTC) > hour, AHEAD_S + LATE_S, "the hour has come")
    while_down = (found(broker, "down"), outcome(broker, "down")["searchable"])
    with broker.as_("indexer").process("indexer") as indexer:
        indexer.wait_until_ready()
        started = time.monotonic()
        until(lambda: found(broker, "down"), 20, "it is found")

        assert ([], False) == while_down
        assert time.monotonic() - started < 20

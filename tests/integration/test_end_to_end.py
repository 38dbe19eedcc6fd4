"""An article goes in by any door, and comes out of a search."""

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nats
import pytest
from tests.integration.running import Running, Service, until

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "examples"
SEED_QUERIES = (
    "Azm-e-Istehkam",
    "istehkam",
    "@TheWilsonCenter",
    "wilson center",
    '"social media platform"',
    "Pak-US",
    "secondly",  # stands right after an opening curly quote
)


def plain_request(url: str, channel: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[Any, Any]:
    """Ask as any NATS client can, without anything of newsdex; give the reply's JSON and headers."""

    async def ask() -> tuple[Any, Any]:
        connection = await nats.connect(url)
        reply = await connection.request(channel, body, timeout=10, headers=headers)
        await connection.close()
        return json.loads(reply.data), reply.headers

    return asyncio.run(ask())


def plain_publish(url: str, channel: str, body: bytes, headers: dict[str, str] | None = None) -> int:
    """Publish as any NATS client can; give the stream's sequence number."""

    async def publish() -> int:
        connection = await nats.connect(url)
        ack = await connection.jetstream().publish(channel, body, headers=headers)
        await connection.close()
        return ack.seq

    return asyncio.run(publish())


def test_an_article_of_each_kind_is_found_after_publish_wait(service: Service) -> None:
    for kind in ("published", "updated", "scraped"):
        done = service.run("publish", "--wait", str(EXAMPLES / f"article.{kind}.v1.json"))

        assert (done.returncode, done.stderr) == (0, "")

    assert service.found("an hour later in summer") == ["brackwater-courier:2024-0611-ferry"]
    assert service.found("dusk") == []
    assert service.found("beekeepers") == ["https://gazette.example/news/40211/walled-orchard"]


def test_a_withdrawn_article_is_in_no_reply(service: Service, tmp_path: Path) -> None:
    article = tmp_path / "article.json"
    article.write_text(json.dumps({"id": "withdrawn-1", "title": "Zeppelin over Quillhaven"}))
    withdrawal = {"specversion": "1.0", "type": "article.withdrawn.v1", "source": "tests", "id": "w1"}
    event = tmp_path / "withdrawal.json"
    event.write_text(json.dumps({**withdrawal, "data": {"id": "withdrawn-1"}}))
    service.run("publish", "--wait", str(article))
    before = service.found("quillhaven")
    service.run("publish", "--wait", str(event))

    assert (before, service.found("quillhaven")) == (["withdrawn-1"], [])


def test_a_bare_article_and_binary_mode_need_no_library_of_ours(service: Service) -> None:
    bare = {"id": "bare-1", "title": "Cormorant counts the piers of Vellsund"}
    plain_publish(service.broker_url, "articles.published", json.dumps(bare).encode())
    attributes = {"specversion": "1.0", "id": "b2", "source": "https://quay.example/ü", "type": "article.published.v1"}
    headers = {f"ce-{name}": quote(value, safe=":/") for name, value in attributes.items()}
    binary = {"id": "binary-1", "title": "Cormorant leaves Vellsund"}
    plain_publish(service.broker_url, "articles.published", json.dumps(binary).encode(), headers)

    def found() -> bool:
        reply, _ = plain_request(service.broker_url, "search.query", b'{"q": "vellsund"}')
        return sorted(hit["id"] for hit in reply["hits"]) == ["bare-1", "binary-1"]

    assert until(found, 20, "both articles are found")


def test_a_correlation_id_leads_from_the_publisher_to_the_index_and_from_request_to_reply(
    service: Service, up: Running
) -> None:
    mark = f"trace-{uuid.uuid4()}"
    article = json.dumps({"id": "traced-1", "title": "Traced"}).encode()
    plain_publish(service.broker_url, "articles.published", article, {"correlation_id": mark})
    committed = until(
        lambda: [line for line in up.events("index.committed") if mark in line["correlation_ids"]], 20, "it is indexed"
    )
    accepted = [line for line in up.events("event.accepted") if line["correlation_id"] == mark]
    _, headers = plain_request(service.broker_url, "search.query", b"{}", {"correlation_id": mark})
    answered = until(
        lambda: [line for line in up.events("query.answered") if line["correlation_id"] == mark], 20, "it is logged"
    )

    assert (1, 1, mark, 1) == (len(committed), len(accepted), headers["correlation_id"], len(answered))


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "invalid_json", None),
        (b"\xff\xfe", "invalid_json", None),
        (b"[]", "wrong_type", None),
        (b'{"q": 5}', "wrong_type", "q"),
        (b'{"q": "a", "size": 101}', "out_of_range", "size"),
        (b'{"q": "a", "filters": {"language": ["!"]}}', "malformed_text", "filters.language.0"),
        (b'{"q": "' + b"(" * 100 + b'"}', "query_too_deep", "q"),
        (b'{"q": "' + b"x" * 50_001 + b'"}', "too_long", "q"),
    ],
)
def test_every_bad_request_gets_a_problem_with_its_place(
    service: Service, body: bytes, code: str, field: str | None
) -> None:
    problem, headers = plain_request(service.broker_url, "search.query", body, {"correlation_id": "c-1"})
    place = problem.get("place") or {}

    assert (code, code, field, "c-1") == (
        problem["code"],
        headers["Nats-Service-Error-Code"],
        place.get("field"),
        problem["correlation_id"],
    )


def test_the_seed_page_is_found_by_every_query_that_was_asked_for(service: Service, shared_data: Path) -> None:
    (page,) = (shared_data / "seed").glob("*.txt")
    published = service.run("publish", "--wait", "--timezone", "Asia/Karachi", "--id", "seed", str(page))
    by_command = {query: service.found(query) for query in SEED_QUERIES}
    by_plain_request = {
        query: [
            hit["id"]
            for hit in plain_request(service.broker_url, "search.query", json.dumps({"q": query}).encode())[0]["hits"]
        ]
        for query in SEED_QUERIES
    }
    expected = {query: ["seed"] for query in SEED_QUERIES}

    assert (0, expected, expected) == (published.returncode, by_command, by_plain_request)

"""Publishing over HTTP: an answer means that the broker has it, in every mode of the HTTP binding of CloudEvents."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.integration.running import Running, Service, until

URL = "/api/events"
EVENT = {
    "specversion": "1.0", "type": "article.published.v1", "source": "https://desk.example", "id": "knot-1",
    "data": {"id": "knot-1", "title": "Knots by the thousand"},
}  # fmt: skip


@pytest.fixture(scope="session")
def key(_up: tuple[Service, Running]) -> str:
    return _up[0].run("keys", "add", "publisher", "--scope", "publish").stdout.strip()


@pytest.fixture
def http(up: Running, key: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=up.gateway_url, headers={"authorization": f"Bearer {key}"}, timeout=30) as client:
        yield client


def with_id(id_: str, **more: Any) -> dict[str, Any]:
    return {**EVENT, "id": id_, "data": {"id": id_, "title": f"Knot {id_}"}, **more}


def test_an_article_is_searchable_once_the_answer_says_so(http: httpx.Client) -> None:
    article = {"id": "dunlin-1", "title": "Dunlin at low tide", "version": 1}
    sent = http.post(URL, json=article, headers={"prefer": "respond-async, wait=20"})
    found = http.get("/api/search", params={"q": "dunlin"})

    assert 200 == sent.status_code, sent.text
    assert ("accepted", True) == (sent.json()["outcome"]["outcome"], sent.json()["outcome"]["searchable"])
    assert "wait" == sent.headers["preference-applied"]
    assert ["dunlin-1"] == [hit["id"] for hit in found.json()["hits"]]


def test_a_stored_event_is_acknowledged_and_can_be_waited_for(http: httpx.Client) -> None:
    sent = http.post(URL, content=json.dumps(EVENT), headers={"content-type": "application/cloudevents+json"})
    again = http.post(URL, content=json.dumps(EVENT), headers={"content-type": "application/json"})
    named = {"wait_for_source": EVENT["source"], "wait_for_id": EVENT["id"], "timeout_ms": 10_000}
    found = http.get("/api/search", params={"q": "knots thousand", **named})

    assert (202, "no-store") == (sent.status_code, sent.headers["cache-control"])
    assert (EVENT["source"], "knot-1", False) == tuple(sent.json()[name] for name in ("source", "id", "repeated"))
    assert again.json()["repeated"]
    assert sent.json()["stream_sequence"] == again.json()["stream_sequence"]
    assert ["knot-1"] == [hit["id"] for hit in found.json()["hits"]]


def test_an_event_in_binary_mode_has_its_attributes_as_headers(http: httpx.Client) -> None:
    attributes = {
        "ce-specversion": "1.0",
        "ce-type": "article.published.v1",
        "ce-source": "https://desk.example/%C3%A9",
    }
    sent = http.post(URL, json={"id": "sanderling", "title": "Sanderling"}, headers={**attributes, "ce-id": "s-1"})

    assert (202, "https://desk.example/é", "s-1") == (sent.status_code, sent.json()["source"], sent.json()["id"])


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (
            "application/cloudevents-batch+json",
            json.dumps([with_id("b-1"), with_id("b-2", type="nothing"), with_id("b-3")]),
        ),
        ("application/json", json.dumps([with_id("c-1"), {"id": "c-2"}, with_id("c-3")])),
        ("application/x-ndjson; charset=utf-8", f"{json.dumps(with_id('d-1'))}\r\n{{\n\n{json.dumps(with_id('d-3'))}"),
    ],
)
def test_of_many_each_has_its_own_answer(http: httpx.Client, media_type: str, content: str) -> None:
    sent = http.post(URL, content=content, headers={"content-type": media_type, "prefer": "wait=20"})
    results = sent.json()["results"]

    assert 207 == sent.status_code
    assert [200, 400, 200] == [result["status"] for result in results]
    assert results[1]["problem"]["code"] in {"unknown_type", "missing_field", "invalid_json"}
    assert all(result["outcome"]["searchable"] for result in (results[0], results[2]))


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", {"content-type": "application/json"}, 400, "empty_message"),
        (b"{", {"content-type": "application/json"}, 400, "invalid_json"),
        (b"[]", {"content-type": "application/cloudevents-batch+json"}, 400, "empty_message"),
        (b"{}", {"content-type": "application/cloudevents-batch+json"}, 400, "wrong_type"),
        (b"\n\n", {"content-type": "application/x-ndjson"}, 400, "empty_message"),
        (b'{"id": "x"}', {"content-type": "application/json"}, 400, "missing_field"),
        (b"\xff", {"content-type": "application/json"}, 400, "invalid_utf8"),
        (b"{}", {"ce-id": "%ff", "ce-type": "t", "content-type": "application/json"}, 400, "malformed_text"),
        (b"%PDF-1.7\n1 0 obj", {"content-type": "application/pdf"}, 415, "unreadable_format"),
        (b"<nitf><head/></nitf>", {"content-type": "application/xml"}, 415, "unreadable_format"),
        (b"   ", {"content-type": "text/html"}, 400, "empty_message"),
        (b"a,b\n1,2\n3,4\n", {"content-type": "text/csv"}, 400, "no_title_column"),
        (b"a=b", {"content-type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        (b"x", {}, 415, "unsupported_media_type"),
        (b"\x1f\x8b", {"content-type": "application/json", "content-encoding": "gzip"}, 415, "unsupported_encoding"),
        (b"x" * (16 * 2**20 + 1), {"content-type": "application/json"}, 413, "request_too_large"),
        (b'{"id":"' + b"x" * (8 * 2**20) + b'"}', {"content-type": "application/json"}, 413, "message_too_large"),
    ],
    ids=str,
)
def test_what_cannot_be_published_is_refused_whole(
    http: httpx.Client, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    sent = http.post(URL, content=content, headers=headers)

    assert (status, code) == (sent.status_code, sent.json()["code"])


def test_a_body_that_does_not_say_its_length_is_bounded_too(http: httpx.Client) -> None:
    pieces = (b" " * 2**20 for _ in range(18))
    sent = http.post(URL, content=pieces, headers={"content-type": "application/json"})

    assert (413, "request_too_large") == (sent.status_code, sent.json()["code"])


def test_the_request_id_is_in_every_log_line_about_the_event(http: httpx.Client, up: Running) -> None:
    sent = http.post(URL, json=with_id("ruff-1"), headers={"prefer": "wait=20", "x-request-id": "desk-ruff"})
    until(lambda: any(line.get("correlation_id") == "desk-ruff" for line in up.events("http.answered")), 10, "a line")
    lines = {line["event"] for line in up.events() if line.get("correlation_id") == "desk-ruff"}

    assert "desk-ruff" == sent.headers["x-request-id"]
    assert {"event.accepted", "http.answered"} <= lines


FEED = """<rss version="2.0"><channel><title>Gazette</title>
<item><guid>rail-1</guid><title>Rail over the moor</title><description>The first train.</description></item>
<item><guid>rail-2</guid><title>Rail under the moor</title><comments>none</comments></item></channel></rss>"""
NINJS = {"uri": "urn:rail:3", "headline": "Rail beside the moor", "body_text": "A third train.", "urgency": 4}
NEWSML = """<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:rail:4" version="1"><contentSet><inlineXML>
<html xmlns="http://www.w3.org/1999/xhtml"><body><p>A fourth train.</p></body></html></inlineXML></contentSet>
<contentMeta><headline>Rail across the moor</headline></contentMeta></newsItem>"""
JSON_LD = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Rail by the moor",
           "@id": "https://gazette.example/rail-5#article", "articleBody": "A fifth train."}  # fmt: skip
HTML = f"<h1>Rail at the moor</h1>{'<p>A sixth train came in the night, and nobody saw it leave again.</p>' * 9}"


@pytest.mark.parametrize(
    ("media_type", "content", "query", "status", "titles"),
    [
        ("application/rss+xml", FEED, "", 207, ["Rail over the moor", "Rail under the moor"]),
        ("application/json", json.dumps(NINJS), "", 200, ["Rail beside the moor"]),
        ("application/ld+json", json.dumps(JSON_LD), "", 200, ["Rail by the moor"]),
        ("application/xml", NEWSML, "", 200, ["Rail across the moor"]),
        ("text/html; charset=utf-8", HTML, "?url=https://gazette.example/rail-6", 200, ["Rail at the moor"]),
        ("text/csv", "nr,headline,body\nrail-7,Rail to the moor,One.\n", "?map=id=nr&map=title=headline", 207,
         ["Rail to the moor"]),
        ("text/plain", "Rail from the moor\n\nThe last train of all.", "?id=rail-8", 200, ["Rail from the moor"]),
        ("application/feed+json", json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "G", "items": [
            {"id": "rail-9", "title": "Rail on the moor", "content_text": "Nine."}]}), "", 200, ["Rail on the moor"]),
    ],
    ids=["RSS", "ninjs", "JSON-LD", "NewsML-G2", "HTML", "CSV", "text", "JSON Feed"],
)  # fmt: skip
def test_formats_are_recognised_as_in_files(  # noqa: PLR0917 - one row of a table
    http: httpx.Client, media_type: str, content: str, query: str, status: int, titles: list[str]
) -> None:
    headers = {"content-type": media_type, "prefer": "wait=30"}
    sent = http.post(URL + query, content=content.encode(), headers=headers)
    results = sent.json()["results"] if status == 207 else [sent.json()]

    assert status == sent.status_code, sent.text
    ids = [result["outcome"]["article_id"] for result in results]
    assert titles == [http.get(f"/api/articles/{quote(id_, safe='')}").json()["article"]["title"] for id_ in ids]


def test_what_a_format_says_and_newsdex_does_not_keep_is_told(http: httpx.Client) -> None:
    sent = http.post(URL, json=NINJS | {"uri": "urn:rail:unkept"})

    assert (202, ["urgency"]) == (sent.status_code, sent.json()["not_kept"])


def test_a_hostile_page_is_stored_at_once_and_read_by_the_processes_for_pages(http: httpx.Client) -> None:
    """Reading it takes seconds of CPU: the door only hands it on."""
    hostile = b"<title>Hostile</title>" + b"<table><tr><td><p>a<span>" * 60_000
    sent = http.post(URL + "?id=hostile-1", content=hostile, headers={"content-type": "text/html"})

    assert 202 == sent.status_code
    assert 200 == http.get("/api/search?q=rail").status_code


def test_an_address_says_nothing_else_of_what_is_published(http: httpx.Client) -> None:
    sent = http.post(URL + "?titel=x", json=with_id("odd-1"))

    assert (400, "unknown_field") == (sent.status_code, sent.json()["code"])

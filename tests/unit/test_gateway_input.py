"""Odd input to the gateway is a refusal or is ignored; it is never a defect, and never costs a receipt."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from newsdex.apps.client import Client
from newsdex.apps.messages import message_of, message_on
from newsdex.errors import Invalid, NewsdexError
from newsdex.formats import Context, Item
from newsdex.gateway.api.event_bodies import split_body
from newsdex.gateway.api.events import IN_FLIGHT, _published, _receipts
from newsdex.gateway.callers import Hosts
from newsdex.gateway.pages.address import SearchAddress
from newsdex.pages.canonical_link import canonical_link
from newsdex_schemas import EventRef

CONTEXT = Context(fetched_at=datetime(2024, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]", "[::1]:8080", "search.desk.example:443"]
)
def test_a_name_of_ours_with_or_without_a_port_is_taken(host: str) -> None:
    assert host in Hosts("127.0.0.1", ["search.desk.example"])


@pytest.mark.parametrize(
    "host",
    [
        "[::1",
        "[::1]x",
        "localhost:@evil.example/x",
        "localhost:/api/",
        "localhost:80:80",
        "localhost/x",
        "",
        "evil.example",
    ],
)
def test_what_is_no_name_and_port_of_ours_is_refused(host: str) -> None:
    assert host not in Hosts("127.0.0.1", ["search.desk.example"])


@pytest.mark.parametrize("timeout_ms", ["²", "9" * 5_000, "-1", "1e3", "٣", ""])
def test_a_time_that_is_no_short_number_is_not_more_than_usual(timeout_ms: str) -> None:
    assert not SearchAddress(timeout_ms=timeout_ms).takes_longer


def test_half_a_surrogate_pair_in_a_batch_is_taken_as_in_a_single_event() -> None:
    event = b'{"specversion": "1.0", "id": "e-1", "source": "desk", "data": {"title": "\\ud800"}}'
    headers: Mapping[str, str] = {"content-type": "application/cloudevents-batch+json"}
    events = split_body(b"[" + event + b"]", headers, CONTEXT)

    assert ["e-1"] == [json.loads(body)["id"] for body in events.bodies if isinstance(body, bytes)]


def test_an_event_that_is_stored_has_its_receipt_whatever_waiting_for_it_meets() -> None:
    class Waiting:
        async def wait_until_searchable(self, *_: Any) -> None:
            raise NewsdexError("internal_error", "a searcher met a defect")

    ref = EventRef(source="desk", id="e-1", stream_sequence=7)
    (receipt,) = asyncio.run(_receipts(cast("Client", Waiting()), [(ref, False)], [()], 1.0))

    assert (202, "e-1", 7) == (receipt.status, receipt.id, receipt.stream_sequence)


def test_a_publisher_waits_for_all_events_as_long_as_for_one() -> None:
    deadlines = []

    class Electing:
        async def publish_one(self, _: Any, patience_s: float) -> None:
            if patience_s > 0:
                deadlines.append(time.monotonic() + patience_s)
            await asyncio.sleep(patience_s)
            raise NewsdexError("broker_unavailable", "no leader")

    bodies = [b'{"id": "a", "title": "T"}'] * (3 * IN_FLIGHT)
    results = asyncio.run(_published(cast("Client", Electing()), bodies, 1.0))

    assert {"broker_unavailable"} == {result.code for result in results if isinstance(result, NewsdexError)}
    assert max(deadlines) - min(deadlines) < 0.5, "one deadline for all, and not one for each turn of a second"


def test_what_the_gateway_takes_of_html_is_not_read_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may take seconds to read: it is the processes for pages that read it, with limits."""
    monkeypatch.setitem(sys.modules, "newsdex.pages.article", None)
    (page,) = split_body(b"<title>T</title><p>x", {"content-type": "text/html"}, CONTEXT).bodies
    assert isinstance(page, Item)
    channel, event = page.to_event(id="p-1", source="desk")
    message = message_on(channel, event, "page", reads_pages=False)

    assert ("articles.scraped", "p-1") == (message.channel, message.ref.id)
    assert message == replace(message_of(event, "page", reads_pages=False), origin="page")


@pytest.mark.parametrize(
    "text",
    [
        "{'id': 'x', 'title': 'Minister resigns', 'embargoed_until': '2030-01-01T00:00:00Z'}",
        "{id: 'x', title: 'Minister resigns'}",
        "  ['x', {'id': 'x'}]",
        "[Article(id='x', title='Minister resigns')]",
        "{u'id': u'x'}",
    ],
)
@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", "text/html"])
def test_values_that_are_no_json_are_no_page(text: str, media_type: str) -> None:
    with pytest.raises(Invalid) as fault:
        split_body(text.encode(), {"content-type": media_type}, CONTEXT)

    assert "invalid_json" == fault.value.code


@pytest.mark.parametrize("name", ["url", "id"])
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b'{"id": "a", "title": "T"}'),
        ("application/json", b'[{"id": "a", "title": "T"}]'),
        (
            "application/rss+xml",
            b"<rss><channel><title>t</title><item><title>T</title><guid>g</guid></item></channel></rss>",
        ),
        ("text/csv", b"id,title\na,b\nc,d\n"),
        ("application/x-ndjson", b'{"id": "a", "title": "T"}\n'),
        ("application/cloudevents+json", b"{}"),
        ("application/json", b'{"uri": "urn:rail:3", "headline": "Rail", "body_text": "x", "urgency": 4}'),
    ],
    ids=["article", "list", "feed", "table", "lines", "event", "ninjs"],
)
def test_a_name_that_would_not_be_used_is_refused(media_type: str, body: bytes, name: str) -> None:
    named: dict[str, Any] = {name: "https://g.example/a"}
    context = replace(CONTEXT, **named)
    with pytest.raises(Invalid) as fault:
        split_body(body, {"content-type": media_type}, context)

    assert ("invalid_request", name) == (fault.value.code, fault.value.place)


@pytest.mark.parametrize("name", ["url", "id"])
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/html", b"<title>T</title><p>x"),
        ("text/plain", b"[Update] Rail\n\nThe last train."),
        ("application/ld+json", b'{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "R"}'),
    ],
    ids=["HTML", "text", "JSON-LD"],
)
def test_a_name_is_that_of_a_page(media_type: str, body: bytes, name: str) -> None:
    named: dict[str, Any] = {name: "https://g.example/a"}
    context = replace(CONTEXT, **named)
    (item,) = split_body(body, {"content-type": media_type}, context).bodies

    assert isinstance(item, Item)
    assert "https://g.example/a" in (getattr(item.data, "id", None), getattr(item.data, "url", None))


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("<link rel=canonical href=https://g.example/a>", "https://g.example/a"),
        ("<LINK HREF='https://g.example/a?b=1&amp;c=2' REL='x Canonical'/>", "https://g.example/a?b=1&c=2"),
        ("<!-- <link rel=canonical href=/old> --><link rel=canonical href='/new'>", "/new"),
        ('<script>\'<link rel=canonical href=/js>\'</script ><link rel="canonical"\nhref = "/new">', "/new"),
        ("<link rel=stylesheet href=/a.css><link rel=canonical><link rel=canonical href=/second>", "/second"),
        ("<!-- " * 100_000, None),
        ("<link " * 100_000, None),
        ("<script>" * 50_000 + "<link rel=canonical href=/a>", None),
        ("<link a" + " " * 400_000 + "=1>", None),
        ("", None),
        ('<link title="a > b" rel=canonical href="/quoted">', "/quoted"),
        ("<title><link rel=canonical href=/evil></title><link rel=canonical href=/a>", "/a"),
        ("<textarea><link rel=canonical href=/evil></textarea ><link rel=canonical href=/a>", "/a"),
        ('<meta content="<link rel=canonical href=/evil>"><link rel=canonical href=/a>', "/a"),
        ('<link data-x1="a rel=canonical href=/evil" rel=icon href=/b><link rel=canonical href=/a>', "/a"),
        ("<script-loader></script-loader><p title=don't><link rel=canonical href=/a href=/evil>", "/a"),
        ("<title>" * 70_000, None),
        ("<p a='" * 70_001, None),
        ('<p ="x' * 70_001 + ">", None),
        ("</link rel=canonical href=/evil><link rel=canonical href=/a>", "/a"),
    ],
    ids=[
        "bare",
        "escaped",
        "comment",
        "script",
        "second",
        "comments",
        "links",
        "scripts",
        "blanks",
        "nothing",
        "quoted",
        "title",
        "textarea",
        "meta",
        "data",
        "names",
        "titles",
        "quotes",
        "tags",
        "end",
    ],
)
def test_the_canonical_link_of_a_page_is_found_in_one_pass(page: str, address: str | None) -> None:
    began = time.process_time()

    assert address == canonical_link(page)
    assert time.process_time() - began < 1.0

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
from newsdex.errors import NewsdexError
from newsdex.formats import Context, Item
from newsdex.gateway.api.event_bodies import split_body
from newsdex.gateway.api.events import _receipts
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
    ],
    ids=["bare", "escaped", "comment", "script", "second", "comments", "links", "scripts", "blanks", "nothing"],
)
def test_the_canonical_link_of_a_page_is_found_in_one_pass(page: str, address: str | None) -> None:
    began = time.process_time()

    assert address == canonical_link(page)
    assert time.process_time() - began < 1.0

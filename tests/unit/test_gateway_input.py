"""Odd input to the gateway is a refusal or is ignored; it is never a defect, and never costs a receipt."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from newsdex.apps.client import Client
from newsdex.errors import NewsdexError
from newsdex.gateway.api.event_bodies import split_body
from newsdex.gateway.api.events import _receipts
from newsdex.gateway.callers import Hosts
from newsdex.gateway.pages.address import SearchAddress
from newsdex_schemas import EventRef


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
    events = split_body(b"[" + event + b"]", headers)

    assert ["e-1"] == [json.loads(body)["id"] for body in events.bodies]


def test_an_event_that_is_stored_has_its_receipt_whatever_waiting_for_it_meets() -> None:
    class Waiting:
        async def wait_until_searchable(self, *_: Any) -> None:
            raise NewsdexError("internal_error", "a searcher met a defect")

    ref = EventRef(source="desk", id="e-1", stream_sequence=7)
    (receipt,) = asyncio.run(_receipts(cast("Client", Waiting()), [(ref, False)], 1.0))

    assert (202, "e-1", 7) == (receipt.status, receipt.id, receipt.stream_sequence)

"""What does something takes an order, and nothing that the broker or newsdex sends by itself is one."""

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError
from tests.unit.test_contract_documents import MESSAGES, example_of

from newsdex.apps.indexer.index_requests import ORDERS, read_damage, read_index_order
from newsdex.apps.indexer.rate import RateLimit
from newsdex.apps.indexer.reprocessing import read_reprocess_order
from newsdex.apps.stream.requests import read_stream_order, stream_handlers
from newsdex.broker.inboxes import is_inbox
from newsdex.errors import Invalid, Unavailable
from newsdex_schemas import EVENT_MODELS, EventRef, OutcomeRequest, SearchRequest, channels
from newsdex_schemas.operations import (
    DamageReport,
    ErasureOrder,
    IndexOrder,
    ParkedRequest,
    ReprocessOrder,
    StreamOrder,
)

REPLIES = [name for name in MESSAGES if name.endswith("-reply")] + ["problem"]
SENT_BY_THE_BROKER: list[dict[str, Any]] = [
    {"stream": "ARTICLES", "seq": 7},
    {"stream": "ARTICLES", "seq": 7, "duplicate": True, "domain": "hub"},
    {
        "error": {"code": 503, "err_code": 10077, "description": "maximum bytes exceeded"},
        "stream": "ARTICLES",
        "seq": 0,
    },
    {"type": "io.nats.jetstream.api.v1.consumer_info_response", "name": "indexer", "stream_name": "ARTICLES"},
    {"type": "io.nats.jetstream.api.v1.stream_info_response", "config": {"name": "ARTICLES"}, "state": {"messages": 1}},
]


def never_orders() -> Iterator[bytes]:
    """Return messages that a client can have sent to any channel, as the reply to what it may send."""
    yield from (b"", b"{}", b"null", b"+OK", b"\xff")
    yield from (json.dumps(message).encode() for message in SENT_BY_THE_BROKER)
    yield from (json.dumps(example_of(name)).encode() for name in REPLIES)


@pytest.mark.parametrize("body", list(never_orders()))
def test_an_acknowledgement_or_a_reply_is_no_order_and_no_report(body: bytes) -> None:
    codes = []
    for wanted in ORDERS.values():
        with pytest.raises(Invalid) as raised:
            read_index_order(body, wanted)
        codes.append(raised.value.code)
    for wanted in ("prune", "redeliver"):
        with pytest.raises(Invalid) as raised:
            read_stream_order(body, wanted)
        codes.append(raised.value.code)
    with pytest.raises(Invalid) as raised:
        read_reprocess_order(body)
    codes.append(raised.value.code)
    with pytest.raises(Invalid) as raised:
        read_damage(body)
    with pytest.raises(ValidationError):
        ParkedRequest.from_json(body)

    assert {"not_an_order"} == {*codes, raised.value.code}


@pytest.mark.parametrize("name", REPLIES)
def test_no_reply_has_the_field_that_makes_an_order(name: str) -> None:
    orders = {"order", "damage", "ids"}

    assert set() == orders & set(MESSAGES[name].model_fields)
    models = (IndexOrder, ErasureOrder, ReprocessOrder, StreamOrder, DamageReport, ParkedRequest)
    assert all(orders & set(model.model_fields) for model in models)


@pytest.mark.parametrize("channel", ORDERS)
def test_a_channel_takes_the_order_of_its_own_name_only(channel: str) -> None:
    orders = {order: IndexOrder.model_validate({"order": order}).to_json() for order in ORDERS.values()}
    own = channel.partition(".")[2]
    for order, body in orders.items():
        if order != own:
            with pytest.raises(Invalid, match=f'"order": "{own}"'):
                read_index_order(body, ORDERS[channel])

    read_index_order(orders[own], ORDERS[channel])


@pytest.mark.parametrize("subject", [*EVENT_MODELS, *channels.REQUEST_CHANNELS, "$JS.API.STREAM.PURGE.ARTICLES"])
def test_a_reply_goes_to_no_channel_and_to_nothing_of_the_broker(subject: str) -> None:
    assert not is_inbox(subject)


@pytest.mark.parametrize("subject", ["_INBOX.reader.a.1", "_R_.JcK1Aa.b", "replies.desk"])
def test_a_reply_goes_to_any_inbox(subject: str) -> None:
    assert is_inbox(subject)


def test_more_orders_than_the_limit_are_refused_until_the_first_is_long_enough_ago() -> None:
    now = 100.0
    limit = RateLimit(2, 60.0, lambda: now)
    limit.take()
    now = 130.0
    limit.take()
    now = 159.0
    with pytest.raises(Unavailable) as raised:
        limit.take()
    now = 160.0
    limit.take()
    with pytest.raises(Unavailable):
        limit.take()

    assert ("too_many_orders", "at most 2 in 1 minutes; the next one in 1 s") == (
        raised.value.code,
        raised.value.message,
    )


@pytest.mark.parametrize("id_", ["ARTICLES:1", "ARTICLES:2:1", "ARTICLES:"])
def test_an_event_is_not_asked_for_by_its_number_which_anybody_can_count(id_: str) -> None:
    named = {"source": "nats", "id": id_}
    kinds = []
    for model, body in (
        (EventRef, named),
        (OutcomeRequest, {"events": [named]}),
        (SearchRequest, {"wait_for": named}),
    ):
        with pytest.raises(ValidationError) as raised:
            model.from_json(json.dumps(body))  # type: ignore[attr-defined]  # models of the contract
        kinds.append(raised.value.errors()[0]["type"])

    assert ["number_is_no_name"] * 3 == kinds
    assert id_ == EventRef(source="https://desk.example", id=id_).id


@pytest.mark.parametrize("body", [b'{"keepdays": 1}', b"[]", b"\xff"])
def test_a_question_about_the_stream_that_is_wrong_is_refused_as_any_other_request(body: bytes) -> None:
    status = dict(stream_handlers(lambda: None))[channels.STREAM_STATUS]
    message: Any = SimpleNamespace(body=body)
    with pytest.raises(Invalid) as raised:
        asyncio.run(status(message))

    assert raised.value.code in {"unknown_field", "wrong_type", "invalid_json"}

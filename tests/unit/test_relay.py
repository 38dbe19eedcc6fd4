"""A relay keeps the order of a key, settles what our broker has and nothing else, and names what it carries."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from newsdex.errors import Invalid, Misconfigured, Unavailable
from newsdex.health import Readiness
from newsdex.relay import address, flow
from newsdex.relay.messages import message_of
from newsdex.relay.source import Record
from newsdex_schemas import channels, message_id
from newsdex_schemas.client import Message

EVENT = (
    b'{"specversion": "1.0", "type": "article.withdrawn.v1", "source": "/cms", "id": "w-1", "data": {"id": "heron-1"}}'
)


class Done(Exception):  # noqa: N818 - ends a flow that otherwise has no end
    """The source has nothing more."""


class FakeSource:
    """Records, in batches; what is not settled comes again after each opening, as from a real source."""

    faults = (ConnectionResetError,)

    def __init__(self, records: Sequence[Record], batch: int = 10, *, failing: int = 0) -> None:
        self.records = list(records)
        self.batch = batch
        self.failing = failing
        """How many times settling fails."""
        self.refused: list[Record] = []
        self.opened = self.closed = 0

    async def open(self) -> None:
        self.opened += 1

    async def read(self) -> Sequence[Record]:
        if not self.records:
            raise Done
        return self.records[: self.batch]

    async def settle(self, taken: Sequence[Record], refused: Sequence[Record]) -> None:
        if self.failing:
            self.failing -= 1
            raise ConnectionResetError
        self.refused += refused
        settled = {*taken, *refused}
        self.records = [record for record in self.records if record not in settled]

    async def close(self) -> None:
        self.closed += 1


class Bus:
    """What our broker stores, by message id; some attempts fail at first."""

    def __init__(self, *, too_large: Sequence[bytes] = ()) -> None:
        self.stored: dict[str, Message] = {}
        self.too_large = too_large

    async def publish(self, message: Message) -> bool:
        # later ones are quicker, so that only waiting keeps an order
        await asyncio.sleep(0.01 / (1 + len(self.stored)))
        if message.body in self.too_large:
            raise Invalid("message_too_large", "larger than the broker takes")
        repeated = message.message_id in self.stored
        self.stored.setdefault(message.message_id, message)
        return repeated


def relayed(source: FakeSource, bus: Bus) -> Readiness:
    readiness = Readiness("source")
    with pytest.raises(Done):
        asyncio.run(flow.Flow(source, bus.publish, readiness).run())
    return readiness


def record(number: int, **given: Any) -> Record:
    return Record(**{"body": b'{"id": "a", "title": "%d"}' % number, "origin": f"fake:desk/{number}", **given})


def test_all_records_of_a_key_come_in_order_and_are_settled() -> None:
    source, bus = FakeSource([record(number, key=str(number % 3)) for number in range(50)]), Bus()

    readiness = relayed(source, bus)

    stored = [int(message.origin.rpartition("/")[2]) for message in bus.stored.values()]
    assert sorted(stored) == list(range(50))
    for key in range(3):
        assert [number for number in stored if number % 3 == key] == list(range(key, 50, 3))
    assert not readiness.reasons()


def test_without_keys_the_records_of_an_article_keep_their_order() -> None:
    source, bus = FakeSource([record(number) for number in range(20)]), Bus()

    relayed(source, bus)

    assert [f"fake:desk/{number}" for number in range(20)] == [message.origin for message in bus.stored.values()]


def test_what_was_published_and_not_settled_comes_again_under_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "LONGEST_DELAY_S", 0.01)
    source, bus = FakeSource([record(number) for number in range(5)], failing=2), Bus()

    relayed(source, bus)

    assert (3, 3, 5) == (source.opened, source.closed, len(bus.stored))


def test_what_our_broker_never_takes_is_handed_to_the_source_and_holds_nothing_up() -> None:
    huge = record(1, body=b"huge")
    source, bus = FakeSource([record(0), huge, record(2)]), Bus(too_large=[b"huge"])

    relayed(source, bus)

    assert ([huge], 2) == (source.refused, len(bus.stored))


def test_a_source_that_refuses_us_from_the_first_ends_the_relay() -> None:
    class Refusing(FakeSource):
        async def open(self) -> None:
            raise Misconfigured("relay_refused", "no such user")

    with pytest.raises(Misconfigured):
        asyncio.run(flow.Flow(Refusing([]), Bus().publish, Readiness()).run())


def test_a_source_that_another_relay_reads_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "LONGEST_DELAY_S", 0.01)

    class Busy(FakeSource):
        async def open(self) -> None:
            await super().open()
            if self.opened < 3:
                raise Unavailable("relay_standby", "another relay reads it")

    source, bus = Busy([record(0)]), Bus()
    relayed(source, bus)

    assert (3, 1) == (source.opened, len(bus.stored))


def test_an_event_has_the_message_id_of_the_publishers_recipe_and_goes_to_the_channel_of_its_type() -> None:
    message, key = message_of(record(1, body=EVENT))

    assert (message_id("/cms", "w-1", EVENT), channels.ARTICLES_WITHDRAWN) == (message.message_id, message.channel)
    assert ("heron-1", "w-1") == (key, message.correlation_id)
    assert EVENT == message.body


def test_an_event_that_is_the_only_one_of_a_list_goes_to_its_channel_too() -> None:
    body = b"[" + EVENT + b"]"
    message, key = message_of(record(1, body=body))

    assert (channels.ARTICLES_WITHDRAWN, body, "heron-1") == (message.channel, message.body, key)


@pytest.mark.parametrize("prefix", ["ce-", "ce_", "cloudevents:", "cloudevents_"])
def test_attributes_in_a_sources_headers_become_those_of_our_broker(prefix: str) -> None:
    attributes = {"specversion": "1.0", "type": "article.updated.v1", "source": "/cms", "id": "é 1%"}
    headers = {prefix + name: text for name, text in attributes.items()} | {
        "x-trace\r\nevil": "1",
        "content-type": "a\nb",
    }
    body = b'{"id": "heron-1", "title": "Heron"}'

    message, _ = message_of(record(1, body=body, headers=headers))

    assert (message_id("/cms", "é 1%", body), channels.ARTICLES_UPDATED) == (message.message_id, message.channel)
    assert "%C3%A9%201%25" == message.headers()["ce-id"]
    assert {"ce-specversion", "ce-type", "ce-source", "ce-id"} == set(message.attributes)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b'{"type": "order.created", "specversion": "1.0"}'])
def test_poison_travels_as_it_is_under_its_place_at_the_source(body: bytes) -> None:
    first, again, other = (message_of(record(number, body=body))[0] for number in (7, 7, 8))

    assert (body, channels.ARTICLES_PUBLISHED) == (first.body, first.channel)
    assert first.message_id == again.message_id != other.message_id


def test_a_name_that_would_break_a_header_is_not_used() -> None:
    body = EVENT.replace(b"/cms", b"/cms\\r\\nNats-Rollup: all")

    message, _ = message_of(record(1, body=body))

    assert all(text.isprintable() for text in message.headers().values())


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "relay_url"),
        ("mysql://host/db", "relay_url"),
        ("redis://host:6379", "relay_url"),
        ("kafka://host", "relay_url"),
        ("amqp://host/vhost", "relay_url"),
        ("kafka://[host/topic", "relay_url"),
    ],
)
def test_an_address_that_names_no_source_is_refused_in_one_line(url: str, code: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        address.open_address(url)

    assert code == refused.value.code
    assert "\n" not in refused.value.message


def test_a_package_that_is_missing_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError(name="aiokafka")

    monkeypatch.setattr(address, "import_module", missing)
    with pytest.raises(Misconfigured, match=r"aiokafka is missing: pip install 'newsdex\[relay\]'"):
        address.open_address("kafka://host/topic")


@pytest.mark.parametrize(
    "url",
    [
        "kafka://desk:p%40ss@a:9092,b:9092/news",
        "amqps://host/%2F?queue=q",
        "rediss://:p@host/0?stream=s",
        "postgres://h/d",
    ],
)
def test_every_kind_of_source_is_made_of_its_address(url: str) -> None:
    source = address.open_address(url)

    assert source.faults

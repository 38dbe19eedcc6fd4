"""Messages gone wrong: seeded mutations of the contract's examples, in every form in which an event may come."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from tests.conftest import ROOT

EXAMPLES = ROOT / "schemas" / "examples"
CHANNELS = {
    "articles.published": "article.published.v1",
    "articles.updated": "article.updated.v1",
    "articles.withdrawn": "article.withdrawn.v1",
    "articles.scraped": "article.scraped.v1",
}
OTHER_TYPES: list[Any] = [None, True, 0, -1, 2**60, 1.5, "", " ", "x", "\x00", "a\x07b", [], ["x"], [[]], {}, {"x": 1}]
SIZES = [36, 201, 513, 1_001, 2_049, 10_001, 1_000_001]
HEADERS = [
    {"content-type": "application/xml"}, {"content-type": "\x7f;;;=,"}, {"content-encoding": "gzip"},
    {"x" * 300: "y" * 3_000},
    {"correlation_id": ""}, {"correlation_id": "%s" * 400}, {"Nats-Unknown": "maybe"}, {"CE-ID": ""},
    {"ce-": "nothing"},
    {"ce-specversion": "1.0"}, {"ce-id": "%"}, {"ce-time": "%zz"}, {"ce-time": "soon"}, {"ce-type": "article.burnt.v1"},
    {"ce-source": "%00"}, {"ce-id": "%ff%fe"}, {"ce-specversion": "0.3"}, {"ce-data": "x"},
    {"ce-datacontenttype": "text/plain"},
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One message."""

    channel: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def messages(seed: int, number: int) -> Iterator[Sent]:
    """Return some messages, the same for the same seed; about a third of them are valid after all."""
    drawn = random.Random(seed)
    for at in range(number):
        channel = drawn.choice(list(CHANNELS))
        event = json.loads((EXAMPLES / f"{CHANNELS[channel]}.json").read_bytes())
        event["id"], event["data"]["id"] = f"bad-{seed}-{at}", f"bad-{seed}-{at}"
        yield _MUTATIONS[at % len(_MUTATIONS)](drawn, channel, event)


def _sent(channel: str, value: Any) -> Sent:
    return Sent(channel=channel, body=json.dumps(value).encode())


def _place(drawn: random.Random, event: dict[str, Any]) -> tuple[dict[str, Any], str]:
    inside = event if drawn.random() < 0.35 else event["data"]
    return inside, drawn.choice(list(inside))


def _as_it_is(_: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    return _sent(channel, event)


def _removed(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    inside, name = _place(drawn, event)
    del inside[name]
    return _sent(channel, event)


def _retyped(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    inside, name = _place(drawn, event)
    inside[name] = drawn.choice(OTHER_TYPES)
    return _sent(channel, event)


def _oversized(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    inside, name = _place(drawn, event)
    inside[name] = ["x"] * 201 if isinstance(inside[name], list) else "x" * drawn.choice(SIZES)
    return _sent(channel, event)


def _elsewhere(drawn: random.Random, _: str, event: dict[str, Any]) -> Sent:
    return _sent(drawn.choice(list(CHANNELS)), event)


def _doubled(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    """The same key twice; the last one counts."""
    inside, name = _place(drawn, event)
    body = json.dumps(event).encode()
    pair = json.dumps({name: drawn.choice(OTHER_TYPES)}).encode()[1:-1]
    at = body.rindex(b"}") if inside is event else body.index(b"{", body.index(b'"data"')) + 1
    return Sent(channel=channel, body=body[:at] + (b", " + pair if inside is event else pair + b", ") + body[at:])


def _nested(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    depth = drawn.choice([5, 20_000])
    body = json.dumps(event).encode()
    return Sent(channel=channel, body=body[:-1] + b', "extra": ' + b"[" * depth + b"]" * depth + b"}")


def _bytes_changed(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    body = bytearray(json.dumps(event, ensure_ascii=False).encode())
    for _ in range(drawn.randrange(1, 4)):
        at, kind = drawn.randrange(len(body)), drawn.randrange(4)
        if kind == 0:
            body[at] ^= 1 << drawn.randrange(8)
        elif kind == 1:
            body.insert(at, drawn.randrange(256))
        elif kind == 2:
            del body[at : at + drawn.randrange(1, 9)]
        else:
            del body[max(at, 2) :]
    return Sent(channel=channel, body=bytes(body))


def _binary(_: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    headers = {f"ce-{name}": quote(str(value)) for name, value in event.items() if name != "data"}
    return Sent(channel=channel, body=json.dumps(event["data"]).encode(), headers=headers)


def _odd_binary(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    sent = _binary(drawn, channel, event)
    without = drawn.choice([None, *sent.headers])
    kept = {name: value for name, value in sent.headers.items() if name != without}
    return replace(sent, headers={**kept, **drawn.choice([{}, *HEADERS])})


def _headers(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    return replace(_sent(channel, event), headers=drawn.choice(HEADERS))


def _bare(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    inside = event["data"]
    if drawn.random() < 0.5:
        inside[drawn.choice(list(inside))] = drawn.choice(OTHER_TYPES)
    return _sent(channel if drawn.random() < 0.3 else "articles.published", inside)


def _no_event(drawn: random.Random, channel: str, event: dict[str, Any]) -> Sent:
    value = drawn.choice([None, True, 7, "text", [event], [], {}, {"data": event}, event["data"].get("title")])
    return _sent(channel, value)


def _raw(drawn: random.Random, channel: str, _: dict[str, Any]) -> Sent:
    return Sent(channel=channel, body=drawn.randbytes(drawn.choice([0, 1, 16, 4_096])))


_MUTATIONS = [
    _as_it_is, _removed, _removed, _retyped, _retyped, _retyped, _oversized, _elsewhere, _doubled, _nested,
    _bytes_changed, _bytes_changed, _bytes_changed, _binary, _odd_binary, _odd_binary, _headers, _bare, _no_event, _raw,
]  # fmt: skip

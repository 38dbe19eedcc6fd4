"""Any bytes give an event, or a fault with a stable code and its place."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events import NOON_US, SOURCE, TIME, TYPES, article, delivery, event, page, publishing, to_body, without

from newsdex.errors import Invalid
from newsdex.ingest.read import read_event
from newsdex.order import Place
from newsdex.records.events import ReceivedEvent
from newsdex_schemas import channels
from newsdex_schemas.article import MAX_BODY_CHARS

PUBLISHED, UPDATED = channels.ARTICLES_PUBLISHED, channels.ARTICLES_UPDATED
WITHDRAWN, SCRAPED = channels.ARTICLES_WITHDRAWN, channels.ARTICLES_SCRAPED
MARK = "kestrel-7c1"
"""Stands in the text of every malformed message, and in no fault."""
ATTRIBUTES = {
    "ce-specversion": "1.0",
    "ce-id": "evt-1",
    "ce-source": SOURCE,
    "ce-type": TYPES[PUBLISHED],
    "ce-time": TIME,
}
"""The event of `event()` in binary mode."""


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """A message and the fault that it gives."""

    value: Any
    code: str
    place: str | None = None
    channel: str = PUBLISHED
    headers: Mapping[str, str] = field(default_factory=dict)


def broken(name: str, value: Any, code: str, place: str | None = None) -> Malformed:
    """Return an otherwise valid event with one field of its article wrong."""
    marked = article(summary=MARK, section=MARK)
    return Malformed(value=event(marked | {name: value}), code=code, place=place or f"data.{name}")


def broken_page(name: str, value: Any, code: str, place: str | None = None) -> Malformed:
    data = page(text=f"{MARK}\n\nThe hives arrive in April.") | {name: value}
    return Malformed(value=event(data, SCRAPED), code=code, place=place or f"data.{name}", channel=SCRAPED)


def marked(**attributes: Any) -> dict[str, Any]:
    return event(article(title=MARK), **attributes)


TRUNCATED = to_body(marked())[:-3]


def code_of(*args: Any, **fields: Any) -> str | None:
    """Return the code of a message's fault, or None for an event."""
    try:
        got = read_event(delivery(*args, **fields))
    except Invalid as fault:
        return fault.code
    assert isinstance(got, ReceivedEvent)
    return None


MALFORMED = {
    "nothing": Malformed(value=b"", code="empty_message"),
    "spaces": Malformed(value=b" \r\n\t", code="empty_message"),
    "bad UTF-8": Malformed(value=b'"kestrel-7c1\xff"', code="invalid_utf8", place="byte 12"),
    "UTF-16": Malformed(value=json.dumps(MARK).encode("utf-16"), code="invalid_utf8", place="byte 0"),
    "truncated JSON": Malformed(value=TRUNCATED, code="invalid_json", place=f"line 1 column {len(TRUNCATED)}"),
    "no JSON": Malformed(value=MARK.encode(), code="invalid_json", place="line 1 column 1"),
    "NaN": Malformed(value=b'{"kestrel-7c1": NaN}', code="invalid_json", place="line 1 column 17"),
    "Infinity": Malformed(value=b'{"kestrel-7c1": Infinity}', code="invalid_json", place="line 1 column 17"),
    "an array": Malformed(value=[MARK], code="not_an_object"),
    "a number": Malformed(value=42, code="not_an_object"),
    "null": Malformed(value=b"null", code="not_an_object"),
    "deep nesting": Malformed(value=b"[" * 100_000, code="too_deep", place="line 1 column 202"),
    "too large": Malformed(value=b" " * (channels.MAX_MESSAGE_BYTES + 1), code="message_too_large"),
    "an unknown channel": Malformed(value=marked(), channel="articles.burnt", code="unknown_channel"),
    "an unknown type": Malformed(value=marked(type=MARK), code="unknown_type", place="type"),
    "no type": Malformed(value=without(marked(), "type"), code="unknown_type", place="type"),
    "a list as type": Malformed(value=marked(type=[MARK]), code="unknown_type", place="type"),
    "a type on the wrong channel": Malformed(
        value=marked(), channel=UPDATED, code="type_on_wrong_channel", place="type"
    ),
    "a wrong specversion": Malformed(
        value=marked(specversion="0.3"), code="unsupported_specversion", place="specversion"
    ),
    "no specversion": Malformed(
        value=without(marked(), "specversion"), code="unsupported_specversion", place="specversion"
    ),
    "no id": Malformed(value=without(marked(), "id"), code="missing_attribute", place="id"),
    "no source": Malformed(value=without(marked(), "source"), code="missing_attribute", place="source"),
    "an empty id": Malformed(value=marked(id=""), code="empty_text", place="id"),
    "a control character in an id": Malformed(value=marked(id=f"{MARK}\n"), code="malformed_text", place="id"),
    "a naive event time": Malformed(value=marked(time="2024-06-11T08:30:00"), code="naive_datetime", place="time"),
    "another content type": Malformed(
        value=marked(datacontenttype="text/xml"), code="not_allowed", place="datacontenttype"
    ),
    "no data": Malformed(value=without(marked(), "data"), code="missing_field", place="data"),
    "no title": Malformed(value=event({"id": MARK}), code="missing_field", place="data.title"),
    "an empty title": broken("title", "", "empty_text"),
    "a title of 1,001 characters": broken("title", "x" * 1_001, "too_long"),
    "NUL in a title": broken("title", f"{MARK}\0", "control_character"),
    "a number as title": broken("title", 42, "wrong_type"),
    "a body of 1,000,001 characters": broken("body", "x" * 1_000_001, "too_long"),
    "too many tags": broken("tags", [MARK] * 201, "too_many"),
    "a tag that is no text": broken("tags", [MARK, 7], "wrong_type", "data.tags.1"),
    "a negative version": broken("version", -1, "out_of_range"),
    "a version as text": broken("version", "1", "wrong_type"),
    "a version with a fraction": broken("version", 1.5, "wrong_type"),
    "a version of 2**53": broken("version", 2**53, "out_of_range"),
    "a version of 2**70": broken("version", 2**70, "out_of_range"),
    "another scheme": broken("url", f"ftp://{MARK}", "invalid_url"),
    "a space in a url": broken("url", f"https://{MARK} x", "invalid_url"),
    "no language tag": broken("language", f"{MARK}!", "malformed_text"),
    "a naive datetime": broken("published_at", "2024-06-11T08:30:00", "naive_datetime"),
    "a number as datetime": broken("published_at", 1_718_094_600, "invalid_datetime"),
    "no such month": broken("published_at", "2024-13-11T08:30:00Z", "invalid_datetime"),
    "a year out of range": broken("published_at", "0999-06-11T08:30:00Z", "out_of_range"),
    "a related link without title": broken("related", [{"url": MARK}], "missing_field", "data.related.0.title"),
    "expires before embargo": Malformed(
        value=event(article(title=MARK, embargoed_until="2024-06-12T00:00:00Z", expires_at=TIME)),
        code="reversed_range",
        place="data.expires_at",
    ),
    "a bare article elsewhere": Malformed(value=article(title=MARK), channel=UPDATED, code="not_a_cloudevent"),
    "a bare article without id": Malformed(value={"title": MARK}, code="missing_field", place="id"),
    "a withdrawal of nothing": Malformed(
        value={**event(channel=WITHDRAWN), "data": None}, channel=WITHDRAWN, code="wrong_type", place="data"
    ),
    "a page without url and id": Malformed(
        value=event(without(page(text=MARK), "url"), SCRAPED),
        channel=SCRAPED,
        code="page_without_name",
        place="data.id",
    ),
    "a page without a title": broken_page("text", "Print Print 2024-03-14\n", "no_title"),
    "a page longer than an article": broken_page("text", f"{MARK}\n\n" + "hive " * (MAX_BODY_CHARS // 4), "too_long"),
    "an unknown time zone": broken_page("timezone", f"Europe/{MARK}", "unknown_timezone"),
    "a malformed time zone": broken_page("timezone", f"{MARK} ", "malformed_text"),
    "binary mode without id": Malformed(
        value=article(title=MARK), headers=without(ATTRIBUTES, "ce-id"), code="missing_attribute", place="id"
    ),
    "binary mode with a bad time": Malformed(
        value=article(title=MARK), headers=ATTRIBUTES | {"ce-time": MARK}, code="invalid_datetime", place="time"
    ),
    "binary mode with NUL in an id": Malformed(
        value=article(title=MARK), headers=ATTRIBUTES | {"ce-id": f"{MARK}%00"}, code="malformed_text", place="id"
    ),
}


@pytest.mark.parametrize("case", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_message_has_its_code_and_place_and_its_text_is_not_told(case: Malformed) -> None:
    with pytest.raises(Invalid) as fault:
        read_event(delivery(case.value, case.channel, headers=case.headers))

    assert (case.code, case.place) == (fault.value.code, fault.value.place)
    assert MARK not in fault.value.message


@pytest.mark.parametrize("depth", range(196, 204))
def test_nesting_at_the_limit_is_an_event_or_too_deep(depth: int) -> None:
    """Binary mode wraps the data, which is one level more."""
    body = to_body(article())[:-1] + b', "x": ' + b"[" * depth + b"]" * depth + b"}"
    codes = {code_of(body, headers=headers) for headers in ({}, ATTRIBUTES)}

    assert codes <= {None, "too_deep"}


VALID = {
    PUBLISHED: event(article(version=1, published_at=TIME, tags=["tides"], related=[{"title": "Mooring fees"}])),
    UPDATED: event(article(embargoed_until=TIME, expires_at="2034-06-11T00:00:00Z"), UPDATED),
    WITHDRAWN: event({"id": "courier:tide-tables", "version": 2, "reason": "a new article follows"}, WITHDRAWN),
    SCRAPED: event(page(timezone="Europe/London"), SCRAPED),
}


@pytest.mark.parametrize("channel", VALID)
def test_an_event_of_each_type_is_read(channel: str) -> None:
    got = read_event(delivery(VALID[channel], channel))

    assert (SOURCE, "evt-1", TYPES[channel]) == (got.source, got.id, got.type)
    assert (got.article is None) == (b"" == got.content) == (channel == WITHDRAWN)


def test_binary_mode_gives_the_same_event_as_structured_mode() -> None:
    """Header values are percent-encoded, and header names are compared without case."""
    id_, data = "édition du soir 100%", article(version=3)
    headers = {**ATTRIBUTES, "CE-ID": "%C3%A9dition%20du%20soir%20100%25"}
    structured = read_event(delivery(event(data, id=id_)))

    assert structured == read_event(delivery(data, headers=without(headers, "ce-id")))
    assert id_ == structured.id


@pytest.mark.parametrize(
    ("headers", "id_"), [({}, "ARTICLES:7"), ({channels.MESSAGE_ID_HEADER: "desk-481"}, "desk-481")]
)
def test_a_bare_article_is_named_by_its_message_id_or_its_place_in_the_stream(
    headers: dict[str, str], id_: str
) -> None:
    got = read_event(delivery(article(), number=7, headers=headers))

    assert ("nats", id_, "article.published.v1") == (got.source, got.id, got.type)


def test_a_bare_article_states_when_it_was_updated_and_its_date_of_publication_is_no_statement() -> None:
    """Many are published at a moment of their own, tomorrow for instance, and corrected without changing it."""
    dated = article(published_at="2024-06-11T11:00:00Z")
    updated = dated | {"updated_at": "2024-06-11T14:00:00+02:00"}

    assert [NOON_US, None, None] == [read_event(delivery(value)).stated_us for value in (updated, dated, article())]


def test_an_event_states_its_own_time_or_none() -> None:
    dated = article(updated_at="2024-06-11T14:00:00+02:00", published_at="2024-06-11T11:00:00Z")
    stating, silent = event(dated, time="2024-06-11T12:00:01Z"), without(event(dated), "time")

    assert [NOON_US + 1_000_000, None] == [read_event(delivery(value)).stated_us for value in (stating, silent)]


def test_the_time_of_an_event_is_the_earlier_of_what_it_states_and_when_it_was_stored() -> None:
    place = Place(1, 5)
    times = [
        read_event(delivery(event(time=time))).ordered(place, NOON_US).key.time_us
        for time in ("2024-06-11T12:00:01Z", "2024-06-11T11:59:59Z")
    ]

    assert [NOON_US, NOON_US - 1_000_000] == times
    assert NOON_US == read_event(delivery(without(event(), "time"))).ordered(place, NOON_US).key.time_us


def test_an_absent_version_is_none_and_the_zero_of_a_takedown_is_absent() -> None:
    """A plain object has 0 where nothing was set: as the lowest version it would cover next to nothing."""
    bare = {"id": "courier:tide-tables"}
    versions = [
        read_event(one).version
        for one in (
            publishing(),
            publishing(version=0),
            publishing(version=4),
            delivery(event(bare, WITHDRAWN), WITHDRAWN),
            delivery(event(bare | {"version": 0}, WITHDRAWN), WITHDRAWN),
        )
    ]

    assert [None, 0, 4, None, None] == versions


def test_the_fingerprint_is_of_what_an_event_says_however_it_is_written() -> None:
    """A relay may write the same with other spaces, an offset for a `Z`, or a time of its own."""
    told = article(updated_at="2024-06-11T12:00:00Z", section=None)
    first = read_event(delivery(event(told)))
    same = event(article(updated_at="2024-06-11T12:00:00+00:00"), time="2024-06-12T00:00:00Z", subject="x")
    other = event(article(updated_at="2024-06-11T12:00:01Z"))

    assert first.name == read_event(delivery(json.dumps(same, indent=3, sort_keys=True).encode(), number=9)).name
    assert first.name != read_event(delivery(other)).name


def test_the_fingerprint_is_of_what_was_sent_and_not_of_what_the_contract_makes_of_it() -> None:
    """A release that knows another field, trims a text or has another default must know the copies of old events."""
    data = article(title=" Ebb ", tags=[], mood="calm", published_at="2024-06-11T14:00:00+02:00", version=3.0)
    told = (
        b'{"id":"courier:tide-tables","published_at":"2024-06-11T12:00:00+00:00","title":" Ebb ","version":3}'
    )  # fmt: skip
    expected = hashlib.blake2b(told, digest_size=16, person=b"publication").digest()

    assert expected == read_event(delivery(event(data))).fingerprint == read_event(delivery(data)).fingerprint


@pytest.mark.parametrize("moment", ["2024-06-31T12:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00"])
def test_a_text_like_a_moment_that_is_none_has_a_fingerprint(moment: str) -> None:
    assert 16 == len(read_event(delivery(event(article(section=moment)))).fingerprint)


def test_unknown_fields_are_tolerated_and_counted() -> None:
    known, unknown = event(), event(article(mood="calm", desk="coast"), traceparent="00-4bf9")

    assert [0, 3] == [read_event(delivery(value)).unknown_fields for value in (known, unknown)]
    assert 1 == read_event(delivery(article(mood="calm"))).unknown_fields
    assert read_event(delivery(known)).name == read_event(delivery(unknown)).name


def test_the_correlation_id_is_the_messages_else_the_events() -> None:
    assert "desk-9" == read_event(delivery(correlation_id="desk-9")).correlation_id
    assert "evt-1" == read_event(delivery()).correlation_id


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([TIME, "", "1.0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.dictionaries(st.sampled_from([*ATTRIBUTES, "ce-", "Ce-Subject", "Nats-Msg-Id"]) | st.text(), st.text())
CHANNELS = st.sampled_from(channels.EVENT_CHANNELS) | st.text(max_size=20)


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """Return the way to each value inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (key,)
        yield from ((key, *path) for path in paths(inner))


@given(st.binary() | JSON.map(to_body), CHANNELS, HEADERS)
def test_any_bytes_on_any_channel_with_any_headers_give_an_event_or_a_fault(
    body: bytes, channel: str, headers: dict[str, str]
) -> None:
    assert "" != code_of(body, channel, headers=headers)


@given(st.sampled_from(list(VALID)), st.data(), JSON)
def test_any_value_in_place_of_any_other_gives_an_event_or_a_fault(
    channel: str, data: st.DataObject, replacement: Any
) -> None:
    value = deepcopy(VALID[channel])
    *way, last = data.draw(st.sampled_from(list(paths(value))))
    inner: Any = value
    for key in way:
        inner = inner[key]
    inner[last] = replacement

    assert "" != code_of(value, channel)

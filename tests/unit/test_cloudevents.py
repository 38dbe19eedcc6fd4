"""Every valid CloudEvent of ours is taken, in both modes, however an SDK writes it."""

import base64
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events import SOURCE, TIME, article, delivery, event, to_body

from newsdex.errors import Invalid
from newsdex.ingest.cloudevents import KNOWN_TYPES, decoded
from newsdex.ingest.identity import identity
from newsdex.ingest.read import read_event
from newsdex_schemas import channels

HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "evt-1",
    "ce-source": SOURCE,
    "ce-type": "article.published.v1",
    "ce-time": TIME,
}
ARCHIVE = Path("formats") / "cloudevents.tar.gz"
EXPECTED = read_event(delivery(event()))


def fault_of(value: Any, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as raised:
        read_event(delivery(value, **fields))
    return raised.value.code, raised.value.place


# Structured mode

JSON_TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON;charset=\"utf-8\"; profile='x'",
    "text/json",
    "application/vnd.courier.article+json",
    "application/ld+json; charset=utf-8",
    "application/cloudevents+json",
    "",
    None,
]


@pytest.mark.parametrize("media_type", JSON_TYPES)
def test_data_is_json_in_any_media_type_that_says_so(media_type: str | None) -> None:
    assert EXPECTED == read_event(delivery(event(datacontenttype=media_type)))


@pytest.mark.parametrize("media_type", ["text/xml", "application/jsonlines", "application/json-seq", "json", "a/b+xml"])
def test_data_of_another_media_type_is_refused_with_its_place(media_type: str) -> None:
    assert ("not_allowed", "datacontenttype") == fault_of(event(datacontenttype=media_type))


def test_null_attributes_are_unset() -> None:
    unset = dict.fromkeys(["subject", "dataschema", "datacontenttype", "data_base64", "traceparent"])

    assert EXPECTED == read_event(delivery(event(**unset)))
    assert ("missing_attribute", "source") == fault_of(event(source=None))
    assert ("unsupported_specversion", "specversion") == fault_of(event(specversion=None))


def encoded(data: Any, **attributes: Any) -> dict[str, Any]:
    value = event(**attributes)
    del value["data"]
    return value | {"data_base64": base64.b64encode(to_body(data)).decode()}


@pytest.mark.parametrize("attributes", [{}, {"datacontenttype": "application/json"}, {"data": None}])
def test_data_may_be_there_as_base64(attributes: dict[str, Any]) -> None:
    assert EXPECTED == read_event(delivery(encoded(article()) | attributes))
    assert EXPECTED == read_event(delivery(encoded(b"\xef\xbb\xbf" + to_body(article()))))


@pytest.mark.parametrize(
    ("value", "code", "place"),
    [
        (event(data_base64="e30="), "not_allowed", "data_base64"),
        (event() | {"data": None, "data_base64": "e30"}, "malformed_text", "data_base64"),
        (event() | {"data": None, "data_base64": 7}, "wrong_type", "data_base64"),
        (encoded(b"<article/>"), "invalid_json", "data_base64"),
        (encoded(b""), "empty_message", "data_base64"),
        (encoded([1]), "wrong_type", "data"),
        (encoded(article(url="x")), "invalid_url", "data.url"),
    ],
)
def test_base64_that_holds_no_article_is_refused_with_its_place(value: Any, code: str, place: str) -> None:
    assert (code, place) == fault_of(value)


def test_data_that_an_sdk_wrote_as_a_text_of_json_is_read() -> None:
    assert EXPECTED == read_event(delivery(event(json.dumps(article()))))
    assert ("invalid_json", "data") == fault_of(event('{"id": '))
    assert ("wrong_type", "data") == fault_of(event("a story"))


def test_an_unknown_type_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(Invalid) as raised:
        read_event(delivery(event(type="com.example.someevent")))

    assert ("unknown_type", "type") == (raised.value.code, raised.value.place)
    assert all(type_ in raised.value.message for type_ in KNOWN_TYPES)


def test_a_parked_event_is_named_by_its_attributes_and_its_article_by_the_data_in_any_form() -> None:
    broken = article(url="x")
    named = [
        identity(delivery(value, headers=headers))
        for value, headers in [
            (event(broken), {}),
            (encoded(broken), {}),
            (event(json.dumps(broken)), {}),
            (broken, HEADERS),
        ]
    ]

    assert [(SOURCE, "evt-1", "courier:tide-tables")] * 4 == named


# Binary mode


def escaped(text: str) -> str:
    """Encode a header's value as section 3.1.3.2 of the binding has it."""
    return "".join(char if "!" <= char <= "~" and char not in '"%' else quote(char, safe="") for char in text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50))
def test_any_attribute_survives_the_bindings_encoding(text: str) -> None:
    headers = HEADERS | {"ce-id": escaped(text), "ce-source": escaped(f"/{text}")}
    got = read_event(delivery(article(), headers=headers))

    assert (text, f"/{text}") == (got.id, got.source)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("euro%e2%82%ac", "euro€"),
        ("%41%62", "Ab"),
        ("100%2541", "100%41"),  # one round only
        ('"Euro \\"a\\" \\\\ %E2%82%AC"', 'Euro "a" \\ €'),  # quoted, as earlier versions of the binding allowed
        ("a+b", "a+b"),
        ("  padded ", "padded"),
        ("50%", "50%"),
        ("Euro € 😀", "Euro € 😀"),  # never encoded at all
        ("%C0%A0", None),  # an overlong space
        ("%ED%A0%80", None),  # half a surrogate
        ("%FF", None),
    ],
)
def test_a_header_is_unquoted_then_percent_decoded_once(header: str, value: str | None) -> None:
    assert value == decoded(header)


@pytest.mark.parametrize("name", ["ce-id", "ce-subject", "ce-comexampleextension"])
def test_a_header_whose_bytes_are_no_utf_8_is_refused_with_its_name(name: str) -> None:
    place = name.removeprefix("ce-")

    assert fault_of(article(), headers=HEADERS | {name: "%C0%A0"})[1] == place


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_header_names_are_compared_without_case(change: Any) -> None:
    headers = {change(name): value for name, value in HEADERS.items()}

    assert EXPECTED == read_event(delivery(article(), headers=headers))


def test_the_content_type_of_binary_mode_is_that_of_the_data() -> None:
    headers = HEADERS | {"Content-Type": "application/json", "ce-datacontenttype": "application/json;%20charset=utf-8"}

    assert EXPECTED == read_event(delivery(article(), headers=headers))
    assert ("not_allowed", "datacontenttype") == fault_of(
        article(), headers=HEADERS | {"ce-datacontenttype": "text/xml"}
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/cloudevents+json; charset=UTF-8", "ce-id": "a relay's"},
        {"ce-traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    ],
)
def test_an_event_in_structured_mode_stays_one_whatever_headers_a_relay_adds(headers: dict[str, str]) -> None:
    assert EXPECTED == read_event(delivery(event(), headers=headers))


# What the specification's conformance files and the SDKs' own tests have


def sdk_events(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the valid events of version 1.0 that the Java SDK tests itself with."""
    with tarfile.open(folder / ARCHIVE) as archive:
        for member in archive:
            path = Path(member.name)
            if path.suffix == ".json" and path.parent.name == "v1" and not path.stem.startswith("fail"):
                file = archive.extractfile(member)
                assert file is not None
                yield path.stem, json.load(file)


def conformance_events(folder: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Return the conformance files' events of version 1.0: attributes and data, as text."""
    with tarfile.open(folder / ARCHIVE) as archive:
        for member in archive:
            if "/yaml/v1" in member.name and member.name.endswith(".yaml"):
                file = archive.extractfile(member)
                assert file is not None
                for number, value in enumerate(yaml.load_all(file, yaml.BaseLoader)):
                    attributes = value["ContextAttributes"]
                    extensions = attributes.pop("Extensions", {})
                    yield f"{member.name}[{number}]", attributes | extensions, value["Data"]


def test_the_sdks_own_events_are_read_but_for_their_type(shared_data: Path) -> None:
    """With a type and data of ours the same envelope is an event; where it says XML or text, that alone is wrong."""
    events = list(sdk_events(shared_data))
    codes = set()
    for name, value in events:
        assert "unknown_type" == fault_of(value)[0], name
        ours = {**value, "type": "article.published.v1"} | (
            {"data_base64": encoded(article())["data_base64"]} if "data_base64" in value else {"data": article()}
        )
        if "json" in value.get("datacontenttype", "json"):
            got = read_event(delivery(ours))
            assert (value["source"], value["id"], article()["id"]) == (got.source, got.id, got.article_id), name
        else:
            codes.add(fault_of(ours))

    assert len(events) >= 14
    assert {("not_allowed", "datacontenttype")} == codes


@pytest.mark.parametrize("binary", [True, False])
def test_the_conformance_files_are_read_in_both_modes_but_for_their_type(shared_data: Path, binary: bool) -> None:
    events = list(conformance_events(shared_data))
    codes = set()
    for name, attributes, _ in events:
        ours = {**attributes, "type": "article.published.v1"}
        headers = {f"CE-{key}": escaped(value) for key, value in ours.items()} if binary else {}
        message = delivery(article() if binary else {**ours, "data": article()}, headers=headers)
        if "json" in attributes.get("datacontenttype", "json"):
            got = read_event(message)
            assert (attributes["source"], attributes["id"]) == (got.source, got.id), name
        else:
            with pytest.raises(Invalid) as raised:
                read_event(message)
            codes.add((raised.value.code, raised.value.place))

    assert len(events) >= 8
    assert {("not_allowed", "datacontenttype")} == codes


def test_events_of_the_sdks_kind_are_read() -> None:
    """Envelopes as SDKs write them: a relative source, extensions of each type, fractions of a second."""
    value = event(
        source="//desk.example/cms/7?edition=late#top",
        time="2024-06-11T10:30:00.1234+02:00",
        dataschema="https://desk.example/schema.json",
        astring="aaa",
        aboolean=True,
        anumber=10,
        abinary="4P8ARKo=",
    )
    got = read_event(delivery(value))

    assert ("//desk.example/cms/7?edition=late#top", 5) == (got.source, got.unknown_fields)
    assert channels.ARTICLES_PUBLISHED == delivery(value).subject

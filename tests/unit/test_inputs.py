"""What people publish is read as they gave it, and what cannot be published is refused with its origin."""

import gzip
import hashlib
import io
import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from tests.unit.events import SOURCE, TYPES, article, delivery, event, page, to_body, without

from newsdex.cli.publishing.files import Skipped
from newsdex.cli.publishing.inputs import Pages, Refusal, page_file_id, read_inputs
from newsdex.ingest.read import read_event
from newsdex_schemas import EVENT_MODELS, channels
from newsdex_schemas.client import Message

Item = Message | Refusal | Skipped
FETCHED_AT = datetime(2024, 6, 11, 8, 30, tzinfo=UTC)
PAGE = "Orchard opens its gates\n\nThe hives arrive in April, and visitors are asked to come on foot.\n"
DATA = {
    channels.ARTICLES_PUBLISHED: article(),
    channels.ARTICLES_UPDATED: article(version=2),
    channels.ARTICLES_WITHDRAWN: {"id": "courier:tide-tables"},
    channels.ARTICLES_SCRAPED: page(),
}


def read(*paths: Path, url: str | None = None, id_: str | None = None, zone: str = "UTC") -> list[Item]:
    pages = Pages(url=url, id=id_, timezone=zone, fetched_at=FETCHED_AT)
    return list(read_inputs(list(paths), pages, Counter()))


def messages(*paths: Path, **pages: Any) -> list[Message]:
    """Return the messages; fail where anything is refused."""
    read_in = read(*paths, **pages)

    assert [] == [(item.origin, item.error.message) for item in read_in if isinstance(item, Refusal)]
    return [item for item in read_in if isinstance(item, Message)]


def refusal(path: Path, **pages: Any) -> Refusal:
    """Return the one refusal; fail where anything is read."""
    (item,) = read(path, **pages)

    assert isinstance(item, Refusal)
    return item


def write(path: Path, *values: Any) -> Path:
    """Write a file of JSON values, one on each line; bytes and texts as they are."""
    path.parent.mkdir(exist_ok=True)
    lines = (value.encode() if isinstance(value, str) else to_body(value) for value in values)
    path.write_bytes(b"\n".join(lines))
    return path


def ids(found: list[Message]) -> list[str]:
    """Return the ids of the articles."""
    values = (json.loads(message.body) for message in found)
    return [value.get("data", value)["id"] for value in values]


def test_a_json_object_is_one_bare_article(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", json.dumps(article(mood="calm"), indent=2))
    (message,) = messages(file)

    assert (channels.ARTICLES_PUBLISHED, str(file)) == (message.channel, message.origin)
    assert article(mood="calm") == json.loads(message.body)
    assert ("nats", message.message_id) == (message.ref.source, message.ref.id)


def test_a_json_array_is_an_article_for_each_item(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", [article(id="a"), event(article(id="b"))])
    found = messages(file)

    assert ["a", "b"] == ids(found)
    assert [f"{file}[1]", f"{file}[2]"] == [message.origin for message in found]


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson"])
def test_each_line_of_json_lines_is_an_article(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / f"a.{suffix}", article(id="a"), "", article(id="b"), "")
    found = messages(file)

    assert ["a", "b"] == ids(found)
    assert [f"{file}:1", f"{file}:3"] == [message.origin for message in found]


def test_json_lines_are_known_by_their_content_too(tmp_path: Path) -> None:
    """A shell's pipe has no suffix."""
    assert ["a", "b"] == ids(messages(write(tmp_path / "articles", article(id="a"), article(id="b"))))


@pytest.mark.parametrize("channel", EVENT_MODELS)
def test_a_cloudevent_goes_to_the_channel_of_its_type_under_its_own_name(tmp_path: Path, channel: str) -> None:
    (message,) = messages(write(tmp_path / "e.json", event(DATA[channel], channel)))

    assert (channel, SOURCE, "evt-1") == (message.channel, message.ref.source, message.ref.id)
    assert {"Nats-Msg-Id": message.message_id, "correlation_id": "evt-1"} == message.headers()


def test_a_retry_of_an_event_has_its_message_id_and_a_repaired_one_another(tmp_path: Path) -> None:
    file, repaired = write(tmp_path / "e.json", event()), write(tmp_path / "f.json", event(article(title="Repaired")))
    first, again, other = (message.message_id for message in messages(file, file, repaired))

    assert first == again == f"{SOURCE} evt-1 {hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert first != other


def test_two_bare_articles_are_never_taken_for_one(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", article())

    assert 2 == len({message.message_id for message in messages(file, file)})


@pytest.mark.parametrize(
    ("pages", "id_", "url"),
    [
        ({}, ANY, None),
        ({"id_": "gazette:1"}, "gazette:1", None),
        ({"url": "https://gazette.example/1"}, None, "https://gazette.example/1"),
        ({"url": "https://gazette.example/1", "id_": "gazette:1"}, "gazette:1", "https://gazette.example/1"),
    ],
)
def test_a_page_is_named_by_what_is_given(
    tmp_path: Path, pages: dict[str, str], id_: str | None, url: str | None
) -> None:
    (message,) = messages(write(tmp_path / "orchard.txt", PAGE), zone="Europe/London", **pages)
    value = json.loads(message.body)

    assert channels.ARTICLES_SCRAPED == message.channel
    assert (TYPES[message.channel], message.ref.id) == (value["type"], value["id"])
    assert (id_, url) == (value["data"].get("id"), value["data"].get("url"))
    assert (PAGE, "Europe/London") == (value["data"]["text"], value["data"]["timezone"])
    assert FETCHED_AT == datetime.fromisoformat(value["data"]["fetched_at"])


def test_two_pages_of_one_name_in_two_folders_are_two_articles_and_a_changed_one_stays_the_same(tmp_path: Path) -> None:
    files = [tmp_path / name / "ferry.txt" for name in ("north", "south")]
    for file in files:
        file.parent.mkdir()
        write(file, PAGE)
    first, second = ids(messages(tmp_path))
    write(files[0], f"{PAGE} Bring a hat.")

    assert first != second
    assert [second, first] == ids(messages(files[1], files[0]))
    assert first.startswith("ferry-")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson", "a"])
def test_a_byte_order_mark_costs_no_line(tmp_path: Path, name: str) -> None:
    lines = write(tmp_path / name, article(id="a"), article(id="b"))
    lines.write_bytes(b"\xef\xbb\xbf" + lines.read_bytes())

    assert ["a", "b"] == ids(messages(lines))


@pytest.mark.parametrize("name", ["a.json.gz", "a.jsonl.gz", "a.txt.gz", "packed"])
def test_what_is_packed_with_gzip_is_read(tmp_path: Path, name: str) -> None:
    page, packed = name == "a.txt.gz", tmp_path / name
    packed.write_bytes(gzip.compress(PAGE.encode() if page else to_body(article(id="a"))))
    (message,) = messages(tmp_path if "." in name else packed)

    assert (channels.ARTICLES_SCRAPED if page else channels.ARTICLES_PUBLISHED) == message.channel


def test_a_damaged_gzip_file_is_refused_and_what_came_before_the_damage_is_read(tmp_path: Path) -> None:
    lines = b"\n".join(to_body(article(id=f"a-{number}", body=os.urandom(40).hex())) for number in range(4_000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:-100_000])
    *found, refused = read(tmp_path / "a.jsonl.gz")

    assert isinstance(refused, Refusal)
    assert "unreadable_file" == refused.error.code
    assert "a-0" == ids([item for item in found if isinstance(item, Message)])[0]


def test_a_line_larger_than_any_message_costs_only_itself(tmp_path: Path) -> None:
    huge = '{"id": "b", "title": "' + "a" * channels.MAX_MESSAGE_BYTES * 2 + '"}'
    file = write(tmp_path / "a.jsonl", article(id="a"), huge, article(id="c"))
    found = read(file)

    assert ["a", "c"] == ids([item for item in found if isinstance(item, Message)])
    assert [f"{file}:2"] == [item.origin for item in found if isinstance(item, Refusal)]


def test_no_link_leads_out_of_a_folder(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret" / "s.json", article(id="secret"))
    folder = tmp_path / "folder"
    write(folder / "a.json", article(id="a"))
    (folder / "out.json").symlink_to(secret)
    (folder / "up").symlink_to(secret.parent, target_is_directory=True)
    (folder / "in.json").symlink_to(folder / "a.json")
    found = read(folder)

    assert ["a", "a"] == ids([item for item in found if isinstance(item, Message)])
    assert "2 files skipped: 1 links to folders, 1 links that lead out of it" == str(found[-1])


def test_a_byte_order_mark_is_no_part_of_a_page(tmp_path: Path) -> None:
    (message,) = messages(write(tmp_path / "orchard.txt", PAGE.encode("utf-8-sig")))

    assert PAGE == json.loads(message.body)["data"]["text"]


def test_a_folder_is_read_whole_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.json", "b/10.jsonl", "a.json", "c/d/e.ndjson"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / name, article(id=name))
    write(tmp_path / "f.txt", PAGE)
    for name in ("notes.md", "b/image.png", "c/Makefile"):
        write(tmp_path / name, "not for us")

    *found, skipped = read(tmp_path)
    read_in = [item for item in found if isinstance(item, Message)]

    assert ["a.json", "b/10.jsonl", "b/2.json", "c/d/e.ndjson", page_file_id(tmp_path / "f.txt")] == ids(read_in)
    assert "3 files skipped: 1 .md, 1 .png, 1 without a suffix" == str(skipped)


def test_several_paths_are_read_in_the_order_given(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.json", article(id=name)) for name in "zay"]

    assert ["z", "a", "y"] == ids(messages(*files))


def give_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_json_lines_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, to_body(article(id="a")) + b"\n" + to_body(article(id="b")))
    found = messages(Path("-"))

    assert ["a", "b"] == ids(found)
    assert ["stdin:1", "stdin:2"] == [message.origin for message in found]


def test_a_page_from_standard_input_is_named_by_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for content in (PAGE, PAGE, f"{PAGE}."):
        give_stdin(monkeypatch, content.encode())
        names += ids(messages(Path("-")))

    assert names[0] == names[1] != names[2]


# What is refused


def test_a_missing_file_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    missing, good = tmp_path / "missing.json", write(tmp_path / "a.json", article())
    refused, message = read(missing, good)

    assert isinstance(refused, Refusal)
    assert (str(missing), "unreadable_file") == (refused.origin, refused.error.code)
    assert isinstance(message, Message)


@pytest.mark.parametrize("name", ["a.jsonl", "stdin"])
def test_only_the_wrong_line_is_refused(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, article(id="a"), '{"id": ', article(id="c"), article(title=""), article(id="e"))
    found = read(file)
    refused = {item.origin: (item.error.code, item.error.place) for item in found if isinstance(item, Refusal)}

    assert ["a", "c", "e"] == ids([item for item in found if isinstance(item, Message)])
    assert {f"{file}:2": ("invalid_json", "line 1 column 6"), f"{file}:4": ("empty_text", "title")} == refused


REFUSED: dict[str, tuple[str, Any, str]] = {
    "truncated JSON": ("a.json", to_body(article())[:-1], "invalid_json"),
    "an unknown event type": ("a.json", event(type="article.burnt.v1"), "unknown_type"),
    "no event type": ("a.json", without(event(), "type"), "unknown_type"),
    "a list as event type": ("a.json", event(type=["article.published.v1"]), "unknown_type"),
    "an item that is no object": ("a.json", ["tides"], "not_an_object"),
    "an article without title": ("a.json", {"id": "a"}, "missing_field"),
    "an event without data": ("a.json", without(event(), "data"), "missing_field"),
    "a naive date": ("a.jsonl", article(published_at="2024-06-11T08:30:00"), "naive_datetime"),
    "bad UTF-8 in a page": ("a.txt", b"Orchard opens\n\n\xff\xfe", "invalid_utf8"),
    "bad UTF-8 in JSON": ("a.json", b'{"id": "a", "title": "\xff"}', "invalid_utf8"),
    "an empty page": ("a.txt", b"", "empty_text"),
    "NUL in a page": ("a.txt", b"Orchard opens\0", "control_character"),
}


@pytest.mark.parametrize(("name", "value", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_breaks_the_contract_is_refused(tmp_path: Path, name: str, value: Any, code: str) -> None:
    file = write(tmp_path / name, value)
    refused = refusal(file)

    assert code == refused.error.code
    assert refused.origin.startswith(str(file))


@pytest.mark.parametrize("pages", [{"url": "ftp://gazette.example"}, {"zone": "Mars/Base 1"}, {"id_": "a\nb"}])
def test_a_page_with_a_wrong_option_is_refused(tmp_path: Path, pages: dict[str, str]) -> None:
    assert refusal(write(tmp_path / "a.txt", PAGE), **pages).error.code in {"invalid_url", "malformed_text"}


DOUBTFUL: dict[str, Any] = {
    **{TYPES[channel]: event(data, channel) for channel, data in DATA.items()},
    "a bare article": article(),
    "an unknown field": article(mood="calm"),
    "a bare article with a type": article(type="feature"),
    "NaN in an unknown field": b'{"id": "a", "title": "Tides", "mood": NaN}',
    "another specversion": event(specversion="0.3"),
    "no specversion": without(event(), "specversion"),
}


@pytest.mark.parametrize("value", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_nothing_is_published_that_the_service_would_park(tmp_path: Path, value: Any) -> None:
    for name in ("a.json", "a.jsonl"):
        for item in read(write(tmp_path / name, value)):
            if isinstance(item, Message):
                assert read_event(delivery(item.body, item.channel, headers=item.headers()))

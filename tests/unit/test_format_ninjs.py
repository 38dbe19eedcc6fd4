# ruff: noqa: E501 - samples of formats keep their own lines
"""Items of ninjs become articles, takedowns, or refusals with a reason."""

import json
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.format_samples import NINJS_1, article, item, readings, refusal

from newsdex.formats import Given, Item, Refused
from newsdex_schemas import Article, Withdrawal, channels

NINJS_SUITE = "./iptc-newsinjson/validation/test_suite/"


NINJS_ARTICLE = {
    "id": "urn:courier:ferry", "title": "Ferry returns", "version": 3, "agency": "AFP", "language": "en",
    "body": "The Marigold sails again.\n\nIt carries goats & mail.", "authors": ["Jane Doe", "John Smith"],
    "tags": ["Ferries", "Harbours"], "dateline": "Brackwater", "published_at": "2024-06-10T08:00:00Z",
    "updated_at": "2024-06-11T08:00:00+02:00", "embargoed_until": "2024-06-12T06:00:00Z",
    "expires_at": "2025-06-12T06:00:00Z",
}  # fmt: skip
NINJS_3 = {
    "uri": "urn:courier:ferry", "versionCreated": "2024-06-11T08:00:00Z", "pubStatus": "usable",
    "embargoedUntil": "2024-06-12T06:00:00Z", "headlines": [{"role": "main", "value": "Ferry returns"}],
    "descriptions": [{"role": "summary", "contentType": "text/plain", "value": "A boat is back."}],
    "bodies": [
        {"role": "xml", "contentType": "application/xml", "value": "<x>no</x>"},
        {"role": "text", "contentType": "text/plain", "value": "The Marigold sails again."},
        {"role": "html", "contentType": "text/html", "value": "<html><head><title>No</title></head><p>The Marigold.</p>"},
    ],
}  # fmt: skip


def test_an_item_of_ninjs_1_is_an_article_without_its_renditions() -> None:
    found = item(NINJS_1)

    assert NINJS_ARTICLE == article(NINJS_1)
    assert {"urgency", "renditions"} == set(found.unkept)
    assert datetime.fromisoformat("2024-06-11T08:00:00+02:00") == found.time


def test_an_item_of_ninjs_3_is_an_article() -> None:
    found = article(NINJS_3)

    assert ("Ferry returns", "The Marigold.", "A boat is back.") == (found["title"], found["body"], found["summary"])
    assert "2024-06-12T06:00:00Z" == found["embargoed_until"]


@pytest.mark.parametrize("status", ["canceled", "withheld"])
def test_an_item_that_must_not_be_published_is_a_takedown(status: str) -> None:
    found = item(NINJS_1 | {"pubstatus": status})

    assert Withdrawal(id="urn:courier:ferry", version=3) == found.data
    assert channels.ARTICLES_WITHDRAWN == found.to_event(id="e", source="s")[0]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"embargoed": "soon"}, "invalid_datetime"),
        ({"expires": "never"}, "invalid_datetime"),
        ({"pubstatus": "cancelled"}, "not_allowed"),
        ({"headline": 3}, "wrong_type"),
        ({"mood": "calm"}, "unknown_field"),
    ],
)
def test_what_could_be_published_by_mistake_is_refused(fields: dict[str, Any], code: str) -> None:
    assert code == refusal(NINJS_1 | fields).code


def test_properties_of_a_schema_of_the_publishers_own_are_counted() -> None:
    own = {"standard": {"name": "ours", "schema": "https://courier.example/schema.json"}, "mood": "calm"}

    assert "mood" in item(NINJS_1 | own).unkept


def ninjs_files(shared_data: Path, *parts: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(shared_data / "formats" / "iptc-newsinjson.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".json") and all(part in member.name for part in parts):
                content = archive.extractfile(member)
                assert content is not None
                yield member.name, content.read()


def test_every_example_of_ninjs_is_an_article(shared_data: Path) -> None:
    found = {
        f"{name}{reading.place}": reading
        for name, content in ninjs_files(shared_data, "/examples/")
        if "/not-valid/" not in name and "extension-schema" not in name
        for reading in readings(content, ".json")
    }

    assert 56 <= len(found) + 1
    assert {} == {name: one for name, one in found.items() if not isinstance(one, Item)}
    assert {} == {
        name: one for name, one in found.items() if isinstance(one, Item) and not isinstance(one.data, Article)
    }


def test_what_should_pass_in_the_suite_of_ninjs_is_read_where_it_has_a_text(shared_data: Path) -> None:
    """Most of the suite's items are a `uri` and one property; of these an article would have no text at all."""
    refused = {}
    for name, content in ninjs_files(shared_data, NINJS_SUITE, "/should_pass/"):
        (one,) = readings(content, ".json")
        if isinstance(one, Refused):
            refused[name] = one.error.code
            texts = [key for key in json.loads(content) if key.lower().startswith(("headline", "title", "bod", "desc"))]

            assert [] == texts, name

    assert {"missing_field"} == set(refused.values())


def test_what_should_fail_in_the_suite_of_ninjs_is_refused(shared_data: Path) -> None:
    taken = set()
    for name, content in ninjs_files(shared_data, NINJS_SUITE, "/should_fail/"):
        (one,) = readings(content, ".json")
        if not isinstance(one, Refused | Given):
            taken.add(name.removeprefix(NINJS_SUITE))

    # both say `component`, a type since 1.2, and do not say that they are older
    assert {"1.0/should_fail/014_type_component.json", "1.1/should_fail/001_type_component.json"} >= taken

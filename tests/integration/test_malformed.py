"""Whatever is published, each message gets its outcome, and the stream goes on."""

import asyncio
import json
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest
from tests.integration.running import Service, until

ARTICLE: dict[str, Any] = {"id": "m-1", "title": "Malformed"}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "tests",
    "type": "article.published.v1",
    "data": ARTICLE,
}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _article(**fields: object) -> bytes:
    return _json({**EVENT, "data": {**ARTICLE, **fields}})


MALFORMED: dict[str, tuple[str, bytes, str]] = {
    "bad UTF-8": ("published", b'{"id": "m-1", "title": "\xff\xfe"}', "invalid_utf8"),
    "truncated JSON": ("published", _json(EVENT)[:-7], "invalid_json"),
    "nothing": ("published", b"", "empty_message"),
    "a list": ("published", b"[1, 2]", "not_an_object"),
    "deep nesting": ("published", b"[" * 100_000, "too_deep"),
    "a NUL": ("published", _article(title="a\x00b"), "control_character"),
    "a naive datetime": ("published", _article(published_at="2024-06-30T02:58:00"), "naive_datetime"),
    "a number as datetime": ("published", _article(published_at=1719716280), "invalid_datetime"),
    "a date out of range": ("published", _article(published_at="0900-01-01T00:00:00Z"), "out_of_range"),
    "a wrong type": ("published", _article(title=["a"]), "wrong_type"),
    "no title": ("published", _json({**EVENT, "data": {"id": "m-1"}}), "missing_field"),
    "an empty title": ("published", _article(title=""), "empty_text"),
    "a body over the limit": ("published", _article(body="x" * 1_000_001), "too_long"),
    "too many tags": ("published", _article(tags=["t"] * 201), "too_many"),
    "a bad language": ("published", _article(language="not a tag"), "malformed_text"),
    "a bad url": ("published", _article(url="javascript:alert(1)"), "invalid_url"),
    "dates inside out": (
        "published",
        _article(embargoed_until="2025-01-02T00:00:00Z", expires_at="2025-01-01T00:00:00Z"),
        "reversed_range",
    ),
    "an unknown type": ("published", _json({**EVENT, "type": "article.burnt.v1"}), "unknown_type"),
    "a type on the wrong channel": ("withdrawn", _json(EVENT), "type_on_wrong_channel"),
    "an unknown specversion": ("published", _json({**EVENT, "specversion": "0.3"}), "unsupported_specversion"),
    "no source": (
        "published",
        _json({name: EVENT[name] for name in EVENT if name != "source"}),
        "missing_attribute",
    ),
    "a bare article elsewhere": ("updated", _json(ARTICLE), "not_a_cloudevent"),
    "a page without a title": (
        "scraped",
        _json(
            {
                **EVENT,
                "type": "article.scraped.v1",
                "data": {"url": "https://a.example/", "text": " \n ", "fetched_at": "2024-01-01T00:00:00Z"},
            }
        ),
        "no_title",
    ),
    "an unknown time zone": (
        "scraped",
        _json(
            {
                **EVENT,
                "type": "article.scraped.v1",
                "data": {
                    "url": "https://a.example/",
                    "text": "A title\n\nA text.",
                    "fetched_at": "2024-01-01T00:00:00Z",
                    "timezone": "Atlantis/Centre",
                },
            }
        ),
        "unknown_timezone",
    ),
}


def _publish_all(url: str, messages: list[tuple[str, bytes]]) -> list[int]:
    async def publish() -> list[int]:
        connection = await nats.connect(url)
        try:
            js = connection.jetstream()
            return [(await js.publish(f"articles.{channel}", body)).seq for channel, body in messages]
        finally:
            await connection.close()

    return asyncio.run(publish())


def _ledger(service: Service) -> dict[int, tuple[str, str]]:
    from newsdex.archive.database import open_for_reading  # noqa: PLC0415 - the test looks, newsdex wrote

    connection = open_for_reading(service.data_dir)
    rows = connection.execute("SELECT stream_sequence, outcome, reason FROM ledger").fetchall()
    connection.close()
    return {sequence: (outcome, reason) for sequence, outcome, reason in rows}


def test_each_kind_of_malformed_message_is_parked_with_its_own_code_and_the_stream_goes_on(service: Service) -> None:
    messages = [(channel, body) for channel, body, _ in MALFORMED.values()]
    good = _json({"id": "after-malformed", "title": "Plover after the malformed"})
    *sequences, last = _publish_all(service.broker_url, [*messages, ("published", good)])
    # pages have a consumer of their own: the last message to be published need not be the last with an outcome
    until(lambda: {*sequences, last} <= _ledger(service).keys(), 30, "each of them has its outcome")
    ledger = _ledger(service)
    expected = {kind: ("parked", code) for kind, (_, _, code) in MALFORMED.items()}

    assert expected == {kind: ledger[sequence] for kind, sequence in zip(MALFORMED, sequences, strict=True)}
    assert len(MALFORMED) == len({code for _, _, code in MALFORMED.values()})
    assert ledger[last][0] == "accepted"


def test_a_parked_message_is_kept_byte_by_byte_and_can_be_dropped(service: Service) -> None:
    body = b'{"id": "m-2", "title": "\xf0\x28\x8c\x28"}'
    (sequence,) = _publish_all(service.broker_url, [("published", body)])
    until(lambda: sequence in _ledger(service), 30, "it has its outcome")
    (row,) = [line for line in service.run("parked", "list").stdout.splitlines() if f"ARTICLES:{sequence}" in line]
    number = row.split()[0]
    shown = service.run("parked", "show", number).stdout
    dropped = service.run("parked", "drop", number, "--reason", "a test")
    again = service.run("parked", "drop", number)

    assert "invalid_utf8" in shown
    assert body.decode("utf-8", "backslashreplace") in shown
    assert (0, f"{number}: dropped") == (dropped.returncode, dropped.stdout.strip())
    assert (0, f"{number}: closed dropped: a test") == (again.returncode, again.stdout.strip())


def test_retrying_a_message_that_is_still_malformed_parks_it_again_under_its_number(service: Service) -> None:
    (sequence,) = _publish_all(service.broker_url, [("published", b"{")])
    until(lambda: sequence in _ledger(service), 30, "it has its outcome")
    (row,) = [line for line in service.run("parked", "list").stdout.splitlines() if f"ARTICLES:{sequence}" in line]
    number = row.split()[0]
    retried = service.run("parked", "retry", number)
    (row,) = [line for line in service.run("parked", "list").stdout.splitlines() if f"ARTICLES:{sequence}" in line]

    assert (65, f"{number}: parked invalid_json") == (retried.returncode, retried.stdout.strip())
    assert (number, "2") == (row.split()[0], row.split()[-1])


def test_a_50_mb_body_is_refused_by_the_command_and_by_the_broker(service: Service, tmp_path: Path) -> None:
    body = _json({"id": "huge", "title": "Huge", "body": "x" * 50_000_000})
    file = tmp_path / "huge.json"
    file.write_bytes(body)
    by_command = service.run("publish", str(file))

    assert (by_command.returncode, by_command.stdout.strip()) == (65, "0 published, 1 refused")
    assert "message_too_large" in by_command.stderr
    with pytest.raises(nats.errors.MaxPayloadError):
        _publish_all(service.broker_url, [("published", body)])

"""Reads what people publish: articles and CloudEvents as JSON or JSON Lines, and pages as plain text."""

import hashlib
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from newsdex.apps.client import Message
from newsdex.errors import Invalid
from newsdex.ingest.read import is_cloudevent, parse_object, read_event
from newsdex.records import Delivery
from newsdex.validation import as_invalid
from newsdex_schemas import EVENT_MODELS, ArticleScraped, EventRef, ScrapedPage, channels
from newsdex_schemas.events import event_type

JSON_SUFFIXES = {".json"}
LINES_SUFFIXES = {".jsonl", ".ndjson"}
TEXT_SUFFIXES = {".txt", ".text"}
STDIN = Path("-")
STDIN_ORIGIN = "stdin"
BOM = b"\xef\xbb\xbf"
SOURCE = "newsdex-cli"
CHANNELS = {event_type(model): channel for channel, model in EVENT_MODELS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """What plain text does not say of itself."""

    url: str | None
    id: str | None
    timezone: str
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Something that cannot be published."""

    origin: str
    error: Invalid


def read_inputs(paths: list[Path], pages: Pages) -> Iterator[Message | Refusal]:
    """Give every event of some files, folders or standard input (`-`), in order, one refusal for each that is wrong."""
    for path in paths:
        if path == STDIN:
            yield from _read_bytes(sys.stdin.buffer.read(), STDIN_ORIGIN, pages)
        elif path.is_dir():
            known = JSON_SUFFIXES | LINES_SUFFIXES | TEXT_SUFFIXES
            for file in sorted(file for file in path.rglob("*") if file.is_file() and file.suffix in known):
                yield from _read_file(file, pages)
        else:
            yield from _read_file(path, pages)


def _read_file(path: Path, pages: Pages) -> Iterator[Message | Refusal]:
    try:
        if path.suffix in LINES_SUFFIXES:
            with path.open("rb") as lines:
                yield from _read_lines(lines, str(path))
        elif path.suffix in TEXT_SUFFIXES:
            content = path.read_bytes()
            yield _guarded(partial(_page, content, str(path), pages), str(path))
        elif path.suffix in JSON_SUFFIXES:
            yield from _read_json(path.read_bytes(), str(path))
        else:
            yield from _read_bytes(path.read_bytes(), str(path), pages)
    except OSError as error:
        yield Refusal(origin=str(path), error=Invalid("unreadable_file", error.strerror or str(error)))


def _read_bytes(content: bytes, origin: str, pages: Pages) -> Iterator[Message | Refusal]:
    """Tell JSON and plain text apart by their first character, where no file name does."""
    if content.lstrip(BOM + b" \t\r\n")[:1] in (b"{", b"["):
        yield from _read_json(content, origin)
    else:
        yield _guarded(partial(_page, content, origin, pages), origin)


def _read_json(content: bytes, origin: str) -> Iterator[Message | Refusal]:
    """Read one article or event, a list of them, or JSON Lines."""
    content = content.removeprefix(BOM)
    try:
        value = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        lines = content.splitlines()
        if len(lines) > 1 and _is_json(lines[0]):
            yield from _read_lines(iter(lines), origin)
        else:
            yield Refusal(origin=origin, error=Invalid("invalid_json", f"not JSON: {error}"))
        return
    if not isinstance(value, list):
        yield _guarded(partial(_event, content, origin), origin)
        return
    for number, item in enumerate(value, 1):
        place = f"{origin}[{number}]"
        yield _guarded(partial(_event, to_json(item), place), place)


def _read_lines(lines: Iterator[bytes], origin: str) -> Iterator[Message | Refusal]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            place = f"{origin}:{number}"
            yield _guarded(partial(_event, line.strip(), place), place)


def _guarded(read: Callable[[], Message], origin: str) -> Message | Refusal:
    try:
        return read()
    except ValidationError as error:
        return Refusal(origin=origin, error=as_invalid(error))
    except Invalid as error:
        return Refusal(origin=origin, error=error)


def _is_json(line: bytes) -> bool:
    try:
        from_json(line)
    except ValueError:
        return False
    return True


def _event(body: bytes, origin: str) -> Message:
    """Take an article or an event, which travels as it was given; raise `Invalid` for what the service would park."""
    value = parse_object(body)
    channel = CHANNELS.get(str(value.get("type"))) if is_cloudevent(value) else channels.ARTICLES_PUBLISHED
    if channel is None:
        raise Invalid("unknown_type", "the event's type is none of the contract's", "type")
    return _message(channel, body, origin)


def _page(content: bytes, origin: str, pages: Pages) -> Message:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("invalid_utf8", f"not UTF-8 at byte {error.start}") from error
    id_ = pages.id
    if id_ is None and pages.url is None:
        # a page has no name of its own: the file's, else one of its content
        id_ = Path(origin).stem if origin != STDIN_ORIGIN else hashlib.sha256(content).hexdigest()[:32]
    page = ScrapedPage.from_json(
        to_json(
            {
                "url": pages.url,
                "id": id_,
                "text": text,
                "timezone": pages.timezone,
                "fetched_at": pages.fetched_at,
            }
        )
    )
    event = ArticleScraped(id=str(uuid.uuid4()), source=SOURCE, time=datetime.now(UTC), data=page)
    return _message(channels.ARTICLES_SCRAPED, event.to_json(), origin)


def _message(channel: str, body: bytes, origin: str) -> Message:
    """Read the event as the indexer will."""
    unnamed = str(uuid.uuid4())
    headers = {channels.MESSAGE_ID_HEADER: unnamed}
    event = read_event(
        Delivery(subject=channel, headers=headers, body=body, stream_sequence=0, stored_us=0, deliveries=1)
    )
    return Message(
        channel=channel,
        body=body,
        ref=EventRef(source=event.source, id=event.id),
        message_id=unnamed if event.id == unnamed else f"{event.source} {event.id}",
        origin=origin,
        correlation_id=event.id,
    )

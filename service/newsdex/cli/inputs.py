"""Reads what people publish: articles and CloudEvents as JSON or JSON Lines, and pages as plain text."""

import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from newsdex.apps.publishing import Message
from newsdex.cli.files import JSON_SUFFIXES, LINES_SUFFIXES, Skipped, files_of, opened, suffix_of
from newsdex.cli.formats import BOM, foreign_format
from newsdex.errors import Invalid
from newsdex.ingest.cloudevents import is_cloudevent, unknown_type
from newsdex.ingest.json_text import parse_object
from newsdex.ingest.read import read_event
from newsdex.records import Delivery
from newsdex.validation import as_invalid
from newsdex_schemas import EVENT_MODELS, ArticleScraped, EventRef, ScrapedPage, channels, message_id
from newsdex_schemas.events import event_type

STDIN = Path("-")
STDIN_ORIGIN = "stdin"
JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{\s*[\"}]|\[\s*[\[\]{\"])")
MAX_LINE = channels.MAX_MESSAGE_BYTES + 2
"""One byte more than the largest message, and the end of the line."""
SAMPLE = 10
"""Lines, one of which is JSON by itself where a file has JSON Lines."""
PLACE_DIGITS, MAX_STEM = 12, 200
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


def read_inputs(paths: list[Path], pages: Pages) -> Iterator[Message | Refusal | Skipped]:
    """Give every event of some files, folders or standard input (`-`), in order.

    Each thing that is wrong is a refusal with its origin; what a folder has besides is told behind its files.
    """
    for path in paths:
        if path == STDIN:
            yield from _read_file(None, pages)
        elif path.is_dir():
            skipped = Skipped(folder=path)
            for file in files_of(path, skipped):
                yield from _read_file(file, pages, within=path)
            if skipped.kinds:
                yield skipped
        else:
            yield from _read_file(path, pages)


def _read_file(path: Path | None, pages: Pages, within: Path | None = None) -> Iterator[Message | Refusal]:
    origin, suffix = (STDIN_ORIGIN, "") if path is None else (str(path), suffix_of(path))
    try:
        with opened(path, within=within) as (head, content):
            if name := foreign_format(head, suffix):
                reason = f"this is {name}; newsdex reads JSON, JSON Lines and plain text"
                yield Refusal(origin=origin, error=Invalid("unreadable_format", reason))
            elif suffix in LINES_SUFFIXES or _begins_with_lines(head):
                yield from _read_lines(_lines(content), origin)
            elif suffix in JSON_SUFFIXES or _begins_json(head):
                yield from _read_json(content.read(), origin)
            else:
                yield _guarded(partial(_page, content, path, pages), origin)
    except Invalid as error:
        yield Refusal(origin=origin, error=error)


def _begins_json(head: bytes) -> bool:
    """Tell JSON from plain text by its first characters: a page may begin with a word in square brackets."""
    return JSON_START.match(head) is not None


def _begins_with_lines(head: bytes) -> bool:
    """Tell JSON Lines, whose first line is a value and which has a second one; they are not read into memory."""
    first, end, rest = head.removeprefix(BOM).lstrip().partition(b"\n")
    return bool(end) and _begins_json(first) and _begins_json(rest) and _is_json(first)


def _lines(content: BinaryIO) -> Iterator[bytes]:
    """Give the lines, without what a line has beyond the largest message."""
    while line := content.readline(MAX_LINE):
        end = line
        while not end.endswith(b"\n") and (end := content.readline(MAX_LINE)):
            pass
        yield line


def _read_json(content: bytes, origin: str) -> Iterator[Message | Refusal]:
    """Read one article or event, a list of them, or JSON Lines."""
    content = content.removeprefix(BOM)
    try:
        value = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        lines = content.splitlines()
        if len(lines) > 1 and any(line.lstrip()[:1] == b"{" and _is_json(line) for line in lines[:SAMPLE]):
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
        body = (line.removeprefix(BOM) if number == 1 else line).strip()
        if body:
            place = f"{origin}:{number}"
            yield _guarded(partial(_event, body, place), place)


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
        raise unknown_type()
    return _message(channel, body, origin)


def _page(content: BinaryIO, path: Path | None, pages: Pages) -> Message:
    read = content.read(channels.MAX_MESSAGE_BYTES + 1)
    if len(read) > channels.MAX_MESSAGE_BYTES:
        raise Invalid("message_too_large", f"the page has more than {channels.MAX_MESSAGE_BYTES} bytes")
    try:
        text = read.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("invalid_utf8", f"not UTF-8 at byte {error.start}") from error
    id_ = pages.id
    if id_ is None and pages.url is None:
        id_ = hashlib.sha256(read).hexdigest()[:32] if path is None else page_file_id(path)
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
    return _message(channels.ARTICLES_SCRAPED, event.to_json(), STDIN_ORIGIN if path is None else str(path))


def page_file_id(path: Path) -> str:
    """Name the article of a page that has neither an id nor an address: after its file, and where that file is.

    Two files of one name in two folders are two articles; the same file, changed, is the same article.
    """
    place = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:PLACE_DIGITS]
    stem = "".join(char if char.isprintable() else "-" for char in os.fsencode(path.stem).decode(errors="replace"))
    return f"{stem[:MAX_STEM]}-{place}"


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
        message_id=unnamed if event.id == unnamed else message_id(event.source, event.id, body),
        origin=origin,
        correlation_id=event.id,
    )

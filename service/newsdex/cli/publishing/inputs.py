"""Reads what people publish, files, folders and standard input, as messages for the broker."""

import hashlib
import os
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from newsdex.apps.messages import message_of, message_on
from newsdex.cli.publishing.files import Skipped, files_of, opened, suffix_of
from newsdex.errors import Invalid
from newsdex.formats import Context, Given, Reading, Refused, read, read_line, recognise
from newsdex.formats.recognition import BOM, JSON_LINES, TEXT
from newsdex.validation import as_invalid
from newsdex_schemas import channels
from newsdex_schemas.client import Message

STDIN = Path("-")
STDIN_ORIGIN = "stdin"
MAX_LINE = channels.MAX_MESSAGE_BYTES + 2
"""One byte more than the largest message, and the end of the line."""
MAX_FILE_BYTES = 256 * 1024 * 1024
"""As much of a file, unpacked, as is read into memory; JSON Lines are read line by line and have no limit."""
PLACE_DIGITS, MAX_STEM = 12, 200
SOURCE = "newsdex-cli"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """What content does not say of itself."""

    url: str | None
    id: str | None
    timezone: str
    fetched_at: datetime
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Something that cannot be published."""

    origin: str
    error: Invalid


def read_inputs(paths: list[Path], pages: Pages, unkept: Counter[str]) -> Iterator[Message | Refusal | Skipped]:
    """Return every event of some files, folders or standard input (`-`), in order.

    Each thing that is wrong is a refusal with its origin; what a folder has besides is told behind its files.
    `unkept` counts what other formats say and newsdex does not keep.
    """
    for path in paths:
        if path == STDIN:
            yield from _read_file(None, pages, unkept)
        elif path.is_dir():
            skipped = Skipped(folder=path)
            for file in files_of(path, skipped):
                yield from _read_file(file, pages, unkept, within=path)
            if skipped.kinds:
                yield skipped
        else:
            yield from _read_file(path, pages, unkept)


def _read_file(
    path: Path | None, pages: Pages, unkept: Counter[str], within: Path | None = None
) -> Iterator[Message | Refusal]:
    origin, suffix = (STDIN_ORIGIN, "") if path is None else (str(path), suffix_of(path))
    try:
        with opened(path, within=within) as (head, content):
            for reading in _readings(head, content, suffix, _context(pages, path)):
                yield _message_of(reading, origin, unkept)
    except Invalid as error:
        yield Refusal(origin=origin, error=error)


def _context(pages: Pages, path: Path | None) -> Context:
    return Context(
        fetched_at=pages.fetched_at,
        timezone=pages.timezone,
        url=pages.url,
        id=pages.id,
        name=page_file_id(path) if path else None,
        mapping=pages.mapping,
    )


def _readings(head: bytes, content: BinaryIO, suffix: str, context: Context) -> Iterator[Reading]:
    name = recognise(head, suffix)
    if name == JSON_LINES:
        for number, line in enumerate(_lines(content), 1):
            yield from read_line(line.removeprefix(BOM) if number == 1 else line, number, context)
        return
    most = channels.MAX_MESSAGE_BYTES if name == TEXT else MAX_FILE_BYTES
    whole = content.read(most + 1)
    if len(whole) > most:
        raise Invalid("message_too_large", f"{name} of more than {most} bytes; JSON Lines may have any size")
    if context.name is None:
        context = replace(context, name=hashlib.sha256(whole).hexdigest()[:32])
    yield from read(whole, context, suffix)


def _lines(content: BinaryIO) -> Iterator[bytes]:
    """Return the lines, without what a line has beyond the largest message."""
    while line := content.readline(MAX_LINE):
        end = line
        while not end.endswith(b"\n") and (end := content.readline(MAX_LINE)):
            pass
        yield line


def _message_of(reading: Reading, origin: str, unkept: Counter[str]) -> Message | Refusal:
    place = origin + reading.place
    try:
        if isinstance(reading, Refused):
            return Refusal(origin=place, error=reading.error)
        if isinstance(reading, Given):
            return message_of(reading.body, place)
        message = message_on(*reading.to_event(id=str(uuid.uuid4()), source=SOURCE), place)
        unkept.update(reading.unkept)
    except ValidationError as error:
        return Refusal(origin=place, error=as_invalid(error))
    except Invalid as error:
        return Refusal(origin=place, error=error)
    return message


def page_file_id(path: Path) -> str:
    """Name the article of a page that has neither an id nor an address: after its file, and where that file is.

    Two files of one name in two folders are two articles; the same file, changed, is the same article.
    """
    place = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:PLACE_DIGITS]
    stem = "".join(char if char.isprintable() else "-" for char in os.fsencode(path.stem).decode(errors="replace"))
    return f"{stem[:MAX_STEM]}-{place}"

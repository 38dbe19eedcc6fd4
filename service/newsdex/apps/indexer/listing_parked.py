"""The indexer's answer to who asks which events are parked."""

import asyncio
from itertools import starmap

from faststream.nats.message import NatsMessage

from newsdex.apps.inspection.data_folder import parked_event
from newsdex.apps.requests import Handler
from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.records.moments import moment_of
from newsdex.records.parked import ParkedEvent
from newsdex.settings import Settings
from newsdex.validation import read_request
from newsdex_schemas.operations import ParkedCode, ParkedEntry, ParkedList, ParkedListRequest

SHOWN_CHARS = 2000


def parked_lister(settings: Settings) -> Handler:
    """Return the handler; it raises `NewsdexError` where none was ever parked under the number that is asked for."""

    async def list_parked(message: NatsMessage) -> ParkedList:
        request = read_request(ParkedListRequest, message.body)
        return await asyncio.to_thread(_listed, settings, request)

    return list_parked


def _listed(settings: Settings, request: ParkedListRequest) -> ParkedList:
    def read(archive: ArchiveReader) -> ParkedList:
        codes = tuple(
            ParkedCode(code=count.code, events=count.number, oldest_at=moment_of(count.oldest_us))
            for count in archive.parked_open()
        )
        if request.id is not None:
            event = parked_event(settings, request.id)
            entry = _entry(event, len(event.delivery.body), _beginning(event.delivery.body))
            return ParkedList(codes=codes, events=(entry,))
        listed = archive.parked_without_bodies(limit=request.limit)
        return ParkedList(codes=codes, events=tuple(starmap(_entry, listed)))

    return read_archive(settings.data_dir, read)


def _beginning(body: bytes) -> str:
    return body[: 4 * SHOWN_CHARS].decode("utf-8", "backslashreplace")[:SHOWN_CHARS]


def _entry(event: ParkedEvent, size: int, beginning: str | None = None) -> ParkedEntry:
    return ParkedEntry(
        id=event.id,
        parked_at=moment_of(event.at_us),
        code=event.fault.code,
        message=event.fault.message,
        place=event.fault.place,
        channel=event.delivery.subject,
        source=event.source,
        event_id=event.event_id,
        article_id=event.article_id,
        tries=event.attempts,
        status=event.status,
        bytes=size,
        beginning=beginning,
    )

"""Writes and reads the cursors of pages: where a page ended, and all that the next one must not see changed.

A cursor is sealed: frequencies and words of the index are nobody's business, and what was not given out is refused.
"""

import base64
import zlib
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import orjson
from pydantic import Field, TypeAdapter

from newsdex.errors import Invalid
from newsdex.index.columnar.query.matches.top_hits import PageEnd
from newsdex.index.columnar.query.statistics import Statistics
from newsdex.index.schema import TEXT_FIELDS
from newsdex.records.moments import microseconds
from newsdex.search.plan.pinned_vocabulary import PinnedAnswers
from newsdex.search.sealing import Seal
from newsdex_schemas import SearchRequest
from newsdex_schemas.values.timestamps import EARLIEST, LATEST

MAX_UNPACKED_BYTES = 200_000

_Moment = Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)]
_Length = Annotated[float, Field(gt=0)]
_Count = Annotated[int, Field(ge=0, lt=1 << 53)]


class _Written(NamedTuple):
    """What stands in a cursor."""

    digest: _Count
    least: float
    greatest: float
    date: _Moment
    id: str
    now_us: Annotated[int, Field(ge=microseconds(EARLIEST), lt=microseconds(LATEST))]
    at_least: _Count | None
    documents: _Count | None
    average_lengths: tuple[_Length, ...] = ()
    usual_lengths: tuple[_Length, ...] = ()
    frequencies: tuple[_Count, ...] = ()
    words: PinnedAnswers | None = None
    read_as: tuple[str, tuple[tuple[str, str], ...]] | None = None


_written = TypeAdapter(_Written)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """What one page leaves to the next."""

    cut: PageEnd
    now_us: int
    """The first page's moment: `yesterday` stays the same day."""
    at_least: int | None
    """How many of the words must match, where the first page fell back to most of them."""
    statistics: Statistics | None
    """What the first page was scored with; None by date."""
    words: PinnedAnswers | None = None
    """What the index knew of the query's words then."""
    read_as: tuple[str, tuple[tuple[str, str], ...]] | None = None
    """The query that was asked in the place of the one that was written, and the notes on it."""


def write_cursor(cursor: Cursor, request: SearchRequest, seal: Seal) -> str:
    """Return a cursor as text for the next request."""
    cut, statistics = cursor.cut, cursor.statistics
    values: list[Any] = [
        *(_digest(request), cut.least, cut.greatest, cut.date, cut.id, cursor.now_us, cursor.at_least),
        *((None, (), (), ()) if statistics is None else _statistics(statistics)),
        list(cursor.words) if cursor.words else None,
        cursor.read_as,
    ]
    sealed = seal.close(zlib.compress(orjson.dumps(values)))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _statistics(statistics: Statistics) -> tuple[Any, ...]:
    lengths = [
        [by_field[name] for name in TEXT_FIELDS] for by_field in (statistics.average_lengths, statistics.usual_lengths)
    ]
    return (statistics.documents, *lengths, statistics.frequencies)


def read_cursor(request: SearchRequest, seal: Seal) -> Cursor | None:
    """Read a request's cursor, if it has one; raise `Invalid` where it is none, or one of another search."""
    if request.cursor is None:
        return None
    if request.offset:
        raise Invalid("cursor_with_offset", "a page behind a cursor has no offset", "offset")
    value = _unpacked(request.cursor, seal)
    if value is None:
        raise Invalid("invalid_cursor", "this is no cursor that was given out", "cursor")
    if value.digest != _digest(request):
        raise Invalid("cursor_of_another_search", "the cursor belongs to another query, filter, sort or zone", "cursor")
    statistics = None
    if value.documents is not None:
        statistics = Statistics(
            documents=value.documents,
            average_lengths=dict(zip(TEXT_FIELDS, value.average_lengths, strict=True)),
            usual_lengths=dict(zip(TEXT_FIELDS, value.usual_lengths, strict=True)),
            frequencies=value.frequencies,
        )
    return Cursor(
        cut=PageEnd(least=value.least, greatest=value.greatest, date=value.date, id=value.id),
        now_us=value.now_us,
        at_least=value.at_least,
        statistics=statistics,
        words=value.words,
        read_as=value.read_as,
    )


def _digest(request: SearchRequest) -> int:
    """Tell searches apart whose pages do not belong together."""
    same = [
        *(request.q, request.sort, request.timezone, request.filters.model_dump(mode="json"), request.words),
        request.recency.model_dump() if request.recency else None,
        *(request.repeats, request.versions_of),
    ]
    return zlib.crc32(orjson.dumps(same))


def _unpacked(text: str, seal: Seal) -> _Written | None:
    """Return a cursor's values, or None where the text was not written here."""
    try:
        packed = seal.open(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if packed is None:
            return None
        value = _written.validate_json(zlib.decompressobj().decompress(packed, MAX_UNPACKED_BYTES))
    except (ValueError, zlib.error):
        return None
    lengths = {len(value.average_lengths), len(value.usual_lengths)}
    return value if value.documents is None or lengths == {len(TEXT_FIELDS)} else None

"""What one part of a page states about its article, before the parts are weighed against each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Precision = Literal["day", "minute"]
Zone = Literal["stated", "assumed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedDate:
    """A moment as it is written somewhere; a day is its first moment in the zone."""

    moment: datetime
    """Aware."""
    precision: Precision
    zone: Zone


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedFields:
    """The fields that one part of a page states; what it does not state is empty."""

    title: str | None = None
    body: str | None = None
    """Plain text, paragraphs parted by a blank line."""
    summary: str | None = None
    section: str | None = None
    authors: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    """As it is written; not every value is a language tag."""
    url: str | None = None
    """The address that the page calls its own, as it is written; it may be relative."""
    published_at: StatedDate | None = None
    updated_at: StatedDate | None = None

"""What a reader of a format is given, and what it gives: pure values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from newsdex.errors import Invalid
from newsdex.validation import as_invalid
from newsdex_schemas import (
    Article,
    ArticlePublished,
    ArticleScraped,
    ArticleWithdrawn,
    ScrapedPage,
    Withdrawal,
    channels,
)

MAX_NAME_CHARS = 200
MAX_CHARS = {"title": 1_000, "summary": 10_000}
DESCRIPTIVE = frozenset(("agency", "dateline", "language", "published_at", "section", "updated_at", "url"))
MAX_NAMES = {"authors": 100, "tags": 200}


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What content does not say of itself."""

    fetched_at: datetime
    timezone: str = "UTC"
    """The publisher's IANA zone, for dates without one."""
    url: str | None = None
    id: str | None = None
    name: str | None = None
    """The id of a page that has neither an id nor an address, such as one made of its file's place."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """A field of the contract → the column, or the JSON field, that has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One article, takedown or page that content held; `place` is where, such as `[3]` or `:12`."""

    data: Article | Withdrawal | ScrapedPage
    time: datetime | None = None
    """The moment of this version, which orders it among others."""
    unkept: tuple[str, ...] = ()
    """The names of what the item says and newsdex does not keep."""
    place: str = ""

    def to_event(self, *, id: str, source: str) -> tuple[str, bytes]:  # noqa: A002 - the attribute's name
        """Return the channel, and a CloudEvent in structured mode."""
        if isinstance(self.data, Withdrawal):
            return channels.ARTICLES_WITHDRAWN, ArticleWithdrawn(
                id=id, source=source, time=self.time, data=self.data
            ).to_json()
        if isinstance(self.data, ScrapedPage):
            return channels.ARTICLES_SCRAPED, ArticleScraped(
                id=id, source=source, time=self.time, data=self.data
            ).to_json()
        return channels.ARTICLES_PUBLISHED, ArticlePublished(
            id=id, source=source, time=self.time, data=self.data
        ).to_json()


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """An article or a CloudEvent of the contract, which travels as it was given; nobody has validated it yet."""

    body: bytes
    place: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """What cannot be read."""

    error: Invalid
    place: str = ""


Reading = Item | Given | Refused


def article_item(fields: Mapping[str, Any], unkept: Iterable[str] = ()) -> Item:
    """Return the article with some fields, in the form in which they stand in JSON.

    What describes it and breaks the contract, such as a language of no known tag or the two hundredth keyword, is left
    out, and counted as not kept. Raises `Invalid` for a breach in anything else.
    """
    fitted, left_out = _fitted(fields)
    try:
        article = _article(fitted)
    except ValidationError as error:
        broken = {str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"]}
        if not broken or not broken <= DESCRIPTIVE:
            raise as_invalid(error) from error
        left_out += sorted(broken)
        article = _article({name: value for name, value in fitted.items() if name not in broken})
    return Item(data=article, time=article.updated_at, unkept=(*unkept, *left_out))


def _article(fields: Mapping[str, Any]) -> Article:
    try:
        return Article.model_validate_json(to_json(fields))
    except ValidationError:
        raise
    except ValueError as error:  # half a surrogate pair has no bytes
        raise Invalid("invalid_utf8", "a text has characters that UTF-8 cannot write") from error


def withdrawal_item(*, id: object, version: int | None, time: datetime | None, unkept: tuple[str, ...] = ()) -> Item:  # noqa: A002 - the field's name
    """Return the takedown of an article; raise `Invalid` where its id breaks the contract."""
    try:
        withdrawal = Withdrawal.model_validate_json(to_json({"id": id, "version": version}))
    except ValidationError as error:
        raise as_invalid(error) from error
    return Item(data=withdrawal, time=time, unkept=unkept)


def page_item(context: Context, **content: str) -> Item:
    """Return a scraped page with what the context knows of it; raise `Invalid` where it breaks the contract."""
    id_ = context.id or (None if context.url else context.name)
    known = {"url": context.url, "id": id_, "timezone": context.timezone, "fetched_at": context.fetched_at}
    try:
        page = ScrapedPage.model_validate_json(to_json({**known, **content}))
    except ValidationError as error:
        raise as_invalid(error) from error
    return Item(data=page, time=context.fetched_at)


def placed(item: Reading, place: str) -> Reading:
    """Return what was read with its place before the one that it has."""
    return replace(item, place=place + item.place)


def _fitted(fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    fitted, left_out = dict(fields), []
    for name, most in MAX_NAMES.items():
        names = list(dict.fromkeys(text.strip() for text in fitted.get(name) or () if text.strip()))
        fitted[name] = [text for text in names if len(text) <= MAX_NAME_CHARS][:most]
        left_out += [name] * (len(names) - len(fitted[name]))
    for name, max_chars in MAX_CHARS.items():
        if len(fitted.get(name) or "") > max_chars:
            fitted[name] = fitted[name][:max_chars]
            left_out.append(name)
    return fitted, left_out

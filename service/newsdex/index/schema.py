"""The fields of the index. It keeps no text: titles and bodies are read from the archive."""

from typing import Any

from newsdex_schemas import Article
from whoosh.fields import ID, KEYWORD, NUMERIC, TEXT, Schema

from newsdex.index.analysis import NewsAnalyzer
from newsdex.records import microseconds

INDEX_VERSION = 1
"""Raise it whenever the fields or the analysis change: a new generation is built from the archive."""

TEXT_FIELDS = {"title": 3.0, "summary": 1.5, "body": 1.0}
"""Fields of full text and their weights."""
FILTER_FIELDS = ("section", "authors", "tags", "agency", "language")
DATE_UNIT_US = 1_000_000
UNDATED = -(2**62)
"""Sorts an article without a date as the oldest."""


def _date(*, sortable: bool = False) -> NUMERIC:
    return NUMERIC(int, bits=64, signed=True, shift_step=8, sortable=sortable, default=UNDATED)


def make_schema() -> Schema:
    """Give Whoosh's schema."""
    texts = {name: TEXT(analyzer=NewsAnalyzer(), multitoken_query="phrase") for name in TEXT_FIELDS}
    filters = {name: KEYWORD(commas=True, lowercase=True, scorable=False) for name in FILTER_FIELDS}
    return Schema(
        id=ID(unique=True, stored=True),
        published=_date(sortable=True),
        embargoed=_date(),
        expires=_date(),
        **texts,
        **filters,
    )


def seconds(stamp_us: int) -> int:
    """Give the whole seconds of a number of microseconds, as the date fields hold them."""
    return stamp_us // DATE_UNIT_US


def filter_value(text: str) -> str:
    """Give the form in which a filter's value is compared: case and surrounding space do not matter."""
    return text.replace(",", " ").strip().lower()


def document(article: Article) -> dict[str, Any]:
    """Give an article as the fields of a Whoosh document."""
    lists = {
        "section": (article.section,),
        "authors": article.authors,
        "tags": article.tags,
        "agency": (article.agency,),
        "language": (article.language,),
    }
    dates = {
        "published": article.published_at or article.updated_at,
        "embargoed": article.embargoed_until,
        "expires": article.expires_at,
    }
    fields: dict[str, Any] = {"id": article.id, "title": article.title, "body": article.body}
    fields |= {"summary": article.summary} if article.summary else {}
    fields |= {
        name: ",".join(filter_value(value) for value in values if value) for name, values in lists.items() if any(values)
    }
    fields |= {name: seconds(microseconds(moment)) for name, moment in dates.items() if moment}
    return fields

"""The fields of the index. It keeps no text: titles and bodies are read from the archive."""

from functools import lru_cache
from typing import Any

from whoosh.fields import ID, KEYWORD, NUMERIC, TEXT, Schema

from newsdex.index.text.analysis import NewsAnalyzer
from newsdex.index.text.folding import fold
from newsdex.index.text.languages import DEFAULT
from newsdex.records.moments import microseconds
from newsdex_schemas import Article

INDEX_VERSION = 5
"""Raise it whenever the fields or the analysis change: a new generation is built from the archive."""

TEXT_FIELDS = {"title": 3.0, "summary": 1.5, "body": 1.0}
"""Fields of full text and their weights, for whatever ranks; chosen in `tests/relevance`."""
FILTER_FIELDS = ("section", "authors", "tags", "agency", "language")
SPELLED_FIELDS = {name: f"{name}_spelled" for name in FILTER_FIELDS}
"""The same values as the publishers spell them: facets show these."""
DATE_FIELDS = ("published", "embargoed", "expires")
NUMBER_BITS, SHIFT_STEP = 64, 8
UNDATED = 0
"""Sorts an article without a date as the oldest: in the column, dates are moved to where the earliest is 0."""


def numeric_field(**options: object) -> NUMERIC:
    """Return a Whoosh field of whole numbers as columns hold them."""
    return NUMERIC(int, bits=NUMBER_BITS, signed=True, shift_step=SHIFT_STEP, **options)


def make_schema(language: str | None = DEFAULT) -> Schema:
    """Return Whoosh's schema; `language` is that of the texts, as `NewsAnalyzer` takes it."""
    texts = {name: TEXT(analyzer=NewsAnalyzer(language), multitoken_query="phrase") for name in TEXT_FIELDS}
    filters = {name: KEYWORD(commas=True, lowercase=True, scorable=False) for name in FILTER_FIELDS}
    spelled = {name: KEYWORD(commas=True, scorable=False) for name in SPELLED_FIELDS.values()}
    return Schema(
        id=ID(unique=True, stored=True),
        published=numeric_field(sortable=True, default=UNDATED),
        embargoed=numeric_field(default=UNDATED),
        expires=numeric_field(default=UNDATED),
        **texts,
        **filters,
        **spelled,
    )


@lru_cache(maxsize=10_000)
def filter_value(text: str) -> str:
    """Return the form in which a filter's value is compared, folded as words are; space around it does not matter.

    What has nothing but signs that folding leaves out stays as it is.
    """
    plain = " ".join(text.replace(",", " ").lower().split())
    return " ".join(fold(plain).split()) or plain


def document(article: Article) -> dict[str, Any]:
    """Return an article as the fields of its document; filters have lists of values."""
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
    for name, values in lists.items():
        spellings = {filter_value(value): value for value in values if value and filter_value(value)}
        if spellings:
            fields |= {name: list(spellings), SPELLED_FIELDS[name]: list(spellings.values())}
    fields |= {name: microseconds(moment) for name, moment in dates.items() if moment}
    return fields

"""Gives one article by its id, or by an address of its page, to those who may see what may be shown."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from newsdex.errors import Invalid
from newsdex.records.feed import FeedEntry
from newsdex_schemas import Article, ArticleReply, ArticleRequest


class Named(Protocol):
    """The archive, as far as names of articles go."""

    def entry_of(self, article_id: str) -> FeedEntry | None:
        """Return an article's entry in the change feed."""

    def at_address(self, name: str) -> set[str]:
        """Return the articles whose page was met at an address, beside the one that has it as its id."""


class Texts(Named, Protocol):
    """The archive, as this question sees it."""

    def visible(self, ids: Sequence[str], now_us: int) -> Mapping[str, Article]:
        """Return those of some articles that may be shown now."""


def ids_named(name: str, texts: Named) -> list[str]:
    """Return the ids that a name may stand for: its own, then those of pages met at it, the newest change first."""
    entries = filter(None, map(texts.entry_of, texts.at_address(name)))
    return [name, *(one.id for one in sorted(entries, key=lambda one: one.sequence, reverse=True))]


def answer_article(request: ArticleRequest, texts: Texts, now_us: int) -> ArticleReply:
    """Return the article that a request names, by its id before an address of its page.

    Raises `Invalid` for an article that may not be shown: nothing tells apart those that are embargoed, expired or
    withdrawn and those that nobody ever published.
    """
    ids = ids_named(request.id, texts)
    visible = texts.visible(ids, now_us)
    id_ = next((one for one in ids if one in visible), request.id)
    article, entry = visible.get(id_), texts.entry_of(id_)
    if article is None or entry is None:
        raise Invalid("unknown_article", "there is no article with this id that may be shown", "id")
    return ArticleReply(article=article, sequence=entry.sequence)

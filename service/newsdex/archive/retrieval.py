"""Gives one article by its id, to those who may see what may be shown."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from newsdex.errors import Invalid
from newsdex.records import FeedEntry
from newsdex_schemas import Article, ArticleReply, ArticleRequest


class Texts(Protocol):
    """The archive, as this question sees it."""

    def visible(self, ids: Sequence[str], now_us: int) -> Mapping[str, Article]:
        """Return those of some articles that may be shown now."""

    def entry_of(self, article_id: str) -> FeedEntry | None:
        """Return an article's entry in the change feed."""


def answer_article(request: ArticleRequest, texts: Texts, now_us: int) -> ArticleReply:
    """Return the article that a request names.

    Raises `Invalid` for an article that may not be shown: nothing tells apart those that are embargoed, expired or
    withdrawn and those that nobody ever published.
    """
    article, entry = texts.visible([request.id], now_us).get(request.id), texts.entry_of(request.id)
    if article is None or entry is None:
        raise Invalid("unknown_article", "there is no article with this id that may be shown", "id")
    return ArticleReply(article=article, sequence=entry.sequence)

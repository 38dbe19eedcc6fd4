"""Shows articles that were found: their fields, and their titles and snippets with the matched words marked."""

from typing import Any

from newsdex.search.reply.heading import heading
from newsdex.search.reply.highlighter import TermMatcher
from newsdex.search.reply.snippets import marked, snippets
from newsdex_schemas import Article, Hit

SHOWN = frozenset(Hit.model_fields) & frozenset(Article.model_fields) - {"title"}


def hit_in_html(article: Article, score: float, matcher: TermMatcher) -> Hit:
    """Return a hit with its marks in HTML."""
    shown, title = _shown(article), heading(article)
    passages = tuple([passage.html() for passage in snippets(article.body or article.summary or "", matcher)])
    # the archive's text was validated when it came in
    return Hit.model_construct(
        **shown, title=title, title_html=marked(title, matcher).html(), snippets=passages, score=score
    )  # fmt: skip


def hit_with_offsets(article: Article, score: float, matcher: TermMatcher) -> Hit:
    """Return a hit with its marks as offsets."""
    shown, title = _shown(article), heading(article)
    passages = snippets(article.body or article.summary or "", matcher)
    return Hit.model_construct(
        **shown,
        title=title,
        title_marks=marked(title, matcher).marks,
        snippets=tuple([passage.text for passage in passages]),
        snippet_marks=tuple([passage.marks for passage in passages]),
        score=score,
    )


def _shown(article: Article) -> dict[str, Any]:
    return {name: getattr(article, name) for name in SHOWN}

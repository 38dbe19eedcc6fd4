"""Why a search does not show an article: read from the data folder, so that it works while nothing else does."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from whoosh.query import Term

from newsdex.apps.inspection.article_story import Story
from newsdex.apps.inspection.data_folder import story_of
from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.clock import now_us
from newsdex.errors import Unavailable
from newsdex.index.one_article import view_of_one
from newsdex.index.reader import IndexReader, View
from newsdex.index.scope import SearchScope
from newsdex.search.absence import Absence, ArticleOfView, explain_absence
from newsdex.search.plan.curation import Curation
from newsdex.search.plan.filters import hidden_query
from newsdex.search.request import parse_request
from newsdex.search.sealing import KEY_BYTES, Seal
from newsdex.settings import Settings
from newsdex_schemas import Article, SearchRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Everything that stands between an article and a search."""

    story: Story
    article: Article | None
    """None where the archive has no text of it."""
    indexed: bool
    """Whether the index has it, in whatever version."""
    absence: Absence | None
    """None where there is no text, or no index, to ask."""


def account_of(settings: Settings, article_id: str, request: SearchRequest) -> Account:
    """Account for an article in a search; raise `NewsdexError` for an article that no event named.

    Raises `Invalid` for a query that cannot be read.
    """
    # no cursor is read or given out: nothing is sealed
    parsed = parse_request(request, now_us(), Seal(bytes(KEY_BYTES)))
    story = story_of(settings, article_id)
    curation = Curation.of(settings)

    def account(archive: ArchiveReader) -> Account:
        content = archive.content(article_id)
        article = Article.model_validate_json(content) if content else None
        view = _view(settings)
        indexed = view is not None and _has(view, article_id)
        absence = None
        if view is not None and content is not None:
            now = parsed.clock.now_us
            hidden = hidden_query(now, archive.hidden_since(view.position, now))
            is_newest = story.standing is not None and story.standing.sequence <= view.position
            with _own_view(view, article_id, content, is_there=indexed and is_newest) as own:
                absence = explain_absence(ArticleOfView(own, article_id), view, parsed, hidden, curation)
        return Account(story=story, article=article, indexed=indexed, absence=absence)

    return read_archive(settings.data_dir, account)


def _view(settings: Settings) -> View | None:
    try:
        return IndexReader(settings.data_dir / "index").view()
    except Unavailable:
        return None


def _has(view: View, id_: str) -> bool:
    return view.find(Term("id", id_), SearchScope(deadline=math.inf), sort="newest", size=0).total > 0


@contextmanager
def _own_view(view: View, id_: str, content: bytes, *, is_there: bool) -> Iterator[View]:
    """Give a view that has the article as it is archived now."""
    if is_there:
        yield view
        return
    with view_of_one(id_, content) as own:
        yield own

"""Asks a new generation sample queries before it serves: they must find what the archive has and the old one found."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from whoosh import query

from newsdex.errors import Unavailable
from newsdex.index.generations.feed import ChangeFeed
from newsdex.index.generations.verification import Finding, Steps
from newsdex.index.reader import View
from newsdex.index.scope import SearchScope
from newsdex.index.text.analysis import terms, words
from newsdex.index.text.languages import stemmed_as
from newsdex.records.feed import Change, Turns
from newsdex_schemas import Article

ARTICLES = 20
WORDS = 4
MAX_SHOWN = 2_000
"""Answers with more documents are compared by their number only."""
MAX_CHANGED = 5_000
"""Two generations further apart than this are not compared with each other."""
QUERY_COST_BYTES = 100_000


def sample_queries(new: View, old: View | None, feed: ChangeFeed) -> Steps:
    """Compare answers of a new generation with the archive, and with those of an old one where there is one.

    The two may be at different positions and as of different moments: articles that changed or turned in between may
    differ.
    """
    changed = _changed_between(feed, new, old) if old else None
    for change, stems in _samples(feed, new):
        ids, _ = _answer(new, query.And([query.Term("title", stem) for stem in stems]), MAX_SHOWN)
        if change.id not in ids and len(ids) < MAX_SHOWN:
            yield Finding(code="index_disagrees", text=f"{new.folder} does not find {change.id} by its title")
        if old is not None and changed is not None:
            yield from _differences(new, old, stems, changed)
        yield QUERY_COST_BYTES


def _samples(feed: ChangeFeed, view: View) -> Iterator[tuple[Change, Sequence[str]]]:
    """Return articles from all over the change feed that a view should show, with the stems of their titles."""
    for number in range(ARTICLES):
        after = view.position * number // ARTICLES
        for change in feed.changes(after, 1):
            article = change.article() if change.shown_at(view.as_of_us) else None
            stems = _stems(article) if article else []
            if stems and change.sequence <= view.position:
                yield change, stems


def _stems(article: Article) -> list[str]:
    language = stemmed_as(article)
    return [terms(word, language)[0] for word, _, _ in words(article.title)][:WORDS]


def _changed_between(feed: ChangeFeed, one: View, other: View) -> frozenset[str] | None:
    """Return the ids of articles in which two views may differ; None where there are too many."""
    changed = {entry.id for entry in feed.entries(min(one.position, other.position), MAX_CHANGED)}
    after_us, until_us = sorted((one.as_of_us, other.as_of_us))
    turns = Turns(after_us, until_us, max(one.position, other.position))
    while len(changed) < MAX_CHANGED and (turned := feed.turning(turns, MAX_CHANGED)):
        changed.update(change.id for change in turned)
        turns = turns._replace(after_sequence=turned[-1].sequence)
    return frozenset(changed) if len(changed) < MAX_CHANGED else None


def _differences(new: View, old: View, stems: Sequence[str], changed: frozenset[str]) -> Steps:
    for tree in _trees(stems):
        try:
            old_ids, old_total = _answer(old, tree, MAX_SHOWN)
        except Unavailable:  # it is damaged: one more reason for the new one
            return
        new_ids, new_total = _answer(new, tree, MAX_SHOWN)
        same = (
            new_ids - changed == old_ids - changed
            if max(new_total, old_total) <= MAX_SHOWN
            else abs(new_total - old_total) <= len(changed)
        )
        if not same:
            text = f"{new.folder} finds {new_total:,} documents where {old.folder} finds {old_total:,}"
            yield Finding(code="index_disagrees", text=text)


def _trees(stems: Sequence[str]) -> Iterator[Any]:
    """Return one query of each kind that news is searched by."""
    first, last = stems[0], stems[-1]
    yield query.Term("body", first)
    yield query.Or([query.Term(field, stem) for field in ("title", "body") for stem in stems])
    yield query.And([query.Term("body", stem) for stem in stems])
    yield query.Phrase("title", list(stems[:2]))
    yield query.Prefix("title", last[:3])
    yield query.And([query.Every(), query.Not(query.Term("body", first))])


def _answer(view: View, tree: Any, size: int) -> tuple[frozenset[str], int]:
    found = view.find(tree, SearchScope(deadline=math.inf), sort="newest", size=size)
    return frozenset(id_ for id_, _ in found.documents), found.total

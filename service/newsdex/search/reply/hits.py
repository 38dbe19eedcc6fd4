"""Shows articles that were found: their fields, and their titles and snippets with the matched words marked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Literal

from pydantic import BaseModel
from whoosh.query import Query

from newsdex.search.reply.heading import heading
from newsdex.search.reply.highlighter import TermMatcher
from newsdex.search.reply.snippets import Marked, marked, snippets
from newsdex_schemas import Hit


class ShownArticle(BaseModel):
    """What hits are made of; the archive's JSON was validated when it came in."""

    id: str
    title: str = ""
    summary: str | None = None
    body: str = ""
    section: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    agency: str | None = None
    dateline: str | None = None
    language: str | None = None
    url: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    version: int | None = None


def hits_of(  # noqa: PLR0913 - what was found, and how it is shown
    scored: Sequence[tuple[str, float]],
    contents: Mapping[str, bytes],
    languages: Mapping[str, str],
    query: Query,
    *,
    marks: Literal["html", "offsets"] = "html",
    more_versions: Mapping[str, int] | None = None,
) -> tuple[Hit, ...]:
    """Return a hit for each (id, score) of an article whose JSON there is, with the words of a query marked.

    `languages` are those by which the articles' words are stemmed.
    """
    read = ShownArticle.model_validate_json
    articles = {id_: read(contents[id_]) for id_, _ in scored if id_ in contents}
    texts = _marked_texts(articles, languages, query)
    write, more = _with_marks if marks == "html" else _with_offsets, more_versions or {}
    return tuple([
        Hit.model_construct(**vars(articles[id_]) | write(*texts[id_]), score=score, more_versions=more.get(id_, 0))
        for id_, score in scored
        if id_ in articles
    ])  # fmt: skip


def _marked_texts(
    articles: Mapping[str, ShownArticle], languages: Mapping[str, str], query: Query
) -> dict[str, tuple[Marked, Sequence[Marked]]]:
    """Return the title and the snippets of each article, those of one language at once."""
    of_language = defaultdict(list)
    for id_ in articles:
        of_language[languages[id_]].append(id_)
    texts: dict[str, tuple[Marked, Sequence[Marked]]] = {}
    for language, ids in of_language.items():
        matcher, own = TermMatcher(query, language), [articles[id_] for id_ in ids]
        bodies = [one.body or one.summary or "" for one in own]
        titles = [one.title or heading(f"{one.summary or ''}\n{one.body}") for one in own]
        shown = zip(marked(titles, matcher), snippets(bodies, matcher), strict=True)
        texts |= zip(ids, shown, strict=True)
    return texts


def _with_marks(title: Marked, passages: Sequence[Marked]) -> dict[str, Any]:
    """Return the texts of a hit with marks in HTML."""
    return {"title": title.text, "title_html": in_html(title), "snippets": tuple(map(in_html, passages))}


def _with_offsets(title: Marked, passages: Sequence[Marked]) -> dict[str, Any]:
    """Return the texts of a hit with marks as offsets."""
    return {
        "title": title.text,
        "title_marks": title.marks,
        "snippets": tuple([passage.text for passage in passages]),
        "snippet_marks": tuple([passage.marks for passage in passages]),
    }


def in_html(shown: Marked) -> str:
    """Return a text escaped for HTML, its matched words between `<mark>` and `</mark>`."""
    parts, at = [], 0
    for start, end in shown.marks:
        parts += [escape(shown.text[at:start]), "<mark>", escape(shown.text[start:end]), "</mark>"]
        at = end
    parts.append(escape(shown.text[at:]))
    return "".join(parts)

"""`/articles/{id}`: one article, with the words marked that a search found it by."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsdex.errors import Invalid, NewsdexError
from newsdex.gateway.api.parameters import id_of, read_pairs
from newsdex.gateway.door import Door, door_of
from newsdex.gateway.pages.address import SearchAddress
from newsdex.gateway.pages.hits import HitView, Published, by_line, hit_view, published
from newsdex.gateway.pages.marks import marked, places_of, words_at
from newsdex.gateway.pages.moments import zone_of
from newsdex.gateway.pages.search_view import count_text
from newsdex.gateway.responses import NOT_STORED
from newsdex_schemas import Article, ArticleRequest, SearchReply, SearchRequest, SimilarRequest
from newsdex_schemas.search import MAX_QUERY_CHARS

SIMILAR = 5
TITLE_CHARS = 100
"""How much of a text stands for a title that is not there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleView:
    """What the template draws."""

    article: Article
    title: Markup
    plain_title: str
    summary: Markup
    paragraphs: tuple[Markup, ...]
    published: Published | None
    updated: Published | None
    by: tuple[str, ...]
    origin: str | None
    """The host of its url."""
    sequence: str
    similar: tuple[HitView, ...]
    back_href: str
    back: str
    address: SearchAddress
    href: str
    """Of the article alone."""


async def article_page(request: Request) -> Response:
    """Answer with the page of an article."""
    door, address = door_of(request), SearchAddress.read(request.query_params)
    id_ = read_pairs(ArticleRequest, [("id", id_of(request))]).id
    found, similar, search = await asyncio.gather(
        door.client.get(id_), _similar(door, id_, address), _back(door, address)
    )
    if found.article.id != id_:  # an address of its page
        return RedirectResponse(address.article(found.article.id), 303, {"cache-control": NOT_STORED})
    words = await _words(door, id_, address, search) if search else set()
    article, zone = found.article, zone_of(address.timezone)
    view = ArticleView(
        article=article,
        title=_marked(_title(article), words),
        plain_title=_title(article),
        summary=_marked(article.summary or "", words),
        paragraphs=tuple(_marked(one, words) for one in _paragraphs(article.body)),
        published=published(article.published_at, zone),
        updated=published(article.updated_at, zone),
        by=by_line(article.authors, article.agency),
        origin=urlsplit(article.url).hostname if article.url else None,
        sequence=f"{found.sequence:,}",
        similar=similar,
        back_href=address.href,
        back=_back_text(address, search),
        address=address,
        href=SearchAddress().article(id_),
    )
    return door.pages.render(request, "article.html", view=view)


async def _similar(door: Door, id_: str, address: SearchAddress) -> tuple[HitView, ...]:
    try:
        reply = await door.client.similar(SimilarRequest(id=id_, size=SIMILAR))
    except NewsdexError:  # the article is shown without them
        return ()
    return tuple(hit_view(hit, SearchAddress(timezone=address.timezone)) for hit in reply.hits)


async def _back(door: Door, address: SearchAddress) -> SearchReply | None:
    """Return what the search found from which someone comes, without its hits."""
    if address == SearchAddress():
        return None
    try:
        return await door.client.search(address.request(size=0))
    except Invalid as error:
        if error.code == "unknown_timezone":
            raise
        return None
    except NewsdexError:
        return None


async def _words(door: Door, id_: str, address: SearchAddress, search: SearchReply) -> set[str]:
    """Return the words by which a search finds an article, as they stand in it.

    The service marks a hit's title and best passages, so a form of a word that is in neither stays unmarked.
    """
    read_as = search.interpretation.query
    joined = read_as if search.words == "most" else f"({read_as})"
    q = f'+id:"{id_}" {joined}'
    if not address.q or len(q) > MAX_QUERY_CHARS or '"' in id_:  # which no query can quote
        return set()
    try:
        request = SearchRequest(q=q, size=1, marks="offsets", timezone=address.timezone, words=search.words)
        hits = (await door.client.search(request)).hits
    except NewsdexError:
        return set()
    words: set[str] = set()
    for hit in hits:
        words |= words_at(hit.title, hit.title_marks or ())
        for passage, spans in zip(hit.snippets, hit.snippet_marks or (), strict=False):
            words |= words_at(passage, spans)
    return words if hits and hits[0].id == id_ else set()


def _marked(text: str, words: set[str]) -> Markup:
    return marked(text, places_of(text, words))


def _title(article: Article) -> str:
    if article.title:
        return article.title
    text = " ".join((article.summary or article.body).split())
    return text if len(text) <= TITLE_CHARS else f"{text[:TITLE_CHARS].rpartition(' ')[0] or text[:TITLE_CHARS]} …"


def _paragraphs(body: str) -> Iterator[str]:
    return (one.strip() for one in re.split(r"\n\s*\n", body) if one.strip())


def _back_text(address: SearchAddress, search: SearchReply | None) -> str:
    if search is None or not search.total:
        return "Search all articles" if address == SearchAddress() else "Back to the search"
    about = f" for “{address.q}”" if address.q else ""
    return f"Back to {count_text(search.total, at_least=search.total_is == 'at_least')}{about}"


routes = [Route("/articles/{id:path}", article_page)]

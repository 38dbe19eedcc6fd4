"""Reads what stands on the page for its readers: the heading, and the lines around it with author and date."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from lxml.html import HtmlElement

from newsdex.normalise.bylines import is_name, read_byline
from newsdex.normalise.dates import PageClock
from newsdex.pages.authors import clean_authors
from newsdex.pages.document import text_of
from newsdex.pages.fields import StatedDate, StatedFields
from newsdex.pages.stated_dates import find_date, read_date
from newsdex.pages.text import one_line
from newsdex.pages.titles import words

MAX_TITLE_CHARS = 1_000
MAX_LINE_CHARS = 160
"""A longer line is the story's."""
MAX_CANDIDATES = 60
MAX_PAGE_CHARS = 300_000
DATE_CHARS = 40
"""Behind a label, in which its date has to begin and end."""
MAX_LINES, LINES_BEFORE, LINES_AFTER = 1_500, 12, 30
MIN_HEADING_WORDS = 3
MIN_SURROUNDINGS = 400
"""Characters of the element in which the lines around the heading are looked for."""

_NOT_ARTICLE = frozenset(("aside", "footer", "nav", "form", "button"))
_ASIDE = re.compile(
    r"(?:^|[\s_-])(?:related|sidebar|footer|comments?|teasers?|widget|recommend\w*|popular|latest|nav|menu|card|promo"
    r"|most-?read|newsletter|breadcrumbs?)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_DATE_CLASS = re.compile(r"date|publi|time|byline|meta|posted|datum|fecha|info|created", re.IGNORECASE)
_AUTHOR_CLASS = re.compile(
    r"(?:^|[\s_-])(?:author|byline|autor|autoren|auteur|writer|verfasser|redacteur|creator)"
    r"(?:s|[\s_-]{0,2}(?:name|link|info|box|title|vcard))?(?:$|[\s_-])",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    r"\b(?:published|posted|veröffentlicht|erstellt|publié|publicado|pubblicato|gepubliceerd|opublikowano|publicerad"
    r"|опубликовано|yayınlanma)\s?(?:on|am|le|el|em|il|op)?\s?:?\s",
    re.IGNORECASE,
)
_UPDATED = re.compile(r"updat|modif|aktualis|actuali|geändert|bearbeitet|обновл|更新", re.IGNORECASE)
_BYLINE_LABEL = re.compile(r"(?:by|von|por|par|di|text|autor(?:in)?|author)\s?:?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """The heading, and the lines before and after it."""

    element: HtmlElement | None
    heading: str | None
    before: Sequence[str]
    after: Sequence[str]


def from_page(tree: HtmlElement, around: Surroundings, clock: PageClock) -> StatedFields:
    """Return what stands on the page itself."""
    return StatedFields(
        title=around.heading,
        authors=_authors(tree, around),
        language=tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or tree.get("xml:lang"),
        published_at=_published(tree, around, clock),
    )


def document_title(tree: HtmlElement) -> str | None:
    """Return the text of the page's title element."""
    title = tree.find(".//title")
    return one_line(title.text_content(), MAX_TITLE_CHARS) if title is not None else None


def surroundings(tree: HtmlElement, titles: Iterable[str]) -> Surroundings:
    """Find the heading: the first that a title repeats, else the first in an article, else the only one."""
    titles = [f" {words(title)} " for title in titles]
    heading = _heading(tree, titles)
    if heading is None:
        return Surroundings(element=None, heading=None, before=(), after=())
    text = one_line(_without_kicker(heading, titles), MAX_TITLE_CHARS)
    scope = heading
    for above in heading.iterancestors():
        scope = above
        if len(text_of(above)) >= MIN_SURROUNDINGS + len(text or ""):
            break
    lines: list[str] = []
    at = 0
    own = set(heading.iter())
    for node in scope.xpath(".//text()")[:MAX_LINES]:
        parent = node.getparent()
        if parent in own and not (node.is_tail and parent is heading):
            at = len(lines)
        elif line := " ".join(node.split()):
            lines.append(line)
    return Surroundings(
        element=heading,
        heading=text,
        before=lines[max(0, at - LINES_BEFORE) : at],
        after=lines[at : at + LINES_AFTER],
    )


def _heading(tree: HtmlElement, titles: Sequence[str]) -> HtmlElement | None:
    found = [one for one in islice(tree.iter("h1", "h2"), MAX_CANDIDATES) if words(text_of(one))]
    named = [one for one in found if any(f" {words(text_of(one))} " in title for title in titles)]
    if named:  # the longest, for the site's name stands in its titles, too
        return max(named, key=lambda one: (len(words(text_of(one)).split()), one.tag == "h1"))
    first = [one for one in found if one.tag == "h1" and not is_aside(one)]
    inside = [one for one in first if any(above.tag in ("article", "main") for above in one.iterancestors())]
    return inside[0] if inside else first[0] if len(first) == 1 else None


def _without_kicker(heading: HtmlElement, titles: Sequence[str]) -> str:
    """Return the heading's text, without a kicker before it that no title of the page has."""
    text = text_of(heading)
    _, *rest = [node for node in heading.itertext() if node.strip()]
    headline = " ".join(rest).strip(" :|–—-")
    if len(headline.split()) >= MIN_HEADING_WORDS and not any(f" {words(text)} " in title for title in titles):
        return headline if any(f" {words(headline)} " in title for title in titles) else text
    return text


def is_aside(element: HtmlElement) -> bool:
    """Return whether an element stands in a part of the page that is not the article."""
    for at, above in enumerate((element, *element.iterancestors())):
        if above.tag in _NOT_ARTICLE or (at < 4 and _ASIDE.search(above.get("class") or "")):  # noqa: PLR2004 - a few
            return True
    return False


def _published(tree: HtmlElement, around: Surroundings, clock: PageClock) -> StatedDate | None:
    """Return the date of a time element that says so, of the lines around the heading, or of an element named so."""
    return (
        _time(tree, clock)
        or find_date(_short(around.after), clock)
        or find_date(_short(reversed(around.before)), clock)
        or next(filter(None, (find_date([text_of(one)], clock) for one in _named(tree, _DATE_CLASS, 80))), None)
        or _labelled(text_of(tree)[:MAX_PAGE_CHARS], clock)
    )


def _labelled(text: str, clock: PageClock) -> StatedDate | None:
    """Return the first date behind a word such as `Published`, wherever on the page."""
    dates = (find_date([text[label.end() : label.end() + DATE_CHARS]], clock) for label in _PUBLISHED.finditer(text))
    return next((date for date in dates if date), None)


def _short(lines: Iterable[str]) -> list[str]:
    """Return the lines up to the story's first."""
    found: list[str] = []
    for line in lines:
        if len(line) > MAX_LINE_CHARS:
            break
        found.append(line)
    return found


def _time(tree: HtmlElement, clock: PageClock) -> StatedDate | None:
    found: list[tuple[bool, StatedDate]] = []
    for time in islice(tree.iter("time"), MAX_CANDIDATES):
        about = f"{time.get('class') or ''} {time.get('itemprop') or ''}"
        date = read_date(time.get("datetime") or text_of(time), clock)
        if date and not _UPDATED.search(about) and not is_aside(time):
            found.append(("publi" in about or time.get("pubdate") is not None, date))
    # one that calls itself the publication's goes before another
    return max(found, key=lambda one: one[0])[1] if found else None


def _named(tree: HtmlElement, pattern: re.Pattern[str], max_chars: int) -> Iterator[HtmlElement]:
    """Return the elements whose class matches, of a few characters."""
    named = (one for one in tree.iterfind(".//*[@class]") if pattern.search(one.get("class")))
    for one in islice(named, MAX_CANDIDATES):
        if len(" ".join(text_of(one).split())) <= max_chars and not is_aside(one):
            yield one


def _authors(tree: HtmlElement, around: Surroundings) -> tuple[str, ...]:
    """Return the authors of a byline around the heading, of a link that says so, or of an element named so."""
    lines = [*_short(around.after), *around.before]
    for line, following in pairwise([*lines, ""]):
        read = read_byline(f"{line} {following}" if _BYLINE_LABEL.fullmatch(line) else line)
        if read and (names := clean_authors(read)):
            return names
    links = (one for one in tree.iterfind(".//*[@rel]") if "author" in one.get("rel").lower().split())
    for one in (*islice(links, MAX_CANDIDATES), *_named(tree, _AUTHOR_CLASS, MAX_LINE_CHARS)):
        names = clean_authors([text_of(one)])
        if names and (one.get("rel") or all(map(is_name, names))):
            return names
    return ()

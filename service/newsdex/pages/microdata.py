"""Reads schema.org articles in the attributes of a page's elements: microdata."""

from collections import defaultdict

from lxml.html import HtmlElement

from newsdex.normalise.dates import PageClock
from newsdex.pages.document import text_of
from newsdex.pages.fields import StatedFields
from newsdex.pages.json_ld import ARTICLE_TYPES, Object, read_article, types_of

MAX_VALUES = 50
MAX_SCOPES = 200
_PROPERTIES = frozenset(
    ("headline", "datepublished", "datemodified", "datecreated", "author", "creator", "articlesection", "keywords")
)
_PEOPLE = frozenset(("author", "creator"))


def from_microdata(tree: HtmlElement, clock: PageClock) -> StatedFields:
    """Return what the first article of the page's microdata states."""
    for scope in tree.findall(".//*[@itemtype]")[:MAX_SCOPES]:
        if _types(scope) & ARTICLE_TYPES:
            return read_article(_properties(scope), clock)
    return StatedFields()


def _types(scope: HtmlElement) -> set[str]:
    return types_of({"@type": (scope.get("itemtype") or "").split()})


def _properties(scope: HtmlElement) -> Object:
    found: defaultdict[str, list[object]] = defaultdict(list)
    for element in scope.iterfind(".//*[@itemprop]"):
        for name in _names(element) & _PROPERTIES:
            if len(found[name]) < MAX_VALUES:
                found[name].append(_person(element) if name in _PEOPLE else _value(element))
    return found


def _names(element: HtmlElement) -> set[str]:
    return set((element.get("itemprop") or "").lower().split())


def _person(element: HtmlElement) -> object:
    if element.get("itemscope") is None:
        return _value(element)
    names = [_value(inner) for inner in element.findall(".//*[@itemprop]") if "name" in _names(inner)]
    return {"@type": list(_types(element)), "name": names or _value(element)}


def _value(element: HtmlElement) -> str:
    return element.get("content") or element.get("datetime") or text_of(element)

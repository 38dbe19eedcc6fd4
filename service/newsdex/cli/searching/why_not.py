"""`newsdex why-not`: what stands between an article and a search."""

from collections.abc import Iterator
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape

from newsdex.apps.inspection.absence import Account, account_of
from newsdex.apps.inspection.article_story import hidden_reason
from newsdex.cli.console import out
from newsdex.cli.options import refuse_options
from newsdex.cli.searching.search_options import (
    Agencies,
    Authors,
    From,
    Languages,
    Most,
    Recency,
    RepeatsShown,
    Sections,
    Sort,
    SortBy,
    Tags,
    Timezone,
    To,
    filters_of,
)
from newsdex.clock import now_us
from newsdex.log import log_to_stderr
from newsdex.search.absence import Absence, Clause
from newsdex.settings import load_settings
from newsdex_schemas import Article, SearchRequest

PAGE = 10
"""How many hits a page of `newsdex search` has."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why-not")(why_not)


def why_not(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")],
    query: Annotated[str, typer.Argument(help="The query, as `newsdex search` takes it.")] = "",
    section: Sections = None,
    author: Authors = None,
    tag: Tags = None,
    agency: Agencies = None,
    language: Languages = None,
    published_from: From = None,
    published_to: To = None,
    sort: SortBy = Sort.relevance,
    repeats: RepeatsShown = None,
    most: Most = False,
    recency: Recency = None,
    timezone: Timezone = "UTC",
) -> None:
    """Tell why a search does not show an article, or at which rank it does.

    It reads the data folder, and tells operators of hidden articles, too. Ends with 1 for an article that is not known.
    """
    values = {"section": section, "authors": author, "tags": tag, "agency": agency, "language": language}
    fields = {
        "q": query,
        "filters": filters_of(values, published_from, published_to, timezone),
        "sort": sort.value,
        "repeats": repeats.value if repeats else None,
        "words": "most" if most else "all",
        "recency": {"weight": recency} if recency is not None else None,
        "timezone": timezone,
    }
    try:
        request = SearchRequest.model_validate(fields)
    except ValidationError as error:
        refuse_options(error)
    log_to_stderr()
    for well, part, text in _lines(account_of(load_settings(), article_id, request)):
        mark = "[green]yes[/]" if well else "[bold red]no [/]" if well is False else "   "
        out.print(f"{mark} [bold]{part:<9}[/] {escape(text)}", soft_wrap=True)


Line = tuple[bool | None, str, str]
"""Whether something lets the article be found, or None where it neither does nor does not; what it is; how it is."""


def _lines(account: Account) -> Iterator[Line]:
    yield _archived(account)
    standing, absence = account.story.standing, account.absence
    if standing is not None:
        _, hidden = hidden_reason(standing, now_us()) or ("found", None)
        yield hidden is None, "visible", hidden or "neither withdrawn nor embargoed nor expired"
        yield _indexed(account, standing.sequence)
    if absence is not None and account.article is not None:
        yield from _query(absence)
        yield from _filters(absence, account.article)
        yield _rank(absence)


def _archived(account: Account) -> Line:
    standing, history = account.story.standing, account.story.history
    if standing is not None:
        told = "its text is archived" if standing.has_content else "the archive has no text of it"
        return standing.has_content, "archived", f"{told}, change {standing.sequence:,}"
    last = history[-1]
    parked = f" as {last.parked_id}: newsdex parked show {last.parked_id}" if last.parked_id else ""
    return False, "archived", f"its event was {last.outcome} ({last.reason}){parked}"


def _indexed(account: Account, sequence: int) -> Line:
    position = account.story.position
    at = f"the index is at change {position:,}"
    if not position:
        return False, "indexed", "there is no index that can be read"
    if position < sequence:
        of_it = "it has an earlier version of it" if account.indexed else "it does not have it yet"
        return False, "indexed", f"{at}, the article at {sequence:,}: {of_it}"
    return account.indexed, "indexed", at if account.indexed else f"{at} and does not show it"


def _query(absence: Absence) -> Iterator[Line]:
    read = absence.interpretation
    notes = "".join(f"; {note.message}" for note in read.notes)
    yield absence.matches, "query", f"read as {read.query}{notes}"
    for clause in absence.clauses:
        yield _clause(clause)


def _clause(clause: Clause) -> Line:
    part = "  " * (clause.depth + 1) + ("without" if clause.excluded else "with")
    if clause.excluded:
        return not clause.matches, part, f"{clause.text}: {_has(clause)}"
    needed = "" if clause.needed or clause.matches else "; it need not"
    return clause.matches or (None if not clause.needed else False), part, f"{clause.text}: {_has(clause)}{needed}"


def _has(clause: Clause) -> str:
    if not clause.matches:
        return "the article does not have it"
    return "; ".join(clause.forms) or "the article has it"


def _filters(absence: Absence, article: Article) -> Iterator[Line]:
    for name, lets_through in absence.filters.items():
        yield lets_through, "filter", f"{name}: the article has {_value(article, name)}"


def _value(article: Article, field: str) -> str:
    if field == "published":
        date = article.published_at or article.updated_at
        return f"{date:%Y-%m-%d %H:%M %z}" if date else "no date"
    value = getattr(article, field)
    values = value if isinstance(value, tuple) else (value,) if value else ()
    return ", ".join(map(str, values)) or "none"


def _rank(absence: Absence) -> Line:
    promoted = "; editors promote it: it stands above the hits" if absence.promoted else ""
    if absence.rank is not None:
        page = (absence.rank - 1) // PAGE + 1
        return True, "found", f"rank {absence.rank:,} of {absence.total:,}, page {page:,}{promoted}"
    if absence.version_shown is not None:
        instead = f"not by itself: it is a version of {absence.version_shown}, which is shown in its stead"
        return False, "found", f"{instead}; --repeats show shows both{promoted}"
    return False, "found", f"no; the search finds {absence.total:,} others{promoted}"

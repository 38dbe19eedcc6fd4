"""The options that say among which articles, and in which order, is searched; several commands have them."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from newsdex.cli.options import DATE_HELP, first_moment
from newsdex.clock import now_us


class Sort(StrEnum):
    """Orders of hits."""

    relevance = "relevance"
    newest = "newest"
    oldest = "oldest"


class Repeats(StrEnum):
    """What becomes of versions of one story."""

    collapse = "collapse"
    show = "show"


Values = list[str] | None
Sections = Annotated[Values, typer.Option("--section", help="Only this section; repeat for alternatives, as below.")]
Authors = Annotated[Values, typer.Option("--author", help="Only by this author.")]
Tags = Annotated[Values, typer.Option("--tag", help="Only with this tag.")]
Agencies = Annotated[Values, typer.Option("--agency", help="Only of this agency.")]
Languages = Annotated[Values, typer.Option("--language", help="Only in this language, a BCP 47 tag.")]
From = Annotated[str | None, typer.Option("--from", help=f"{DATE_HELP} is included.")]
To = Annotated[str | None, typer.Option("--to", help="Likewise; it is not included.")]
Timezone = Annotated[str, typer.Option("--timezone", help="IANA zone in which dates are meant.")]
SortBy = Annotated[Sort, typer.Option("--sort", help="Order of the hits.")]
RepeatsShown = Annotated[
    Repeats | None,
    typer.Option("--repeats", help="Show one version of each story, as is usual by relevance, or all."),
]
Most = Annotated[bool, typer.Option("--most", help="Hits need not have all the words: for questions.")]
Recency = Annotated[
    float | None,
    typer.Option("--recency", help="How much newer articles are preferred by relevance, 0 to 10."),
]


def filters_of(
    values: Mapping[str, Sequence[str] | None], published_from: str | None, published_to: str | None, timezone: str
) -> dict[str, Any]:
    """Return the filters of a request, those that are set; raise `Invalid` for a date that cannot be read."""
    now = now_us()
    dates = {
        "published_from": first_moment(published_from, "--from", timezone=timezone, now_us=now),
        "published_to": first_moment(published_to, "--to", timezone=timezone, now_us=now),
    }
    return {name: value for name, value in {**values, **dates}.items() if value}

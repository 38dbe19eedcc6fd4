"""A search request and its answer."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from newsdex_schemas.article import Name, Url
from newsdex_schemas.correction import DidYouMean
from newsdex_schemas.model import ContractModel, Identifier, RequestModel, WholeNumber, WithoutNul
from newsdex_schemas.outcomes import EventRef
from newsdex_schemas.ranking import Recency, ScoreReason
from newsdex_schemas.values.languages import Language
from newsdex_schemas.values.timestamps import OptionalDate, OptionalDateEnd, Timestamp

MAX_QUERY_CHARS = 50_000
MAX_SIZE = 100
MAX_OFFSET = 10_000
MAX_TIMEOUT_MS = 10_000
MAX_FACET_SIZE = 100
MAX_CURSOR_CHARS = 64_000
MAX_BUCKETS = 60

FacetName = Literal["section", "authors", "tags", "agency", "language"]
Values = Annotated[tuple[Name, ...], Field(max_length=50)]


class SearchFilters(RequestModel):
    """Conditions that every hit meets. Values of one filter are alternatives; filters add up."""

    section: Values = ()
    """Articles of one of these sections, whatever their case."""
    authors: Values = ()
    """Articles by one of these authors, by the whole name."""
    tags: Values = ()
    """Articles with one of these tags."""
    agency: Values = ()
    """Articles of one of these agencies."""
    language: Annotated[tuple[Language, ...], Field(max_length=50)] = ()
    """Articles in one of these languages, BCP 47 tags; `en` does not include `en-GB`."""
    published_from: OptionalDate = None
    """By `published_at`, else `updated_at`: then or later."""
    published_to: OptionalDateEnd = None
    """Before then."""


class SearchRequest(RequestModel):
    """A query over title, summary and body; an empty `q` finds every article. QUERY.md is its grammar."""

    q: Annotated[str, StringConstraints(max_length=MAX_QUERY_CHARS), WithoutNul()] = ""
    """What to search for; empty, every article. Of a long text the most telling words are looked for."""
    strict: bool = False
    """Whether what breaks the grammar is refused, with its place, rather than read as well as it can be."""
    timezone: Annotated[str, StringConstraints(min_length=1, max_length=64), WithoutNul()] = "UTC"
    """IANA name of the zone in which dates of the query are meant and the histogram's days begin."""
    filters: SearchFilters = SearchFilters()
    """What every hit must meet besides the query."""
    sort: Literal["relevance", "newest", "oldest"] = "relevance"
    """By relevance, or by `published_at`, else `updated_at`; articles without a date are the oldest."""
    repeats: Literal["collapse", "show"] | None = None
    """Whether versions of one story, which differ in little, are one hit: the first in the order, with `more_versions`.
    Unset, `collapse` by relevance and `show` by date, and with `versions_of`. Counts are of articles either way."""
    versions_of: Identifier | None = None
    """An article's id: only it and its versions are looked for, among what else the request asks for."""
    size: Annotated[StrictInt, Field(ge=0, le=MAX_SIZE), WholeNumber] = 10
    """How many hits a page has; 0 asks for the counts only."""
    offset: Annotated[StrictInt, Field(ge=0, le=MAX_OFFSET), WholeNumber] = 0
    """How many hits to pass over. It costs more the further it goes: `cursor` does not."""
    cursor: Annotated[str, StringConstraints(max_length=MAX_CURSOR_CHARS)] | None = None
    """`next_cursor` of the page before, for the same query, filters, sort and timezone; without an offset."""
    facets: Annotated[tuple[FacetName, ...], Field(max_length=5)] = ()
    """Fields whose values are counted among all matches."""
    facet_size: Annotated[StrictInt, Field(ge=1, le=MAX_FACET_SIZE), WholeNumber] = 10
    """How many values a facet shows, the most frequent ones."""
    histogram: bool = False
    """Whether all matches are counted by their date of publication."""
    marks: Literal["html", "offsets"] = "html"
    """How matched words are shown: HTML with `<mark>`, or plain text with offsets beside it."""
    timeout_ms: Annotated[StrictInt, Field(ge=1, le=MAX_TIMEOUT_MS), WholeNumber] = 1_000
    """When it is over, the reply is what was found so far, marked `partial`, or a Problem."""
    words: Literal["all", "most"] = "all"
    """`all`: hits have every word; where none has, or of a query of four words and more fewer than ten, those with most
    words stand behind them. Small words such as `the` need not be there; hits with them come first.
    `most`: hits have some of the words, best first. It suits questions and descriptions."""
    recency: Recency | None = None
    """How much newer articles are preferred by `relevance`; unset, as the service is set."""
    explain: StrictBool = False
    """Whether each hit comes with the reasons of its score."""
    wait_for: EventRef | None = None
    """Answer once the index reflects this event: a publisher's own. Past the deadline, a Problem: `wait_timeout`."""


Span = tuple[int, int]
"""Start and end of a marked word, in characters (Unicode code points), the end exclusive."""


class Hit(ContractModel):
    """One article that was found."""

    id: Identifier
    """The article's id."""
    title: str
    """The article's title; of one without a title, the beginning of its summary or body, at most 100 characters."""
    title_html: str | None = None
    """The title, escaped for HTML, matched words between `<mark>` and `</mark>`; absent with `marks: offsets`."""
    title_marks: tuple[Span, ...] | None = None
    """Matched words in `title`; only with `marks: offsets`."""
    snippets: tuple[str, ...]
    """Passages of the text, the best first: HTML as `title_html`, or with `marks: offsets` plain text."""
    snippet_marks: tuple[tuple[Span, ...], ...] | None = None
    """For each snippet its matched words; only with `marks: offsets`."""
    score: float
    """Relevance, comparable within one reply only; 0.0 when sorted by date."""
    summary: str | None = None
    """As the publisher wrote it, like the fields below; absent where the article has none."""
    section: str | None = None
    """The section."""
    authors: tuple[str, ...] = ()
    """The authors."""
    tags: tuple[str, ...] = ()
    """The tags."""
    agency: str | None = None
    """The agency."""
    dateline: str | None = None
    """The place and agency before a story's first words."""
    language: str | None = None
    """The BCP 47 tag that the publisher gave; a language that was detected is not told."""
    url: Url | None = None
    """Where the article can be read."""
    published_at: Timestamp | None = None
    """When it was published, by its publisher."""
    updated_at: Timestamp | None = None
    """When it was last changed, by its publisher."""
    version: int | None = None
    """The publisher's version."""
    more_versions: int = 0
    """How many further versions of it match, where repeats are collapsed: the same request with its id as
    `versions_of` shows them."""
    reasons: tuple[ScoreReason, ...] = ()
    """What the score is made of, greatest part first; where `explain` asked for it, and by `relevance`."""


class Note(ContractModel):
    """Something of the query that was read otherwise than it was written."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    """Stable: QUERY.md lists the codes."""
    message: str
    """The same for people."""
    start: int | None = None
    """Where in `q` it begins, in characters; absent where the whole query is meant."""
    end: int | None = None
    """Offsets in `q`, in characters, end exclusive; absent where the whole query is meant."""


class Interpretation(ContractModel):
    """How the query was read."""

    query: str
    """The query in the grammar's own words: brackets where it was grouped, dates as they were meant."""
    notes: tuple[Note, ...] = ()
    """Of what was read otherwise than it is written, the first 20, from the left; then what else was done."""


class FacetValue(ContractModel):
    """A value of a field, and how many matches have it."""

    value: str
    """As most of these articles spell it."""
    count: int
    """How many of all matches have it."""


class Facet(ContractModel):
    """The most frequent values of a field among all matches; a filter on the field itself does not reduce them.

    Values of such a filter are always among them.
    """

    values: tuple[FacetValue, ...]
    """At most `facet_size`, the most frequent first, and those that a filter names."""
    more: int
    """How many further values there are."""


class Bucket(ContractModel):
    """An interval of a histogram, up to the start of the next."""

    start: Timestamp
    """The first moment of the interval, in the request's time zone."""
    count: int
    """How many of all matches were published in it."""


class Histogram(ContractModel):
    """All matches by their date of publication, in intervals that are short enough to show and few enough to draw."""

    interval: Literal["hour", "day", "week", "month", "year", "decade", "century", "millennium"]
    """The length of every interval."""
    buckets: tuple[Bucket, ...]
    """At most 60, without a gap; those without a match too. Weeks begin on Monday."""
    undated: int
    """Matches without a date."""


class SearchReply(ContractModel):
    """The answer to a SearchRequest."""

    hits: tuple[Hit, ...]
    """One page of the articles that match, in the order asked for."""
    total: int
    """How many articles match."""
    total_is: Literal["exact", "at_least"]
    """`at_least` where the search ended early: there may be more."""
    partial: bool
    """True when the deadline ended the search early, or a pattern stood for too many words."""
    next_cursor: str | None = None
    """Asks for the page behind this one; absent on the last."""
    interpretation: Interpretation
    """How `q` was read."""
    facets: dict[FacetName, Facet] | None = None
    """By field, those that were asked for."""
    histogram: Histogram | None = None
    """Where it was asked for."""
    took_ms: float
    """From the request's arrival to the reply, in milliseconds."""
    index_ms: float
    """The part of `took_ms` in which the index was asked: for hits, counts, promoted articles and other spellings."""
    position: int
    """Every change up to this archive sequence number is reflected in the answer."""
    words: Literal["all", "most"] = "all"
    """Whether hits have all words of the query, or most of them."""
    promoted: tuple[Hit, ...] = ()
    """Articles that editors promote for this query, on the first page only; they may be among the hits as well."""
    did_you_mean: DidYouMean | None = None
    """Where nothing or little has all the words, and more has others of the articles, spelt alike; on a first page."""


class Place(ContractModel):
    """Where in a request the fault is."""

    field: str | None = None
    """Path of the field, such as `filters.section.0`."""
    start: int | None = None
    """Where in `q` it begins, in characters; absent where another field is meant."""
    end: int | None = None
    """Offsets in `q`, in characters, end exclusive."""


class Problem(ContractModel):
    """The answer when a request cannot be answered. `code` is stable; `message` is for people."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    """Stable; [OPERATING.md](../deploy/OPERATING.md) lists them all."""
    message: str
    """For people; it names every field that is wrong."""
    retryable: bool
    """True where the same request may succeed later."""
    place: Place | None = None
    """Where the first fault is; absent where the request is not at fault."""
    correlation_id: str | None = None
    """The requester's, or the one that was made for the request: log lines have it."""

"""What search finds, as data: documents, what happened to them, and searches with what they must give.

A file beside this one holds `documents`, then perhaps `events` (indexed) and `pending` ones (not yet indexed), and
`files` of editors by their names, then `searches`. A search has the fields of a SearchRequest, perhaps `now`, and:

- `expected`, the ids in order, or `expected_set`, in any order; `total` where it is not their number
- `read_as`, the query as it was read, and `notes`, the codes of the notes on it; without `notes` there are none
- `facet_counts`, by field and value, in the order of the reply; `buckets`, how many articles in which interval
- `promoted`, the ids that editors promote; `reasons`, by id, what its score is made of
- `snippets`, by id, and `titles`, by id, with the marks
- `pages`: the ids on each page, one behind the other by cursor, instead of `expected`
- `refused`: the code of the Problem and the piece of the query it points at, instead of everything else
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.scenarios.corpus import NOW, Corpus

from newsdex.editors.best_bets import watched_best_bets
from newsdex.editors.wordlists import watched_wordlists
from newsdex.errors import Invalid
from newsdex.search.plan.curation import Curation, shipped
from newsdex_schemas import SearchReply, SearchRequest

FOLDER = Path(__file__).parent
CHANNELS = {name: f"articles.{name}" for name in ("published", "updated", "withdrawn")}
SCENARIOS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))
}
SEARCHES = [(name, search) for name, scenario in SCENARIOS.items() for search in scenario["searches"]]
REQUEST_FIELDS = SearchRequest.model_fields.keys()


def name_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    fields = (f"{name}={value[name]}" for name in (*REQUEST_FIELDS, "now") if name in value and name != "q")
    return " ".join((repr(value.get("q", "")), *fields))


def curation_of(files: dict[str, str], folder: Path) -> Curation:
    """Return what editors set by their files; without any, what is shipped."""
    if not files:
        return shipped()
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    best_bets = watched_best_bets(folder / "best-bets.yaml" if "best-bets.yaml" in files else None)
    return replace(shipped(), wordlists=watched_wordlists(folder), best_bets=best_bets)


def publish(corpus: Corpus, events: list[dict[str, Any]]) -> None:
    for event in events:
        ((kind, data),) = event.items()
        (result,) = corpus.handle(corpus.event(CHANNELS[kind], data))
        assert result.outcome != "parked"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Corpus]]:
    """Return each file's corpus, built when it is first asked for."""
    built: dict[str, Corpus] = {}

    class Building(dict[str, Corpus]):
        def __missing__(self, name: str) -> Corpus:
            corpus = built[name] = self[name] = Corpus(tmp_path_factory.mktemp(name))
            publish(corpus, [{"published": document} for document in SCENARIOS[name]["documents"]])
            corpus.index()
            publish(corpus, SCENARIOS[name].get("events", []))
            corpus.index()
            publish(corpus, SCENARIOS[name].get("pending", []))
            curations[name] = curation_of(SCENARIOS[name].get("files", {}), corpus.folder / "editors")
            return corpus

    yield Building()
    for corpus in built.values():
        corpus.__exit__(None, None, None)


SHOWN: dict[str, Callable[[SearchReply], Any]] = {
    "read_as": lambda reply: reply.interpretation.query,
    "facet_counts": lambda reply: {
        name: {one.value: one.count for one in facet.values} for name, facet in (reply.facets or {}).items()
    },
    "buckets": lambda reply: (
        reply.histogram
        and {f"{bucket.start:%Y-%m-%d %H:%M}": bucket.count for bucket in reply.histogram.buckets if bucket.count}
    ),
    "interval": lambda reply: reply.histogram and reply.histogram.interval,
    "promoted": lambda reply: [hit.id for hit in reply.promoted],
    "reasons": lambda reply: {hit.id: [reason.text for reason in hit.reasons] for hit in reply.hits},
    "snippets": lambda reply: {hit.id: list(hit.snippets) for hit in reply.hits},
    "titles": lambda reply: {hit.id: hit.title_html for hit in reply.hits},
}
"""What else a search may expect → where the reply has it."""
EXPECTATIONS = ("expected", "expected_set", "pages", "refused")


curations: dict[str, Curation] = {}
"""By file."""


def asked(corpora: dict[str, Corpus], scenario: str, search: dict[str, Any], **fields: Any) -> SearchReply:
    own = {name: search[name] for name in REQUEST_FIELDS & search.keys()}
    request = SearchRequest.model_validate({"timeout_ms": 10_000} | own | fields)
    now: datetime = search.get("now", NOW)
    corpus = corpora[scenario]
    if corpus.now != now and not SCENARIOS[scenario].get("pending"):
        corpus.index(now=now)
    return corpus.answer(request, now=now, curation=curations[scenario])


@pytest.mark.parametrize(("scenario", "search"), [one for one in SEARCHES if "expected" in one[1]], ids=name_of)
def test_a_search_finds_exactly_the_expected_articles_in_order(
    corpora: dict[str, Corpus], scenario: str, search: dict[str, Any]
) -> None:
    reply = asked(corpora, scenario, search)

    assert search["expected"] == [hit.id for hit in reply.hits]
    assert (search.get("total", len(search["expected"])), False) == (reply.total, reply.partial)


@pytest.mark.parametrize(("scenario", "search"), [one for one in SEARCHES if "expected_set" in one[1]], ids=name_of)
def test_a_search_finds_exactly_the_expected_articles(
    corpora: dict[str, Corpus], scenario: str, search: dict[str, Any]
) -> None:
    reply = asked(corpora, scenario, search)

    assert sorted(search["expected_set"]) == sorted(hit.id for hit in reply.hits)
    assert (search.get("total", len(search["expected_set"])), False) == (reply.total, reply.partial)


@pytest.mark.parametrize(("scenario", "search"), [one for one in SEARCHES if "refused" not in one[1]], ids=name_of)
def test_a_search_says_and_shows_what_is_expected(
    corpora: dict[str, Corpus], scenario: str, search: dict[str, Any]
) -> None:
    reply = asked(corpora, scenario, search)
    shown = {name: SHOWN[name](reply) for name in SHOWN.keys() & search.keys()}

    assert {name: search[name] for name in shown} == shown
    assert search.get("notes", []) == [note.code for note in reply.interpretation.notes]
    for name, facet in (reply.facets or {}).items():
        assert list(search["facet_counts"][name]) == [one.value for one in facet.values]


@pytest.mark.parametrize(("scenario", "search"), [one for one in SEARCHES if "pages" in one[1]], ids=name_of)
def test_a_search_gives_the_expected_pages(corpora: dict[str, Corpus], scenario: str, search: dict[str, Any]) -> None:
    replies = [asked(corpora, scenario, search)]
    while replies[-1].next_cursor:
        replies.append(asked(corpora, scenario, search, cursor=replies[-1].next_cursor))

    assert search["pages"] == [[hit.id for hit in reply.hits] for reply in replies]


@pytest.mark.parametrize(("scenario", "search"), [one for one in SEARCHES if "refused" in one[1]], ids=name_of)
def test_a_search_is_refused_with_its_place(corpora: dict[str, Corpus], scenario: str, search: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as raised:
        asked(corpora, scenario, search)
    start, end = map(int, (raised.value.place or "0-0").split("-"))

    assert search["refused"] == {raised.value.code: search["q"][start:end]}


def test_every_search_says_what_it_expects() -> None:
    """A misspelt key would make a search prove less than it seems to."""
    known = {*REQUEST_FIELDS, *EXPECTATIONS, *SHOWN, "notes", "total", "now", "about"}
    faulty = [
        (name, search)
        for name, search in SEARCHES
        if search.keys() - known or len(search.keys() & set(EXPECTATIONS)) != 1
    ]

    assert faulty == []

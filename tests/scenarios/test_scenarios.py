"""What search finds, as data: documents, what happened to them, and searches with the ids they must give.

A file beside this one holds `documents`, then perhaps `events` (indexed) and `pending` ones (not yet indexed), then
`searches`. A search has the fields of a SearchRequest, perhaps `now`, and `expected` (in order) or `expected_set`;
`total` is the number of expected ids where it is not named.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.scenarios.corpus import NOW, Corpus

from newsdex_schemas import SearchRequest

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


def publish(corpus: Corpus, events: list[dict[str, Any]]) -> None:
    for event in events:
        ((kind, data),) = event.items()
        (result,) = corpus.handle(corpus.event(CHANNELS[kind], data))
        assert result.outcome != "parked"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Corpus]]:
    """Give each file's corpus, built when it is first asked for."""
    built: dict[str, Corpus] = {}

    class Building(dict[str, Corpus]):
        def __missing__(self, name: str) -> Corpus:
            corpus = built[name] = self[name] = Corpus(tmp_path_factory.mktemp(name))
            publish(corpus, [{"published": document} for document in SCENARIOS[name]["documents"]])
            corpus.index()
            publish(corpus, SCENARIOS[name].get("events", []))
            corpus.index()
            publish(corpus, SCENARIOS[name].get("pending", []))
            return corpus

    yield Building()
    for corpus in built.values():
        corpus.__exit__(None, None, None)


@pytest.mark.parametrize(("scenario", "search"), SEARCHES, ids=name_of)
def test_a_search_finds_exactly_the_expected_articles(
    corpora: dict[str, Corpus], scenario: str, search: dict[str, Any]
) -> None:
    request = SearchRequest.model_validate(
        {"timeout_ms": 10_000} | {n: search[n] for n in REQUEST_FIELDS & search.keys()}
    )
    now: datetime = search.get("now", NOW)
    reply = corpora[scenario].answer(request, now=now)
    found = [hit.id for hit in reply.hits]
    expected: list[str] = search.get("expected", search.get("expected_set"))
    total = search.get("total", len(expected))

    assert (total, False) == (reply.total, reply.partial)
    if "expected" in search:
        assert expected == found
    else:
        assert sorted(expected) == sorted(found)


def test_every_search_says_what_it_expects() -> None:
    """A misspelt key would make a search prove less than it seems to."""
    known = REQUEST_FIELDS | {"expected", "expected_set", "total", "now", "about"}
    faulty = [
        (name, search)
        for name, search in SEARCHES
        if search.keys() - known or len(search.keys() & {"expected", "expected_set"}) != 1
    ]

    assert faulty == []

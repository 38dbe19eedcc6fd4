"""What a search's line has of its words is chosen, and what is slow is never left out."""

import hashlib
from typing import Any

import pytest
from structlog.testing import capture_logs

from newsdex.apps.searcher.query_log import HASH_BYTES, QueryLog
from newsdex.settings import Settings
from newsdex_schemas import SearchReply, SearchRequest
from newsdex_schemas.search import Interpretation

Q = "ferry timetable"
REPLY = SearchReply(
    hits=(),
    total=0,
    total_is="exact",
    partial=False,
    interpretation=Interpretation(query=Q),
    took_ms=40.0,
    index_ms=1.0,
    position=7,
)


def lines(reply: SearchReply = REPLY, **settings: Any) -> list[Any]:
    with capture_logs() as captured:
        QueryLog(settings=Settings(**settings)).report(SearchRequest(q=Q), reply, "c-1")
    return captured


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("off", {}),
        ("hash", {"query_hash": hashlib.blake2b(Q.encode(), digest_size=HASH_BYTES).hexdigest()}),
        ("text", {"query": Q}),
    ],
)
def test_a_line_has_as_much_of_the_query_as_is_wanted(choice: str, told: dict[str, str]) -> None:
    (line,) = lines(log_queries=choice)

    assert told == {name: value for name, value in line.items() if name in {"query", "query_hash"}}
    assert ("query.answered", "c-1") == (line["event"], line["correlation_id"])


@pytest.mark.parametrize(("slow_ms", "event"), [(40, "query.slow"), (41, "query.answered"), (None, "query.answered")])
def test_a_search_that_took_long_is_a_warning(slow_ms: float | None, event: str) -> None:
    (line,) = lines(slow_query_ms=slow_ms)

    assert (event, "warning" if event == "query.slow" else "info") == (line["event"], line["log_level"])


def test_a_sample_leaves_out_what_is_well_and_nothing_else() -> None:
    partial = REPLY.model_copy(update={"partial": True})

    assert [] == lines(log_sample=0)
    assert ["query.answered"] == [line["event"] for line in lines(partial, log_sample=0)]
    assert ["query.slow"] == [line["event"] for line in lines(log_sample=0, slow_query_ms=1)]

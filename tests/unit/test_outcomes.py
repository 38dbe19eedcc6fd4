"""What publishers are told of their events: what became of each, and from which position on searches reflect it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.scenarios.corpus import NOW, SOURCE, Corpus

from newsdex.errors import Invalid
from newsdex.event_outcomes import answer_outcomes
from newsdex.records.moments import microseconds
from newsdex_schemas import EventOutcome, OutcomeReply, SearchRequest, channels
from newsdex_schemas.outcomes import MAX_EVENTS_PER_REQUEST

LATER = "2999-01-01T00:00:00Z"
ARTICLE = {"id": "a", "title": "Ferry returns", "version": 3}


class At(NamedTuple):
    """An index at a position, as of a moment."""

    position: int
    as_of_us: int


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def ask(corpus: Corpus, *ids: str, position: int, source: str = SOURCE) -> OutcomeReply:
    body = json.dumps({"events": [{"source": source, "id": id_} for id_ in ids]}).encode()
    return answer_outcomes(body, corpus.archive, lambda: At(position, microseconds(NOW)))


def publish(corpus: Corpus, event_id: str, channel: str = channels.ARTICLES_PUBLISHED, **fields: Any) -> None:
    data = {"id": "a"} if channel == channels.ARTICLES_WITHDRAWN else ARTICLE | fields
    corpus.handle(corpus.event(channel, data, id=event_id))


def answer(corpus: Corpus, id_: str) -> tuple[str | None, bool, datetime | None]:
    """Return what the index as it is says of an event."""
    body = json.dumps({"events": [{"source": SOURCE, "id": id_}]}).encode()
    (outcome,) = answer_outcomes(body, corpus.archive, corpus.reader.view).outcomes
    return outcome.outcome, outcome.searchable, outcome.searchable_from


def ids_at(corpus: Corpus, now: datetime) -> list[str]:
    return [hit.id for hit in corpus.answer(SearchRequest(q="ferry", timeout_ms=10_000), now=now).hits]


def told(reply: OutcomeReply) -> Sequence[tuple[str | None, str | None, bool]]:
    return [(one.outcome, one.reason, one.searchable) for one in reply.outcomes]


def test_an_unknown_event_has_no_outcome(corpus: Corpus) -> None:

    assert (EventOutcome(source=SOURCE, id="e"),) == ask(corpus, "e", position=9).outcomes


def test_an_accepted_event_is_searchable_from_its_position_on(corpus: Corpus) -> None:
    publish(corpus, "other", id="b")
    publish(corpus, "e")
    searchable = [ask(corpus, "e", position=position).outcomes[0].searchable for position in range(4)]

    assert [False, False, True, True] == searchable


def test_an_accepted_event_names_its_article_and_the_reply_its_position(corpus: Corpus) -> None:
    publish(corpus, "e")
    reply = ask(corpus, "e", position=1)
    expected = EventOutcome(
        source=SOURCE,
        id="e",
        outcome="accepted",
        reason="first_version",
        article_id="a",
        reflected=True,
        searchable=True,
        current=True,
    )

    assert OutcomeReply(outcomes=(expected,), position=1) == reply


def test_the_position_of_the_index_is_what_counts(corpus: Corpus) -> None:
    publish(corpus, "e")
    corpus.index()
    body = json.dumps({"events": [{"source": SOURCE, "id": "e"}]}).encode()
    reply = answer_outcomes(body, corpus.archive, corpus.reader.view)

    assert [("accepted", "first_version", True)] == told(reply)
    assert ["a"] == corpus.ids("ferry")


def test_a_parked_event_tells_its_faults_and_is_never_searchable(corpus: Corpus) -> None:
    body = json.dumps({
        "specversion": "1.0", "type": "article.published.v1", "source": SOURCE, "id": "e",
        "data": {"id": "a", "version": -1},
    }).encode()  # fmt: skip
    corpus.handle(corpus.delivery(channels.ARTICLES_PUBLISHED, body))
    (outcome,) = ask(corpus, "e", position=99).outcomes

    assert ("parked", "missing_field", "data.title") == (outcome.outcome, outcome.reason, outcome.place)
    faults = "data.title: Field required; data.version: Input should be greater than or equal to 0 (out_of_range)"
    assert faults == outcome.message
    assert ("a", False) == (outcome.article_id, outcome.searchable)


def test_an_unreadable_message_is_found_by_its_message_id(corpus: Corpus) -> None:
    delivery = corpus.delivery(channels.ARTICLES_PUBLISHED, b"{")
    corpus.handle(replace(delivery, headers={channels.MESSAGE_ID_HEADER: "desk-481"}))
    reply = ask(corpus, "desk-481", source="nats", position=99)

    assert [("parked", "invalid_json", False)] == told(reply)


def test_an_event_without_a_name_is_not_found_by_its_number_which_anybody_can_count(corpus: Corpus) -> None:
    delivery = corpus.delivery(channels.ARTICLES_PUBLISHED, b'{"id": "secret", "title": "Embargoed"}')
    corpus.handle(delivery)
    with pytest.raises(Invalid) as raised:
        ask(corpus, f"{channels.STREAM}:{delivery.stream_sequence}", source="nats", position=99)

    assert ("number_is_no_name", "events.0") == (raised.value.code, raised.value.place)


def test_a_duplicate_is_searchable_once_what_it_repeats_is(corpus: Corpus) -> None:
    publish(corpus, "first")
    publish(corpus, "second")

    assert [("duplicate", "same_content", False)] == told(ask(corpus, "second", position=0))
    assert [("duplicate", "same_content", True)] == told(ask(corpus, "second", position=1))


def reflected(reply: OutcomeReply) -> Sequence[tuple[str | None, bool, bool]]:
    return [(one.reason, one.reflected, one.searchable) for one in reply.outcomes]


def test_a_stale_event_is_reflected_once_what_is_newer_is_and_never_searchable(corpus: Corpus) -> None:
    publish(corpus, "new")
    publish(corpus, "old", version=1)

    assert [("older_version", False, False)] == reflected(ask(corpus, "old", position=0))
    assert [("older_version", True, False)] == reflected(ask(corpus, "old", position=1))


def test_a_withdrawal_is_as_asked_once_the_article_is_gone(corpus: Corpus) -> None:
    publish(corpus, "e")
    publish(corpus, "w", channel=channels.ARTICLES_WITHDRAWN)

    assert [("withdrawn", "withdrawn", False)] == told(ask(corpus, "w", position=1))
    assert [("withdrawn", "withdrawn", True)] == told(ask(corpus, "w", position=2))


def test_an_article_under_embargo_is_archived_and_said_to_be_searchable_from_its_hour_on(corpus: Corpus) -> None:
    hour = NOW + timedelta(hours=2)
    publish(corpus, "e", embargoed_until=hour)
    publish(corpus, "again", embargoed_until=hour)
    corpus.index()
    before = [answer(corpus, id_) for id_ in ("e", "again")]
    corpus.index(now=hour)
    after = [answer(corpus, id_) for id_ in ("e", "again")]

    assert [("accepted", False, hour), ("duplicate", False, hour)] == before
    assert [("accepted", True, None), ("duplicate", True, None)] == after


def test_an_hour_that_has_come_is_told_once_the_index_has_the_article(corpus: Corpus) -> None:
    """While the projector stands still over the hour, nobody is told that the article is searchable."""
    hour = NOW + timedelta(hours=2)
    publish(corpus, "e", embargoed_until=hour)
    corpus.index()

    assert ([], ("accepted", False, hour)) == (ids_at(corpus, hour), answer(corpus, "e"))


def test_the_withdrawal_of_an_article_under_embargo_is_reflected_at_once(corpus: Corpus) -> None:
    publish(corpus, "e", embargoed_until=NOW + timedelta(hours=2))
    publish(corpus, "w", channel=channels.ARTICLES_WITHDRAWN)
    corpus.index()

    assert [("accepted", False, None), ("withdrawn", True, None)] == [answer(corpus, "e"), answer(corpus, "w")]


def test_what_a_withdrawal_hides_is_reflected_and_not_searchable(corpus: Corpus) -> None:
    """However it was published: before, in flight, or again under the same version."""
    publish(corpus, "e")
    publish(corpus, "w", channel=channels.ARTICLES_WITHDRAWN)
    corpus.handle(corpus.event(channels.ARTICLES_UPDATED, ARTICLE, id="late", time=NOW))

    assert [("first_version", True, False), ("earlier_than_withdrawal", True, False)] == reflected(
        ask(corpus, "e", "late", position=2)
    )


def test_what_lifts_a_withdrawal_is_searchable_and_the_withdrawal_is_not_in_force_any_more(corpus: Corpus) -> None:
    publish(corpus, "e")
    publish(corpus, "w", channel=channels.ARTICLES_WITHDRAWN)
    publish(corpus, "again")

    assert [("lifts_withdrawal", True, True), ("withdrawn", True, False)] == reflected(
        ask(corpus, "again", "w", position=3)
    )
    assert [("lifts_withdrawal", False, False)] == reflected(ask(corpus, "again", position=2))


def test_an_article_under_embargo_or_expired_is_reflected_and_not_searchable(corpus: Corpus) -> None:
    publish(corpus, "e", embargoed_until=(NOW + timedelta(seconds=1)).isoformat())
    publish(corpus, "x", id="b", expires_at=NOW.isoformat())

    assert [("first_version", True, False)] * 2 == reflected(ask(corpus, "e", "x", position=2))


def test_an_event_sent_twice_keeps_the_outcome_that_was_more_than_a_duplicate(corpus: Corpus) -> None:
    publish(corpus, "e")
    publish(corpus, "e")

    assert [("accepted", "first_version", True)] == told(ask(corpus, "e", position=1))


def test_events_are_told_apart_by_source_and_in_the_order_of_the_request(corpus: Corpus) -> None:
    publish(corpus, "e")
    publish(corpus, "f", id="b")

    assert ["f", "nowhere", "e", "f"] == [o.id for o in ask(corpus, "f", "nowhere", "e", "f", position=2).outcomes]
    assert [(None, None, False)] == told(ask(corpus, "e", source="another", position=2))


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b"", "missing_field", "events"),
        (b"\xff", "invalid_json", None),
        (b"[]", "wrong_type", None),
        (b"{}", "missing_field", "events"),
        (b'{"events": []}', "too_few", "events"),
        (b'{"events": [{"source": "s"}]}', "missing_field", "events.0.id"),
        (b'{"events": [{"source": "s", "id": ""}]}', "empty_text", "events.0.id"),
        (b'{"events": [{"source": 1, "id": "e"}]}', "wrong_type", "events.0.source"),
        (
            json.dumps({"events": [{"source": "s", "id": "e"}] * (MAX_EVENTS_PER_REQUEST + 1)}).encode(),
            "too_many",
            "events",
        ),
    ],
)
def test_a_malformed_question_is_refused_with_its_place(
    corpus: Corpus, body: bytes, code: str, place: str | None
) -> None:
    with pytest.raises(Invalid) as raised:
        answer_outcomes(body, corpus.archive, lambda: At(0, 0))

    assert (code, place) == (raised.value.code, raised.value.place)


# Whether the article is what the event says


def current(corpus: Corpus, *ids: str) -> list[bool]:
    return [one.current for one in ask(corpus, *ids, position=99).outcomes]


def test_the_last_version_is_current_and_those_before_and_older_ones_are_not(corpus: Corpus) -> None:
    for event_id, version in (("first", 3), ("last", 4), ("older", 2)):
        publish(corpus, event_id, version=version)

    assert [False, True, False] == current(corpus, "first", "last", "older")


def test_a_duplicate_is_current_for_as_long_as_what_it_found(corpus: Corpus) -> None:
    publish(corpus, "first")
    publish(corpus, "same")
    before = current(corpus, "same")
    publish(corpus, "next", version=4)

    assert ([True], [False]) == (before, current(corpus, "same"))


def test_a_withdrawal_is_current_while_the_article_is_hidden_and_a_publication_then_is_not(corpus: Corpus) -> None:
    publish(corpus, "shown")
    publish(corpus, "down", channels.ARTICLES_WITHDRAWN)
    hidden = current(corpus, "shown", "down")
    corpus.handle(corpus.event(channels.ARTICLES_PUBLISHED, ARTICLE | {"version": 9}, id="up", time=LATER))

    assert ([False, True], [False, False, True]) == (hidden, current(corpus, "shown", "down", "up"))


def test_a_message_is_told_from_another_one_under_the_same_event_id(corpus: Corpus) -> None:
    publish(corpus, "e")
    publish(corpus, "e", version=2)
    numbers = [entry.stream_sequence for entry in corpus.archive.history("a")]
    refs = [{"source": SOURCE, "id": "e", "stream_sequence": number} for number in (*numbers, 99)]
    reply = answer_outcomes(json.dumps({"events": refs}).encode(), corpus.archive, lambda: At(99, microseconds(NOW)))

    assert ["accepted", "stale", None] == [one.outcome for one in reply.outcomes]


def test_a_copy_is_current_while_the_event_that_it_is_a_copy_of_is(corpus: Corpus) -> None:
    first, other = (corpus.event(channels.ARTICLES_PUBLISHED, {"id": "a", "title": name}, id=name) for name in "xy")
    copy = replace(corpus.event(channels.ARTICLES_PUBLISHED, {"id": "a", "title": "x"}, id="x"))
    numbers = [one.stream_sequence for one in (first, copy)]
    corpus.handle(first)
    before = current(corpus, "x")
    corpus.handle(other, copy)
    refs = [{"source": SOURCE, "id": "x", "stream_sequence": number} for number in numbers]
    reply = answer_outcomes(json.dumps({"events": refs}).encode(), corpus.archive, lambda: At(99, microseconds(NOW)))

    assert ([True], [("accepted", False), ("duplicate", False)]) == (
        before, [(one.outcome, one.current) for one in reply.outcomes],
    )  # fmt: skip

"""What publishers are told of their events: what became of each, and from which position on searches reflect it."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import NOW, SOURCE, Corpus

from newsdex.errors import Invalid
from newsdex.event_outcomes import answer_outcomes
from newsdex.records import microseconds
from newsdex_schemas import EventOutcome, OutcomeReply, channels
from newsdex_schemas.outcomes import MAX_EVENTS_PER_REQUEST

ARTICLE = {"id": "a", "title": "Ferry returns", "version": 3}


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def ask(corpus: Corpus, *ids: str, position: int, source: str = SOURCE) -> OutcomeReply:
    body = json.dumps({"events": [{"source": source, "id": id_} for id_ in ids]}).encode()
    return answer_outcomes(body, corpus.archive, lambda: position, microseconds(NOW))


def publish(corpus: Corpus, event_id: str, channel: str = channels.ARTICLES_PUBLISHED, **fields: Any) -> None:
    data = {"id": "a"} if channel == channels.ARTICLES_WITHDRAWN else ARTICLE | fields
    corpus.handle(corpus.event(channel, data, id=event_id))


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
    )

    assert OutcomeReply(outcomes=(expected,), position=1) == reply


def test_the_position_of_the_index_is_what_counts(corpus: Corpus) -> None:
    publish(corpus, "e")
    corpus.index()
    body = json.dumps({"events": [{"source": SOURCE, "id": "e"}]}).encode()
    reply = answer_outcomes(body, corpus.archive, lambda: corpus.reader.view().position, microseconds(NOW))

    assert [("accepted", "first_version", True)] == told(reply)
    assert ["a"] == corpus.ids("ferry")


def test_a_parked_event_has_the_place_of_its_fault_and_is_never_searchable(corpus: Corpus) -> None:
    body = json.dumps({
        "specversion": "1.0", "type": "article.published.v1", "source": SOURCE, "id": "e", "data": {"id": "a"},
    }).encode()  # fmt: skip
    corpus.handle(corpus.delivery(channels.ARTICLES_PUBLISHED, body))
    (outcome,) = ask(corpus, "e", position=99).outcomes

    assert ("parked", "missing_field", "data.title") == (outcome.outcome, outcome.reason, outcome.place)
    assert ("a", False) == (outcome.article_id, outcome.searchable)


def test_an_unreadable_message_is_found_by_its_number_in_the_stream(corpus: Corpus) -> None:
    delivery = corpus.delivery(channels.ARTICLES_PUBLISHED, b"{")
    corpus.handle(delivery)
    reply = ask(corpus, f"{channels.STREAM}:{delivery.stream_sequence}", source="nats", position=99)

    assert [("parked", "invalid_json", False)] == told(reply)


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
        (b"", "invalid_json", None),
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
        answer_outcomes(body, corpus.archive, lambda: 0, microseconds(NOW))

    assert (code, place) == (raised.value.code, raised.value.place)

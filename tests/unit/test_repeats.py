"""What is promised of repeats: one version of each story on the pages of a search, and each article within reach."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scenarios.corpus import NOW, Corpus

from newsdex.errors import Invalid
from newsdex.index.columnar.query.matches.repeats import Versions
from newsdex_schemas import SearchReply, SearchRequest

STORY = (
    "The harbour authority said on Monday that the night ferry to the islands would not run this week because a storm "
    "had damaged the pier at the northern end of the bay. Repairs would take four days, a spokeswoman said, and 300 "
    "passengers had been told to take the morning boat. The company that owns the ferry declined to comment."
)
OTHER = (
    "A ferry company reported a profit of two million for the year, it said in a statement on Monday, and expects to "
    "grow by a tenth in the next one. It has ordered two ships from a yard in the north, which will sail under its "
    "own flag from spring on, and hire forty sailors. Shares rose by three per cent in early trading."
)


def article(id_: str, body: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": "Night ferry stopped", "body": body, "published_at": "2026-11-23T08:00:00Z"} | fields


def found(corpus: Corpus, **fields: Any) -> SearchReply:
    return corpus.answer(SearchRequest.model_validate({"q": "ferry", "timeout_ms": 10_000} | fields))


def shown(reply: SearchReply) -> dict[str, int]:
    return {hit.id: hit.more_versions for hit in reply.hits}


def pages(corpus: Corpus, **fields: Any) -> Iterator[SearchReply]:
    reply = found(corpus, **fields)
    yield reply
    while reply.next_cursor:
        reply = found(corpus, **fields, cursor=reply.next_cursor)
        yield reply


# One story


@pytest.mark.parametrize(
    "change",
    [
        ("four days", "nine days"),
        ("would not run", "would run"),
        ("300", "3,000"),
        (" The company that owns the ferry declined to comment.", ""),
        ("had damaged", "Had  Damaged"),
        ("Monday", "Monday morning"),
        ("", ""),
    ],
)
def test_a_change_of_little_is_a_version_and_stays_within_reach(tmp_path: Path, change: tuple[str, str]) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(article("first", STORY), article("then", STORY.replace(*change)), article("else", OTHER))
        corpus.index()
        collapsed, opened = found(corpus), found(corpus, repeats="show")
        (story,) = [id_ for id_ in shown(collapsed) if id_ != "else"]
        versions = found(corpus, versions_of=story)

    assert {story: 1, "else": 0} == shown(collapsed)
    assert {"first": 0, "then": 0, "else": 0} == shown(opened)
    assert {"first", "then"} == set(shown(versions))
    assert [3, 3, 2] == [reply.total for reply in (collapsed, opened, versions)]


@pytest.mark.parametrize(
    "fields",
    [
        {"body": OTHER},
        {"body": " ".join(reversed(STORY.split()))},
        {"published_at": "2026-11-24T08:00:00Z", "body": STORY.replace("four days", "nine days, or ten at the most")},
        {"published_at": "2026-12-23T08:00:00Z"},
    ],
)
def test_other_words_or_another_day_are_another_story(tmp_path: Path, fields: Mapping[str, Any]) -> None:
    """Reports of each day follow a form: a day later only what is nearly the same is a version."""
    with Corpus(tmp_path) as corpus:
        corpus.publish(article("first", STORY), article("then", **{"body": STORY} | fields))
        corpus.index()

        assert {"first": 0, "then": 0} == shown(found(corpus))


def test_short_texts_are_versions_only_where_they_say_the_same(tmp_path: Path) -> None:
    text = "The ferry bank {} raised its prime rate by half a point to eight and a quarter per cent from today on."
    with Corpus(tmp_path) as corpus:
        corpus.publish(article("a", text.format("Alpha")), article("b", text.format("Beta")))
        corpus.publish(
            article("same", text.format("ALPHA")), {"id": "c", "title": "Ferry"}, {"id": "d", "title": "Ferry"}
        )
        corpus.index()

        assert {"a": 1, "b": 0, "c": 0, "d": 0} == shown(found(corpus))


def test_by_date_every_version_is_shown_unless_asked_for_otherwise(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*(article(id_, STORY, published_at=f"2026-11-23T0{id_}:00:00Z") for id_ in "123"))
        corpus.index()
        by_date = found(corpus, sort="newest")
        collapsed = [found(corpus, sort=sort, repeats="collapse") for sort in ("newest", "oldest")]

    assert ["3", "2", "1"] == [hit.id for hit in by_date.hits]
    assert [{"3": 2}, {"1": 2}] == [shown(reply) for reply in collapsed]


def test_a_version_that_is_withdrawn_hands_over_to_the_next(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*(article(id_, STORY) for id_ in "abc"))
        corpus.index()
        before = found(corpus)
        corpus.withdraw("a")
        at_once = found(corpus)
        corpus.index()
        indexed = found(corpus)
        unknown = found(corpus, versions_of="a")

    assert {"a": 2} == shown(before)
    assert {"b": 1} == shown(at_once) == shown(indexed)
    assert (0, ()) == (unknown.total, unknown.hits)
    assert ["unknown_article"] == [note.code for note in unknown.interpretation.notes]


def test_similar_articles_show_one_version_of_each_story(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(article("asked", OTHER), *(article(id_, f"{OTHER} {STORY}") for id_ in "xy"))
        corpus.index()
        similar = corpus.similar("asked")

    assert {"x": 1} == {hit.id: hit.more_versions for hit in similar.hits}


def test_counts_are_of_articles_and_versions_are_those_that_match(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*(article(id_, STORY, section=section) for id_, section in zip("abc", "xxy", strict=True)))
        corpus.index()
        reply = found(corpus, facets=["section"])
        filtered = found(corpus, filters={"section": ["x"]})

    assert ({"a": 2}, 3) == (shown(reply), reply.total)
    assert {"x": 2, "y": 1} == {one.value: one.count for one in (reply.facets or {})["section"].values}
    assert ({"a": 1}, 2) == (shown(filtered), filtered.total)


def test_a_cursor_belongs_to_one_treatment_of_repeats(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(article("a", STORY), article("b", OTHER))
        corpus.index()
        cursor = found(corpus, size=1).next_cursor
        with pytest.raises(Invalid) as raised:
            found(corpus, size=1, cursor=cursor, repeats="show")

    assert "cursor_of_another_search" == raised.value.code


# Many stories


def stories(draw: random.Random, number: int) -> list[dict[str, Any]]:
    """Return articles of which some are versions of others, some of these of others again."""
    vocabulary = [f"word{n}" for n in range(400)]
    made: list[dict[str, Any]] = []
    texts: list[list[str]] = []
    for count in range(number):
        if texts and draw.random() < 0.6:
            words = list(draw.choice(texts))
            for _ in range(draw.choice([0, 1, 2, 3, 5])):
                words[draw.randrange(len(words))] = draw.choice(vocabulary)
        else:
            words = draw.choices(vocabulary, k=60)
        texts.append(words)
        body = " ".join([*words, *["ferry"] * draw.choice([1, 1, 2, 5])])
        hour = draw.choice([None, 1, 5, 9, 20, 30])
        dated = {} if hour is None else {"published_at": f"2026-11-{20 + hour // 24}T{hour % 24:02}:00:00Z"}
        made.append({"id": f"a{count:03}", "title": "—", "body": body, **dated})
    return made


def versions(corpus: Corpus) -> set[tuple[str, str]]:
    """Return all pairs of versions, each both ways."""
    snapshot = corpus.reader.view().snapshot
    every = np.arange(snapshot.documents)
    ids = [snapshot.article_id(document) for document in every.tolist()]
    found_ = Versions(snapshot, lambda: False).pairs(every, every)
    return {(ids[one], ids[other]) for places in found_ for one, other in zip(*map(list, places), strict=True)}


@given(
    seed=st.integers(0, 1 << 32), size=st.sampled_from([1, 2, 3, 7, 100]), sort=st.sampled_from(["relevance", "newest"])
)
@settings(max_examples=25)
def test_pages_show_each_story_once_and_leave_none_out(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, sort: str
) -> None:
    """What is shown is what going through all hits in order gives, whatever the size of a page."""
    draw = random.Random(seed)
    with Corpus(tmp_path_factory.mktemp("stories")) as corpus:
        articles = stories(draw, 60)
        for start in range(0, 60, 20):
            corpus.publish(*articles[start : start + 20])
            corpus.index()
        asked = {"size": size, "sort": sort, "repeats": "collapse"}
        every = [hit.id for hit in found(corpus, size=100, sort=sort, repeats="show").hits]
        pairs = versions(corpus)
        expected: list[str] = []
        for id_ in every:
            if not any((id_, other) in pairs for other in expected):
                expected.append(id_)
        replies = list(pages(corpus, **asked))
        by_offset = [found(corpus, **asked, offset=offset) for offset in range(0, len(expected), size)]
        counts = {id_: sum((id_, other) in pairs for other in every) for id_ in expected}

    assert all((other, one) in pairs for one, other in pairs)
    assert expected == [hit.id for reply in replies for hit in reply.hits]
    assert expected == [hit.id for reply in by_offset for hit in reply.hits]
    assert {60} == {reply.total for reply in replies}
    assert all(len(reply.hits) == size for reply in replies[:-1])
    assert counts == {id_: more for reply in replies for id_, more in shown(reply).items()}


def test_replies_depend_neither_on_the_order_of_indexing_nor_on_merges(tmp_path: Path) -> None:
    articles = stories(random.Random(7), 60)
    replies = []
    for number, batch in enumerate((1, 7, 60)):
        shuffled = random.Random(number).sample(articles, len(articles))
        with Corpus(tmp_path / str(number)) as corpus:
            for start in range(0, len(shuffled), batch):
                corpus.publish(*shuffled[start : start + batch])
                corpus.index()
            replies.append([shown(reply) for reply in pages(corpus, size=5, sort="newest", repeats="collapse")])

    assert replies[0] == replies[1] == replies[2]


@pytest.mark.parametrize("number", [3, 500])
def test_many_repeats_of_one_story_are_passed_over(tmp_path: Path, number: int) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*(article(f"v{n:03}", STORY) for n in range(number)), article("else", OTHER))
        corpus.index()
        replies = list(pages(corpus, size=1, timeout_ms=10_000))

    assert sorted([("else", 0), ("v000", number - 1)]) == sorted(
        one for reply in replies for one in shown(reply).items()
    )
    assert not any(reply.partial for reply in replies)


def test_an_embargoed_version_changes_nothing(tmp_path: Path) -> None:
    """A version between two others, each of which is a version of it, joins them only once it may be seen."""
    replies = []
    for hides in (False, True):
        with Corpus(tmp_path / str(hides)) as corpus:
            corpus.publish(*stories(random.Random(3), 30))
            if hides:
                corpus.publish(*(one | {"id": f"h{n}", "embargoed_until": "2030-01-01T00:00:00Z"}
                                 for n, one in enumerate(stories(random.Random(3), 30))))  # fmt: skip
            corpus.index(now=NOW)
            made = [found(corpus, size=7), found(corpus, versions_of="a003"), found(corpus, versions_of="h1")]
            replies.append([(shown(reply), reply.total, reply.next_cursor) for reply in made])

    assert replies[0] == replies[1]

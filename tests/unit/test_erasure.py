"""An erased article leaves every byte of the archive, and neither it nor a copy of its text is taken in again."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import NOW, Corpus
from tests.unit.events import event, page

from newsdex.archive.backup import back_up
from newsdex.archive.database import FILE_NAME
from newsdex.archive.erasure import Doubts
from newsdex.archive.integrity import check_archive
from newsdex.archive.text_digest import MIN_CHARS
from newsdex.archive.writer import ArchiveWriter
from newsdex.errors import Unavailable
from newsdex.incarnations import Incarnation, SeenStream
from newsdex.ingest.handle import retry_parked
from newsdex.records.events import Result
from newsdex.records.moments import microseconds
from newsdex_schemas import channels

NOW_US = microseconds(NOW) + 3_600_000_000
LATER = "2999-01-01T00:00:00Z"
WORDS = ("quorvalexian", "zindrathorpe", "melquiadesque", "borogrovian")
BODY = "The melquiadesque affair went on. " * 12


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def secret(**fields: Any) -> dict[str, Any]:
    return {"id": "secret", "title": "The quorvalexian affair", "body": BODY} | fields


def publish(corpus: Corpus, **fields: Any) -> Result:
    (result,) = corpus.publish(secret(**fields))
    return result


def told(result: Result) -> tuple[str, str]:
    return result.outcome, result.reason


def erase(corpus: Corpus, *ids: str) -> None:
    store = corpus.writer.erasures
    store.erase(ids, NOW_US)
    store.compact()
    for stage in ("archive", "stream", "index"):
        store.finish(stage, ids, NOW_US)


def words_in(folder: Path) -> set[str]:
    """Return those of WORDS that stand in any file of the archive."""
    content = b"".join(path.read_bytes() for path in sorted(folder.glob(f"{FILE_NAME}*")))
    return {word for word in WORDS if word.encode() in content}


def test_no_byte_of_any_version_is_left_in_the_file_or_its_log(corpus: Corpus, tmp_path: Path) -> None:
    """Of versions that were replaced too, and of parked events, read and unreadable, open and closed."""
    others = [{"id": f"other-{number}", "title": f"Other {number}", "body": "harbour " * 300} for number in range(40)]
    publish(corpus, title="The zindrathorpe affair", version=1)
    corpus.publish(*others)
    publish(corpus, version=2)
    publish(corpus, title="The borogrovian affair")
    broken = json.dumps(secret(version="two")).encode()
    corpus.handle(corpus.delivery(channels.ARTICLES_PUBLISHED, broken))
    corpus.handle(corpus.delivery(channels.ARTICLES_PUBLISHED, b'{"id": "secret", "title": "The quorvalexian aff'))
    before = words_in(tmp_path)
    erase(corpus, "secret")

    assert set(WORDS) == before
    assert set() == words_in(tmp_path)
    assert [] == list(check_archive(tmp_path))
    assert 40 == len([change for change in corpus.archive.changes(0, 100) if change.content])


def parked_as(corpus: Corpus, *bodies: bytes) -> list[int]:
    """Park messages that cannot be read, and give their numbers."""
    results = corpus.handle(*(corpus.delivery(channels.ARTICLES_PUBLISHED, body) for body in bodies))
    numbers = [result.parked_id for result in results if result.parked_id is not None]
    assert len(bodies) == len(numbers)
    return numbers


LONG_TITLE = 'M\u00fcller \U0001f41f/"Fisch" im Prozess um den Hafen'
ABOUT_IT = {
    "its id": b'{"id": "1", "title": "x',
    "its id, escaped": b'{"title": "x", "id" : "\\u0031", "body": "x',
    "its id in an event": b'{"specversion": "1.0", "id": "e", "data": {"id": "1", "title": "x',
    "its title": json.dumps({"title": LONG_TITLE, "body": "x"}, ensure_ascii=False).encode()[:-1],
    "its title, escaped": json.dumps({"title": LONG_TITLE, "body": "x"}).encode()[:-1],
    "its title with escaped slashes": json.dumps({"title": LONG_TITLE, "body": "x"}).replace("/", "\\/").encode()[:-1],
    "its title, decomposed": json.dumps({"title": LONG_TITLE.replace("\u00fc", "u\u0308"), "body": "x"}).encode()[:-1],
    "its title in UTF-16": json.dumps({"title": LONG_TITLE}, ensure_ascii=False).encode("utf-16"),
}
OF_OTHERS = {
    "its digits in a number": b'{"title": "In 2031", "year": 1, "body": "x',
    "its digits in a text": b'{"id": "a1", "title": "1 of 2", "body": "x',
    "the word of a title": b'{"id": "c", "title": "Weather in May", "body": "x',
}
DOUBTFUL = {
    "the id of an event": b'{"specversion": "1.0", "id": "1", "data": {"id": "b", "title": "x',
    "the version": b'{"id": "b", "version": "1", "title": "x',
    "the id of an author": b'{"title": "x", "author": {"id": "1", "name": "x',
    "a short title": b'{"id": "c", "title": "Weather", "body": "x',
    "the beginning of a title": json.dumps({"id": "c", "title": LONG_TITLE}).encode()[:-20],
}


def erase_the_first(corpus: Corpus) -> dict[str, Doubts]:
    """Erase an article with a short id, of which one version has a short title and one a long one."""
    corpus.publish({"id": "1", "title": LONG_TITLE, "version": 1}, {"id": "1", "title": "Weather"})
    return corpus.writer.erasures.erase(["1"], NOW_US)


@pytest.mark.parametrize("body", ABOUT_IT.values(), ids=ABOUT_IT.keys())
def test_an_unreadable_event_that_names_the_article_or_has_its_long_title_is_emptied(
    corpus: Corpus, body: bytes
) -> None:
    numbers = parked_as(corpus, body)
    doubtful = erase_the_first(corpus)["1"].parked
    (event,) = (corpus.archive.parked_event(number) for number in numbers)
    named = corpus.writer.erasures.messages_about("1")

    assert event is not None
    assert (b"", "dropped", []) == (event.delivery.body, event.status, doubtful)
    assert event.delivery.stream_sequence in {sequence for sequence, _ in named}


@pytest.mark.parametrize("body", [*OF_OTHERS.values(), *DOUBTFUL.values()], ids=[*OF_OTHERS, *DOUBTFUL])
def test_an_unreadable_event_that_may_be_about_another_article_is_left_and_told(corpus: Corpus, body: bytes) -> None:
    numbers = parked_as(corpus, body)
    doubtful = erase_the_first(corpus)["1"].parked
    (event,) = (corpus.archive.parked_event(number) for number in numbers)
    named = corpus.writer.erasures.messages_about("1")

    assert event is not None
    assert (body, "open") == (event.delivery.body, event.status)
    assert (numbers if body in DOUBTFUL.values() else []) == doubtful
    assert event.delivery.stream_sequence not in {sequence for sequence, _ in named}


PAGE_URL = "https://gazette.example/elsewhere"
PAGES = {
    "its address as the canonical one": ('<link rel="canonical" href="https://www.desk.example/story-1">', True),
    "its title": (f"<h1>{LONG_TITLE}</h1>", True),
    "its title with entities": (f"<h1>{LONG_TITLE.replace('e', '&#101;')}</h1>", True),
    "another page": ("<h1>Weather in May, and what the harbour says</h1>", False),
}


@pytest.mark.parametrize(("html", "doubtful"), PAGES.values(), ids=PAGES)
def test_a_parked_page_of_another_address_that_may_be_about_the_article_is_told(
    corpus: Corpus, html: str, doubtful: bool
) -> None:
    article_id = "https://desk.example/story-1"
    corpus.publish({"id": article_id, "title": LONG_TITLE})
    unreadable = json.dumps(event(page(url=PAGE_URL, html=html, fetched_at="then"), channels.ARTICLES_SCRAPED))
    (parked,) = corpus.handle(corpus.delivery(channels.ARTICLES_SCRAPED, unreadable.encode()))
    told = corpus.writer.erasures.erase([article_id], NOW_US)[article_id].parked

    assert ([parked.parked_id] if doubtful else []) == told


def test_an_erasure_names_no_message_that_another_one_emptied(corpus: Corpus) -> None:
    parked_as(corpus, b'{"id": "1", "title": "x')
    corpus.writer.erasures.erase(["1"], NOW_US)
    corpus.writer.erasures.erase(["2"], NOW_US)

    assert set() == corpus.writer.erasures.messages_about("2")


def test_a_tombstone_stays_that_search_sees(corpus: Corpus) -> None:
    publish(corpus)
    corpus.index()
    erase(corpus, "secret")
    corpus.index()

    assert [] == corpus.ids("affair")
    assert [("secret", None)] == [(change.id, change.content) for change in corpus.archive.changes(0, 9)]


@pytest.mark.parametrize(
    "again",
    [{}, {"version": 99}, {"title": "Another text", "body": ""}, {"updated_at": LATER}],
    ids=["a copy", "a higher version", "another text", "a later time"],
)
def test_nothing_is_taken_in_about_an_erased_article(corpus: Corpus, tmp_path: Path, again: dict[str, Any]) -> None:
    publish(corpus)
    erase(corpus, "secret")
    result = publish(corpus, **again)

    assert (("stale", "erased"), None) == (told(result), result.sequence)
    assert set() == words_in(tmp_path)


def test_what_cannot_be_read_about_an_erased_article_is_not_parked(corpus: Corpus, tmp_path: Path) -> None:
    publish(corpus)
    erase(corpus, "secret")
    (result,) = corpus.handle(corpus.delivery(channels.ARTICLES_PUBLISHED, json.dumps(secret(version="two")).encode()))

    assert (("stale", "erased"), None) == (told(result), result.parked_id)
    assert set() == words_in(tmp_path)


def test_an_article_that_was_never_published_can_be_erased_before_it_comes(corpus: Corpus) -> None:
    erase(corpus, "secret")

    assert ("stale", "erased") == told(publish(corpus))


COPIES = {
    "under another id": {"id": "copy"},
    "wrapped anew": {"id": "copy", "body": BODY.replace(". ", ".\n\n").upper()},
    "with another title": {"id": "copy", "title": "Affair"},
    "with tags": {"id": "copy", "tags": ["affairs"], "version": 7},
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
@pytest.mark.parametrize("lifted", [False, True])
def test_a_copy_of_an_erased_text_is_never_taken_in(corpus: Corpus, copy: dict[str, Any], *, lifted: bool) -> None:
    assert len(BODY) > MIN_CHARS
    publish(corpus)
    erase(corpus, "secret")
    if lifted:
        corpus.writer.erasures.lift(["secret"], NOW_US)

    assert ("stale", "erased") == told(publish(corpus, **copy))


SHORT = [
    {"title": "Weather"},
    {"title": "Weather", "summary": "Rain later."},
    {"title": "Flash", "body": "See below."},
]


@pytest.mark.parametrize("text", SHORT)
def test_a_short_text_is_closed_under_its_own_id_only(corpus: Corpus, text: dict[str, Any]) -> None:
    """Others write the same headline every day."""
    corpus.publish({"id": "secret", **text})
    erase(corpus, "secret")
    corpus.writer.erasures.lift(["secret"], NOW_US)
    results = corpus.publish({"id": "other", **text}, {"id": "secret", **text})

    assert [("accepted", "first_version"), ("stale", "erased")] == [told(result) for result in results]


def test_a_long_text_is_closed_under_every_id_however_it_is_divided(corpus: Corpus) -> None:
    text = {"title": "Of a long summary", "summary": "harbour " * 20, "body": "ferry " * 20}
    corpus.publish({"id": "secret", **text})
    erase(corpus, "secret")
    (result,) = corpus.publish({"id": "other", **text})

    assert ("stale", "erased") == told(result)


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_other_articles_with_the_text_are_named_and_go_on(corpus: Corpus, tmp_path: Path, copy: dict[str, Any]) -> None:
    """Whether they are another's by right only an operator can tell; one who erases them, too, closes the text."""
    publish(corpus)
    publish(corpus, **{**copy, "id": "other"})
    corpus.publish({"id": "unlike", "title": "Melquiadesque", "body": "melquiadesque " * 30})
    named = corpus.writer.erasures.erase(["secret"], NOW_US)["secret"].holders
    erase(corpus, "secret")
    corrected = publish(corpus, **{**copy, "id": "other", "title": "Corrected", "version": 8})
    checked = list(check_archive(tmp_path))
    elsewhere = publish(corpus, id="third")
    erase(corpus, "other")

    assert ["other"] == named
    assert ("accepted", []) == (corrected.outcome, checked)
    assert ("stale", "erased") == told(elsewhere)
    assert ("stale", "erased") == told(publish(corpus, **{**copy, "id": "other", "version": 9}))


def test_a_lifted_article_can_be_published_with_another_text_only(corpus: Corpus) -> None:
    publish(corpus)
    erase(corpus, "secret")
    lifted = corpus.writer.erasures.lift(["secret", "unknown"], NOW_US)
    results = corpus.publish(secret(), {"id": "secret", "title": "Corrected", "updated_at": LATER})

    assert ["secret"] == lifted
    assert [("stale", "erased"), ("accepted", "lifts_withdrawal")] == [told(result) for result in results]


def test_what_is_published_after_the_erasure_is_lifted_is_not_among_its_messages(corpus: Corpus) -> None:
    """The stream may be got rid of the erased text long after the corrected one came."""
    (before,) = corpus.publish(secret())
    corpus.writer.erasures.erase(["secret"], NOW_US)
    corpus.writer.erasures.lift(["secret"], NOW_US)
    (after,) = corpus.publish({"id": "secret", "title": "Corrected", "updated_at": LATER})
    (erasure,) = corpus.writer.erasures.pending()
    named = {sequence for sequence, _ in corpus.writer.erasures.messages_about("secret")}

    assert "accepted" == after.outcome
    assert ({before.delivery.stream_sequence}, before.delivery.stream_sequence) == (named, erasure.last_number)


def test_an_erasure_ends_before_what_the_broker_numbers_anew(corpus: Corpus) -> None:
    """The broker lost its end: numbers that erased messages had belong to others now."""
    corpus.publish(*({"id": f"other-{number}", "title": "Other"} for number in range(4)), secret())
    corpus.writer.erasures.erase(["secret"], NOW_US)
    with corpus.writer.transaction() as transaction:
        transaction.adopt(
            SeenStream(created="", first_sequence=1, last_sequence=2, marked=None, stored_us=None), Incarnation(2, 3)
        )
    (erasure,) = corpus.writer.erasures.pending()

    assert 2 == erasure.last_number
    assert {5} == {sequence for sequence, _ in corpus.writer.erasures.messages_about("secret")}


def test_an_erasure_covers_what_a_withdrawal_does(corpus: Corpus) -> None:
    publish(corpus)
    erase(corpus, "secret")
    (result,) = corpus.withdraw("secret")

    assert ("stale", "older_withdrawal") == told(result)


def test_a_parked_copy_that_is_retried_is_not_kept(corpus: Corpus, tmp_path: Path) -> None:
    """It was parked by an older newsdex, which could not read it."""
    body = json.dumps(secret(id="copy")).encode()
    (parked,) = corpus.handle(corpus.delivery(channels.ARTICLES_PUBLISHED, body[:-1]))
    publish(corpus)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as archive:
        archive.execute("UPDATE parked SET body=?, article_id='copy'", (body,))
        archive.commit()
    erase(corpus, "secret")
    assert parked.parked_id is not None
    done = retry_parked(corpus.writer, [parked.parked_id], NOW_US)

    assert [("stale", "erased")] == [told(result) for result in done.results.values()]
    assert b"" == corpus.archive.parked_event(parked.parked_id).delivery.body  # type: ignore[union-attr]  # it is there


def test_check_says_what_is_not_finished_and_what_came_back(corpus: Corpus, tmp_path: Path) -> None:
    publish(corpus)
    corpus.writer.erasures.erase(["secret"], NOW_US)
    unfinished = list(check_archive(tmp_path))
    erase(corpus, "secret")
    finished = list(check_archive(tmp_path))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as archive:
        content = json.dumps(secret()).encode()
        archive.execute("UPDATE articles SET versioned_content=?", (content,))
        archive.commit()
    came_back = list(check_archive(tmp_path))

    assert ["is not erased yet everywhere: archive, stream, index may have its text"] == [
        finding.partition("the article secret ")[2] for finding in unfinished
    ]
    assert [] == finished
    assert ["was erased, and its text is there", "has a text that was erased"] == [
        finding.partition("the article secret ")[2] for finding in came_back
    ]


def test_an_unfinished_erasure_is_no_damage_to_a_backup(corpus: Corpus, tmp_path: Path) -> None:
    publish(corpus)
    corpus.writer.erasures.erase(["secret"], NOW_US)
    manifest = back_up(tmp_path, tmp_path / "backup", NOW, lambda _, __: None)

    assert 1 == manifest.articles


def test_a_reader_of_the_archive_as_it_was_keeps_it_from_being_finished(corpus: Corpus, tmp_path: Path) -> None:
    publish(corpus)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM articles").fetchone()
        writer = ArchiveWriter(tmp_path, busy_timeout_s=0.1)
        writer.erasures.erase(["secret"], NOW_US)
        with pytest.raises(Unavailable) as raised:
            writer.erasures.compact()
        writer.close()

    assert "archive_locked" == raised.value.code

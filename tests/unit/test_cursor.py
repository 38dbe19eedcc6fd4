"""What cursors promise: whatever is committed between two pages, no hit twice and none lost; garbage is refused."""

import base64
import random
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenarios.corpus import NOW, SEAL, Corpus, stories

from newsdex.cursor_key import FILE_NAME, cursor_key
from newsdex.errors import Invalid, Misconfigured, Unavailable
from newsdex.index.columnar.query.matches.top_hits import PageEnd
from newsdex.index.columnar.query.statistics import Statistics
from newsdex.index.schema import TEXT_FIELDS
from newsdex.search.cursor import Cursor, read_cursor, write_cursor
from newsdex.search.language.parsed_query import MAX_COMMAND_CHARS
from newsdex.search.sealing import KEY_BYTES, Seal
from newsdex_schemas import SearchReply, SearchRequest
from newsdex_schemas.search import MAX_CURSOR_CHARS

NUMBER = 120
ROUNDS = 15


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        bodies = [f"{'ferry ' * (n % 4 + 1)}{'bridge ' * (n % 7)}left" for n in range(NUMBER)]
        corpus.publish(*({"id": f"s{n}", "title": "Story", "body": body} for n, body in enumerate(bodies)))
        corpus.index()
        yield corpus


def request(**fields: Any) -> SearchRequest:
    return SearchRequest(**({"timeout_ms": 10_000} | fields))


def paged(corpus: Corpus, **fields: Any) -> Iterator[SearchReply]:
    cursor = None
    while True:
        reply = corpus.answer(request(**fields, cursor=cursor))
        yield reply
        cursor = reply.next_cursor
        if cursor is None:
            return


def refused(**fields: Any) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as raised:
        read_cursor(request(**fields), SEAL)
    return raised.value.code, raised.value.place


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
@pytest.mark.parametrize("q", ["ferry OR bridge", "", "ferry", "bri*", "ferry -absent"])
def test_pages_give_what_offsets_give(corpus: Corpus, q: str, sort: str) -> None:
    by_cursor = [[hit.id for hit in reply.hits] for reply in paged(corpus, q=q, sort=sort, size=50)]
    by_offset = [corpus.ids(q, sort=sort, size=50, offset=offset) for offset in range(0, NUMBER, 50)]

    assert [page for page in by_offset if page] == by_cursor


@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_while_articles_are_indexed_no_page_repeats_or_loses_an_article(corpus: Corpus, sort: str) -> None:
    """A thread publishes, updates, withdraws and commits as fast as it can, until the last page was read."""
    end = threading.Event()
    expected = sorted(f"s{n}" for n in range(NUMBER) if n % 10)

    def publish() -> None:
        number = 0
        while not end.is_set():
            number += 1
            old = f"s{number % (NUMBER // 10) * 10}"
            corpus.publish(
                {"id": f"new{number}", "title": "Story", "body": "ferry bridge " * (number % 5 + 1)},
                {"id": old, "title": "Story", "body": "bridge " * number, "version": number},
            )
            corpus.index()

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        rounds = [
            [hit.id for reply in paged(corpus, q="ferry OR bridge", sort=sort, size=17) for hit in reply.hits]
            for _ in range(ROUNDS)
        ]
    finally:
        end.set()
        thread.join()

    for shown in rounds:
        unchanged = [id_ for id_ in shown if id_ in set(expected)]
        assert expected == sorted(unchanged)


def test_the_last_page_has_no_cursor_and_neither_has_a_page_of_nothing(corpus: Corpus) -> None:
    replies = list(paged(corpus, q="ferry", size=100))

    assert (100, 20) == tuple(len(reply.hits) for reply in replies)
    assert {NUMBER} == {reply.total for reply in replies}
    assert corpus.answer(request(q="ferry", size=0)).next_cursor is None
    assert corpus.answer(request(q="absent")).next_cursor is None
    assert corpus.answer(request(q="ferry", size=20, offset=100)).next_cursor is None


def test_relative_dates_stay_those_of_the_first_page(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*(story | {"published_at": "2026-11-23T00:00:00Z"} for story in stories(*range(1, 9))))
        corpus.index()
        first = corpus.answer(request(q="published:yesterday", size=5))
        second = corpus.answer(
            request(q="published:yesterday", size=5, cursor=first.next_cursor), now=NOW.replace(day=25)
        )

    assert (5, 3, first.interpretation) == (len(first.hits), len(second.hits), second.interpretation)


def test_a_search_that_fell_back_to_most_words_goes_on_with_them(corpus: Corpus) -> None:
    first = corpus.answer(request(q="ferry absent", size=100))
    corpus.publish({"id": "both", "title": "ferry absent"})
    corpus.index()
    second = corpus.answer(request(q="ferry absent", size=100, cursor=first.next_cursor))

    assert ["most_words"] * 2 == [note.code for reply in (first, second) for note in reply.interpretation.notes]
    assert 20 == len(second.hits)


@pytest.mark.parametrize(
    "change",
    [{"q": "bridge"}, {"sort": "newest"}, {"filters": {"section": ["City"]}}, {"timezone": "Asia/Karachi"}],
)
def test_a_cursor_of_another_search_is_refused(corpus: Corpus, change: dict[str, Any]) -> None:
    cursor = corpus.answer(request(q="ferry")).next_cursor

    assert ("cursor_of_another_search", "cursor") == refused(**({"q": "ferry", "cursor": cursor} | change))


def test_size_facets_and_marks_may_change_between_pages(corpus: Corpus) -> None:
    cursor = corpus.answer(request(q="ferry")).next_cursor
    reply = corpus.answer(request(q="ferry", cursor=cursor, size=3, facets=("tags",), marks="offsets"))

    assert 3 == len(reply.hits)


def test_a_cursor_and_an_offset_exclude_each_other(corpus: Corpus) -> None:
    cursor = corpus.answer(request(q="ferry")).next_cursor

    assert ("cursor_with_offset", "offset") == refused(q="ferry", cursor=cursor, offset=1)


def sealed(value: Any) -> str:
    packed = zlib.compress(value if isinstance(value, bytes) else orjson.dumps(value))
    return base64.urlsafe_b64encode(SEAL.close(packed)).decode()


@pytest.mark.parametrize(
    "cursor",
    ["garbage", "é", "AAAA", "=" * 9, "A" * MAX_CURSOR_CHARS, sealed([]), sealed({}), sealed(b"["), sealed(None),
     sealed(b"[" * 100_000), sealed(b" " * 10_000_000), sealed(b'[0,1.0,1.0,99999999999999999999,"a",0,null,null]'),
     sealed([0, 1.0, 1.0, 0, "a", 1 << 62, None, None]), sealed([0, 1.0, 1.0, 0, "a", 0, None, 5, [1.0], [1]]),
     sealed([0, "x", 1.0, 0, "a", 0, None, None])],
    ids=lambda cursor: cursor[:20],
)  # fmt: skip
def test_what_is_no_cursor_is_refused(cursor: str) -> None:

    assert ("invalid_cursor", "cursor") == refused(q="ferry", cursor=cursor)


@given(st.text(max_size=200).filter(str.strip), st.integers(0, 100), st.characters())
def test_any_text_is_refused(text: str, at: int, other: str) -> None:
    for garbage in (text, text[:at] + other + text[at + 1 :]):
        assert ("invalid_cursor", "cursor") == refused(q="ferry", cursor=garbage)


def test_the_cursor_of_the_longest_query_can_be_sent() -> None:
    """2,000 characters of a script without spaces are as many terms in each field; numbers at random pack worst.

    Of a longer one the most telling words are asked for.
    """
    draw = random.Random(1)
    frequencies = [draw.randrange(1_000_000) for _ in range(MAX_COMMAND_CHARS * len(TEXT_FIELDS))]
    statistics = Statistics(
        documents=1_000_000,
        average_lengths=dict.fromkeys(TEXT_FIELDS, 123.456),
        usual_lengths=dict.fromkeys(TEXT_FIELDS, 123.456),
        frequencies=frequencies,
    )
    cut = PageEnd(least=1.5, greatest=1.5, date=0, id="京" * 512)
    written = Cursor(cut=cut, now_us=0, at_least=None, statistics=statistics)
    read = read_cursor(request(q="京", cursor=write_cursor(written, request(q="京"), SEAL)), SEAL)

    assert read is not None
    assert (cut, frequencies) == (read.cut, list(read.statistics.frequencies if read.statistics else ()))


# What a cursor carries is sealed


def test_a_cursor_shows_no_word_and_no_number_of_the_index(corpus: Corpus) -> None:
    cursor = corpus.answer(request(q="ferrry OR bridge")).next_cursor or ""
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    seen = [data, *(part for start in range(len(data)) if (part := inflated(data[start:])))]

    assert data
    assert [] == [part for part in seen if b"ferr" in part or b"bridge" in part or part.startswith(b"[")]


def inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, 10_000)
    except zlib.error:
        return b""


def test_cursors_of_one_search_are_as_long_whatever_the_frequencies_are(tmp_path: Path) -> None:
    lengths = set()
    for number in (11, 99):
        with Corpus(tmp_path / str(number)) as corpus:
            corpus.publish(*({"id": f"a{n:02}", "title": "Ferry"} for n in range(number)))
            corpus.index()
            lengths.add(len(corpus.answer(request(q="ferry", sort="relevance")).next_cursor or ""))

    assert 1 == len(lengths)


@pytest.mark.parametrize("bit", range(8))
def test_a_cursor_that_was_changed_in_one_bit_is_refused(corpus: Corpus, bit: int) -> None:
    cursor = corpus.answer(request(q="ferry")).next_cursor or ""
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]

        assert ("invalid_cursor", "cursor") == refused(q="ferry", cursor=base64.urlsafe_b64encode(changed).decode())


def test_a_cursor_that_another_key_sealed_is_refused(corpus: Corpus) -> None:
    cursor = corpus.answer(request(q="ferry")).next_cursor
    with pytest.raises(Invalid) as raised:
        read_cursor(request(q="ferry", cursor=cursor), Seal(b"1" * KEY_BYTES))

    assert "invalid_cursor" == raised.value.code


@given(st.binary(max_size=300), st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_what_was_sealed_is_opened_with_the_same_key_only(text: bytes, key: bytes) -> None:
    sealed_text = Seal(key).close(text)

    assert (text, sealed_text) == (Seal(key).open(sealed_text), Seal(key).close(text))
    assert Seal(key[::-1] + b"other").open(sealed_text) is None


def test_whoever_comes_first_makes_the_key_and_all_have_the_same_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(cursor_key, [tmp_path] * 40))

    assert (1, KEY_BYTES) == (len(keys), len(keys.pop()))
    assert ([FILE_NAME], 0o600) == (
        [path.name for path in tmp_path.iterdir()],
        (tmp_path / FILE_NAME).stat().st_mode & 0o777,
    )


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"short")
    with pytest.raises(Misconfigured) as raised:
        cursor_key(tmp_path)

    assert "cursor_key_damaged" == raised.value.code


def test_where_no_key_can_be_made_that_is_worth_a_retry(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as raised:
        cursor_key(tmp_path / "nowhere")

    assert "cursor_key_unreadable" == raised.value.code

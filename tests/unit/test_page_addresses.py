"""A scraped page is withdrawn by each address at which it was met, in whatever order events are handled."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from tests.unit.events import HOUR_US, NOON_US, delivery

from newsdex.apps.indexer.page_reader import decode_reply, encode_reply
from newsdex.apps.inspection.article_story import read_story, tell_story
from newsdex.apps.inspection.data_folder import archived_article
from newsdex.archive.pages import kept_pages
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.retrieval import answer_article
from newsdex.archive.writer import ArchiveWriter
from newsdex.errors import Invalid, NewsdexError
from newsdex.ingest.handle import handle_batch, read_delivery
from newsdex.ingest.read import read_event
from newsdex.ingest.reprocess import Remade, reprocess
from newsdex.normalise.page_address import page_id
from newsdex.records.events import Delivery, ReceivedEvent, Result
from newsdex.settings import Settings
from newsdex_schemas import ArticleRequest, channels

NOW_US = NOON_US + HOUR_US
ASKED, ANSWERED, OWN = "https://n.example/amp/7?utm_source=x", "https://n.example/amp/7b", "https://n.example/news/7"
ADDRESSES = (ASKED, "https://n.example/amp/7", ANSWERED, "https://www.n.example/amp/7b#top", OWN)
TEXT = "Gulls steal the lunch\n\nThey came in the morning, and they took all of it before anybody could stop them."


def page(number: int, *, text: str = TEXT, **data: str) -> Delivery:
    addresses = {"url": ASKED, "fetched_url": ANSWERED, "canonical_url": OWN}
    return event(number, channels.ARTICLES_SCRAPED, "article.scraped.v1", {
        "fetched_at": "2024-06-11T09:00:00Z", "text": text, **addresses, **data,
    })  # fmt: skip


def takedown(number: int, **data: object) -> Delivery:
    return event(number, channels.ARTICLES_WITHDRAWN, "article.withdrawn.v1", dict(data))


def event(number: int, subject: str, type_: str, data: dict[str, object]) -> Delivery:
    value = {"specversion": "1.0", "type": type_, "source": "scraper", "id": f"e-{number}", "data": data}
    return delivery(value, subject, number)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[ArchiveWriter]:
    writer = ArchiveWriter(tmp_path)
    yield writer
    writer.close()


def handle(archive: ArchiveWriter, *deliveries: Delivery) -> list[Result]:
    return handle_batch(archive, deliveries, NOW_US)


def shown(archive: ArchiveWriter) -> set[str]:
    return {row[0] for row in archive._connection.execute("SELECT id FROM articles WHERE content IS NOT NULL")}


OF_WHAT_HAPPENED = {"sequence", "correlation_id", "unseen"}


def states(archive: ArchiveWriter) -> list[dict[str, object]]:
    """Return what the archive knows of each article, but for its last change, and whether search ever had it.

    These tell what happened here, and so depend on the order in which events were handled.
    """
    rows = archive._connection.execute("SELECT * FROM articles ORDER BY id").fetchall()
    return [{name: value for name, value in dict(row).items() if name not in OF_WHAT_HAPPENED} for row in rows]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", ["url", "id"])
def test_a_page_is_withdrawn_by_each_of_its_addresses(archive: ArchiveWriter, address: str, name: str) -> None:
    handle(archive, page(1))
    assert {OWN} == shown(archive)
    (result,) = handle(archive, takedown(2, **{name: address if name == "url" else page_id(address)}))

    assert set() == shown(archive)
    assert ("withdrawn", "withdrawn", page_id(address)) == (result.outcome, result.reason, result.article_id)
    assert result.sequence is not None


def test_the_page_itself_says_its_own_address_in_html(archive: ArchiveWriter) -> None:
    html = f'<html><head><title>Gulls steal</title><link rel="canonical" href="{OWN}"></head><body><article><p>{TEXT}'
    data = {"fetched_at": "2024-06-11T09:00:00Z", "html": html, "url": ASKED}
    handle(archive, event(1, channels.ARTICLES_SCRAPED, "article.scraped.v1", data))
    assert {OWN} == shown(archive)
    handle(archive, takedown(2, url=ASKED))

    assert set() == shown(archive)


def test_a_page_that_names_itself_is_not_found_by_its_address(archive: ArchiveWriter) -> None:
    handle(archive, page(1, id="desk-7"), takedown(2, url=ASKED), takedown(3, url=OWN))

    assert {"desk-7"} == shown(archive)


def test_a_page_that_comes_again_after_the_takedown_is_shown_and_can_be_taken_down_again(
    archive: ArchiveWriter,
) -> None:
    handle(archive, page(1), takedown(2, url=ASKED), page(3, text=f"{TEXT} More of it came later in the day."))
    assert {OWN} == shown(archive)
    handle(archive, takedown(4, url=ANSWERED))

    assert set() == shown(archive)


def test_every_page_that_was_met_at_an_address_goes(archive: ArchiveWriter) -> None:
    other = "https://n.example/news/8"
    handle(archive, page(1), page(2, canonical_url=other, text=f"Terns nest\n\n{TEXT}"), takedown(3, url=ASKED))

    assert set() == shown(archive)


def test_the_story_of_each_article_that_an_address_stands_for_has_the_takedown(
    archive: ArchiveWriter, tmp_path: Path
) -> None:
    other = "https://n.example/news/8"
    handle(archive, page(1), page(2, canonical_url=other, text=f"Terns nest\n\n{TEXT}"), takedown(3, url=ASKED))
    with closing(ArchiveReader(tmp_path)) as reader:
        for name in (page_id(ASKED), OWN, other):
            told = tell_story(read_story(name, reader, None), NOW_US)

            assert ("withdrawn", "e-3") == (told.events[-1].outcome, told.events[-1].id), name
            assert (name != page_id(ASKED)) == (f"by the address {page_id(ASKED)}" in told.events[-1].message)
            assert 3 in {entry.stream_sequence for entry in reader.outcomes_named(name)}
        assert 1 == len([entry for entry in reader.outcomes_named("e-3") if entry.outcome == "withdrawn"])


def test_another_article_has_no_takedown_in_its_story_that_only_stands_where_it_was_erased(
    archive: ArchiveWriter, tmp_path: Path
) -> None:
    handle(archive, page(1))
    archive.erasures.erase([OWN], NOW_US)
    handle(archive, takedown(2, url="https://n.example/news/9"))
    with closing(ArchiveReader(tmp_path)) as reader:
        assert [1] == [entry.stream_sequence for entry in reader.history(OWN)]


def test_a_takedown_counts_while_none_of_its_articles_is_shown(archive: ArchiveWriter, tmp_path: Path) -> None:
    handle(archive, page(1), takedown(2, url=ASKED))
    with closing(ArchiveReader(tmp_path)) as reader:
        entry = reader.outcome_of("scraper", "e-2")
        assert entry is not None
        assert reader.is_current(entry)
        handle(archive, page(3, text=f"{TEXT} More of it came later in the day."))

        assert not reader.is_current(entry)


def test_a_takedown_that_comes_with_a_copy_and_is_handled_first_hides_the_page(archive: ArchiveWriter) -> None:
    handle(archive, takedown(2, url=ASKED))
    (result,) = handle(archive, page(1))

    assert set() == shown(archive)
    assert ("stale", "withdrawn_since") == (result.outcome, result.reason)
    assert [] == list(archive._connection.execute("SELECT 1 FROM articles WHERE versioned_content NOT NULL"))


def test_a_takedown_goes_from_page_to_page_in_whatever_order_they_are_handled(tmp_path: Path) -> None:
    other = "https://n.example/news/8"
    events = [
        page(1, url=ANSWERED, fetched_url=ANSWERED, canonical_url=other),
        page(2, url=OWN, fetched_url=OWN, canonical_url=ANSWERED),
        takedown(3, url=OWN),
    ]
    for at, order in enumerate(permutations(events)):
        folder = tmp_path / str(at)
        folder.mkdir()
        with closing(ArchiveWriter(folder)) as archive:
            results = [handle(archive, one)[0] for one in order]
            archive.settle_up_to(3)
            last = archive._connection.execute("SELECT max(sequence) FROM articles").fetchone()[0]

            assert set() == shown(archive), [one.stream_sequence for one in order]
            assert last == max(one.sequence or 0 for one in results)


def test_a_page_of_which_another_takes_over_the_takedown_counts_as_what_is_shown(
    archive: ArchiveWriter, tmp_path: Path
) -> None:
    other = "https://n.example/news/8"
    handle(archive, page(1, url=ANSWERED, fetched_url=ANSWERED, canonical_url=other), takedown(2, url=OWN))
    handle(archive, page(3, url=OWN, fetched_url=OWN, canonical_url=ANSWERED))
    with closing(ArchiveReader(tmp_path)) as reader:
        entry = reader.outcome_of("scraper", "e-3")

        assert {page_id(ANSWERED)} == shown(archive)
        assert entry is not None
        assert reader.is_current(entry)


def test_the_state_does_not_depend_on_the_order_in_which_events_are_handled(tmp_path: Path) -> None:
    draw = random.Random(7)
    for round_ in range(40):
        events = [_drawn(draw, number) for number in range(1, draw.randint(3, 8))]
        found = []
        for attempt in range(3):
            folder = tmp_path / f"{round_}-{attempt}"
            folder.mkdir()
            archive = ArchiveWriter(folder)
            order = events if attempt == 0 else draw.sample(events, len(events))
            for batch in _batches(draw, order):
                handle(archive, *batch)
            archive.settle_up_to(len(events))
            found.append((shown(archive), states(archive)))
            archive.close()

        assert found[0] == found[1] == found[2], [one.body for one in events]


def _drawn(draw: random.Random, number: int) -> Delivery:
    if draw.random() < 0.5:
        own, fetched = draw.choice([OWN, "https://n.example/news/8", ASKED, ANSWERED]), draw.choice(ADDRESSES)
        return page(number, canonical_url=own, fetched_url=fetched, url=draw.choice(ADDRESSES), text=f"{TEXT} {number}")
    name, value = draw.choice([("url", draw.choice(ADDRESSES)), ("id", OWN), ("id", ADDRESSES[1])])
    versions = {} if draw.random() < 0.7 else {"version": draw.randint(1, 3)}
    return takedown(number, **{name: value}, **versions)


def _batches(draw: random.Random, events: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    start = 0
    while start < len(events):
        end = start + draw.randint(1, 3)
        yield events[start:end]
        start = end


@pytest.mark.parametrize("is_first", [True, False], ids=["takedown before", "takedown after"])
def test_a_page_of_an_older_archive_is_withdrawn_by_each_address_once_it_is_read_again(
    archive: ArchiveWriter, is_first: bool
) -> None:
    handle(archive, page(1))
    forget_addresses(archive)
    if is_first:
        handle(archive, takedown(2, url=ASKED))
    read = remake(archive)
    if not is_first:
        handle(archive, takedown(2, url=ASKED))

    assert [OWN] == [one.article_id for one in read]
    assert set() == shown(archive)


def test_a_takedown_goes_on_from_a_page_that_is_read_again(archive: ArchiveWriter) -> None:
    other = "https://n.example/news/8"
    handle(archive, page(1), page(2, url=OWN, fetched_url=OWN, canonical_url=other))
    archive._connection.execute("DELETE FROM page_addresses WHERE article_id = ?", (OWN,))
    handle(archive, takedown(3, url=ASKED))
    assert {OWN, other} == shown(archive)
    results = [one.result for one in remake(archive)]
    last = archive._connection.execute("SELECT max(sequence) FROM articles").fetchone()[0]

    assert set() == shown(archive)
    assert last == max(one.sequence or 0 for one in results if one is not None)


def test_a_page_that_is_read_again_is_hidden_where_its_address_was_erased(archive: ArchiveWriter) -> None:
    handle(archive, page(1))
    forget_addresses(archive)
    archive.erasures.erase([ADDRESSES[1]], NOW_US)
    assert {OWN} == shown(archive)
    read = remake(archive)

    assert ["erased"] == [one.what for one in read]
    assert set() == shown(archive)
    assert [ADDRESSES[1], OWN] == [one.article_id for one in archive.erasures.pending()]
    assert [] == kept_pages(archive._connection, OWN)
    (result,) = handle(archive, page(2, url=OWN, fetched_url=OWN, canonical_url="https://n.example/elsewhere/9"))
    assert ("stale", "erased") == (result.outcome, result.reason)


def test_a_page_that_was_stored_after_the_erasure_of_its_address_goes_once_it_is_read_again(
    archive: ArchiveWriter,
) -> None:
    archive.erasures.erase([ADDRESSES[1]], NOW_US - HOUR_US)
    read = replace(read_event(page(1)), addresses=(), stated_us=None)
    handle(archive, page(5, id="z", text=f"Terns nest\n\n{TEXT} So they did."))
    handle(archive, replace(page(1), stream_sequence=9, stored_us=NOW_US, read=read))
    assert {OWN, "z"} == shown(archive)
    forget_addresses(archive)
    remake(archive)

    assert {"z"} == shown(archive)
    assert [ADDRESSES[1], OWN] == [one.article_id for one in archive.erasures.erasures()]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_copy_that_was_fetched_at_another_address_is_withdrawn_by_it(
    archive: ArchiveWriter, order: Sequence[int]
) -> None:
    elsewhere = "https://n.example/fetched/2"
    events = [page(1), replace(page(1, fetched_url=elsewhere), stream_sequence=2), takedown(3, url=elsewhere)]
    for at in order:
        handle(archive, events[at])

    assert set() == shown(archive)


def test_a_page_of_an_older_archive_is_withdrawn_by_each_address_once_it_comes_again(archive: ArchiveWriter) -> None:
    handle(archive, page(1))
    forget_addresses(archive)
    (result,) = handle(archive, replace(page(1), stream_sequence=2))
    handle(archive, takedown(3, url=ASKED))

    assert ("duplicate", "copy") == (result.outcome, result.reason)
    assert set() == shown(archive)


def test_what_is_shown_stays_current_when_the_ledger_forgets(archive: ArchiveWriter, tmp_path: Path) -> None:
    handle(archive, page(1))
    (kept,) = kept_pages(archive._connection, OWN)
    read = read_event(page(1))
    assert read.article is not None
    read = replace(read, article=read.article.model_copy(update={"title": "Gulls are back"}))
    reprocess(archive, [(kept, read)], NOW_US)
    archive.prune_ledger(NOW_US + 48 * HOUR_US, days=1)
    with closing(ArchiveReader(tmp_path)) as reader:
        entry = reader.outcome_of("scraper", "e-1")

        assert entry is not None
        assert reader.is_current(entry)


def forget_addresses(archive: ArchiveWriter) -> None:
    """Make the archive what a release left that did not keep at which addresses a page was met."""
    archive._connection.execute("DELETE FROM page_addresses")


def remake(archive: ArchiveWriter) -> list[Remade]:
    ids = [row[0] for row in archive._connection.execute("SELECT DISTINCT article_id FROM pages")]
    pages = [one for id_ in ids for one in kept_pages(archive._connection, id_)]
    return reprocess(archive, [(one, read_delivery(one.delivery())) for one in pages], NOW_US)


def test_addresses_go_with_a_page_that_is_read_in_another_process() -> None:
    read = read_event(page(1))
    again = decode_reply(encode_reply(read))

    assert isinstance(again, ReceivedEvent)
    assert read == again
    assert {ADDRESSES[1], ANSWERED} == set(again.addresses)


def test_an_erasure_by_an_address_is_one_of_the_page_too(archive: ArchiveWriter, tmp_path: Path) -> None:
    handle(archive, page(1))
    doubts = archive.erasures.erase([ADDRESSES[1]], NOW_US)
    (result,) = handle(archive, page(2, canonical_url="https://n.example/elsewhere/9"))
    lifted = archive.erasures.lift([ADDRESSES[1]], NOW_US)
    reader = ArchiveReader(tmp_path)
    content = reader.content(OWN)
    reader.close()

    assert [ADDRESSES[1], OWN] == list(doubts)
    assert content is None
    assert ("stale", "erased") == (result.outcome, result.reason)
    assert [ADDRESSES[1], OWN] == lifted


def test_an_article_is_given_by_each_address_of_its_page_and_none_that_may_not_be_shown(
    archive: ArchiveWriter, tmp_path: Path
) -> None:
    handle(archive, page(1))
    settings = Settings(data_dir=tmp_path)
    with closing(ArchiveReader(tmp_path)) as reader:
        for address in ADDRESSES:
            request = ArticleRequest(id=page_id(address))

            assert OWN == answer_article(request, reader, NOW_US).article.id
            assert OWN == json.loads(archived_article(settings, request.id))["id"]
        handle(archive, takedown(2, url=ASKED))
        for address in ADDRESSES:
            with pytest.raises(Invalid, match="no article with this id that may be shown"):
                answer_article(ArticleRequest(id=page_id(address)), reader, NOW_US)
            with pytest.raises(NewsdexError, match="no text of the article"):
                archived_article(settings, page_id(address))


def test_of_several_articles_an_address_gives_the_one_that_changed_last_and_its_own_first(
    archive: ArchiveWriter, tmp_path: Path
) -> None:
    other = "https://n.example/news/8"
    handle(archive, page(1), page(2, canonical_url=other, text=f"Terns nest\n\n{TEXT}"))
    with closing(ArchiveReader(tmp_path)) as reader:
        ids = [
            answer_article(ArticleRequest(id=page_id(one)), reader, NOW_US).article.id for one in (ASKED, OWN, other)
        ]

    assert [other, OWN, other] == ids

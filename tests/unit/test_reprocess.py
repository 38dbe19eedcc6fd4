"""The page that an article was made of is kept with it, and the article can be made of it anew."""

import asyncio
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faststream.nats.message import NatsMessage
from structlog.testing import capture_logs
from tests.unit.events import HOUR_US, NOON_US, delivery, event, page, publishing, withdrawing

from newsdex.apps.indexer.page_reader import decode_reply, encode_reply
from newsdex.apps.indexer.reprocessing import Reprocessing
from newsdex.archive.database import FILE_NAME
from newsdex.archive.integrity import check_archive
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.ingest.committer import Committer
from newsdex.ingest.handle import handle_batch, read_delivery
from newsdex.ingest.pages import page_reader
from newsdex.ingest.reprocess import Remade, reprocess
from newsdex.records.events import Delivery, Fault, KeptPage, ReceivedEvent, Result
from newsdex_schemas import channels
from newsdex_schemas.operations import ReprocessReply

ID = "gazette:orchard"
LATER = "2024-06-11T10:00:00Z"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[ArchiveWriter]:
    with closing(ArchiveWriter(tmp_path)) as writer:
        yield writer


@pytest.fixture
def reader(archive: ArchiveWriter, tmp_path: Path) -> Iterator[ArchiveReader]:
    assert archive
    with closing(ArchiveReader(tmp_path)) as reader:
        yield reader


def scraped(number: int = 1, *, text: str | None = None, at: str = "2024-06-11T08:30:00Z", **fields: Any) -> Delivery:
    data = page(id=ID, **({"text": text} if text else {}))
    return delivery(event(data, channels.ARTICLES_SCRAPED, id=f"page-{number}", time=at), channels.ARTICLES_SCRAPED,
                    number, **fields)  # fmt: skip


def handle(archive: ArchiveWriter, *deliveries: Delivery) -> list[Result]:
    return handle_batch(archive, deliveries, NOON_US)


def by_an_older_reader(archive: ArchiveWriter, title: str = "As it was read once") -> None:
    """Make the archive what an older release would have left, which read another title."""

    def read(one: KeptPage) -> tuple[KeptPage, ReceivedEvent | Fault]:
        now = read_delivery(one.delivery())
        assert isinstance(now, ReceivedEvent)
        assert now.article is not None
        return one, replace(now, article=now.article.model_copy(update={"title": title}))

    reprocess(archive, [read(one) for one in pages(archive)], NOON_US)
    archive._connection.execute("UPDATE pages SET reader='0.1+old'")


def pages(archive: ArchiveWriter) -> list[KeptPage]:
    from newsdex.archive.pages import kept_pages  # noqa: PLC0415 - of this helper only

    ids = [row[0] for row in archive._connection.execute("SELECT DISTINCT article_id FROM pages")]
    return [one for id_ in ids for one in kept_pages(archive._connection, id_)]


def remake(archive: ArchiveWriter) -> list[Remade]:
    return reprocess(archive, [(one, read_delivery(one.delivery())) for one in pages(archive)], NOON_US + HOUR_US)


def title(reader: ArchiveReader) -> str:
    return reader.visible([ID], NOON_US)[ID].title


def places(archive: ArchiveWriter) -> list[int]:
    return [one.place.position for one in pages(archive)]


def test_the_message_of_a_page_is_kept_compressed_with_what_read_it(archive: ArchiveWriter) -> None:
    came = scraped(headers={"correlation_id": "c-1"}, correlation_id="c-1")
    handle(archive, came)
    (kept,) = pages(archive)

    assert (ID, page_reader(), "c-1") == (kept.article_id, kept.reader, kept.correlation_id)
    assert came.body == zlib.decompress(kept.body)
    assert replace(came, incarnation=1) == kept.delivery()


def test_what_no_page_was_made_of_keeps_none(archive: ArchiveWriter) -> None:
    handle(archive, publishing())

    assert [] == pages(archive)


def test_an_archive_that_keeps_no_pages_keeps_none(tmp_path: Path) -> None:
    with closing(ArchiveWriter(tmp_path, keeps_pages=False)) as archive:
        handle(archive, scraped())

        assert [] == pages(archive)


@pytest.mark.parametrize(
    ("later", "kept"),
    [
        ([scraped(2, text="Orchard closes\n\nIt is winter.", at=LATER)], [2]),
        ([scraped(2, at="2024-06-11T07:00:00Z")], [1]),
        ([publishing(2, id_=ID, at=LATER)], []),
        ([publishing(2, id_=ID, at=LATER, version=3)], [1]),
        ([withdrawing(2, id_=ID, at=LATER)], []),
        ([replace(scraped(1), stream_sequence=2)], [1]),
    ],
    ids=["newer page", "older page", "newer article", "other candidate", "takedown", "copy"],
)
def test_a_page_is_kept_as_long_as_a_text_that_was_read_off_it(
    archive: ArchiveWriter, later: Sequence[Delivery], kept: Sequence[int]
) -> None:
    handle(archive, scraped(1))
    handle(archive, *later)

    assert kept == places(archive)


def test_a_copy_that_stands_earlier_takes_the_page_with_it(archive: ArchiveWriter) -> None:
    handle(archive, replace(scraped(1), stream_sequence=3, stored_us=NOON_US + 3))
    handle(archive, scraped(1))

    assert [1] == places(archive)


def test_an_article_is_made_anew_with_its_id_and_its_place(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(archive, scraped())
    by_an_older_reader(archive)
    before = reader.standing(ID)
    assert before is not None
    (remade,) = remake(archive)
    after = reader.standing(ID)
    assert after is not None

    assert "changed" == remade.what
    assert "Orchard opens its gates" == title(reader)
    assert before.sequence + 1 == after.sequence
    assert [(after.sequence, ID)] == [(one.sequence, one.id) for one in reader.entries(0, 9)]
    assert before.state.unversioned is not None
    assert after.state.unversioned is not None
    assert before.state.unversioned.key == after.state.unversioned.key
    assert [("accepted", "first_version"), *[("accepted", "reprocessed")] * 2] == [
        (one.outcome, one.reason) for one in reader.history(ID)
    ]
    assert [page_reader()] == [one.reader for one in pages(archive)]
    entry = reader.outcome_of(event()["source"], "page-1")
    assert entry is not None
    assert reader.is_current(entry)


def test_a_second_time_changes_nothing(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(archive, scraped())
    by_an_older_reader(archive)
    remake(archive)
    head = reader.head()

    assert ["unchanged"] == [one.what for one in remake(archive)]
    assert head == reader.head()


def test_what_came_after_the_page_is_ordered_as_if_it_had_been_read_so_at_once(
    archive: ArchiveWriter, reader: ArchiveReader
) -> None:
    handle(archive, scraped())
    by_an_older_reader(archive)
    remake(archive)

    assert [("duplicate", "copy"), ("stale", "older_event"), ("withdrawn", "withdrawn")] == [
        (one.outcome, one.reason)
        for one in handle(
            archive,
            replace(scraped(1), stream_sequence=2, stored_us=NOON_US + 2),
            scraped(3, text="An older page\n\nOf before.", at="2024-06-11T07:00:00Z"),
            withdrawing(4, id_=ID, at=LATER),
        )
    ]
    assert {} == reader.visible([ID], NOON_US)


def test_a_duplicate_of_a_page_that_was_made_anew_counts_as_current(
    archive: ArchiveWriter, reader: ArchiveReader
) -> None:
    handle(archive, scraped())
    handle(archive, delivery(event(page(id=ID), channels.ARTICLES_SCRAPED, id="again", time=LATER),
                             channels.ARTICLES_SCRAPED, 2))  # fmt: skip
    by_an_older_reader(archive)
    remake(archive)
    entry = reader.outcome_of(event()["source"], "again")
    assert entry is not None

    assert "Orchard opens its gates" == title(reader)
    assert reader.is_current(entry)


def test_a_page_that_cannot_be_read_any_more_leaves_its_article(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(archive, scraped())
    fault = Fault(code="no_title", message="the page states no title")
    done = reprocess(archive, [(one, fault) for one in pages(archive)], NOON_US)

    assert [Remade(ID, "failed", fault=fault)] == done
    assert "Orchard opens its gates" == title(reader)


def test_a_page_that_was_replaced_meanwhile_is_passed_over(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(archive, scraped())
    read = [(one, read_delivery(one.delivery())) for one in pages(archive)]
    handle(archive, publishing(2, id_=ID, at=LATER, title="Typed in by an editor"))

    assert ["superseded"] == [one.what for one in reprocess(archive, read, NOON_US)]
    assert "Typed in by an editor" == title(reader)


def test_an_erased_article_takes_its_page_with_it_and_is_not_made_anew(archive: ArchiveWriter, tmp_path: Path) -> None:
    handle(archive, scraped())
    read = [(one, read_delivery(one.delivery())) for one in pages(archive)]
    archive.erasures.erase([ID], NOON_US)
    for stage in ("archive", "stream", "index"):
        archive.erasures.finish(stage, [ID], NOON_US)
    archive.erasures.compact()

    assert [] == pages(archive)
    assert ["superseded"] == [one.what for one in reprocess(archive, read, NOON_US)]
    assert [] == list(check_archive(tmp_path))
    assert b"hives" not in (tmp_path / FILE_NAME).read_bytes()


def test_articles_of_other_readers_are_found_in_parts(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    ids = [f"gazette:{number}" for number in range(5)]
    handle(archive, *(
        delivery(event(page(id=id_), channels.ARTICLES_SCRAPED, id=id_), channels.ARTICLES_SCRAPED, number)
        for number, id_ in enumerate(ids, 1)
    ))  # fmt: skip
    by_an_older_reader(archive)
    archive._connection.execute("UPDATE pages SET reader=? WHERE article_id=?", (page_reader(), ids[1]))

    assert [ids[0], ids[2]] == reader.articles_with_pages(page_reader(), "", 2)
    assert [ids[3], ids[4]] == reader.articles_with_pages(page_reader(), ids[2], 9)


def test_old_pages_are_forgotten(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(archive, scraped())

    assert 0 == archive.prune_pages(NOON_US + HOUR_US, days=1)
    assert 1 == archive.prune_pages(NOON_US + 25 * HOUR_US, days=1)
    assert [] == reader.pages(ID)


def test_what_the_ledger_has_of_pages_that_were_read_again_is_forgotten_but_for_the_last_and_counts_as_no_outcome(
    archive: ArchiveWriter, reader: ArchiveReader
) -> None:
    handle(archive, scraped())
    for title_ in ("One", "Two", "Three"):
        by_an_older_reader(archive, title_)
    fingerprints = [
        bool(row[0]) for row in archive._connection.execute("SELECT fingerprint FROM ledger ORDER BY number")
    ]
    counted = reader.counts().outcomes
    pruned = archive.prune_ledger(NOON_US + 48 * HOUR_US, days=1)

    assert [True, False, False, False] == fingerprints
    assert {"accepted": 1} == counted
    assert 2 == pruned  # the row of what is shown stays
    assert ["first_version", "reprocessed"] == [one.reason for one in reader.history(ID)]
    assert ["copy"] == [one.reason for one in handle(archive, replace(scraped(), stream_sequence=9))]


def test_pages_of_an_order_are_read_one_by_one_and_told_of_in_the_log(archive: ArchiveWriter, tmp_path: Path) -> None:
    handle(archive, scraped(1), scraped(2, text="Orchard closes\n\nIt is winter."))
    handle(archive, delivery(event(page(id="other"), channels.ARTICLES_SCRAPED, id="o"), channels.ARTICLES_SCRAPED, 3))
    archive._connection.execute("UPDATE pages SET reader='0.1+old'")
    archive._connection.execute(
        "UPDATE articles SET content=CAST(replace(CAST(content AS TEXT),'Orchard','x') AS BLOB)"
    )
    at_once: list[int] = []
    reading: set[int] = set()
    told: list[Result] = []

    async def read(came: Delivery) -> ReceivedEvent | Fault:
        reading.add(came.stream_sequence)
        at_once.append(len(reading))
        await asyncio.sleep(0)
        reading.discard(came.stream_sequence)
        return read_delivery(came)

    async def order() -> ReprocessReply:
        committer = Committer(lambda _: [], lambda _: None)
        reprocessing = Reprocessing(tmp_path, archive, committer, read, told.extend)
        reply = await reprocessing.handle(cast("NatsMessage", SimpleNamespace(body=b'{"order": "reprocess"}')))
        await committer.close()
        return reply

    with capture_logs() as lines:
        reply = asyncio.run(order())

    assert {"changed"} == {one.result for one in reply.articles}
    assert 2 == len(reply.articles) == len(at_once)
    assert {1} == set(at_once)
    assert [one.article_id for one in reply.articles] == [
        line["article_id"] for line in lines if line["event"] == "page.reprocessed"
    ]
    assert {"reprocessed"} == {one.reason for one in told}


def test_a_page_comes_back_whole_from_the_process_that_reads_it() -> None:
    read = read_delivery(scraped())

    assert read == decode_reply(encode_reply(read))

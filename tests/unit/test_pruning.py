"""Pages and outcomes that are too old go, however many there are, and events are handled meanwhile."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.unit.events import NOON_US, delivery, event, page, publishing

from newsdex.apps.indexer.pruning import Pruning
from newsdex.archive import pages, writer
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.ingest.committer import Committer
from newsdex.ingest.handle import handle_batch
from newsdex.records.events import Delivery, Result
from newsdex.settings import Settings
from newsdex_schemas import channels

PAGES = 7


def scraped(number: int) -> Delivery:
    value = event(page(id=f"a-{number}"), channels.ARTICLES_SCRAPED, id=f"p-{number}")
    return delivery(value, channels.ARTICLES_SCRAPED, number)


def test_every_old_page_goes_in_parts_with_events_between_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PRUNED_AT_ONCE", 2)
    left: list[int] = []

    with closing(ArchiveWriter(tmp_path)) as archive, closing(ArchiveReader(tmp_path)) as reader:
        handle_batch(archive, [scraped(number) for number in range(1, PAGES + 1)], NOON_US)

        def kept() -> int:
            return sum(len(reader.pages(f"a-{number}")) for number in range(1, PAGES + 1))

        def handle(deliveries: Sequence[Delivery]) -> list[Result]:
            left.append(kept())
            return handle_batch(archive, deliveries, NOON_US)

        async def prune() -> None:
            committer = Committer(handle, lambda _: None)
            settings = Settings(data_dir=tmp_path, pages_keep_days=1)
            pruning = asyncio.create_task(Pruning(settings, archive, committer).prune())
            number = PAGES
            while not pruning.done():
                number += 1
                await committer.submit(publishing(number, id_=f"b-{number}"))
            await pruning
            await committer.close()

        with capture_logs() as lines:
            asyncio.run(prune())

        assert 0 == kept()
        assert [PAGES] == [line["pages"] for line in lines if line["event"] == "pages.pruned"]
        assert any(0 < number < PAGES for number in left)


def test_every_old_outcome_goes_also_behind_publications_which_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PRUNED_AT_ONCE", 2)
    with closing(ArchiveWriter(tmp_path)) as archive, closing(ArchiveReader(tmp_path)) as reader:
        came = [publishing(number, id_=f"a-{number}") for number in range(1, 6)]
        handle_batch(archive, came, NOON_US)
        handle_batch(archive, [replace(one, deliveries=2) for one in came], NOON_US)

        async def prune() -> None:
            committer = Committer(lambda _: [], lambda _: None)
            await Pruning(Settings(data_dir=tmp_path, ledger_days=1), archive, committer).prune()
            await committer.close()

        asyncio.run(prune())

        assert {"accepted": 5} == reader.counts().outcomes

"""Has articles made once more of their pages: reads these in the processes for pages, and hands over what changed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import structlog
from faststream.nats.message import NatsMessage
from pydantic import ValidationError

from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.archive.writer import ArchiveWriter
from newsdex.clock import now_us
from newsdex.errors import Invalid
from newsdex.ingest.committer import Committer
from newsdex.ingest.pages import page_reader
from newsdex.ingest.reprocess import Remade, reprocess
from newsdex.records.events import Delivery, Fault, KeptPage, ReceivedEvent, Result
from newsdex.validation import as_invalid
from newsdex_schemas.operations import (
    MAX_REPROCESSED_AT_ONCE,
    ReprocessedArticle,
    ReprocessOrder,
    ReprocessReply,
)

log = structlog.get_logger()


class Reprocessing:
    """Answers orders, each for a few articles: events are handled between them."""

    def __init__(
        self,
        data_dir: Path,
        archive: ArchiveWriter,
        committer: Committer,
        read_page: Callable[[Delivery], Awaitable[ReceivedEvent | Fault]],
        archived: Callable[[Sequence[Result]], None],
    ) -> None:
        self._data_dir = data_dir
        self._archive = archive
        self._committer = committer
        self._read_page = read_page
        self._archived = archived

    async def handle(self, message: NatsMessage) -> ReprocessReply:
        """Make the articles of an order once more."""
        order = read_reprocess_order(message.body)
        ids, pages = await asyncio.to_thread(read_archive, self._data_dir, partial(_chosen, order))
        # one after the other: only one of the messages, which may be large, is in memory as it came
        read = [await self._read_page(page.delivery()) for page in pages]
        remade = await self._committer.run(
            lambda: reprocess(self._archive, list(zip(pages, read, strict=True)), now_us())
        )
        self._archived([one.result for one in remade if one.result is not None])
        for one in remade:
            _report(one)
        held = {page.article_id for page in pages}
        without = [ReprocessedArticle(article_id=id_, result="no_page") for id_ in ids if id_ not in held]
        entries = [*map(_entry, remade), *without]
        goes_on = not order.articles and len(ids) == MAX_REPROCESSED_AT_ONCE
        return ReprocessReply(articles=tuple(entries), next=ids[-1] if goes_on else None)


def _report(remade: Remade) -> None:
    if remade.fault is not None:
        log.warning("page.not_reprocessed", article_id=remade.article_id, code=remade.fault.code)
    if (result := remade.result) is not None:
        log.info(
            "page.reprocessed",
            article_id=remade.article_id,
            sequence=result.sequence,
            correlation_id=result.correlation_id,
        )


def read_reprocess_order(body: bytes) -> ReprocessOrder:
    """Read an order; raise `Invalid` for what is none."""
    try:
        return ReprocessOrder.from_json(body)
    except ValidationError as error:
        raise Invalid("not_an_order", f"nothing was done: {as_invalid(error).message}", "order") from error


def _chosen(order: ReprocessOrder, archive: ArchiveReader) -> tuple[Sequence[str], list[KeptPage]]:
    """Return the articles of an order, and the pages that are kept of them."""
    ids = order.articles or archive.articles_with_pages(page_reader(), order.after, MAX_REPROCESSED_AT_ONCE)
    return ids, [page for id_ in dict.fromkeys(ids) for page in archive.pages(id_)]


def _entry(remade: Remade) -> ReprocessedArticle:
    reason = f"{remade.fault.code}: {remade.fault.message}" if remade.fault else None
    return ReprocessedArticle(article_id=remade.article_id, result=remade.what, reason=reason)

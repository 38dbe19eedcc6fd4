"""Makes articles once more of the pages that they were made of, such as after an upgrade that reads pages better."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol

from newsdex.ingest.handle import NOTHING_KNOWN
from newsdex.ingest.pages import page_reader
from newsdex.order import ArticleEvents
from newsdex.records import Fault, KeptPage, ReceivedEvent, Result
from newsdex_schemas import Article

What = Literal["changed", "unchanged", "failed", "erased", "superseded"]


class Remade(NamedTuple):
    """What became of the article of a page."""

    article_id: str
    what: What
    result: Result | None = None
    """The outcome that the ledger has of it, where the article changed."""
    fault: Fault | None = None
    """Why the page cannot be read now; its article stays as it was."""


class Transaction(Protocol):
    """What this needs of the archive within one commit."""

    def events(self, ids: Iterable[str]) -> dict[str, ArticleEvents]:
        """Return what is known of some articles."""

    def erased(self, article_ids: Iterable[str | None]) -> set[str]:
        """Return those of some articles of which nothing may be taken in."""

    def is_erased_text(self, article: Article) -> bool:
        """Return whether an article has a text that was erased."""

    def change(self, article_id: str, events: ArticleEvents, correlation_id: str) -> int:
        """Make an article what its events say, for search too."""

    def note(self, article_id: str, events: ArticleEvents) -> None:
        """Keep what changes nothing for search."""

    def read_page_again(self, page: KeptPage, reader: str) -> None:
        """Note that another reader made the article of a kept page once more."""

    def enter(self, results: Iterable[Result], now_us: int) -> None:
        """Enter outcomes into the ledger."""


class Archive(Protocol):
    """Gives transactions that are durable, or without effect, at their end."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Return a transaction."""


def reprocess(archive: Archive, pages: Sequence[tuple[KeptPage, ReceivedEvent | Fault]], now_us: int) -> list[Remade]:
    """Give articles the texts that are read off their pages now; return what became of each page, in order.

    Id, version, time and place of the publication stay: only its text is another one. What came since the page was
    read wins as it did.
    """
    with archive.transaction() as transaction:
        ids = {page.article_id for page, _ in pages}
        known, erased = transaction.events(ids), transaction.erased(ids)
        remade = [_remake(transaction, known, page, read, page.article_id in erased) for page, read in pages]
        transaction.enter([one.result for one in remade if one.result is not None], now_us)
    return remade


def _remake(
    transaction: Transaction,
    known: dict[str, ArticleEvents],
    page: KeptPage,
    read: ReceivedEvent | Fault,
    is_erased: bool,
) -> Remade:
    id_, before = page.article_id, known.get(page.article_id, NOTHING_KNOWN)
    if page.place not in before.places_of_texts():
        return Remade(id_, "superseded")
    if isinstance(read, Fault):
        return Remade(id_, "failed", fault=read)
    assert read.article is not None
    # the id stays, also where the page would be known by another address today
    article = read.article.model_copy(update={"id": id_})
    if is_erased or transaction.is_erased_text(article):
        return Remade(id_, "erased")
    after = before.with_text(page.place, article.to_json())
    transaction.read_page_again(page, page_reader())
    if after == before:
        return Remade(id_, "unchanged")
    known[id_] = after
    sequence = None
    if _shown(after) == _shown(before):
        transaction.note(id_, after)
    else:
        sequence = transaction.change(id_, after, read.correlation_id)
    return Remade(id_, "changed", _result(page, read, sequence))


def _shown(events: ArticleEvents) -> bytes | None:
    return events.state.shown.content if events.state.shown else None


def _result(page: KeptPage, read: ReceivedEvent, sequence: int | None) -> Result:
    return Result(
        delivery=page.delivery(),
        place=page.place,
        outcome="stale" if sequence is None else "accepted",
        reason="reprocessed",
        source=read.source,
        event_id=read.id,
        correlation_id=read.correlation_id,
        type=read.type,
        article_id=page.article_id,
        sequence=sequence,
        fingerprint=read.fingerprint,
        stated_us=read.stated_us,
    )

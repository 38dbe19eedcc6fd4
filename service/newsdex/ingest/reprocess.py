"""Makes articles once more of the pages that they were made of, such as after an upgrade that reads pages better."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol

from newsdex.ingest.handle import NOTHING_KNOWN
from newsdex.ingest.page_names import PageNames
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
    """The row that the ledger has of it, where the article changed; it is no outcome of the message."""
    fault: Fault | None = None
    """Why the page cannot be read now; its article stays as it was."""


class Transaction(Protocol):
    """What this needs of the archive within one commit."""

    def events(self, ids: Iterable[str]) -> dict[str, ArticleEvents]:
        """Return what is known of some articles."""

    def articles_at(self, addresses: Iterable[str]) -> dict[str, set[str]]:
        """Return the articles whose page was met at some addresses, or at those that are such an article's id."""

    def add_addresses(self, article_id: str, addresses: Iterable[str]) -> None:
        """Note at which addresses the page of an article was met."""

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
    read wins as it did. Takedowns and erasures of the addresses at which it was met hold, also where the release that
    read it first did not keep these.
    """
    with archive.transaction() as transaction:
        remaking = _Remaking(transaction, pages)
        remade = [remaking.remake(page, read) for page, read in pages]
        transaction.enter([one.result for one in remade if one.result is not None], now_us)
    return remade


class _Remaking:
    """The pages of one transaction, and what the archive knows of their articles meanwhile."""

    def __init__(self, transaction: Transaction, pages: Sequence[tuple[KeptPage, ReceivedEvent | Fault]]) -> None:
        self._transaction = transaction
        ids = {page.article_id for page, _ in pages}
        named = ids.union(*(_addresses(page, read) for page, read in pages))
        met = transaction.articles_at(ids)
        self._page_names = PageNames(met)
        self._known = transaction.events(named.union(*met.values()))
        self._erased = transaction.erased(named)

    def remake(self, page: KeptPage, read: ReceivedEvent | Fault) -> Remade:
        """Return what became of the article of a page."""
        id_, before = page.article_id, self._known.get(page.article_id, NOTHING_KNOWN)
        if page.place not in before.places_of_texts():
            return Remade(id_, "superseded")
        if isinstance(read, Fault):
            return Remade(id_, "failed", fault=read)
        assert read.article is not None
        # the id stays, also where the page would be known by another address today
        article = read.article.model_copy(update={"id": id_})
        addresses = _addresses(page, read)
        after = self._met_at(id_, before, addresses, read)
        if not self._erased.isdisjoint({id_, *addresses}) or self._transaction.is_erased_text(article):
            result = _result(page, read, self._keep(id_, after, read)) if after != before else None
            return Remade(id_, "erased", result)
        after = after.with_text(page.place, article.to_json())
        self._transaction.read_page_again(page, page_reader())
        if after == before:
            return Remade(id_, "unchanged")
        return Remade(id_, "changed", _result(page, read, self._keep(id_, after, read)))

    def _met_at(self, id_: str, before: ArticleEvents, addresses: set[str], read: ReceivedEvent) -> ArticleEvents:
        """Note where a page was met, as an older release may not have; return its article with their takedowns."""
        if not addresses:
            return before
        self._transaction.add_addresses(id_, addresses)
        self._page_names.add(id_, addresses)
        after = before
        for address in addresses:
            after = after.with_withdrawals_of(self._known.get(address, NOTHING_KNOWN))
        for other in self._page_names.others(id_):
            self._keep(other, self._known.get(other, NOTHING_KNOWN).with_withdrawals_of(after), read)
        return after

    def _keep(self, id_: str, after: ArticleEvents, read: ReceivedEvent) -> int | None:
        """Make an article what its events say; return the change's number where search must see it."""
        before = self._known.get(id_, NOTHING_KNOWN)
        if after == before:
            return None
        self._known[id_] = after
        if _shown(after) != _shown(before):
            return self._transaction.change(id_, after, read.correlation_id)
        self._transaction.note(id_, after)
        return None


def _addresses(page: KeptPage, read: ReceivedEvent | Fault) -> set[str]:
    """Return the names that the article of a page has by its addresses, beside its id."""
    return set() if isinstance(read, Fault) else {read.article_id, *read.addresses} - {page.article_id}


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
        stated_us=read.stated_us,
    )

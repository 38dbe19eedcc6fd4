"""Makes articles once more of the pages that they were made of, such as after an upgrade that reads pages better."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol

from newsdex.ingest.handle import NOTHING_KNOWN
from newsdex.ingest.page_names import PageNames
from newsdex.ingest.pages import page_reader
from newsdex.order import ArticleEvents
from newsdex.records.events import Fault, KeptPage, ReceivedEvent, Result
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

    def erase(self, article_id: str, texts: Iterable[bytes], now_us: int) -> int:
        """Erase an article as an order does, and refuse further texts, too, from now on; return the change's number."""

    def change(self, article_id: str, events: ArticleEvents, correlation_id: str, now_us: int) -> int:
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
    read it first did not keep these: what is erased by such an address is erased as by an order.
    """
    with archive.transaction() as transaction:
        remaking = _Remaking(transaction, pages, now_us)
        remade = [remaking.remake(page, read) for page, read in pages]
        transaction.enter([one.result for one in remade if one.result is not None], now_us)
    return remade


class _Remaking:
    """The pages of one transaction, and what the archive knows of their articles meanwhile."""

    def __init__(
        self, transaction: Transaction, pages: Sequence[tuple[KeptPage, ReceivedEvent | Fault]], now_us: int
    ) -> None:
        self._transaction = transaction
        self._now_us = now_us
        self._changes: list[int] = []
        """The numbers of the changes that the page made which is at hand."""
        ids = {page.article_id for page, _ in pages}
        named = ids.union(*(_addresses(page, read) for page, read in pages))
        met = transaction.articles_at(ids)
        self._page_names = PageNames(met)
        self._known = transaction.events(named.union(*met.values()))
        self._erased = transaction.erased(named)

    def remake(self, page: KeptPage, read: ReceivedEvent | Fault) -> Remade:
        """Return what became of the article of a page."""
        id_, before = page.article_id, self._known.get(page.article_id, NOTHING_KNOWN)
        self._changes = []
        if page.place not in before.places_of_texts():
            return Remade(id_, "superseded")
        if isinstance(read, Fault):
            return Remade(id_, "failed", fault=read)
        assert read.article is not None
        # the id stays, also where the page would be known by another address today
        article = read.article.model_copy(update={"id": id_})
        addresses = _addresses(page, read)
        after = self._met_at(id_, before, addresses, read)
        if not self._erased.isdisjoint({id_, *addresses}):
            self._erase(id_, [article.to_json(), *filter(None, [_shown(before)])])
            self._keep(id_, self._known[id_].with_withdrawals_of(after), read)
            return Remade(id_, "erased", self._result(page, read, before))
        if self._transaction.is_erased_text(article):
            self._keep(id_, after, read)
            return Remade(id_, "erased", self._result(page, read, before))
        after = after.with_text(page.place, article.to_json())
        self._transaction.read_page_again(page, page_reader())
        self._keep(id_, after, read)
        return Remade(id_, "unchanged" if after == before else "changed", self._result(page, read, before))

    def _erase(self, id_: str, texts: Sequence[bytes]) -> None:
        """Erase an article, and those that its id stands for, as an order to erase it does."""
        others = self._page_names.others(id_)
        erased = self._transaction.erased(others)
        for one in [*(other for other in others if other not in erased), id_]:
            self._changes.append(self._transaction.erase(one, texts if one == id_ else (), self._now_us))
            self._erased.add(one)
            self._known |= self._transaction.events([one])

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

    def _keep(self, id_: str, after: ArticleEvents, read: ReceivedEvent) -> None:
        """Make an article what its events say, for search too where that shows it otherwise."""
        before = self._known.get(id_, NOTHING_KNOWN)
        if after == before:
            return
        self._known[id_] = after
        if _shown(after) != _shown(before):
            self._changes.append(self._transaction.change(id_, after, read.correlation_id, self._now_us))
        else:
            self._transaction.note(id_, after)

    def _result(self, page: KeptPage, read: ReceivedEvent, before: ArticleEvents) -> Result | None:
        """Return the ledger's row of a page, which has the last change that it made; None where it made none."""
        after = self._known[page.article_id]
        if after == before and not self._changes:
            return None
        return Result(
            delivery=page.delivery(),
            place=page.place,
            outcome="stale" if _shown(after) == _shown(before) else "accepted",
            reason="reprocessed",
            source=read.source,
            event_id=read.id,
            correlation_id=read.correlation_id,
            type=read.type,
            article_id=page.article_id,
            sequence=max(self._changes, default=None),
            stated_us=read.stated_us,
        )


def _addresses(page: KeptPage, read: ReceivedEvent | Fault) -> set[str]:
    """Return the names that the article of a page has by its addresses, beside its id."""
    return set() if isinstance(read, Fault) else {read.article_id, *read.addresses} - {page.article_id}


def _shown(events: ArticleEvents) -> bytes | None:
    return events.state.shown.content if events.state.shown else None

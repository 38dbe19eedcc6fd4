"""What handling needs of the archive: a transaction in which articles, ledger and parked events change together."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from newsdex.order import ArticleEvents, EventName, Place
from newsdex.records.events import Delivery, KeptPage, Placed, ReceivedEvent, Result
from newsdex.records.parked import Claim, ParkedEvent, WaitingEvent
from newsdex_schemas import Article


class Transaction(Protocol):
    """What handling needs of the archive within one commit; nothing is durable before the commit."""

    def placed(self, deliveries: Sequence[Delivery]) -> list[Placed]:
        """Return where each stands in the stream, and whether it has an outcome already."""

    def is_settled(self, place: Place) -> bool:
        """Return whether everything up to a place is handled once this transaction is committed."""

    def events(self, ids: Iterable[str]) -> dict[str, ArticleEvents]:
        """Return what is known of some articles; unknown ones are absent."""

    def places_of_copies(self, events: Iterable[ReceivedEvent]) -> dict[EventName, Place]:
        """Return the first place of those events of which the ledger has a copy."""

    def unfingerprinted(self, event: ReceivedEvent) -> Place | None:
        """Return where a publication stands that may be the same event, from before contents were fingerprinted."""

    def articles_at(self, addresses: Iterable[str]) -> dict[str, set[str]]:
        """Return the articles whose page was met at some addresses, or at those that are such an article's id."""

    def add_addresses(self, article_id: str, addresses: Iterable[str]) -> None:
        """Note at which addresses the page of an article was met."""

    def erased(self, article_ids: Iterable[str | None]) -> set[str]:
        """Return those of some articles that were erased, and of which nothing may be taken in."""

    def is_erased_text(self, article: Article) -> bool:
        """Return whether an article has a text that was erased, under whatever id."""

    def blank_parked(self, id_: int) -> None:
        """Take the message from a parked event that turned out to have an erased text."""

    def parked(self, ids: Sequence[int]) -> dict[int, ParkedEvent]:
        """Return the parked events among some ids, closed ones too."""

    def waiting(self, events: Iterable[ReceivedEvent]) -> list[WaitingEvent]:
        """Return the open parked events with the names or the articles of some events."""

    def keep_page(self, page: KeptPage) -> None:
        """Keep the page that an article is made of, while a text of the article is kept that was read off it."""

    def change(self, article_id: str, events: ArticleEvents, correlation_id: str, now_us: int) -> int:
        """Make an article what its events say, for search too; return the change's sequence number."""

    def note(self, article_id: str, events: ArticleEvents) -> None:
        """Keep new events of an article that change nothing for search."""

    def park(self, result: Result, claim: Claim, now_us: int) -> int:
        """Keep an event that could not be handled; give the number it is parked under."""

    def close_parked(self, id_: int, status: str, resolution: str, now_us: int, *, tried: bool = False) -> None:
        """Close a parked event: `resolved` or `dropped`, with the reason."""

    def enter(self, results: Iterable[Result], now_us: int) -> None:
        """Enter outcomes into the ledger."""


class Archive(Protocol):
    """Gives transactions that are durable, or without effect, at their end."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Return a transaction; an exception inside it takes all of it back."""

"""What someone can do where nothing was found: searches that do find something, counted before they are offered."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from newsdex.errors import NewsdexError
from newsdex.gateway.pages.address import SearchAddress
from newsdex.gateway.pages.filters import chips
from newsdex_schemas import SearchReply, SearchRequest

MAX_TRIED = 6
TIMEOUT_MS = 500


class Alternative(NamedTuple):
    """Another search."""

    what: str
    href: str
    total: int


class Asks(Protocol):
    """The service, as far as this module asks it."""

    async def search(self, request: SearchRequest) -> SearchReply:
        """Ask for articles."""


async def alternatives(client: Asks, address: SearchAddress) -> list[Alternative]:
    """Return searches like one that found nothing; what fails is not offered."""
    tried = list(_alike(address))[:MAX_TRIED]
    totals = await asyncio.gather(*(_total(client, other) for _, other in tried))
    return [
        Alternative(what, other.href, total) for (what, other), total in zip(tried, totals, strict=True) if total > 0
    ]


def _alike(address: SearchAddress) -> Iterator[tuple[str, SearchAddress]]:
    removable = chips(address)
    if len(removable) > 1:
        yield "remove all filters", address.without_filters()
    for chip in removable:
        is_dates = chip.without == address.without_dates()
        yield "search all dates" if is_dates else f"remove the filter {chip.name}", chip.without
    if address.q and not address.words:
        yield "search for some of the words", address.changed(words="most")


async def _total(client: Asks, address: SearchAddress) -> int:
    try:
        return (await client.search(address.changed(timeout_ms=str(TIMEOUT_MS)).request(size=0))).total
    except NewsdexError:
        return 0

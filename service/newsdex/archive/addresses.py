"""Keeps under which addresses the page of an article was met, so that each of them names it in a takedown."""

import sqlite3
from collections.abc import Iterable


def articles_at(connection: sqlite3.Connection, addresses: Iterable[str]) -> dict[str, set[str]]:
    """Return the articles whose page was met at some addresses, beside the ones that have these as their ids.

    So for the addresses that these articles in turn have as their ids, however far it goes on.
    """
    query = "SELECT article_id FROM page_addresses WHERE address = ?"
    found: dict[str, set[str]] = {}
    wanted = list(addresses)
    while wanted:
        address = wanted.pop()
        if address not in found:
            found[address] = {row[0] for row in connection.execute(query, (address,))}
            wanted += found[address]
    return {address: articles for address, articles in found.items() if articles}


def add_addresses(connection: sqlite3.Connection, article_id: str, addresses: Iterable[str]) -> None:
    """Note at which addresses the page of an article was met."""
    rows = [(address, article_id) for address in addresses]
    connection.executemany("INSERT OR IGNORE INTO page_addresses VALUES (?, ?)", rows)

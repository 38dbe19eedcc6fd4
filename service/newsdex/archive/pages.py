"""Keeps the pages that articles were made of, as long as an article shows what was read off them or may come to."""

import json
import sqlite3
from collections.abc import Iterable, Mapping

from newsdex.order import ArticleEvents, Place
from newsdex.records.events import KeptPage, PageNote

PRUNED_AT_ONCE = 1_000
KEY = "article_id, incarnation, position"


class Pages:
    """The pages within one transaction; writes are gathered and go in together at its end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._had_any = connection.execute("SELECT 1 FROM pages LIMIT 1").fetchone() is not None
        self._kept: dict[tuple[str, Place], KeptPage] = {}

    def keep(self, page: KeptPage) -> None:
        """Keep a page, in place of what was kept of the same message."""
        self._kept[page.article_id, page.place] = page

    def read_by(self, page: KeptPage, reader: str) -> None:
        """Note that another reader made the article of a page once more."""
        key = (reader, page.article_id, *page.place)
        self._connection.execute("UPDATE pages SET reader=? WHERE article_id=? AND incarnation=? AND position=?", key)

    def write(self, known: Mapping[str, ArticleEvents]) -> None:
        """Send what was gathered to SQLite; of the changed articles, `known`, only what they still need stays."""
        needed = {(id_, place) for id_, events in known.items() for place in events.places_of_texts()}
        if self._had_any:
            self._forget_others(known, needed)
        rows = [
            (id_, *place, page.stored_us, page.correlation_id, page.reader, json.dumps(dict(page.headers)), page.body)
            for (id_, place), page in self._kept.items()
            if (id_, place) in needed
        ]
        self._connection.executemany("INSERT OR REPLACE INTO pages VALUES (?,?,?,?,?,?,?,?)", rows)

    def _forget_others(self, known: Iterable[str], needed: set[tuple[str, Place]]) -> None:
        held = (
            (id_, Place(*row))
            for id_ in known
            for row in self._connection.execute("SELECT incarnation, position FROM pages WHERE article_id = ?", (id_,))
        )
        gone = [(id_, *place) for id_, place in held if (id_, place) not in needed]
        self._connection.executemany("DELETE FROM pages WHERE article_id=? AND incarnation=? AND position=?", gone)


def kept_pages(connection: sqlite3.Connection, article_id: str) -> list[KeptPage]:
    """Return the pages of an article, in the order of the stream."""
    rows = connection.execute("SELECT * FROM pages WHERE article_id = ? ORDER BY incarnation, position", (article_id,))
    return [_page(row) for row in rows]


def page_notes(connection: sqlite3.Connection, article_id: str) -> list[PageNote]:
    """Return what is known of the pages of an article, in the order of the stream, without their texts."""
    query = """SELECT stored_us, length(body), reader FROM pages WHERE article_id = ?
        ORDER BY incarnation, position"""
    return [PageNote(*row) for row in connection.execute(query, (article_id,))]


def articles_with_pages(connection: sqlite3.Connection, not_by: str, after: str, limit: int) -> list[str]:
    """Return the next articles, in the order of their ids, that have a page which another reader than `not_by` read."""
    query = "SELECT DISTINCT article_id FROM pages WHERE reader <> ? AND article_id > ? ORDER BY article_id LIMIT ?"
    return [id_ for (id_,) in connection.execute(query, (not_by, after, limit))]


def prune_pages(connection: sqlite3.Connection, before_us: int) -> int:
    """Forget pages that the broker stored before a moment, a bounded number at once; return how many went."""
    statement = f"""DELETE FROM pages WHERE ({KEY}) IN
        (SELECT {KEY} FROM pages WHERE stored_us < ? ORDER BY stored_us LIMIT ?)"""  # noqa: S608 - constants
    return connection.execute(statement, (before_us, PRUNED_AT_ONCE)).rowcount


def erase_pages(connection: sqlite3.Connection, article_id: str) -> None:
    """Take the pages of an article out of the archive."""
    connection.execute("DELETE FROM pages WHERE article_id=?", (article_id,))


def _page(row: sqlite3.Row) -> KeptPage:
    return KeptPage(
        article_id=row["article_id"],
        place=Place(row["incarnation"], row["position"]),
        stored_us=row["stored_us"],
        correlation_id=row["correlation_id"],
        reader=row["reader"],
        headers=json.loads(row["headers"]),
        body=row["body"],
    )

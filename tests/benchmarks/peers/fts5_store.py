"""SQLite's FTS5, with its own snippets and rank."""

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.peers.store import PeerArticle, PeerHit, PeerQuery, PeerReply

FILE = "articles.sqlite3"
TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS articles (number INTEGER PRIMARY KEY, id TEXT UNIQUE, title TEXT, summary TEXT, body TEXT,
  url TEXT, section TEXT, published_at TEXT);
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(title, summary, body, content=articles, content_rowid=number,
  tokenize='porter unicode61');
"""
INSERT = """
INSERT INTO articles (id, title, summary, body, url, section, published_at)
VALUES (:id, :title, :summary, :body, :url, :section, :published_at)
"""
COLUMNS = "number, title, summary, body"
RANK = "bm25(texts, 3.0, 1.5, 1.0)"
SHOWN = "a.id, a.title, snippet(texts, 2, '<mark>', '</mark>', ' … ', 30) AS snippet, a.url, a.section, a.published_at"
FIND = f"""
SELECT {RANK} AS score, {SHOWN} FROM texts JOIN articles a ON a.number = texts.rowid
WHERE texts MATCH ? ORDER BY score LIMIT ?
"""
COUNT = "SELECT count(*) FROM texts WHERE texts MATCH ?"


def writing(folder: Path) -> "Fts5Writing":
    """Open the index for its writer, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return Fts5Writing(folder)


def searching(folder: Path) -> "Fts5Searching":
    """Open the index for a reader; it is there."""
    return Fts5Searching(folder)


class Fts5Writing:
    """One transaction for each commit."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / FILE, check_same_thread=False)
        self._connection.executescript(TABLES)

    def commit(self, articles: Sequence[PeerArticle]) -> None:
        with self._connection:
            for article in articles:
                self._remove(article.id)
                row = self._connection.execute(INSERT, article.model_dump())
                texts = (row.lastrowid, article.title, article.summary, article.body)
                self._connection.execute("INSERT INTO texts (rowid, title, summary, body) VALUES (?, ?, ?, ?)", texts)

    def _remove(self, id_: str) -> None:
        old = self._connection.execute(f"SELECT {COLUMNS} FROM articles WHERE id = ?", (id_,)).fetchone()
        if old:
            self._connection.execute(
                "INSERT INTO texts (texts, rowid, title, summary, body) VALUES ('delete', ?, ?, ?, ?)", old
            )
            self._connection.execute("DELETE FROM articles WHERE number = ?", old[:1])


class Fts5Searching:
    """Sees each commit by itself."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row

    def refresh(self) -> None:
        """Do nothing."""

    def search(self, query: PeerQuery) -> PeerReply:
        match = " ".join(f'"{words or word}"' for words, word in re.findall(r'"([^"]+)"|(\w+)', query.q))
        if not match:
            (total,) = self._connection.execute("SELECT count(*) FROM articles").fetchone()
            return PeerReply(total=total, hits=[])
        (total,) = self._connection.execute(COUNT, (match,)).fetchone()
        rows = self._connection.execute(FIND, (match, query.size))
        return PeerReply(total=total, hits=[_hit(row) for row in rows])


def _hit(row: sqlite3.Row) -> PeerHit:
    shown = dict(row)
    return PeerHit(**shown | {"score": -shown["score"]})

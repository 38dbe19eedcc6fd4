"""SQLite FTS5: a table without content, and ordinary tables for filters, facets and dates."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.engines.protocol import HITS, Answer, Article
from tests.benchmarks.questions import FACETS, Question

from newsdex.index.schema import TEXT_FIELDS, document
from newsdex_schemas import Article as Contract

TABLES = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE VIRTUAL TABLE texts USING fts5({", ".join(TEXT_FIELDS)}, content='', tokenize='porter unicode61');
CREATE TABLE articles (number INTEGER PRIMARY KEY, id TEXT UNIQUE, published INTEGER);
CREATE TABLE labels (field TEXT, value TEXT, number INTEGER, PRIMARY KEY (field, value, number)) WITHOUT ROWID;
CREATE INDEX labels_by_number ON labels (number, field, value);
CREATE INDEX articles_by_date ON articles (published);
"""
RANK = f"bm25(texts, {', '.join(map(str, TEXT_FIELDS.values()))})"
LABELS = ("section", "authors", "tags", "agency", "language")


class Fts5Engine:
    """One connection; no stored text, so a replacement must bring the old text along."""

    name = "fts5"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "index.sqlite3"
        self._connection: Any = None
        self._searching: Any = None
        self._texts: dict[str, tuple[str, ...]] = {}

    def build(self, articles: Iterable[Article]) -> None:
        self._connection = sqlite3.connect(self._path)
        self._connection.executescript(TABLES)
        with self._connection:
            for article in articles:
                self._add(article)
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _add(self, article: Article) -> None:
        fields = document(Contract.model_validate(article))
        row = self._connection.execute(
            "INSERT INTO articles (id, published) VALUES (?, ?)", (fields["id"], fields.get("published"))
        )
        texts = self._texts[fields["id"]] = tuple(fields.get(name, "") for name in TEXT_FIELDS)
        self._connection.execute(
            "INSERT INTO texts (rowid, title, summary, body) VALUES (?, ?, ?, ?)", (row.lastrowid, *texts)
        )
        values = [(name, value, row.lastrowid) for name in LABELS for value in fields.get(name, ())]
        self._connection.executemany("INSERT INTO labels VALUES (?, ?, ?)", values)

    def replace(self, articles: Sequence[Article]) -> None:
        with self._connection:
            for article in articles:
                self._remove(article["id"])
                self._add(article)

    def _remove(self, id_: str) -> None:
        (number,) = self._connection.execute("SELECT number FROM articles WHERE id = ?", (id_,)).fetchone()
        columns = "texts, rowid, title, summary, body"
        self._connection.execute(
            f"INSERT INTO texts ({columns}) VALUES ('delete', ?, ?, ?, ?)", (number, *self._texts[id_])
        )
        for table in ("articles", "labels"):
            self._connection.execute(f"DELETE FROM {table} WHERE number = ?", (number,))

    def open(self) -> None:
        self._searching = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        self._searching.execute("SELECT count(*) FROM articles").fetchone()

    def refresh(self) -> None:
        self._searching.execute("SELECT max(number) FROM articles").fetchone()

    def prepared(self, question: Question) -> tuple[str, list[Any]] | None:
        if question.kind == "fuzzy":
            return None
        joint = {"phrase": " + ", "or": " OR "}.get(question.kind, " AND ")
        ending = " *" if question.kind == "prefix" else ""
        conditions, values = ["texts MATCH ?"], [joint.join(f'"{word}"{ending}' for word in question.words)]
        if question.section is not None:
            assert question.published_from is not None
            assert question.published_to is not None
            conditions.append(
                "EXISTS (SELECT 1 FROM labels WHERE field = 'section' AND value = ? AND number = texts.rowid)"
            )
            conditions.append("published >= ? AND published < ?")
            values += [
                question.section,
                *(int(day.timestamp() * 1e6) for day in (question.published_from, question.published_to)),
            ]
        # CROSS keeps the order: SQLite would go through all articles of a date, or all labels, first
        joined = f"FROM texts CROSS JOIN articles ON number = texts.rowid WHERE {' AND '.join(conditions)}"
        return f"{question.kind} {joined}", values

    def ask(self, prepared: tuple[str, list[Any]]) -> Answer:
        statement, values = prepared
        kind, found = statement.split(" ", 1)
        ask = self._searching.execute
        (total,) = ask(f"SELECT count(*) {found}", values).fetchone()
        if kind == "facets":
            matches = found.replace("JOIN articles ON number", "JOIN labels ON number")
            counted = f"SELECT value, count(*) {matches} AND field = ? GROUP BY value"
            facets = {name: dict(ask(counted, (*values, name)).fetchall()) for name in FACETS}
            return Answer(total=total, facets=facets)
        order = "published DESC" if kind == "by_date" else RANK
        rows = ask(f"SELECT id {found} ORDER BY {order} LIMIT {HITS}", values).fetchall()
        return Answer(total=total, ids=[id_ for (id_,) in rows])

"""Takes every text of an article out of the archive, and keeps in mind that it must not come back."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from newsdex.archive.pages import erase_pages
from newsdex.archive.rows import STILL_UNSEEN
from newsdex.archive.text_digest import MIN_CHARS, text_digests
from newsdex.archive.traces import trace_of, trace_of_page
from newsdex.errors import Unavailable
from newsdex_schemas import Article, channels

TEXT_COLUMNS = ("content", "versioned_content", "unversioned_content")
ERASED_BODY = b""
RESOLUTION = "erased"
STAGES = ("archive", "stream", "index")
"""Where a text is, in the order in which it leaves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """How far the erasure of an article is."""

    article_id: str
    at_us: int
    sequence: int
    """The change by which the article left search."""
    pending: tuple[str, ...]
    """Those of STAGES in which its text may still be."""
    last_number: int
    """No message of the stream with a higher number, as they are numbered now, is older than the erasure."""
    lifted_us: int | None
    """When an operator let the article in again."""


class Doubts(NamedTuple):
    """What an erasure leaves as it is, because it may be another's: an operator decides."""

    parked: Sequence[int] = ()
    """Parked events that cannot be read and may be about the article."""
    holders: Sequence[str] = ()
    """Other articles that have the same text."""


class ErasedArticles:
    """What the archive keeps of erasures, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._any = connection.execute("SELECT 1 FROM erasures LIMIT 1").fetchone() is not None

    def erased(self, article_ids: Iterable[str | None]) -> set[str]:
        """Return those of some articles of which nothing may be archived."""
        if not self._any:
            return set()
        query = "SELECT 1 FROM erasures WHERE article_id = ? AND lifted_us IS NULL"
        wanted = {id_ for id_ in article_ids if id_ is not None}
        return {id_ for id_ in wanted if self._connection.execute(query, (id_,)).fetchone()}

    def is_copy(self, article: Article) -> bool:
        """Return whether an article has a text that was erased, under an id that did not have it when it was."""
        query = """SELECT 1 FROM erased_texts AS erased WHERE digest = ? AND NOT EXISTS
            (SELECT 1 FROM erased_text_holders AS held WHERE held.digest = erased.digest AND held.article_id = ?)"""
        return self._any and any(
            self._connection.execute(query, (digest, article.id)).fetchone() for digest in text_digests(article)
        )


def erase(connection: sqlite3.Connection, article_id: str, sequence: int, now_us: int) -> list[int]:
    """Make an article a tombstone without a text, close what is parked about it, and note the erasure.

    Everything that was handled so far counts as withdrawn. What is erased already is erased once more. Returns the
    parked events that may be about the article: they are left as they are.
    """
    row = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    texts = [row[name] for name in TEXT_COLUMNS if row is not None and row[name] is not None]
    texts += [text for (text,) in connection.execute("SELECT content FROM unsettled WHERE article_id=?", (article_id,))]
    remember_texts(connection, article_id, texts)
    connection.execute("DELETE FROM erased_text_holders WHERE article_id=?", (article_id,))
    connection.execute(
        """INSERT INTO erasures (article_id, at_us, sequence, last_incarnation, last_position) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (article_id) DO UPDATE SET at_us=excluded.at_us, sequence=excluded.sequence,
            archive_us=NULL, stream_us=NULL, index_us=NULL, lifted_us=NULL,
            last_incarnation=excluded.last_incarnation, last_position=excluded.last_position""",
        (article_id, now_us, sequence, *_last_place(connection)),
    )
    if row is None:
        connection.execute(
            "INSERT INTO articles (id, sequence, correlation_id) VALUES (?, ?, ?)", (article_id, sequence, RESOLUTION)
        )
    connection.execute(
        f"""UPDATE articles SET sequence=?, unseen={STILL_UNSEEN}, digest=NULL, embargoed_us=NULL, expires_us=NULL,
            shown=NULL, {", ".join(f"{name}=NULL" for name in TEXT_COLUMNS)} WHERE id=?""",  # noqa: S608 - constants
        (sequence, now_us, article_id),
    )
    connection.execute("DELETE FROM unsettled WHERE article_id=?", (article_id,))
    erase_pages(connection, article_id)
    _withdraw_everything(connection, article_id, now_us)
    return _blank_parked(connection, article_id, _articles(texts), now_us)


def _withdraw_everything(connection: sqlite3.Connection, article_id: str, now_us: int) -> None:
    """Let a withdrawal without a version cover all that was handled, and all that states an earlier time than now."""
    incarnation, position = _last_place(connection)
    row = connection.execute(
        "SELECT withdrawn_incarnation, withdrawn_position, withdrawn_us FROM articles WHERE id=?", (article_id,)
    ).fetchone()
    # behind the last message that was handled, and not behind the next one
    place, time_us = (incarnation, position + 1), now_us
    if row[0] is not None:
        place, time_us = max(place, (row[0], row[1])), max(time_us, row[2])
    connection.execute(
        "UPDATE articles SET withdrawn_incarnation=?, withdrawn_position=?, withdrawn_us=? WHERE id=?",
        (*place, time_us, article_id),
    )


def _last_place(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the place of the last message that was handled."""
    row = connection.execute("SELECT (SELECT max(incarnation) FROM incarnations), last_sequence FROM stream").fetchone()
    return row[0], row[1]


def _articles(contents: Iterable[bytes]) -> list[Article]:
    return [Article.model_validate_json(content) for content in contents if content]


def _blank_parked(
    connection: sqlite3.Connection, article_id: str, articles: Sequence[Article], now_us: int
) -> list[int]:
    """Take the messages from parked events that are about an article; return those that may be about it."""
    rows = connection.execute("SELECT id, body FROM parked WHERE article_id IS NULL AND length(body) > 0")
    traces = {number: trace_of(body, article_id, articles) for number, body in rows}
    # a page is parked under its address, and may say that it is another article's
    pages = connection.execute(
        "SELECT id, body FROM parked WHERE subject=? AND article_id<>? AND length(body) > 0",
        (channels.ARTICLES_SCRAPED, article_id),
    )
    traces |= {number: trace_of_page(body, article_id, articles) for number, body in pages}
    about = [number for (number,) in connection.execute("SELECT id FROM parked WHERE article_id=?", (article_id,))]
    about += [number for number, trace in traces.items() if trace == "certain"]
    connection.executemany(
        """UPDATE parked SET body=?, headers='{}', message=?, place=NULL, article_id=?,
            resolution=CASE status WHEN 'open' THEN ? ELSE resolution END,
            closed_us=CASE status WHEN 'open' THEN ? ELSE closed_us END,
            status=CASE status WHEN 'open' THEN 'dropped' ELSE status END WHERE id=?""",
        [(ERASED_BODY, RESOLUTION, article_id, RESOLUTION, now_us, number) for number in about],
    )
    return [number for number, trace in traces.items() if trace == "doubtful"]


def remember_texts(connection: sqlite3.Connection, article_id: str, contents: Iterable[bytes]) -> None:
    """Keep the digests of an erased article's texts, by which copies are known, and who else has them by now."""
    for article in _articles(contents):
        rows = [(digest, article_id) for digest in text_digests(article)]
        if connection.executemany("INSERT OR IGNORE INTO erased_texts VALUES (?, ?)", rows).rowcount:
            held = [row for row in _held_texts(connection, article) if row[1] != article_id]
            connection.executemany("INSERT OR IGNORE INTO erased_text_holders VALUES (?, ?)", held)


def _held_texts(connection: sqlite3.Connection, article: Article) -> Iterator[tuple[bytes, str]]:
    """Return digest and article for each text that an article shares with others. Reads every text of the archive."""
    columns = " UNION ALL ".join(
        f"SELECT id, {column} AS content FROM articles WHERE {column} IS NOT NULL"  # noqa: S608 - constants
        for column in TEXT_COLUMNS
    )
    query = f"SELECT id, content FROM ({columns}) WHERE instr(lower(CAST(content AS TEXT)), ?)"  # noqa: S608 - constants
    digests = set(text_digests(article))
    for id_, content in connection.execute(query, (_mark(article),)).fetchall():
        for digest in digests.intersection(text_digests(Article.model_validate_json(content))):
            yield digest, id_


def _mark(article: Article) -> str:
    """Return some characters that an article with the same text has, too, however it is wrapped and cased.

    SQLite lowers ASCII only: other letters are taken where lowering leaves them as they are.
    """
    text = article.body if len(article.body) >= MIN_CHARS else f"{article.title} {article.summary or ''} {article.body}"
    words = [word for word in text.split() if word.isalnum()]
    plain = [word.lower() for word in words if word.isascii()] or [word[:4] for word in words if word == word.lower()]
    return max(plain, key=len, default="")


def holders(connection: sqlite3.Connection, article_id: str) -> list[str]:
    """Return the other articles that have a text of an erased one, and had it when that was erased."""
    query = """SELECT DISTINCT held.article_id FROM erased_text_holders AS held JOIN erased_texts USING (digest)
        WHERE erased_texts.article_id = ? ORDER BY 1"""
    return [id_ for (id_,) in connection.execute(query, (article_id,))]


def lift(connection: sqlite3.Connection, article_id: str, now_us: int) -> bool:
    """Let an article be published again; copies of what was erased stay out. Return whether it was erased."""
    changed = connection.execute(
        "UPDATE erasures SET lifted_us=? WHERE article_id=? AND lifted_us IS NULL", (now_us, article_id)
    )
    return changed.rowcount > 0


def finish_stage(connection: sqlite3.Connection, stage: str, article_ids: Iterable[str], now_us: int) -> None:
    """Note that the text of some articles has left one of the STAGES."""
    assert stage in STAGES
    statement = f"UPDATE erasures SET {stage}_us=? WHERE article_id=?"  # noqa: S608 - one of three names
    connection.executemany(statement, [(now_us, id_) for id_ in article_ids])


def erasures(connection: sqlite3.Connection, article_ids: Sequence[str] = ()) -> list[Erasure]:
    """Return the erasures of some articles, or all of them, oldest first."""
    columns = ", ".join(f"{stage}_us" for stage in STAGES)
    end = "SELECT min(first_sequence) - 1 FROM incarnations WHERE incarnation > last_incarnation"
    rows = connection.execute(
        f"""SELECT article_id, at_us, sequence, lifted_us, min(last_position, coalesce(({end}), last_position)),
            {columns} FROM erasures ORDER BY at_us, article_id"""  # noqa: S608 - constants
    )
    return [
        Erasure(
            article_id=article_id,
            at_us=at_us,
            sequence=sequence,
            pending=tuple(stage for stage, done_us in zip(STAGES, done, strict=True) if done_us is None),
            last_number=last_number,
            lifted_us=lifted_us,
        )
        for article_id, at_us, sequence, lifted_us, last_number, *done in rows
        if not article_ids or article_id in article_ids
    ]


def compact(connection: sqlite3.Connection) -> None:
    """Write the whole file anew, so that no free page and no log keeps what was deleted.

    Raises `Unavailable` where another process still reads the archive as it was: trying again later works.
    """
    connection.execute("VACUUM")
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise Unavailable("archive_locked", "a reader keeps the archive's log from being emptied")


def check_erasures(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    """Return what is left of erased articles in the archive, and which erasures are not finished, one text each."""
    for erasure in erasures(connection):
        if erasure.pending:
            where = ", ".join(erasure.pending)
            yield f"{name}: the article {erasure.article_id} is not erased yet everywhere: {where} may have its text"
        if erasure.lifted_us is None and _has_text(connection, erasure.article_id):
            yield f"{name}: the article {erasure.article_id} was erased, and its text is there"
    if connection.execute("SELECT 1 FROM erased_texts LIMIT 1").fetchone() is None:
        return
    columns = " UNION ALL ".join(
        f"SELECT id, {column} FROM articles WHERE {column} IS NOT NULL"  # noqa: S608 - constants
        for column in TEXT_COLUMNS
    )
    known = ErasedArticles(connection)
    for id_, content in connection.execute(columns):
        if known.is_copy(Article.model_validate_json(content)):
            yield f"{name}: the article {id_} has a text that was erased"


def _has_text(connection: sqlite3.Connection, article_id: str) -> bool:
    held = " OR ".join(f"{column} IS NOT NULL" for column in TEXT_COLUMNS)
    queries = (
        f"SELECT 1 FROM articles WHERE id=? AND ({held})",  # noqa: S608 - constants
        "SELECT 1 FROM unsettled WHERE article_id=? AND length(content) > 0",
        "SELECT 1 FROM parked WHERE article_id=? AND length(body) > 0",
        "SELECT 1 FROM pages WHERE article_id=?",
    )
    return any(connection.execute(query, (article_id,)).fetchone() for query in queries)

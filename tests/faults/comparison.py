"""Compares the publisher's ledger with the archive and the index, once everything is quiet."""

import math
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.ledger import Event, Ledger, number_at, version_word

from newsdex.index.reader import IndexReader, View
from newsdex.index.scope import SearchScope
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parsed_query import parse_query
from newsdex.search.plan.build import matching
from newsdex.search.plan.filters import hidden_query

REDELIVERED = ("duplicate", "redelivered")
"""The outcome of a delivery whose acknowledgement had not reached the broker."""
COPY = ("duplicate", "copy")


@dataclass(kw_only=True, slots=True)
class Comparison:
    """What differs, each by name."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged events without an outcome; articles that should be in archive or index and are not."""
    twice: list[str] = field(default_factory=list)
    """Events with two outcomes, articles that the index has twice."""
    stale: list[str] = field(default_factory=list)
    """Articles in archive or index that are not the newest version, or should not be there."""
    parked: int = 0
    redelivered: int = 0
    copies: int = 0


def compare(ledger: Ledger, data_dir: Path) -> Comparison:
    """Read archive and index, and compare."""
    result = Comparison()
    archive = sqlite3.connect(f"file:{data_dir / 'archive.sqlite3'}?mode=ro", uri=True)
    _compare_outcomes(ledger, archive, result)
    expected = {article: ledger.shown(events) for article, events in list(ledger.by_article.items())}
    live = {article: event for article, event in expected.items() if event is not None}
    address = "json_extract(CAST(content AS TEXT), '$.url')"
    rows = archive.execute(f"SELECT id, {address} FROM articles WHERE content IS NOT NULL")
    found = {id_: number_at(url) for id_, url in rows}
    archive.close()
    result.lost += [f"archive: article {article}" for article in live.keys() - found.keys()]
    wrong = [article for article, number in found.items() if article not in live or live[article].number != number]
    result.stale += [f"archive: article {article} in event {found[article]}" for article in wrong]
    _compare_index(live, IndexReader(data_dir / "index").view(), result)
    return result


def _compare_outcomes(ledger: Ledger, archive: sqlite3.Connection, result: Comparison) -> None:
    outcomes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for event_id, outcome, reason in archive.execute("SELECT event_id, outcome, reason FROM ledger"):
        outcomes[event_id].append((outcome, reason))
    first = {id_: [one for one in all_ if one not in {REDELIVERED, COPY}] for id_, all_ in outcomes.items()}
    result.lost += [f"event {ref.id}" for ref in ledger.acknowledged if not first.get(ref.id)]
    result.twice += [f"event {id_}: {all_}" for id_, all_ in first.items() if len(all_) > 1]
    result.redelivered = sum(all_.count(REDELIVERED) for all_ in outcomes.values())
    result.copies = sum(all_.count(COPY) for all_ in outcomes.values())
    result.parked = archive.execute("SELECT count(*) FROM parked WHERE status = 'open'").fetchone()[0]


def _compare_index(live: dict[str, Event], view: View, result: Comparison) -> None:
    everything = Counter(_found(view, "*"))
    result.lost += [f"index: article {article}" for article in live.keys() - everything.keys()]
    result.stale += [f"index: article {article}" for article in everything.keys() - live.keys()]
    result.twice += [f"index: article {article}" for article, number in everything.items() if number > 1]
    for article, event in live.items():
        if article in everything and _found(view, version_word(article, event.number)) != [article]:
            result.stale.append(f"index: article {article} is not in event {event.number}")


def _found(view: View, q: str) -> list[str]:
    query = matching(parse_query(q).tree, QueryClock(now_us=0), view.languages)
    scope = SearchScope(hidden=hidden_query(0, []), deadline=math.inf)
    found = view.find(query, scope, sort="oldest", size=10**6)
    return [id_ for id_, _ in found.documents]

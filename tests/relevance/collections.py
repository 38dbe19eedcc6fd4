"""Test collections, indexed as articles, and what the service answers to their queries."""

import csv
import gzip
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ir_measures import AP, R, calc_aggregate, iter_calc, nDCG
from tests.conftest import ROOT
from tests.scenarios.corpus import Corpus

from newsdex_schemas import SearchRequest

DATA = Path(os.environ.get("NEWSDEX_DATA", ROOT.parent / "shared" / "data"))
COLLECTIONS = DATA / "collections"
DEPTH = 100
"""So many hits of each query are judged: the most that a request may ask for."""
MEASURES = {"nDCG@10": nDCG @ 10, "MAP": AP @ DEPTH, "recall@100": R @ DEPTH}
UNTITLED = "—"
"""Stands for a title that is missing: the contract asks for one."""
PUBLISHED_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """Documents, queries and which document answers which query."""

    name: str
    documents: Sequence[dict[str, Any]]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]

    @property
    def languages(self) -> bool:
        """Return whether its documents name their languages: they are asked for twice then, told and untold."""
        return self.name.startswith("xquad")


def names() -> list[str]:
    """Return the names of the collections; end the program where there are none."""
    found = sorted(path.parent.name for path in COLLECTIONS.glob("*/queries.jsonl"))
    if not found:
        raise SystemExit(f"no collections in {COLLECTIONS}: set NEWSDEX_DATA")
    return found


def read(name: str) -> Collection:
    """Read a collection; queries without a judgement are left out."""
    folder = COLLECTIONS / name
    with gzip.open(folder / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        documents = [json.loads(line) for line in file]
    judgements: dict[str, dict[str, int]] = {}
    with (folder / "qrels.tsv").open(encoding="utf-8") as file:
        for query, document, grade in list(csv.reader(file, delimiter="\t"))[1:]:
            judgements.setdefault(query, {})[document] = int(grade)
    with (folder / "queries.jsonl").open(encoding="utf-8") as file:
        queries = {row["id"]: row["text"] for row in map(json.loads, file) if row["id"] in judgements}
    return Collection(name=name, documents=documents, queries=queries, judgements=judgements)


@contextmanager
def indexed(collection: Collection, *, told: bool = False) -> Iterator[Corpus]:
    """Publish a collection's documents, through the archive, into an index of their own; `told` names languages."""
    articles = [
        {"id": row["id"], "title": row["title"].strip()[:1_000] or UNTITLED, "body": row["body"]}
        | ({"language": row["lang"]} if told else {})
        for row in collection.documents
    ]
    with TemporaryDirectory(prefix="newsdex-relevance-") as folder, Corpus(Path(folder)) as corpus:
        for start in range(0, len(articles), PUBLISHED_AT_ONCE):
            corpus.publish(*articles[start : start + PUBLISHED_AT_ONCE])
        corpus.index()
        yield corpus


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """How well the hits answer."""

    means: dict[str, float]
    """By measure."""
    ndcg: dict[str, float]
    """nDCG@10 by query."""
    empty: int
    """How many queries found nothing."""


def measured(collection: Collection, corpus: Corpus, **request: Any) -> Measured:
    """Ask every query as a client would, and judge the hits."""
    run: dict[str, dict[str, float]] = {}
    for id_, text in collection.queries.items():
        reply = corpus.answer(SearchRequest(q=text, size=DEPTH, timeout_ms=10_000, **request))
        # in the reply's order: equal scores must not be ordered anew
        run[id_] = {hit.id: float(DEPTH - place) for place, hit in enumerate(reply.hits)}
    found = calc_aggregate(MEASURES.values(), collection.judgements, run)
    return Measured(
        means={name: round(found[measure], 4) for name, measure in MEASURES.items()},
        ndcg={one.query_id: one.value for one in iter_calc([nDCG @ 10], collection.judgements, run)},
        empty=sum(not hits for hits in run.values()),
    )

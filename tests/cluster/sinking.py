"""Fills OpenSearch by a sink, kills one of three nodes while it drains, and compares article by article.

`python -m tests.cluster.sinking --keep` writes the result to `results/sink.json`. Needs a JDK and OpenSearch's jars.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from tests.cluster.engines import OpenSearchNode, opensearch
from tests.integration.running import Running, Service, until
from tests.scenarios.corpus import Corpus

from newsdex.apps.inspection.article_export import exported_lines
from newsdex.archive.snapshot import open_snapshot
from newsdex.broker.server import EmbeddedServer
from newsdex.records.moments import microseconds

RESULT = Path(__file__).parent / "results" / "sink.json"
ARTICLES = 4_000
AT_ONCE = 200
TIMEOUT_S = 400
ALIAS = "newsdex"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What OpenSearch has beside what the archive shows."""

    articles: int
    missing: int
    left_over: int
    """Those that are not shown, such as withdrawn ones."""
    other: int
    """Those with another content."""


def compare(data_dir: Path, url: str) -> Compared:
    """Compare all articles."""
    httpx.post(f"{url}/{ALIAS}/_refresh").raise_for_status()
    theirs = _everything(url)
    with open_snapshot(data_dir, microseconds(datetime.now(UTC))) as snapshot:
        lines = exported_lines(snapshot, None, everything=False, withdrawn=False)
        ours = {article["id"]: article for article in map(json.loads, lines)}
    return Compared(
        articles=len(ours),
        missing=len(ours.keys() - theirs.keys()),
        left_over=len(theirs.keys() - ours.keys()),
        other=sum(theirs[id_] != ours[id_] for id_ in ours.keys() & theirs.keys()),
    )


def _everything(url: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    request: dict[str, Any] = {"size": 1_000, "sort": [{"id": "asc"}]}
    while hits := httpx.post(f"{url}/{ALIAS}/_search", json=request, timeout=30).json()["hits"]["hits"]:
        found |= {hit["_source"]["id"]: hit["_source"] for hit in hits}
        request["search_after"] = hits[-1]["sort"]
    return found


def _articles(start: int, title: str) -> list[dict[str, Any]]:
    return [
        {"id": f"heron-{one}", "title": f"{title} {one}", "body": "Seen at the weir. " * 50}
        for one in range(start, start + AT_ONCE)
    ]


def _has_drained(url: str, head: int) -> bool:
    try:
        hits = httpx.post(f"{url}/{ALIAS}-positions/_search", json={"size": 10}, timeout=30).json()["hits"]["hits"]
    except (httpx.HTTPError, KeyError):
        return False
    return any(hit["_source"]["position"]["sequence"] == head for hit in hits)


def _change_and_kill(corpus: Corpus, nodes: list[OpenSearchNode]) -> None:
    """Change half of the articles, withdraw some; in the middle of it, kill a node."""
    for start in range(0, ARTICLES // 2, AT_ONCE):
        corpus.publish(*_articles(start, "Egret"))
        corpus.withdraw(f"heron-{start}")
        if start == ARTICLES // 4:
            nodes[0].process.kill()
            nodes[0].process.wait()


def sink_and_kill(folder: Path, nodes: int = 3) -> dict[str, Any]:
    """Fill OpenSearch, kill a node while changes are followed, and compare."""
    data_dir = folder / "data"
    with opensearch(folder, nodes) as cluster, EmbeddedServer(data_dir), Corpus(data_dir) as corpus:
        for start in range(0, ARTICLES, AT_ONCE):
            corpus.publish(*_articles(start, "Heron"))
        url = ",".join(node.url.removeprefix("http://") for node in cluster)
        service = Service(data_dir=data_dir, settings={"NEWSDEX_SINK_URL": f"http://{url}/{ALIAS}"})
        with service.process("sink", "opensearch") as sink:
            began = time.monotonic()
            until(lambda: sink.events("sink.index_serves"), TIMEOUT_S, "the index serves")
            filled_s = time.monotonic() - began
            health = f"{cluster[-1].url}/_cluster/health/{ALIAS}-*?wait_for_status=green&timeout=60s"
            assert httpx.get(health, timeout=90).json()["status"] == "green"
            _change_and_kill(corpus, cluster)
            drained_s = _drained_s(sink, cluster[-1].url, corpus.archive.head())
            assert sink.stop() == 0
        compared = compare(data_dir, cluster[-1].url)
    return {**asdict(compared), "nodes": nodes, "filled_s": round(filled_s, 1), "drained_s": round(drained_s, 1)}


def _drained_s(sink: Running, url: str, head: int) -> float:
    began = time.monotonic()
    until(lambda: _has_drained(url, head), TIMEOUT_S, f"it is at the newest change: {sink.events('sink.failed')}")
    return time.monotonic() - began


def main() -> None:
    """Measure, and show or keep it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keep", action="store_true", help=f"write the result to {RESULT.name}")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdex-sink-") as folder:
        result = sink_and_kill(Path(folder))
    print(json.dumps(result))
    if chosen.keep:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

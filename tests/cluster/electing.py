"""Kills the server that leads the stream, twice, while events come, and counts what became of them.

`python -m tests.cluster.electing --keep` keeps `results/elections.json`.
"""

import argparse
import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.cluster.nats_servers import NatsCluster, nats_cluster
from tests.integration.running import Service, until

from newsdex_schemas import Article
from newsdex_schemas.client import connect

RESULT = Path(__file__).parent / "results" / "elections.json"
KILLS = 2
BETWEEN = 150
"""Events that are acknowledged before the first kill, and between and after kills."""
BY_COMMAND = 200
TIMEOUT_S = 120
SOURCE = "https://desk.example/cms"
TRACEBACK = ("Traceback", "never retrieved", "never awaited")


class Publishing:
    """A program of a publisher, with the typed client: one event at a time, each until it is acknowledged."""

    def __init__(self, url: str) -> None:
        self.sent = 0
        self.acknowledged = 0
        self.repeated = 0
        self.gap_s = 0.0
        """The longest time between two acknowledgements."""
        self._url = url
        self._ending = False

    async def run(self) -> None:
        """Publish until told to end."""
        async with connect(self._url, source=SOURCE) as client:
            last = time.monotonic()
            while not self._ending:
                article = Article(id=f"tern-{self.sent}", title=f"Tern {self.sent}", body="Seen at the weir.")
                self.sent += 1
                receipt = await client.publish(article)
                now = time.monotonic()
                self.gap_s, last = max(self.gap_s, now - last), now
                self.acknowledged += 1
                self.repeated += bool(receipt.repeated)

    def end(self) -> None:
        """Have it end after the event that is on its way."""
        self._ending = True


async def _until(condition: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(until, condition, TIMEOUT_S, what)


async def _kill_while_publishing(cluster: NatsCluster, publishing: Publishing, command: Callable[[], Any]) -> list[Any]:
    task = asyncio.create_task(publishing.run())
    started = []
    try:
        for kill in range(KILLS):
            target = publishing.acknowledged + BETWEEN
            await _until(lambda target=target: task.done() or publishing.acknowledged >= target, "events are stored")  # type: ignore[misc]
            started.append(await asyncio.to_thread(command))
            leader = await asyncio.to_thread(cluster.leader)
            leader.kill()
            target = publishing.acknowledged + BETWEEN
            await _until(
                lambda target=target: task.done() or publishing.acknowledged >= target, f"after kill {kill + 1}"
            )  # type: ignore[misc]
            leader.start()
            await asyncio.to_thread(cluster.wait_until_well)
            await asyncio.to_thread(cluster.wait_until_replicated)
    finally:
        publishing.end()
        await task
    return started


def publish_and_kill(folder: Path) -> dict[str, Any]:
    """Run a cluster and newsdex on it, kill leaders, and count."""
    servers, data_dir = folder / "servers", folder / "data"
    servers.mkdir()
    data_dir.mkdir()
    with nats_cluster(servers) as cluster:
        service = Service(data_dir=data_dir, settings=cluster.settings)
        with service.process("indexer") as indexer:
            indexer.wait_until_ready()
            publishing, began = Publishing(cluster.url), time.monotonic()
            commands = asyncio.run(_kill_while_publishing(cluster, publishing, lambda: _start_command(service, folder)))
            texts = [process.communicate(timeout=TIMEOUT_S)[0] for process in commands]
            until(lambda: _handled(data_dir) >= publishing.sent + KILLS * BY_COMMAND, TIMEOUT_S, "all is handled")
            took_s = time.monotonic() - began
            counted = _counted(data_dir, publishing.sent)
            state = cluster.stream()
            assert indexer.stop() == 0
        texts.append(indexer.log.read_text(encoding="utf-8"))
    return {
        "servers": len(cluster.servers),
        "replicas": [state["config"]["num_replicas"], *(len(_peers(one)) for one in state["consumer_detail"])],
        "kills": KILLS,
        "events": publishing.sent + KILLS * BY_COMMAND,
        "acknowledged": publishing.acknowledged + BY_COMMAND * sum(process.returncode == 0 for process in commands),
        **counted,
        "stored_twice": state["state"]["messages"] - publishing.sent - KILLS * BY_COMMAND,
        "acknowledged_as_repeated": publishing.repeated,
        "longest_gap_s": round(publishing.gap_s, 1),
        "took_s": round(took_s, 1),
        "tracebacks": sum(text.count(mark) for text in texts for mark in TRACEBACK),
        "readiness_lost": len(indexer.events("broker.check_failed")),
    }


def _peers(consumer: dict[str, Any]) -> list[str]:
    cluster = consumer["cluster"]
    return [cluster["leader"], *(one["name"] for one in cluster.get("replicas") or ())]


def _start_command(service: Service, folder: Path) -> "subprocess.Popen[str]":
    """Begin `newsdex publish` of many articles, and return once it runs."""
    number = len(list(folder.glob("*.jsonl")))
    path = folder / f"{number}.jsonl"
    lines = [json.dumps({"id": f"knot-{number}-{one}", "title": f"Knot {one}"}) for one in range(BY_COMMAND)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "newsdex", "publish", str(path)],
        env=service.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def _handled(data_dir: Path) -> int:
    with closing(sqlite3.connect(f"file:{data_dir}/archive.sqlite3?mode=ro", uri=True)) as archive:
        (count,) = archive.execute(
            "SELECT count(DISTINCT article_id) FROM ledger WHERE outcome = 'accepted'"
        ).fetchone()
    return int(count)


def _counted(data_dir: Path, sent: int) -> dict[str, int]:
    expected = {f"tern-{number}" for number in range(sent)}
    expected |= {f"knot-{kill}-{number}" for kill in range(KILLS) for number in range(BY_COMMAND)}
    with closing(sqlite3.connect(f"file:{data_dir}/archive.sqlite3?mode=ro", uri=True)) as archive:
        rows = archive.execute("SELECT article_id FROM ledger WHERE outcome = 'accepted'")
        effects = Counter(article_id for (article_id,) in rows)
        (parked,) = archive.execute("SELECT count(*) FROM parked").fetchone()
    return {
        "lost": len(expected - effects.keys()),
        "twice": sum(number - 1 for number in effects.values()) + len(effects.keys() - expected),
        "parked": parked,
    }


def main() -> None:
    """Measure, and show or keep it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keep", action="store_true", help=f"write the result to {RESULT.name}")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdex-elections-") as folder:
        result = publish_and_kill(Path(folder))
    print(json.dumps(result, indent=2))
    if chosen.keep:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

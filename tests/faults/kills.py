"""Kills processes at random while the service is in use, and then accounts for every event: `make kills`.

A publisher keeps a ledger of its own, readers check every reply, and a chooser sends SIGKILL to broker, indexer,
projector or a searcher at random moments. At the end the ledger, the archive and the index must agree.
"""

import argparse
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import where_and_when
from tests.faults.clients import Clients
from tests.faults.comparison import Comparison, compare
from tests.faults.ledger import Ledger
from tests.faults.parts import Parts, running_parts, wait_until_ready
from tests.integration.running import Service, log_lines, until

from newsdex.index.reader import IndexReader

RESULT = Path(__file__).parent / "results" / "kills.json"
PROCESSES = ("nats", "indexer", "projector", "searcher-1", "searcher-2")
LOOK_EVERY_S = 0.02
START_TIMEOUT_S = 60.0
SETTLE_TIMEOUT_S = 180.0
DEFECTS = ("batch.failed", "event.reader_failed", "index.generation_started", "process.failed")
SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How much is killed, how fast, and under which load."""

    seed: int
    kills: int
    pause_s: float
    """The mean time between two kills."""
    minutes: float
    """After these no more is killed, however many kills there were."""
    events_per_s: float
    articles: int


@dataclass(kw_only=True, slots=True)
class Kill:
    """One kill, and whether the service is back from it."""

    process: str
    at: float
    is_back: Callable[[], bool]
    alone: bool
    """True where the service was whole before, and nothing else was killed before it was back."""
    took_s: float | None = None


@dataclass(kw_only=True)
class Run:
    """Kills by a plan, and remembers."""

    plan: Plan
    parts: Parts
    clients: Clients
    done: list[Kill] = field(default_factory=list)
    open: list[Kill] = field(default_factory=list)

    def run(self, report: Callable[[str], None]) -> None:
        """Kill until the plan is fulfilled."""
        draw = random.Random(self.plan.seed)
        next_at = time.monotonic() + self.plan.pause_s
        ends_at = time.monotonic() + self.plan.minutes * 60
        while len(self.done) < self.plan.kills and time.monotonic() < ends_at:
            self._look()
            if time.monotonic() >= next_at and self._kill(draw):
                next_at = time.monotonic() + draw.uniform(0.1, 1.9) * self.plan.pause_s
                if len(self.done) % 50 == 0:
                    events, wrong = len(self.clients.ledger.acknowledged), len(self.clients.wrong)
                    report(f"{len(self.done)} kills, {events} events, {wrong} wrong replies")
            assert self.clients.first_fault is None, self.clients.first_fault
            time.sleep(LOOK_EVERY_S)

    def _look(self) -> None:
        self.parts.look()
        now = time.monotonic()
        for kill in self.open:
            if kill.is_back():
                kill.took_s = now - kill.at
        self.open = [kill for kill in self.open if kill.took_s is None]

    def is_back(self) -> bool:
        """Tell whether the service is back from every kill."""
        self._look()
        return not self.open

    def _kill(self, draw: random.Random) -> bool:
        process = draw.choice(PROCESSES)
        pid = self.parts.pids().get(process)
        if pid is None:
            return False
        is_back = self._sign_of_return(process, time.monotonic())
        self.parts.kill(pid)
        kill = Kill(process=process, at=time.monotonic(), is_back=is_back, alone=not self.open)
        for other in self.open:
            other.alone = False
        self.done.append(kill)
        self.open.append(kill)
        return True

    def _sign_of_return(self, process: str, at: float) -> Callable[[], bool]:
        """Return what shows that the service does again what the process is for."""
        ledger = self.clients.ledger
        if process == "nats":
            return lambda: ledger.last_acknowledged_sent_at > at
        if process in {"indexer", "projector"}:
            return lambda: ledger.last_settled_sent_at > at
        killed = self.parts.searchers[process].pid
        return lambda: self.parts.searchers[process].pid != killed and self.parts.searchers[process].is_ready()


def kill_and_compare(plan: Plan, data_dir: Path, report: Callable[[str], None]) -> dict[str, Any]:
    """Run a plan on a data folder, and give what came of it."""
    service = Service(data_dir=data_dir)
    start = time.monotonic()
    with running_parts(service) as parts:
        wait_until_ready(parts, START_TIMEOUT_S)
        ledger = Ledger(draw=random.Random(plan.seed + 1), articles=plan.articles)
        clients = Clients(
            url=service.broker_url, ledger=ledger, draw=random.Random(plan.seed + 2), per_s=plan.events_per_s
        )
        run = Run(plan=plan, parts=parts, clients=clients)
        clients.start()
        try:
            run.run(report)
            until(run.is_back, SETTLE_TIMEOUT_S, "the service is back from every kill")
            clients.stop_publishing()
            settle(parts, clients, data_dir)
        finally:
            clients.stop()
        assert clients.first_fault is None, clients.first_fault
    return {**summary(run, compare(ledger, data_dir), data_dir), "minutes": round((time.monotonic() - start) / 60, 1)}


def settle(parts: Parts, clients: Clients, data_dir: Path) -> None:
    """Wait until every acknowledged event has an outcome, or no more come, and the index has caught up."""
    ledger = clients.ledger
    until(lambda: len(ledger.acknowledged) == len(ledger.sent), SETTLE_TIMEOUT_S, "every event is acknowledged")
    until(parts.all_ready, SETTLE_TIMEOUT_S, "everything is ready")
    archive = sqlite3.connect(f"file:{data_dir / 'archive.sqlite3'}?mode=ro", uri=True)

    def quiet() -> bool:
        parts.look()
        events = archive.execute("SELECT count(DISTINCT event_id) FROM ledger").fetchone()[0]
        head = archive.execute("SELECT max(sequence) FROM articles").fetchone()[0] or 0
        position = IndexReader(data_dir / "index").view().position
        return bool(events >= len(ledger.acknowledged) and position >= head and not ledger.waiting)

    try:
        until(quiet, SETTLE_TIMEOUT_S, "everything is quiet")
    except AssertionError:
        print("not everything settled; the comparison says what is missing", file=sys.stderr)
    finally:
        archive.close()


def summary(run: Run, found: Comparison, data_dir: Path) -> dict[str, Any]:
    """Return the figures of a run; whatever should be 0 or empty has its first names beside it."""
    clients, ledger = run.clients, run.clients.ledger
    wrong = [*clients.wrong, *run.parts.unexpected]
    return {
        "seed": run.plan.seed,
        "kills": len(run.done),
        "by_process": dict(sorted(Counter(kill.process for kill in run.done).items())),
        "mean_pause_s": run.plan.pause_s,
        "events": len(ledger.acknowledged),
        "articles": run.plan.articles,
        "lost": len(found.lost),
        "twice": len(found.twice),
        "stale": len(found.stale),
        "parked": found.parked,
        "poison_sent": sum(event.kind == "poison" for event in ledger.sent),
        "redelivered": found.redelivered,
        "copies": found.copies,
        "replies": clients.replies,
        "replies_with_one_right_answer": clients.checked,
        "wrong_replies": len(clients.wrong),
        "unexpected_ends": len(run.parts.unexpected),
        "retryable_errors": dict(sorted(clients.codes.items())),
        "longest_gap_s": round(clients.longest_gap_s, 2),
        "back_after_s": times(run.done),
        "back_after_s_where_nothing_else_was_killed": times([kill for kill in run.done if kill.alone]),
        "logged": log_counts(data_dir),
        **{name: shown[:SHOWN] for name, shown in differences(found, wrong).items() if shown},
        "load_average": [round(one, 1) for one in os.getloadavg()],
        **where_and_when(),
    }


def differences(found: Comparison, wrong: list[str]) -> dict[str, list[str]]:
    """Return what should be empty."""
    return {"lost_names": found.lost, "twice_names": found.twice, "stale_names": found.stale, "wrong": wrong}


def times(kills: Sequence[Kill]) -> dict[str, dict[str, float]]:
    """Return by process how long it took from SIGKILL until the service did again what the process is for."""
    by_process: dict[str, list[float]] = defaultdict(list)
    for kill in kills:
        if kill.took_s is not None:
            by_process[kill.process.partition("-")[0]].append(kill.took_s)
    return {name: {"kills": len(took), **percentiles(took)} for name, took in sorted(by_process.items())}


def percentiles(times_s: list[float]) -> dict[str, float]:
    """Return the median and the 99th percentile, in seconds."""
    cuts = statistics.quantiles(times_s, n=100, method="inclusive") if len(times_s) > 1 else times_s * 99
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


def log_counts(data_dir: Path) -> dict[str, int]:
    """Count the log lines of faults, with their codes."""
    lines = (line for path in data_dir.glob("log-*") for line in log_lines(path) if line["event"] in DEFECTS)
    return dict(sorted(Counter(f"{line['event']} {line.get('code', '')}".strip() for line in lines).items()))


def main() -> None:
    """Kill, show, and keep the result."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=1_000)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options.add_argument("--pause", type=float, default=1.5, help="mean seconds between two kills")
    options.add_argument("--minutes", type=float, default=60, help="kill for so long at most")
    options.add_argument("--events-per-s", type=float, default=30)
    options.add_argument("--articles", type=int, default=3_000)
    options.add_argument("--keep", action="store_true", help=f"write the result to {RESULT.name}")
    chosen = options.parse_args()
    plan = Plan(
        seed=chosen.seed,
        kills=chosen.kills,
        pause_s=chosen.pause,
        minutes=chosen.minutes,
        events_per_s=chosen.events_per_s,
        articles=chosen.articles,
    )
    print(f"seed {plan.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="newsdex-kills-") as folder:
        result = kill_and_compare(plan, Path(folder), lambda line: print(line, flush=True))
    text = json.dumps(result, indent=2)
    print(text)
    if chosen.keep:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

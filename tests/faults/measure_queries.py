"""Measures what `test_queries_that_hurt` promises, strictly: `make fuzz`, on a machine with nothing else to do."""

import argparse
import asyncio
import json
import logging
import os
import tempfile
from collections import Counter
from pathlib import Path
from statistics import quantiles

import structlog
from tests.faults.asking import Answer, Asked, corpus, index, peak_mb
from tests.faults.queries import requests

RESULTS = Path(__file__).parent / "results" / "queries.json"
ALLOWED_S = 0.1
"""After the deadline."""
SHOWN = 5


async def measure(folder: Path, seed: int, number: int) -> dict[str, object]:
    """Ask, one after the other; give the figures."""
    asked = Asked(folder)
    before_s, before_mb = await asked.speed_s(), peak_mb()
    answers = [await asked.ask(request) for request in requests(seed, number)]
    await asked.idle()
    after_s = await asked.speed_s()
    asked.close()
    late = sorted(answers, key=lambda answer: -answer.late_s)
    for answer in late[:SHOWN]:
        print(f"{answer.late_s * 1e3:.0f} ms late: {answer.result} {answer.request[:120]!r}")
    return {
        "requests": number,
        "seed": seed,
        "load_average": round(os.getloadavg()[0], 1),
        "results": dict(Counter(answer.result for answer in answers).most_common()),
        **_times(answers),
        "later_than_100_ms": sum(answer.late_s > ALLOWED_S for answer in answers),
        "latest_ms_after_deadline": round(late[0].late_s * 1e3, 1),
        "plain_query_before_ms": round(before_s * 1e3, 2),
        "plain_query_after_ms": round(after_s * 1e3, 2),
        "peak_memory_growth_mb": round(peak_mb() - before_mb, 1),
    }


def _times(answers: list[Answer]) -> dict[str, float]:
    hundredths = quantiles([answer.took_s * 1e3 for answer in answers], n=100)
    return {"took_p50_ms": round(hundredths[49], 2), "took_p99_ms": round(hundredths[98], 2)}


def main() -> None:
    """Measure and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20_261_125)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--articles", type=int, default=3_000)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        index(Path(folder), corpus(1, given.articles))
        figures = asyncio.run(measure(Path(folder), given.seed, given.requests))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"articles": given.articles, **figures}, indent=2) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

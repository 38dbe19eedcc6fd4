"""What HTTP adds to the broker's round trip: the same searches over both, taking turns; `make bench-http`.

It prints the medians and percentiles of both, in milliseconds, and what the gateway takes of a core.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import httpx
import nats
import numpy as np
from tests.integration.running import Service

from newsdex_schemas import SearchRequest, channels
from newsdex_schemas.query_string import write_parameters

WORDS = ("ferry", "harbour", "council", "bridge", "timetable", "market", "storm", "election")
ARTICLES = 2_000
LIMIT_MS = 2.0
"""What HTTP may add at the median."""


def articles() -> bytes:
    """Return articles that every query finds some of, as JSON Lines."""
    lines = [
        {
            "id": f"a-{number}",
            "title": f"The {WORDS[number % 8]} and the {WORDS[number % 5]}",
            "body": " ".join(WORDS[(number * step) % 8] for step in range(1, 200)),
            "section": WORDS[number % 3],
        }
        for number in range(ARTICLES)
    ]
    return b"\n".join(json.dumps(line).encode() for line in lines)


async def measure(service: Service, gateway_url: str, rounds: int) -> dict[str, np.ndarray]:
    """Return how long each search took, in milliseconds, over the broker and over HTTP."""
    broker = await nats.connect(service.broker_url)
    requests = [SearchRequest(q=word, facets=("section",)) for word in WORDS]
    times: dict[str, list[float]] = {"broker": [], "http": []}
    async with httpx.AsyncClient(base_url=gateway_url, timeout=30) as http:
        for number in range(rounds):
            request = requests[number % len(requests)]
            path = f"/api/search?{urlencode(write_parameters(request))}"
            start = time.perf_counter()
            await broker.request(channels.SEARCH_QUERY, request.to_json(), timeout=10)
            between = time.perf_counter()
            reply = await http.get(path)
            times["broker"].append(between - start)
            times["http"].append(time.perf_counter() - between)
            reply.raise_for_status()
    await broker.close()
    return {name: np.array(found[rounds // 10 :]) * 1e3 for name, found in times.items()}


def main() -> None:
    """Measure, and end with 1 where HTTP adds too much."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=2_000)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        service = Service(data_dir=Path(folder), settings={"NEWSDEX_GATEWAY_RATE": "100000"})
        with service.process("up") as up:
            up.wait_until_ready()
            done = service.run("publish", "--wait", "--bulk", "-", stdin=articles())
            assert done.returncode == 0, done.stderr
            times = asyncio.run(measure(service, up.gateway_url, rounds))
    for name, found in times.items():
        p50, p95, p99 = np.percentile(found, (50, 95, 99))
        print(f"{name:7} p50 {p50:6.2f} ms   p95 {p95:6.2f}   p99 {p99:6.2f}")
    added = float(np.median(times["http"]) - np.median(times["broker"]))
    print(f"HTTP adds {added:.2f} ms at the median (at most {LIMIT_MS}); httpx's own part is in it")
    raise SystemExit(added > LIMIT_MS)


if __name__ == "__main__":
    main()

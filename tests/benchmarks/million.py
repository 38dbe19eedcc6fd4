"""Measures an index of a million generated articles once: `make bench-million`."""

import argparse
import gc
import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from tests.benchmarks.engines.newsdex_engine import NewsdexEngine
from tests.benchmarks.figures import Latencies, where_and_when, worked_s
from tests.benchmarks.generated import Generator
from tests.benchmarks.memory import memory_mb
from tests.benchmarks.questions import KINDS, draw_questions

RESULT = Path(__file__).parent / "results" / "million.json"
DOCUMENTS = 1_000_000
PARTS = 10
SAMPLE, QUESTIONS = 2_000, 300
WARM_SEED, ASKED_SEED = 1, 2


def indexed(engine: NewsdexEngine, documents: int) -> list[dict[str, float]]:
    """Index everything, a tenth at a time; give each tenth's rates, merging until it comes to rest included."""
    generator, size = Generator(), documents // PARTS
    engine.begin()
    rates = []
    for part in range(PARTS):
        articles = list(generator.articles(size, first=part * size))
        gc.freeze()  # the engine is not to be measured going through them for garbage
        start_cpu, start = worked_s(), time.perf_counter()
        engine.add(articles)
        engine.finish()
        cpu_s, wall_s = worked_s() - start_cpu, time.perf_counter() - start
        rates.append({"per_core_s": round(size / cpu_s), "per_s": round(size / wall_s)})
        gc.unfreeze()
        print(f"{(part + 1) * size} indexed: {rates[-1]}", file=sys.stderr)
    return rates


def measure(documents: int) -> dict[str, Any]:
    """Index, open, and ask."""
    with tempfile.TemporaryDirectory(prefix="newsdex-million-") as folder:
        root = Path(folder)
        engine = NewsdexEngine(root / NewsdexEngine.name)
        rates = indexed(engine, documents)
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        opening, asked = Latencies(), defaultdict[str, Latencies](Latencies)
        with opening.measured():
            engine.open()
        articles = list(Generator().articles(SAMPLE))
        warm = [one for kind in KINDS for one in draw_questions(articles, kind, QUESTIONS, WARM_SEED)]
        for one in warm:
            engine.ask(engine.prepared(one))
        for kind in KINDS:
            for one in draw_questions(articles, kind, QUESTIONS, ASKED_SEED):
                prepared = engine.prepared(one)
                with asked[kind].measured():
                    engine.ask(prepared)
        memory = memory_mb(engine.name, root, warm)
    return {
        "documents": documents,
        "indexed": {"first_tenth": rates[0], "last_tenth": rates[-1], "tenths": rates},
        "last_to_first": round(rates[-1]["per_core_s"] / rates[0]["per_core_s"], 2),
        "bytes_per_document": round(size / documents),
        "open_ms": round(opening[0], 2),
        "query_ms": {kind: latencies.percentiles() for kind, latencies in asked.items()},
        "searcher_memory_mb": memory,
        "writer_peak_mb": _peak_mb(resource.RUSAGE_SELF),
        "merging_peak_mb": _peak_mb(resource.RUSAGE_CHILDREN),
        **where_and_when(),
    }


def _peak_mb(who: int) -> int:
    """Return the most memory that a process held, mapped files included; for children at least their parent's."""
    return round(resource.getrusage(who).ru_maxrss / 1024)


def main() -> None:
    """Measure, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, help="another number of articles; the result is not kept")
    chosen = options.parse_args().documents
    result = measure(chosen or DOCUMENTS)
    Console().print_json(data=result)
    if chosen is None:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

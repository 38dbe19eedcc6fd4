"""What a searcher's process holds in memory that no file backs; run in a fresh process, questions on standard input."""

import gc
import json
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.engines.opening import engine_in
from tests.benchmarks.questions import Question


def memory_mb(name: str, root: Path, questions: Sequence[Question]) -> dict[str, float]:
    """Return a fresh process' memory after it answered: all of it, and what was added since its modules were loaded."""
    command = [sys.executable, "-m", "tests.benchmarks.memory", name, str(root)]
    done = subprocess.run(command, input=pickle.dumps(list(questions)), capture_output=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _anonymous_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


def main() -> None:
    """Open an index, answer every question, and print what that took."""
    engine = engine_in(sys.argv[1], Path(sys.argv[2]))
    questions = pickle.loads(sys.stdin.buffer.read())
    gc.collect()
    before = _anonymous_mb()
    engine.open()
    for question in questions:
        prepared = engine.prepared(question)
        if prepared is not None:
            engine.ask(prepared)
    print(json.dumps({"process": round(_anonymous_mb(), 1), "index": round(_anonymous_mb() - before, 1)}))


if __name__ == "__main__":
    main()

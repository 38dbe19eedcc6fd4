"""A searcher in a process of its own, as the service has it: it refreshes when told, and says how long that took."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.benchmarks.engines.opening import engine_in


class Searcher:
    """The benchmark's end."""

    def __init__(self, name: str, root: Path) -> None:
        """Open an engine's index."""
        command = [sys.executable, "-m", "tests.benchmarks.searcher", name, str(root)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def refresh(self) -> float:
        """Let it see the newest commit; give the milliseconds that its process took."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> float:
        assert self._process.stdout is not None
        return float(self._process.stdout.readline())


def main() -> None:
    """Open an index, then refresh for every line of the standard input."""
    engine = engine_in(sys.argv[1], Path(sys.argv[2]))
    engine.open()
    print(0.0, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        engine.refresh()
        print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == "__main__":
    main()

"""Counts what one search goes through: files of ours, functions, and calls from one file to another.

A reader who follows a request has to open each of these files. `python -m tests.benchmarks.call_path [QUERY …]` prints
the counts for a search of words that were not asked for before, after others and a moment after the last commit: what
is done once per commit is not counted, what is done once per word is.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from tests.scenarios.corpus import Corpus

import newsdex
import newsdex_schemas
from newsdex.index.reader import FRESH_NS
from newsdex_schemas import SearchRequest

OURS = tuple(str(Path(module.__file__ or "").parent) for module in (newsdex, newsdex_schemas))
ARTICLES = [
    {"id": f"a{number}", "title": f"Night ferry {number}", "body": f"The ferry left pier {number}. Lamps were lit."}
    for number in range(200)
]


class CallPath(NamedTuple):
    """What the calls of one function went through."""

    files: Counter[str]
    """Calls by file, relative to its package."""
    functions: Counter[tuple[str, str]]
    between_files: int
    """Calls that a function of one file made to one of another, both ours."""


def call_path(work: Callable[[], Any]) -> CallPath:
    """Return what a call goes through."""
    path: list[tuple[str, str, str | None]] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and (own := _file(frame)):
            path.append((own, frame.f_code.co_qualname, _file(frame.f_back) if frame.f_back else None))

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return CallPath(
        files=Counter(file for file, _, _ in path),
        functions=Counter((file, name) for file, name, _ in path),
        between_files=sum(caller not in (None, file) for file, _, caller in path),
    )


def _file(frame: FrameType) -> str | None:
    name = frame.f_code.co_filename
    return next((name[len(folder) + 1 :] for folder in OURS if name.startswith(folder)), None)


def main(queries: list[str]) -> None:
    """Print the counts of some searches."""
    with tempfile.TemporaryDirectory() as folder, Corpus(Path(folder)) as corpus:
        corpus.publish(*ARTICLES)
        corpus.index()
        time.sleep(2 * FRESH_NS / 1e9)  # a folder that changed just now is looked into at every search
        corpus.answer(SearchRequest(q="lamps", timeout_ms=10_000))
        for q in queries or ["ferry", "night ferry", "fery"]:
            request = SearchRequest(q=q, timeout_ms=10_000)
            path = call_path(lambda request=request: corpus.answer(request))  # type: ignore[misc]  # mypy sees no default
            counts = (
                f"{len(path.files)} files, {len(path.functions)} functions, {path.between_files} calls between files"
            )
            print(f"{q}: {counts}")
            for (file, name), calls in sorted(path.functions.items()) if "-v" in sys.argv else ():
                print(f"  {calls:4} {file} {name}")


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if argument != "-v"])

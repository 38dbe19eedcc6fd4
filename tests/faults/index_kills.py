"""Kills the index's writer at random moments of commits, merges and swaps, and looks at what it left.

`python -m tests.faults.index_kills` does it 500 times and keeps the result. What is drawn is repeatable by its seed;
when a kill strikes is not.
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.scenarios.corpus import Corpus, found_in, stories

from newsdex.archive.reader import ArchiveReader
from newsdex.clock import now_us
from newsdex.index.columnar.storage.segment import SEQUENCE_COLUMN
from newsdex.index.generations.generations import serving
from newsdex.index.generations.projector import Projector
from newsdex.index.generations.verification import check_documents, check_files, first_finding
from newsdex.index.reader import IndexReader, View, open_view
from newsdex.index.writer import IndexWriter
from newsdex.log import log_to_stderr
from newsdex.records.feed import Change
from newsdex_schemas import Article

RESULT = Path(__file__).parent / "results" / "index_kills.json"
KILLS, SWAP_KILLS = 400, 100
SEED = 20261125
ARTICLES = 300
MAX_BATCH = 40
WITHDRAWN = 0.1
LONGEST_LIFE_S = 1.0
"""A commit takes some 20 ms, a merge as much, and the first one 300 ms more: many of both are in a life."""
WORDS = ("anchor", "beacon", "current", "dredger", "estuary")


@dataclass(kw_only=True)
class Outcome:
    """What the kills met."""

    kills: int = 0
    commits: int = 0
    """Acknowledged by the writer."""
    unacknowledged_kept: int = 0
    """Kills after a commit was durable, before it was acknowledged."""
    with_leftovers: int = 0
    """Kills that left files of an unfinished commit or merge behind."""
    merged: int = 0
    """Kills that met an index with a merged segment."""
    swaps: int = 0
    """Generations that began to serve in between."""
    not_opened: int = 0
    lost: int = 0
    wrong: int = 0


def history(seed: int) -> Iterator[list[Change]]:
    """Return batches of changes without an end: articles come, are changed and withdrawn."""
    draw = random.Random(seed)
    sequence = 0
    while True:
        batch = []
        for id_ in draw.sample(range(ARTICLES), draw.randint(1, MAX_BATCH)):
            sequence += 1
            text = f"{draw.choice(WORDS)} {draw.choice(WORDS)} number{sequence}"
            article = Article(id=str(id_), title=f"Story {id_}", body=text)
            content = None if draw.random() < WITHDRAWN else article.to_json()
            batch.append(Change(sequence=sequence, id=str(id_), content=content, correlation_id="c"))
        yield batch


def write(folder: Path, seed: int, acknowledgements: Connection) -> None:
    """Apply the history from where the index is on, and say of each commit that it is done."""
    writer = IndexWriter(folder)
    for batch in history(seed):
        if batch[-1].sequence > writer.position:
            writer.apply(batch, 0)
            acknowledgements.send(writer.position)


def rebuild_and_go_back(root: Path, _: int, acknowledgements: Connection) -> None:
    """Make new generations and go back, one after the other, and say which one serves."""
    log_to_stderr()
    projector = Projector(ArchiveReader(root.parent), root)
    for turn in range(1_000):
        while projector.step() or projector.busy:
            pass
        acknowledgements.send(projector.position)
        (projector.roll_back if turn % 3 == 2 else projector.rebuild)()


def killed(work: Callable[[Path, int, Connection], None], folder: Path, seed: int, life_s: float) -> list[int]:
    """Run some work in a process, kill it, and give what it acknowledged."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(folder, seed, theirs), daemon=True)
    process.start()
    theirs.close()
    acknowledged = []
    with ours, suppress(EOFError):
        acknowledged.append(ours.recv())  # it has begun: from now on it is in some commit all the time
        time.sleep(life_s)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        while True:
            acknowledged.append(ours.recv())
    process.join()
    if process.exitcode != -signal.SIGKILL:
        raise AssertionError(f"the writer ended by itself with {process.exitcode}")
    return acknowledged


class CommitKills:
    """An index whose writer is killed again and again; each goes on where the one before was killed."""

    def __init__(self, folder: Path, seed: int, outcome: Outcome) -> None:
        self._folder = folder
        self._seed = seed
        self._outcome = outcome
        self._draw = random.Random(seed)
        self._history = history(seed)
        self._state: dict[str, Change] = {}
        self._position = 0
        folder.mkdir()
        IndexWriter.create(folder, 0)

    def kill(self) -> None:
        """Kill once, and compare what is left with the history."""
        acknowledged = killed(write, self._folder, self._seed, self._draw.uniform(0, LONGEST_LIFE_S))
        self._outcome.kills += 1
        self._outcome.commits += len(acknowledged)
        before = set(self._folder.iterdir())
        try:
            writer = IndexWriter(self._folder)
        except Exception:  # noqa: BLE001 - whatever it is, it was not opened
            self._outcome.not_opened += 1
            return
        swept = before - set(self._folder.iterdir())
        self._outcome.with_leftovers += bool(swept)
        self._outcome.lost += writer.position < acknowledged[-1]
        self._outcome.unacknowledged_kept += writer.position > acknowledged[-1]
        self._advance(writer.position)
        view = open_view(self._folder)
        self._outcome.merged += any(segment.documents > MAX_BATCH for segment in view.opened)
        self._outcome.wrong += not self._is_right(view)

    def _advance(self, position: int) -> None:
        """Bring the model to a position; a position inside a batch stays ahead of it, and so is never right."""
        while self._position < position:
            for change in next(self._history):
                self._state[change.id] = change
                self._position = change.sequence

    def _is_right(self, view: View) -> bool:
        live = {id_: change for id_, change in self._state.items() if change.content is not None}
        words = {word: {id_ for id_, one in live.items() if word.encode() in (one.content or b"")} for word in WORDS}
        found = {word: set(found_in(view, word, size=ARTICLES)) for word in WORDS}
        sequences = sorted(int(s) for segment in view.opened for s in _alive_sequences(segment))
        return (
            view.position == self._position
            and sequences == sorted(change.sequence for change in live.values())
            and found == words
            and first_finding(check_files(view.folder)) is None
        )


def _alive_sequences(segment: object) -> list[int]:
    column = segment.data.column(SEQUENCE_COLUMN).values()  # type: ignore[attr-defined]  # an OpenSegment
    alive = segment.alive  # type: ignore[attr-defined]  # as above
    return list(column if alive is None else column[alive])


class SwapKills:
    """An index whose projector is killed while it makes generations ready, swaps and goes back."""

    def __init__(self, folder: Path, seed: int, outcome: Outcome) -> None:
        self._corpus = Corpus(folder)
        self._corpus.publish(*stories(*range(28)))
        self._corpus.index()
        self._outcome = outcome
        self._draw = random.Random(seed)
        self._before = ""

    def kill(self) -> None:
        """Kill once; whatever moment it was, a generation serves, with everything in it."""
        root = self._corpus.index_root
        killed(rebuild_and_go_back, root, 0, self._draw.uniform(0, LONGEST_LIFE_S))
        self._outcome.kills += 1
        try:
            view = IndexReader(root).view()
        except Exception:  # noqa: BLE001 - whatever it is, it was not opened
            self._outcome.not_opened += 1
            return
        self._outcome.swaps += serving(root).name != self._before
        self._before = serving(root).name
        self._outcome.lost += view.position != self._corpus.archive.head()
        wrong = first_finding(check_documents(view, self._corpus.archive, now_us())) or first_finding(
            check_files(view.folder)
        )
        self._outcome.wrong += wrong is not None

    def close(self) -> None:
        """Close the archive."""
        self._corpus.__exit__(None, None, None)


def run(kills: int, swap_kills: int, seed: int) -> Outcome:
    """Kill so many times; give what was met."""
    outcome = Outcome()
    multiprocessing.get_context("forkserver").set_forkserver_preload(
        ["newsdex.index.generations.projector", "tests.scenarios.corpus"]
    )
    with tempfile.TemporaryDirectory(prefix="newsdex-kills-") as folder:
        commits = CommitKills(Path(folder) / "index", seed, outcome)
        for _ in range(kills):
            commits.kill()
        (Path(folder) / "data").mkdir()
        with closing(SwapKills(Path(folder) / "data", seed, outcome)) as swaps:
            for _ in range(swap_kills):
                swaps.kill()
    return outcome


def main() -> None:
    """Run, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=KILLS)
    options.add_argument("--swap-kills", type=int, default=SWAP_KILLS)
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    start = time.monotonic()
    outcome = run(chosen.kills, chosen.swap_kills, chosen.seed)
    result = {"seed": chosen.seed, **asdict(outcome), "took_s": math.ceil(time.monotonic() - start)}
    print(json.dumps(result, indent=2))
    if (chosen.kills, chosen.swap_kills) == (KILLS, SWAP_KILLS):
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

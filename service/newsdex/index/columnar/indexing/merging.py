"""Merges segments beside the commits: in a thread that waits for a process, so that commits have the interpreter."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import structlog

from newsdex.errors import Unavailable
from newsdex.index.columnar.indexing.merge_process import MergeProcess, Task
from newsdex.index.columnar.storage.segment import ColumnarSegment

log = structlog.get_logger()

MAX_TIMES = 1_000
Work = Callable[[Task], int]
"""Does a task, and gives the number of documents."""
Due = Callable[[], list[ColumnarSegment]]
"""Says which segments to merge next."""
Merge = Callable[[Sequence[ColumnarSegment], Work], None]
"""Puts one segment in place of some."""


class Times(deque[float]):
    """How long pieces of work took that nobody has asked about, in seconds; the newest of many."""

    def __init__(self) -> None:
        super().__init__(maxlen=MAX_TIMES)

    def drained(self) -> Iterator[float]:
        """Take all that is there; another thread may add more meanwhile."""
        while self:
            yield self.popleft()


class Merging:
    """Goes on for as long as segments are due; without a process, the thread does the work."""

    def __init__(self, process: MergeProcess | None) -> None:
        self._process = process
        self._thread: threading.Thread | None = None
        self.took_s = Times()

    @property
    def goes_on(self) -> bool:
        """Tell whether segments are being merged."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, due: Due, merge: Merge) -> None:
        """Start where something is due, unless it goes on."""
        if not self.goes_on and due():
            self._thread = threading.Thread(target=self._merge_all, args=(due, merge), name="merging", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Wait until what was begun is done."""
        if self._thread is not None:
            self._thread.join()
        if self._process is not None:
            self._process.close()

    def _merge_all(self, due: Due, merge: Merge) -> None:
        try:
            while segments := due():
                start = time.perf_counter()
                merge(segments, Task.done if self._process is None else self._process.merge)
                self.took_s.append(time.perf_counter() - start)
        except (OSError, Unavailable) as error:
            log.warning("index.merge_failed", error=str(error))

"""What each document counts for by its age, for orders that count documents and prefer new ones."""

import threading
from weakref import WeakKeyDictionary

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.score_nodes import Decay
from newsdex.index.columnar.query.snapshot import Snapshot

DAY_US = 86_400_000_000


class RecencyWeights:
    """The factors of a commit's documents, made once a day; see `Decay`."""

    def __init__(self, weight: float, half_life_us: float) -> None:
        """Take by how much a new document counts more, and after how long half of that is left."""
        self._weight = weight
        self._half_life_us = half_life_us
        self._lock = threading.Lock()
        self._known: WeakKeyDictionary[Snapshot, tuple[int, Array]] = WeakKeyDictionary()

    def factors(self, snapshot: Snapshot, now_us: int) -> Array:
        """Return a factor for each document, float32[n]."""
        day = now_us // DAY_US
        with self._lock:
            known = self._known.get(snapshot)
            if known is None or known[0] != day:
                decay = Decay(weight=self._weight, half_life_us=self._half_life_us, now_us=day * DAY_US)
                known = self._known[snapshot] = (day, decay.factors(snapshot.column("published")))
        return known[1]

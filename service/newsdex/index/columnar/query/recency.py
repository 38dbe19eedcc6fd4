"""What each document weighs by its age, for orders that count documents and prefer new ones."""

import threading
from weakref import WeakKeyDictionary

import numpy as np

from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.columnar.storage.section_file import Array

DAY_US = 86_400_000_000
HALF_LIFE_DAYS = 90
OLD = 0.1
"""What a document weighs however old it is, and one without a date; a new one weighs 1."""


class Recency:
    """The weights of a commit's documents, made once a day."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: WeakKeyDictionary[Snapshot, tuple[int, Array]] = WeakKeyDictionary()

    def weights(self, snapshot: Snapshot, now_us: int) -> Array:
        """Give a weight for each document, float32.

        It is halved, from 1 towards `OLD`, every `HALF_LIFE_DAYS`.
        """
        day = now_us // DAY_US
        with self._lock:
            known = self._known.get(snapshot)
            if known is None or known[0] != day:
                known = self._known[snapshot] = (day, _weights(snapshot.column("published"), day))
        return known[1]


def _weights(dates: Array, day: int) -> Array:
    age_days = np.maximum(day - dates // DAY_US, 0).astype(np.float32)
    recent = np.exp2(age_days * np.float32(-1 / HALF_LIFE_DAYS))
    weights: Array = np.where(dates == ABSENT, 0, recent) * np.float32(1 - OLD) + np.float32(OLD)
    return weights.astype(np.float32)

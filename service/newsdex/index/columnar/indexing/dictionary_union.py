"""Makes one dictionary of several by sorting the first bytes of all their terms as numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.term_dictionary import TermDictionary

KEY_BYTES = 8
SORTED_BYTES = 2 * KEY_BYTES
"""Terms that begin with the same bytes, so many, are compared one by one."""
_MASKS = np.array([0, *((2**64 - 1) << 8 * (KEY_BYTES - n) & (2**64 - 1) for n in range(1, KEY_BYTES + 1))], np.uint64)


@dataclass(frozen=True, kw_only=True, slots=True)
class DictionaryUnion:
    """The terms of several dictionaries, sorted, each once."""

    data: Array
    starts: Array
    lengths: Array
    numbers: Sequence[Array]
    """For each dictionary, what the number of each term becomes; it rises."""

    def __len__(self) -> int:
        return len(self.starts)

    def chosen(self, kept: Array) -> tuple[bytes, Array]:
        """Return those terms that a mask keeps, one behind the other, and their lengths."""
        starts, lengths = self.starts[kept], self.lengths[kept]
        shift = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        return self.data[np.arange(len(shift)) + shift].tobytes(), lengths


def union(dictionaries: Sequence[TermDictionary]) -> DictionaryUnion:
    """Merge dictionaries."""
    data = np.concatenate([*(terms.data() for terms in dictionaries), np.zeros(SORTED_BYTES, np.uint8)])
    lengths = np.concatenate([terms.lengths().astype(np.int64) for terms in dictionaries])
    starts = np.cumsum(lengths) - lengths
    first, second = sorting_keys(data, starts, lengths)
    order = np.lexsort((second, first))
    same = np.zeros(len(order), bool)
    same[1:] = (np.diff(first[order]) == 0) & (np.diff(second[order]) == 0)
    for group in _long_groups(same, lengths[order]):
        _compare(group, order, same, [data[starts[at] : starts[at] + lengths[at]].tobytes() for at in order[group]])
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(~same) - 1
    chosen = order[~same]
    ends = np.cumsum([terms.count for terms in dictionaries])[:-1]
    return DictionaryUnion(data=data, starts=starts[chosen], lengths=lengths[chosen], numbers=np.split(numbers, ends))


def sorting_keys(data: Array, starts: Array, lengths: Array) -> tuple[Array, Array]:
    """Return the first 16 bytes of each term as two numbers that sort as the bytes do; `data` goes on for 16 more."""
    loaded: Array = np.ndarray((len(data) - KEY_BYTES + 1,), ">u8", data.data, 0, (1,))
    first = loaded[starts].astype(np.uint64) & _MASKS.take(np.minimum(lengths, KEY_BYTES))
    rest = np.clip(lengths - KEY_BYTES, 0, KEY_BYTES)
    return first, loaded[starts + KEY_BYTES].astype(np.uint64) & _MASKS.take(rest)


def _long_groups(same: Array, lengths: Array) -> Iterator[slice]:
    """Return the runs of terms with the same first bytes where one goes on after them."""
    begins = np.flatnonzero(~same)
    ends = np.append(begins[1:], len(same))
    if not len(begins):
        return
    longest = np.maximum.reduceat(lengths, begins)
    for at in np.flatnonzero((ends - begins > 1) & (longest > SORTED_BYTES)).tolist():
        yield slice(int(begins[at]), int(ends[at]))


def _compare(group: slice, order: Array, same: Array, terms: Sequence[bytes]) -> None:
    """Sort some terms by all their bytes; of equal ones, the first dictionary's stands first."""
    ranks = sorted(range(len(terms)), key=terms.__getitem__)
    order[group] = order[group][ranks]
    in_order = [terms[rank] for rank in ranks]
    same[group] = [False, *(a == b for a, b in pairwise(in_order))]

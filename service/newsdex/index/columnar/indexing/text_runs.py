"""Cuts texts into pieces at once, and knows again the pieces that were seen before, without a Python object for each.

A text's bytes are cut at every character that cannot be in a word, and runs of a script without spaces into the pairs
of signs that are its words, and the last sign.
So a piece is a word, or a few that hang together: none grows with its paragraph.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.text.analysis import MARKS
from newsdex.index.text.emoji import PICTURES
from newsdex.index.text.folding import APOSTROPHES
from newsdex.index.text.scripts import TO_COMPOSE, UNSPACED, composed

SHORT_BYTES = 15
"""Pieces up to this length are two numbers of 64 bits; the last byte of the second is the language's."""
WORD_BYTES = 8
FIRST_NOT_ASCII = 0x80
SEPARATOR = ord(" ")
_TABLE = (
    bytes(byte if byte >= FIRST_NOT_ASCII or chr(byte).isalnum() or byte in b"'`" else SEPARATOR for byte in range(256))
    .lower()
    .replace(b" ", b".", 1)
)  # the first space stands in the place of `INNER_DOT`, which is NUL
TWO_BYTES, THREE_BYTES, FOUR_BYTES = 0xC2, 0xE0, 0xF0
"""A character of so many bytes of UTF-8 begins with this, or more."""
SECOND_OF_PLANE_2 = 0xA0
SELECTOR = 0xF3
"""Begins the variation selectors behind ideographs."""
FIRST_IDEOGRAPH, AFTER_IDEOGRAPHS = "\u4e00".encode(), "\ua000".encode()
SURROGATES = range(0xD800, 0xE000)
IN_WORD, IN_PAIR, TO_BE_COMPOSED = 1, 2, 3
WIDE_BYTES = 3
"""Most characters of scripts without spaces are so many bytes of UTF-8, and the rarest ideographs one more."""


def _classes() -> Array:
    """Return for each character of the Basic Multilingual Plane whether it may be in a word, or is taken in pairs."""
    every = "".join(chr(code) for code in range(FIRST_NOT_ASCII, 1 << 16) if code not in SURROGATES)
    classes = np.zeros(1 << 16, np.uint8)
    own = (
        (IN_WORD, rf"[^\W_]|[{MARKS}{APOSTROPHES}{PICTURES}]"),
        (IN_PAIR, f"[{UNSPACED}]"),
        (TO_BE_COMPOSED, f"[{TO_COMPOSE}]"),
    )
    for kind, pattern in own:
        classes[np.frombuffer("".join(re.findall(pattern, every)).encode("utf-32-le"), np.uint32)] = kind
    return classes


_CLASSES = _classes()
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(WORD_BYTES + 1)], np.uint64)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextRuns:
    """The pieces of some texts, one after the other."""

    data: bytes
    starts: Array
    ends: Array
    counts: Array
    """How many each text has."""

    def keys(self, short: Array, languages: Array) -> tuple[Array, Array]:
        """Return two numbers for each of some short pieces, each with the number of a language."""
        # every byte is the first of a number here (and `take` would copy them all); what lies beyond a piece is masked
        loaded: Array = np.ndarray((len(self.data) - WORD_BYTES + 1,), np.uint64, self.data, 0, (1,))
        starts = self.starts[short]
        lengths = self.ends[short] - starts
        first = loaded[starts] & _MASKS.take(np.minimum(lengths, WORD_BYTES))
        second = loaded[starts + WORD_BYTES] & _MASKS.take(np.maximum(lengths - WORD_BYTES, 0))
        return first, second | (languages.astype(np.uint64) << np.uint64(8 * (WORD_BYTES - 1)))

    def several(self, numbers: Array) -> list[bytes]:
        """Return some of the pieces."""
        spans = zip(self.starts[numbers].tolist(), self.ends[numbers].tolist(), strict=True)
        return [self.data[start:end] for start, end in spans]


def split_runs(texts: Sequence[str]) -> TextRuns:
    """Cut some texts, in which inner dots are marked, into pieces, ASCII letters in lower case."""
    runs = _split(texts) or _split([composed(text) for text in texts], composed_already=True)
    assert runs is not None
    return runs


def _split(texts: Sequence[str], *, composed_already: bool = False) -> TextRuns | None:
    """Cut texts; return nothing where signs must be composed first."""
    encoded = [text.encode(errors="replace") for text in texts]
    data = b" ".join([b"", *encoded, b" " * 2 * WORD_BYTES]).translate(_TABLE)
    own = np.frombuffer(data, np.uint8)
    in_piece = own != SEPARATOR
    wide = (np.zeros(0, np.int64),) * 2 if data.isascii() else _part_wide(own, in_piece, composed_already)
    if wide is None:
        return None
    paired, widths = wide
    edges = np.flatnonzero(in_piece[1:] != in_piece[:-1]) + 1
    starts, ends = _with_pairs(edges[::2], edges[1::2], paired, widths)
    text_ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)) + 1)
    return TextRuns(
        data=data, starts=starts, ends=ends, counts=np.diff(np.searchsorted(starts, text_ends, "right"), prepend=0)
    )


def _part_wide(data: Array, in_piece: Array, composed_already: bool) -> tuple[Array, Array] | None:
    """Unmark what parts words beyond ASCII, and what is taken in pairs.

    Return where the latter's characters begin, and how many bytes each has; nothing where signs must be composed.
    Other characters beyond the Basic Multilingual Plane part nothing here; `analysis` looks at a piece with some.
    """
    second = np.flatnonzero((data >= TWO_BYTES) & (data < THREE_BYTES))
    third = np.flatnonzero((data >= THREE_BYTES) & (data < FOUR_BYTES))
    tail = np.uint16(0x3F)
    codes = ((data[second] & np.uint16(0x1F)) << np.uint16(6)) | (data[second + 1] & tail)
    kinds_of_two = _CLASSES.take(codes)
    parting = second[kinds_of_two == 0]
    in_piece[parting] = in_piece[parting + 1] = False
    middle = (data[third + 1] & tail) << np.uint16(6)
    kinds = _CLASSES.take(((data[third] & np.uint16(0x0F)) << np.uint16(12)) | middle | (data[third + 2] & tail))
    fourth = np.flatnonzero(data >= FOUR_BYTES)
    apart = (kinds == TO_BE_COMPOSED).any() or (data[fourth] == SELECTOR).any()
    # soft hyphens and their like change nothing but between such signs
    apart = apart or ((kinds_of_two == TO_BE_COMPOSED).any() and (len(fourth) or (kinds == IN_PAIR).any()))
    if apart and not composed_already:
        return None
    parting = third[(kinds == 0) | (kinds == IN_PAIR)]
    for place in range(WIDE_BYTES):
        in_piece[parting + place] = False
    paired: Array = third[kinds == IN_PAIR]
    # planes 2 and 3, which begin with these two bytes, have ideographs only
    rare = fourth[(data[fourth] == FOUR_BYTES) & (data[fourth + 1] >= SECOND_OF_PLANE_2)]
    if not len(rare):
        return paired, np.full(len(paired), WIDE_BYTES)
    for place in range(WIDE_BYTES + 1):
        in_piece[rare + place] = False
    together = np.concatenate([paired, rare])
    widths = np.repeat([WIDE_BYTES, WIDE_BYTES + 1], [len(paired), len(rare)])
    order = np.argsort(together)
    return together[order], widths[order]


def _with_pairs(starts: Array, ends: Array, paired: Array, widths: Array) -> tuple[Array, Array]:
    """Return the pieces, in order, with all two neighbours among the signs at `paired`, and each run's last sign."""
    if not len(paired):
        return starts, ends
    behind = paired + widths
    last = behind.copy()
    is_followed = np.zeros(len(paired), bool)
    is_followed[:-1] = behind[:-1] == paired[1:]
    followed = np.flatnonzero(is_followed)
    last[followed] = behind[followed + 1]
    starts, ends = np.concatenate([starts, paired]), np.concatenate([ends, last])
    order = np.argsort(starts, kind="stable")
    return starts[order], ends[order]


def is_ideograph_pair(run: bytes) -> bool:
    """Tell whether a piece is two ideographs of the commonest block (U+4E00 to U+9FFF), a term as they stand."""
    is_pair = len(run) == 2 * WIDE_BYTES
    return is_pair and FIRST_IDEOGRAPH <= run < AFTER_IDEOGRAPHS and FIRST_IDEOGRAPH <= run[3:] < AFTER_IDEOGRAPHS


class RunTable:
    """Short pieces → numbers: open addressing in arrays, asked for many at once."""

    def __init__(self) -> None:
        self._count = 0
        self._make(1 << 12)

    def _make(self, slots: int) -> None:
        self._shift = np.uint64(64 - (slots.bit_length() - 1))
        self._last_slot = slots - 1
        self._first, self._second = np.zeros(slots, np.uint64), np.zeros(slots, np.uint64)
        self._numbers = np.full(slots, -1, np.int32)

    def _slots(self, first: Array, second: Array) -> Array:
        # multiplicative hashing (Knuth, TAOCP 6.4) with the bits of the golden ratio; the product wraps
        mixed = first ^ (second * np.uint64(0xC2B2AE3D27D4EB4F)) ^ (first >> np.uint64(29))
        return ((mixed * np.uint64(0x9E3779B97F4A7C15)) >> self._shift).astype(np.int64)

    def find(self, first: Array, second: Array) -> Array:
        """Return the number of each piece, -1 where it is unknown."""
        found = np.full(len(first), -1, np.int32)
        pending, slots = np.arange(len(first)), self._slots(first, second)
        while len(pending):
            numbers = self._numbers.take(slots)
            same = (self._first.take(slots) == first) & (self._second.take(slots) == second)
            found[pending] = np.where(same, numbers, -1)
            left = np.flatnonzero(~same & (numbers >= 0))
            pending, first, second = pending.take(left), first.take(left), second.take(left)
            slots = (slots.take(left) + 1) & self._last_slot
        return found

    def add(self, first: Array, second: Array, numbers: Array) -> None:
        """Add pieces that are unknown, each once."""
        self._count += len(first)
        if 2 * self._count > len(self._numbers):
            known = np.flatnonzero(self._numbers >= 0)
            first = np.concatenate([self._first[known], first])
            second = np.concatenate([self._second[known], second])
            numbers = np.concatenate([self._numbers[known], numbers])
            self._make(1 << (2 * self._count).bit_length())
        slots = self._slots(first, second)
        while len(slots):
            free, chosen = np.unique(slots, return_index=True)
            chosen = chosen[self._numbers[free] < 0]
            at = slots[chosen]
            self._first[at], self._second[at], self._numbers[at] = first[chosen], second[chosen], numbers[chosen]
            left = np.ones(len(slots), bool)
            left[chosen] = False
            first, second, numbers = first[left], second[left], numbers[left]
            slots = (slots[left] + 1) & self._last_slot


def distinct(first: Array, second: Array) -> tuple[Array, Array]:
    """Return the places where each pair of numbers stands first, and for each place the number of its pair."""
    order = np.lexsort((second, first))
    differs = np.ones(len(order), bool)
    differs[1:] = np.diff(first[order]) != 0
    differs[1:] |= np.diff(second[order]) != 0
    which = np.empty(len(order), np.int64)
    which[order] = np.cumsum(differs) - 1
    return order[differs], which

"""Calls what is compiled: the loops over postings, terms and positions that numpy has no fast operation for.

The C beside this file says what each function does. All are reentrant, and run without the interpreter's lock.
Addresses are plain numbers: whoever passes one keeps the array alive meanwhile. A call costs one to two microseconds,
an array's address a quarter of one.
"""

import ctypes
import re
import struct
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from newsdex.index.columnar.arrays import Array

PIECE_NUMBERS = 7
"""A piece is so many numbers of 64 bits; FOUND_NUMBERS stand before those that were found: postings, unchecked."""
FOUND_NUMBERS = 2
RANGE_NUMBERS = 3
WORD_BITS = 64
PARTED = 4
"""Words from so many letters on are parted where one edit is looked for."""
DAMAGED, UNCHECKED = -1, -2
LIST_SCRATCH, POSTING_SCRATCH, UNION_SCRATCH = 16, 12, 66_560
AMONG_SCRATCH = 17
PHRASE_ROWS, PLACE_NUMBERS, PHRASE_WORD_NUMBERS = 3, 3, 6 + 3 * 256
"""What is found for each document of a phrase, where a word's positions in it lie, and what is kept of a word."""
BY_BM25, BY_LENGTH, BY_FREQUENCY = range(3)


class Described(ctypes.Structure):
    """Says where something lies in memory."""

    kept: Any
    """What lies there: two threads may describe a thing at once, and only one description stays."""


class Numbers(ctypes.Structure):
    """Numbers of one dtype."""

    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_uint64), ("count", ctypes.c_uint64))


class Dictionary(Described):
    """The sorted terms of a field."""

    _fields_ = (
        ("bytes", ctypes.c_void_p),
        ("byte_count", ctypes.c_uint64),
        ("lengths", Numbers),
        ("starts", Numbers),
        ("keys", ctypes.c_void_p),
    )


class Neighbours(Described):
    """What is known of the terms of a field besides their order; `fuzzy` says what the arrays are."""

    _fields_ = (
        ("terms", ctypes.c_void_p),
        ("ends", Numbers),
        *((name, ctypes.c_void_p) for name in ("sizes", "endings", "by_ending", "ending_sizes")),
        *((name, ctypes.c_void_p) for name in ("letters", "by_size", "begins")),
    )


class Packed(Described):
    """Numbers in blocks of 32."""

    _fields_ = (
        ("words", ctypes.c_void_p),
        ("word_count", ctypes.c_uint64),
        ("widths", ctypes.c_void_p),
        ("places", ctypes.c_void_p),
        ("blocks", ctypes.c_uint64),
        ("checked", ctypes.c_void_p),
    )


class Field(Described):
    """A field of a segment."""

    _fields_ = (
        ("terms", ctypes.c_void_p),
        ("starts", Numbers),
        ("documents", Packed),
        ("frequencies", Packed),
        ("document_count", ctypes.c_uint64),
    )


class Positions(Described):
    """The positions of a field of a segment."""

    _fields_ = (
        ("words", ctypes.c_void_p),
        ("word_count", ctypes.c_uint64),
        ("starts", Numbers),
        ("widths", ctypes.c_void_p),
        ("checked", ctypes.c_void_p),
    )


class Progress(ctypes.Structure):
    """How far a phrase was looked for; `common` are documents to choose from, at first."""

    _fields_ = (
        *((name, ctypes.c_uint64) for name in ("listed", "last", "common", "marked", "kept", "placed", "words")),
        *((name, ctypes.c_uint64) for name in ("done", "found", "finished", "source", "first_word", "end_word")),
    )


COUNTS_PLAIN, COUNTS_MARKED, COUNTS_AS_FORM = 1, 2, 4
"""For what a list's documents count: in the default language, in the others, as a form of the word."""
LIST = struct.Struct("=7QfI")
"""Pieces, number, all documents, length factors, documents, their scores, how to score, weight, what it counts for."""
SATURATION = struct.Struct("=4f")
"""half, factor, floor, weak"""
_STRUCTURES = {
    "numbers": Numbers,
    "dictionary": Dictionary,
    "neighbours": Neighbours,
    "packed": Packed,
    "field": Field,
    "positions": Positions,
    "progress": Progress,
}
_ROWS = {
    "list": LIST,
    "saturation": SATURATION,
    "source": struct.Struct("=2Q"),
    "range": struct.Struct(f"={RANGE_NUMBERS}Q"),
    "piece": struct.Struct(f"={PIECE_NUMBERS}Q"),
}
"""Structures that are packed here, or are rows of an array."""

_first_byte: Any = ctypes.c_char.from_buffer


def address(array: Array) -> int:
    """Return where an array lies in memory."""
    try:
        return ctypes.addressof(_first_byte(array))
    except (TypeError, ValueError):  # it is read-only, or empty: numpy's own way, which takes five times as long
        place: int = array.__array_interface__["data"][0]
        return place


class Kept(NamedTuple):
    """An array that lives as long as this does, and where it lies in memory: asking that often takes its time."""

    array: Array
    address: int


def kept(array: Array) -> Kept:
    """Ask once where an array lies."""
    return Kept(array, address(array))


def numbers(values: Array) -> Numbers:
    """Return where an array of unsigned numbers lies, for the kernel."""
    return Numbers(address(values), values.itemsize, len(values))


def load(path: Path) -> ctypes.CDLL:
    """Load a kernel; raise `ImportError` where there is none, or where its structures have other layouts than here."""
    if not path.exists():
        raise ImportError(f"{path} is missing: compile it by `python service/compile_kernel.py`")
    library = ctypes.CDLL(str(path))
    for name, expected in layouts():
        if list((ctypes.c_uint64 * len(expected)).in_dll(library, f"layout_of_{name}")) != expected:
            raise ImportError(f"{path} was compiled of other sources: its structure `{name}` has another layout")
    return library


def layouts() -> Iterator[tuple[str, list[int]]]:
    """Yield each structure that the kernel shares: its name, then its size and the place of each member, in bytes."""
    for name, structure in _STRUCTURES.items():
        members = [getattr(structure, member).offset for member, *_ in structure._fields_]
        yield name, [ctypes.sizeof(structure), *members]
    for name, row in _ROWS.items():
        letters = re.sub(r"(\d+)(\w)", lambda run: int(run[1]) * run[2], row.format.lstrip("="))
        sizes = [struct.calcsize(f"={letter}") for letter in letters]
        yield name, [row.size, *accumulate(sizes[:-1], initial=0)]


_LIBRARY = load(Path(__file__).with_name("kernel.so"))
_AT, _SIZE = ctypes.c_void_p, ctypes.c_uint64


def _function(name: str, *parameters: Any) -> Any:
    function = _LIBRARY[name]
    function.argtypes = parameters
    function.restype = ctypes.c_int64
    return function


term_bound = _function("term_bound", _AT, ctypes.c_char_p, _SIZE)
term_number = _function("term_number", _AT, ctypes.c_char_p, _SIZE)
find_term = _function("find_term", _AT, _SIZE, ctypes.c_char_p, _SIZE, _AT)
read_documents_of = _function("read_documents_of", _AT, _SIZE, _AT)
read_frequencies_of = _function("read_frequencies_of", _AT, _SIZE, _AT)
score_union = _function("score_union", ctypes.c_char_p, _SIZE, ctypes.c_char_p, _AT, _AT, _AT, _AT)
lists_to_bits = _function("lists_to_bits", ctypes.c_char_p, _SIZE, _AT)
score_among = _function("score_among", ctypes.c_char_p, _SIZE, ctypes.c_char_p, _AT, _SIZE, _AT, _AT, _AT)
terms_between = _function("terms_between", _AT, _SIZE, ctypes.c_char_p, _SIZE, ctypes.c_char_p, _SIZE, _AT)
near_terms = _function(
    "near_terms", _AT, _SIZE, ctypes.c_char_p, _SIZE, _SIZE, _SIZE, _SIZE, _SIZE, _AT, _AT, _AT
)  # fmt: skip
terms_to_bits = _function("terms_to_bits", _AT, _AT, _SIZE, _SIZE, _AT, _AT)
bits_to_docs = _function("bits_to_docs", _AT, _SIZE, _AT)
score_bits = _function("score_bits", ctypes.c_char_p, ctypes.c_char_p, _SIZE, _SIZE, _AT, _AT)
find_phrase = _function("find_phrase", ctypes.c_char_p, _SIZE, _AT, _SIZE, _SIZE, _SIZE, _SIZE, _AT, _SIZE, _AT)
_intersect = _function("intersect", _AT, _SIZE, _AT, _SIZE, _AT, _AT)
_top_k = _function("top_k", _AT, _SIZE, _SIZE, _AT, _AT)
_top_k_integers = _function("top_k_integers", _AT, _SIZE, _SIZE, _AT, _AT, _AT)
_score_ties = _function("score_ties", _AT, _SIZE, ctypes.c_double, _AT, _AT)


def top_k(scores: Array, limit: int) -> Array:
    """Return the places of the greatest of some float64, rounded to float32, greatest first; of equals the first."""
    made = np.empty((2, min(limit, len(scores))), np.int64)
    _top_k(address(scores), len(scores), limit, address(made), address(made[1]))
    places: Array = made[0]
    return places


def top_k_integers(values: Array, limit: int) -> tuple[Array, int]:
    """Return the places of the greatest of some int64, greatest first; of equals the first.

    Also give how many of all are equal to the last of these.
    """
    made, equal = np.empty((2, min(limit, len(values))), np.int64), ctypes.c_uint64()
    _top_k_integers(address(values), len(values), limit, address(made), address(made[1]), ctypes.addressof(equal))
    return made[0], equal.value


def score_ties(scores: Array, score: float, tie: float) -> tuple[Array, float, float]:
    """Return the places of those of some float64 that hang together with one, and the least and the greatest of them.

    Rounded to float32, each is at most a share `tie` of itself apart from the next.
    """
    places, bounds = np.empty(len(scores), np.int64), (ctypes.c_double * 2)(score)
    count = _score_ties(address(scores), len(scores), tie, ctypes.addressof(bounds), address(places))
    return places[:count], bounds[0], bounds[1]


def intersect(one: Array, other: Array) -> tuple[Array, Array]:
    """Return the places of those documents that two sorted lists, int64, share: in the one, and in the other."""
    size = min(len(one), len(other))
    one_places, other_places = np.empty(size, np.int64), np.empty(size, np.int64)
    count = _intersect(address(one), len(one), address(other), len(other), address(one_places), address(other_places))
    return one_places[:count], other_places[:count]

"""How unlikely a misspelling is of each of some words: an edit distance whose edits cost what they are to people.

The costs state what studies of misspellings agree on (Damerau 1964; Pollock and Zamora 1984; Kukich 1992, "Techniques
for automatically correcting words in text", sections 2.1 and 4): most errors are one edit; letters are left out more
often than added; doubled letters, vowels, letters that sound alike or lie side by side on the keyboard are mixed up;
neighbours are swapped; the first letter is seldom wrong. Half of a published list was used to choose between a few
round values of them, see tests/relevance/spelling.py.
"""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.arrays import Array

WRONG = 1.0
WRONG_NEIGHBOUR_KEY = 0.9
WRONG_VOWEL = 0.7
WRONG_BUT_SOUNDS_ALIKE = 0.7
LEFT_OUT, LEFT_OUT_VOWEL = 0.8, 0.6
ADDED, ADDED_VOWEL = 1.0, 0.8
DOUBLING = 0.4
"""One letter of two equal ones left out, or one too many."""
SILENT = 0.6
"""An `h`, or an `e` at the end, left out; an `e` at the end added."""
SWAPPED = 0.7
FIRST_LETTER = 0.5
"""Added to the cost of a wrong, added or left out first letter."""

VOWELS = "aeiouy"
SOUND_ALIKE = ("ck", "kq", "cq", "cs", "sz", "sx", "gj", "fv", "vw", "dt", "bp", "mn")
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
ROW_SHIFT = 0.5
"""Each row of keys lies half a key further to the right."""
ALPHABET = 128
"""Letters beyond ASCII are one more letter, equal to themselves only."""


def _neighbour_keys() -> set[tuple[str, str]]:
    place = {key: (x + ROW_SHIFT * y, y) for y, row in enumerate(KEYBOARD) for x, key in enumerate(row)}
    return {
        (one, other)
        for one, (x1, y1) in place.items()
        for other, (x2, y2) in place.items()
        if one != other and abs(x1 - x2) <= 1 and abs(y1 - y2) <= 1
    }


def _substitutions() -> Array:
    """Return the cost of writing one letter (row) for another (column)."""
    costs = np.full((ALPHABET + 1, ALPHABET + 1), WRONG, np.float32)
    likely = [(pair, WRONG_NEIGHBOUR_KEY) for pair in _neighbour_keys()]
    likely += [((one, other), WRONG_BUT_SOUNDS_ALIKE) for one, other in map(tuple, SOUND_ALIKE)]
    likely += [((other, one), WRONG_BUT_SOUNDS_ALIKE) for one, other in map(tuple, SOUND_ALIKE)]
    likely += [((one, other), WRONG_VOWEL) for one in VOWELS for other in VOWELS]
    for (one, other), cost in likely:
        costs[ord(one), ord(other)] = min(costs[ord(one), ord(other)], cost)
    return costs


_SUBSTITUTION = _substitutions()
_IS_VOWEL = np.isin(np.arange(ALPHABET + 1), [ord(letter) for letter in VOWELS])


def costs(written: str, words: Sequence[str]) -> Array:
    """Return for each word, float32, what it costs to have written the first text for it; none of them may be empty.

    The dynamic programme of Damerau and Levenshtein with one swap of neighbours (optimal string alignment), all words
    at once: each cell is an array over the words.
    """
    size = max(map(len, words))
    letters = _codes("".join(word.ljust(size, "\0") for word in words)).reshape(len(words), size).T
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    typed = _codes(written)
    left_out, added = _left_out(letters, lengths), _added(typed)
    wrong = np.where(
        typed[:, None, None] == letters,
        np.float32(0),
        _SUBSTITUTION[np.minimum(typed, ALPHABET)[:, None, None], np.minimum(letters, ALPHABET)],
    )
    wrong[0, 0] += np.where(wrong[0, 0] > 0, np.float32(FIRST_LETTER), np.float32(0))

    before: list[Array] = []
    row = [np.zeros(len(words), np.float32), *np.cumsum(left_out, axis=0)]
    for at, letter in enumerate(typed):
        above, row = row, [row[0] + added[at]]
        for place in range(size):
            cost = np.minimum(above[place] + wrong[at, place], above[place + 1] + added[at])
            np.minimum(cost, row[place] + left_out[place], out=cost)
            if at and place:
                swapped = (letters[place] == typed[at - 1]) & (letters[place - 1] == letter)
                if swapped.any():
                    np.minimum(cost, before[place - 1] + np.float32(SWAPPED), out=cost, where=swapped)
            row.append(cost)
        before = above
    return np.stack(row)[lengths, np.arange(len(words))]


def _codes(text: str) -> Array:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)


def _left_out(letters: Array, lengths: Array) -> Array:
    """Return the cost of not having written a letter of a word, by place and word."""
    found = np.where(_IS_VOWEL[np.minimum(letters, ALPHABET)], np.float32(LEFT_OUT_VOWEL), np.float32(LEFT_OUT))
    found[1:] = np.where(letters[1:] == letters[:-1], np.float32(DOUBLING), found[1:])
    found[letters == ord("h")] = SILENT
    last = np.arange(letters.shape[1])
    ends_in_e = last[letters[lengths - 1, last] == ord("e")]
    found[lengths[ends_in_e] - 1, ends_in_e] = SILENT
    found[0] += np.float32(FIRST_LETTER)
    return found


def _added(typed: Array) -> Array:
    """Return the cost of having written a letter that is not in the word, by place."""
    found = np.where(_IS_VOWEL[np.minimum(typed, ALPHABET)], np.float32(ADDED_VOWEL), np.float32(ADDED))
    found[1:] = np.where(typed[1:] == typed[:-1], np.float32(DOUBLING), found[1:])
    if typed[-1] == ord("e"):
        found[-1] = SILENT
    found[0] += np.float32(FIRST_LETTER)
    return found

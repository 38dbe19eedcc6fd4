"""Finds where a phrase stands in a text, among the words of it that were found there."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class MatchSpan(NamedTuple):
    """A word that the query asks for; `start` and `end` are offsets in the text."""

    start: int
    end: int
    stem: str


class Phrase(NamedTuple):
    """Terms that stand one after the other, each at most `slop` places behind the one before."""

    words: tuple[str, ...]
    slop: int

    def places(self, positions: Sequence[int], forms: Sequence[Sequence[str]]) -> set[int]:
        """Return which of the words found in a text stand in the phrase.

        `positions` say the how manieth word of the text each is, rising; `forms` are its terms.
        """
        first, *others = self.words
        reached = [place for place, own in enumerate(forms) if first in own]
        steps: list[list[tuple[int, int]]] = []
        """For each further word of the phrase, from where to where it goes on."""
        for word in others:
            fitting = [place for place, own in enumerate(forms) if word in own]
            where = [positions[place] for place in fitting]
            spans = [
                (before, bisect_right(where, positions[before]), bisect_right(where, positions[before] + self.slop))
                for before in reached
            ]
            steps.append([(before, place) for before, start, end in spans for place in fitting[start:end]])
            reached = sorted({place for _, place in steps[-1]})
        standing, ends = set(reached), set(reached)
        for step in reversed(steps):
            ends = {before for before, place in step if place in ends}
            standing |= ends
        return standing

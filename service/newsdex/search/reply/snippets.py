"""Cuts the best passages from an article's text, by its sentences, and marks the words that a query asks for."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from newsdex.index.text.analysis import LONGEST_WORD
from newsdex.search.reply.highlighter import TermMatcher, found_words
from newsdex.search.reply.phrases import MatchSpan

PASSAGE_CHARS = 240
MAX_PASSAGES = 3
MAX_SCANNED_CHARS = 50_000
"""A match further down is not shown; a reply must not take longer for a long article."""
SHORT_CHARS = 80
"""A passage that is shorter goes on with the next sentence."""
MOST_SENTENCES = 8
CUT = "…"

_STOPS, _FULL_STOPS = ".!?…؟۔।", "。！？"
_BULLETS = "-–—*•·▪◦●"
_SENTENCE_END = re.compile(  # begins with all the signs: they are looked for at once
    rf"[{_STOPS}{_FULL_STOPS}\n](?:"
    rf"(?<=[{_STOPS}])[{_STOPS}]*[\"'”’»)\]]*(?=\s+[^\sa-z])"
    rf"|(?<=[{_FULL_STOPS}])[{_FULL_STOPS}]*[」』）]*"
    rf"|(?<=\n)(?:\s*\n|(?=\s*[{_BULLETS}]\s)))"  # a single break is where a line of wire copy was full
)
_ABBREVIATION = re.compile(r"(?:^|\W)(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Gen|Sen|Rep|Gov|Col|Prof|No|vs)$")
_LONGEST_ABBREVIATION = 5
_UNEVEN_SPACE = re.compile(r"[^\S ]\s*| \s+")
_VISIBLE = re.compile(r"\S")
_END = attrgetter("end")


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """Plain text, and where in it the matched words stand."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def marked(texts: Sequence[str], matcher: TermMatcher) -> list[Marked]:
    """Return short texts, such as titles, as they stand, with their marks."""
    every = found_words(texts, matcher)
    return [Marked(text=text, marks=tuple(_apart(found))) for text, found in zip(texts, every, strict=True)]


def snippets(texts: Sequence[str], matcher: TermMatcher) -> list[tuple[Marked, ...]]:
    """Return up to three passages of each text around its matches, the best first; without a match its beginning."""
    every = found_words([text[:MAX_SCANNED_CHARS] for text in texts], matcher)
    return [_snippets(text, found) for text, found in zip(texts, every, strict=True)]


def _snippets(text: str, found: Sequence[MatchSpan]) -> tuple[Marked, ...]:
    ends = list(_sentence_ends(text[:MAX_SCANNED_CHARS]))
    passages = _best(list(_candidates(text, ends, found))) if found else [_passage(text, ends, 0, ())]
    shown = (_shown(text, passage) for passage in passages)
    return tuple(passage for passage in shown if passage.text)


def _sentence_ends(text: str) -> Iterator[int]:
    """Yield where sentences end; `Mr.` and initials end none."""
    for match in _SENTENCE_END.finditer(text):
        start = match.start()
        stops = text[start] == "." and _ABBREVIATION.search(text[max(0, start - _LONGEST_ABBREVIATION) : start])
        if not stops:
            yield match.end()


class _Passage(NamedTuple):
    """A piece of the text; `cut_before` and `cut_behind` tell whether a sentence is cut there."""

    start: int
    end: int
    found: Sequence[MatchSpan]
    cut_before: bool
    cut_behind: bool

    @property
    def worth(self) -> float:
        """Prefer different words, then words side by side, then many."""
        stems = len({one.stem for one in self.found})
        adjacent = stems > 1 and any(
            after.start - before.end <= 1 and after.stem != before.stem for before, after in pairwise(self.found)
        )
        return stems + 0.5 * adjacent + 0.05 * min(len(self.found), 5)


def _candidates(text: str, ends: Sequence[int], found: Sequence[MatchSpan]) -> Iterator[_Passage]:
    """Yield a passage for each sentence with a match, and in sentences too long to be shown for each match."""
    start_before = -1
    for number, one in enumerate(found):
        at = bisect_right(ends, one.start)
        sentence = ends[at - 1] if at else 0
        long = one.end - sentence > PASSAGE_CHARS
        start = _word_start(text, one.start - PASSAGE_CHARS // 3) if long else sentence
        if start == start_before or (long and number and one.end <= start_before + PASSAGE_CHARS // 2):
            continue
        start_before = start
        yield _passage(text, ends, start, found, number)


def _passage(text: str, ends: Sequence[int], start: int, found: Sequence[MatchSpan], number: int = 0) -> _Passage:
    """Return the passage from a place on: whole sentences as far as they fit, with at least one match if there is any.

    `number` is the first match's.
    """
    limit = start + PASSAGE_CHARS
    at = bisect_right(ends, start)
    near = [*ends[at : at + MOST_SENTENCES], len(text)]
    fitting = near[: bisect_right(near, limit)]
    enough = bisect_left(fitting, start + SHORT_CHARS)
    if fitting:
        end = fitting[min(enough, len(fitting) - 1)]
    else:
        end = max(_word_end(text, limit), min(found[number].end, limit + LONGEST_WORD) if found else 0)
    return _Passage(
        start=start,
        end=end,
        found=found[number : bisect_right(found, end, number, key=_END)],
        cut_before=start > 0 and not (at and ends[at - 1] == start),
        cut_behind=end not in near[:-1] and _VISIBLE.search(text, end) is not None,
    )


def _best(candidates: Sequence[_Passage]) -> list[_Passage]:
    """Choose passages that do not overlap, the best first; of equals the first in the text."""
    chosen: list[_Passage] = []
    for one in sorted(candidates, key=attrgetter("worth"), reverse=True):  # equals stay in their order
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
        if len(chosen) == MAX_PASSAGES:
            break
    return chosen


def _shown(text: str, passage: _Passage) -> Marked:
    """Write a passage in one line, spaces as one, with a sign where a sentence is cut."""
    parts = [f"{CUT} "] if passage.cut_before else [""]
    length, marks, at = len(parts[0]), [], passage.start
    for start, end in (*_apart(passage.found), (passage.end, passage.end)):
        between = _UNEVEN_SPACE.sub(" ", text[at:start])
        parts.append(between.lstrip() if parts[-1].endswith(" ") or not length else between)
        length += len(parts[-1])
        if start < end:
            parts.append(text[start:end])
            marks.append((length, length + end - start))
            length += end - start
        at = end
    shown = "".join(parts).rstrip()
    if not shown.removeprefix(CUT).strip():
        return Marked(text="")
    return Marked(text=f"{shown} {CUT}" if passage.cut_behind else shown, marks=tuple(marks))


def _apart(found: Sequence[MatchSpan]) -> Iterator[tuple[int, int]]:
    """Yield the places of matches; of pairs that overlap, as in scripts without spaces, the second begins later."""
    at = 0
    for one in found:
        if one.end > at:
            yield max(one.start, at), one.end
            at = one.end


def _word_start(text: str, place: int) -> int:
    """Move a cut forward to the next white space, at most a few letters."""
    return _word_end(text, place) if place > 0 else 0


def _word_end(text: str, place: int) -> int:
    for near in range(place, min(len(text), place + 15)):
        if text[near].isspace():
            return near
    return min(place, len(text))

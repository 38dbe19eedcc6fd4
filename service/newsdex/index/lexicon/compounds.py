"""Words that are written as one, with a hyphen, or as several: `takeover`, `take-over`; `F16`; `1,250,000`; hashtags.

Only the index tells which are the same: two words are joined where some article has them as one, and a word is parted
where some article has its parts side by side.
"""

import re
from collections.abc import Callable, Iterator
from itertools import chain

from whoosh.query import Phrase

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.evaluator import Evaluator
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import stem_of

LEAST_LETTERS = 3
SHORT_BEGINNINGS = frozenset(("e", "t", "u", "x", "bi", "by", "co", "ex", "on", "re", "un", "up"))
"""Shorter beginnings of words that are written with a hyphen: `e-mail`, `co-operate`."""
SHORT_ENDS = frozenset(("up",))
LEAST_OF_SLOGAN, MOST_OF_SLOGAN = 3, 6
"""So many words are one in a hashtag: `#SaveThePier`. Of two, any word may be made."""
SHORTEST_SLOGAN, LONGEST_SLOGAN = 9, 40
"""In letters: `together` is no `to get her`."""
MAX_HAVING = 200
"""What more articles have than this is a word, and no slogan."""
MAX_WAYS = 3
"""So many ways to read a hashtag are looked for, those of the longest words."""
_INITIALS = re.compile(r"([a-z])\1 ?([a-z])\2|[א-ת]{2,4} ?[א-ת]")
"""Initials: doubled ones of a Spanish plural, `EE UU`, and Hebrew ones, of which a sign parts the last."""
_LETTERS_AND_NUMBER = re.compile(r"([^\W\d_]+)(\d+[^\W\d_]?)|(\d+)([^\W\d_]+)")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?: \d{3})+")
_LONG_NUMBER = re.compile(r"[1-9]\d{3,14}")


def are_thousands(parts: str) -> bool:
    """Return whether numbers with spaces between them may be one: `1 250 000`, no `1 25` and no date."""
    return _THOUSANDS.fullmatch(parts) is not None


def are_initials(parts: str) -> bool:
    """Return whether folded words with a space between them may be initials: `ee uu`."""
    return " " in parts and _INITIALS.fullmatch(parts) is not None


def ways_to_part(word: str) -> Iterator[str]:
    """Yield the ways in which a folded word may be two, or a long number several, with spaces between the parts."""
    if word.isdigit():
        if _LONG_NUMBER.fullmatch(word):
            yield f"{int(word):,}".replace(",", " ")
    elif both := _LETTERS_AND_NUMBER.fullmatch(word):
        yield " ".join(part for part in both.groups() if part)
    elif word.isalpha():
        if _INITIALS.fullmatch(word):
            yield f"{word[:2]} {word[2:]}" if word.isascii() else f"{word[:-1]} {word[-1]}"
        for at in range(1, len(word) - 1):
            first, second = word[:at], word[at:]
            if (at >= LEAST_LETTERS or first in SHORT_BEGINNINGS) and (
                len(second) >= LEAST_LETTERS or second in SHORT_ENDS
            ):
                yield f"{first} {second}"


def slogans(word: str, frequency: Callable[[str], int]) -> Iterator[str]:
    """Yield the ways in which a word may be several that are known, those of the fewest first."""
    if not SHORTEST_SLOGAN <= len(word) <= LONGEST_SLOGAN or not word.isalnum() or word.isdigit():
        return
    if frequency(word) > MAX_HAVING:
        return
    ways: list[list[tuple[str, ...]]] = [[()], *([] for _ in word)]
    """By place, how what stands before it may be parted."""
    for start in range(len(word)):
        if not ways[start]:
            continue
        for end in range(start + 1, len(word) + 1):
            part = word[start:end]
            if (len(part) > 1 or part.isdigit()) and frequency(part):
                least = LEAST_OF_SLOGAN - 1 if end == len(word) else 0
                longer = [(*way, part) for way in ways[start] if least <= len(way) < MOST_OF_SLOGAN]
                ways[end] = sorted(ways[end] + longer, key=len)[:MAX_WAYS]
    yield from map(" ".join, ways[-1])


def parted(word: str, snapshot: Snapshot, frequency: Callable[[str], int], deadline: float) -> tuple[str, ...] | None:
    """Return the ways in which the articles of a commit part a word; None where there is no time to find all.

    Of some of these no article may be shown now.
    """
    evaluator = Evaluator(snapshot, Similarity(snapshot), deadline)
    found: list[str] = []
    for way in chain(ways_to_part(word), slogans(word, frequency)):
        if evaluator.out_of_time():
            return None
        *before, last = way.split()
        known = all(map(frequency, (*before, stem_of(last))))
        series = dict.fromkeys(((*before, stem_of(last)), (*before, last)))
        if known and any(_stand_together(terms, evaluator, snapshot.alive) for terms in series):
            found.append(way)
    return None if evaluator.partial else tuple(found)


def _stand_together(terms: tuple[str, ...], evaluator: Evaluator, alive: Array | None) -> bool:
    """Return whether some article that is not deleted has terms one after the other."""
    for name in TEXT_FIELDS:
        documents = evaluator.evaluate(Phrase(name, list(terms))).doc_list().documents
        if len(documents) if alive is None else alive.take(documents).any():
            return True
    return False

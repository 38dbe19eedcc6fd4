"""Cuts what is asked for in scripts without spaces into what must be found, and what tells that it stands unbroken.

No dictionary is asked: most words of Chinese and Korean, and those of Japanese that are written in ideographs, have two
signs, so a stretch of ideographs is taken two by two from its beginning. Pairs over the edges of these are bridges: an
article without them may still be meant, one with them stands higher. Of scripts whose signs are sounds, a pair says
little: words of katakana, and what is written in Thai, Lao, Burmese or Khmer, stay together where all must match.
"""

import re
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest

from newsdex.index.text.analysis import WORD
from newsdex.index.text.emoji import is_emoji
from newsdex.index.text.folding import fold
from newsdex.index.text.scripts import is_unspaced, signs

PAIR = 2
COUNTED = 2
"""Behind a number, up to this many signs are what is counted: `9月`, `10公里`."""
SHORT_WORD = 3
"""A word of sounds with up to this many pairs is found as it stands only."""
MAX_BRIDGES = 60
_SMALL = frozenset("的了是在和与與及或吗嗎呢吧啊就也都而被把将將着著过過从從对對为為之其这這那哪谁誰什么麼")
"""Chinese signs that join others, or ask."""
_PARTICLES = (
    "에서부터", "으로부터", "에게서", "이라는", "에서는", "에서의", "에서", "에게", "으로", "까지", "부터", "라는",
    "이나", "은", "는", "이", "가", "을", "를", "의", "에", "로", "와", "과", "도", "만",
)  # fmt: skip
"""What stands behind a Korean word, the longest first."""
_KINDS = (
    ("sound", re.compile("[\u0e00-\u17ff\u30a1-\u30ff\u31f0-\u31ff]")),
    ("ending", re.compile("[\u3041-\u309f]")),  # hiragana
    ("korean", re.compile("[\uac00-\ud7a3]")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Words that are looked for one after the other; a bridge is a pair that need not be there."""

    words: tuple[str, ...]
    bridge: bool = False
    whole: bool = False
    """Whether it is a short word of sounds, of which no part means the same."""


def pieces(text: str) -> list[Piece] | None:
    """Return what a text without quotation marks asks for; None where it has no run of several signs."""
    found = [match for match in WORD.finditer(text) if not is_emoji(match[0])]
    if not any(is_unspaced(match[0]) and len(signs(match[0])) > 1 for match in found):
        return None
    made: list[Piece] = []
    together: list[str] = []
    end = -1
    for match, behind in zip_longest(found, found[1:]):
        word, is_next = match[0], match.start() == end
        end = match.end()
        if not is_unspaced(word):
            if together and not is_next and is_unspaced(together[-1]):
                made.append(Piece(words=tuple(together)))
                together = []
            together.append(word)
            continue
        run = [word[first:last] for first, last in signs(word)]
        if is_next and together:
            counted = _counted(run, together[-1])
            together += ["".join(counted)] if counted else []
            run = run[len(counted) :]
        elif len(run) == 1 and behind is not None and behind.start() == end:
            made += [Piece(words=tuple(together))] if together else []
            together, run = run, []
        if run:
            made += [Piece(words=tuple(together))] if together else []
            together = []
            made += _of_run(run)
    made += [Piece(words=tuple(together))] if together else []
    return made


def _counted(run: list[str], before: str) -> list[str]:
    """Return the signs that hang on the word right before them: what a number counts, or a single sign."""
    if len(run) <= COUNTED:
        return run if before[-1].isdigit() or len(run) == 1 else []
    return run[:1] if before[-1].isdigit() else []


def _of_run(run: list[str]) -> list[Piece]:
    if len(run) == 1:
        return [Piece(words=(run[0],))]
    at: list[range] = []
    """Where what must be found begins, each with the places of its pairs; a sign by itself has an empty range."""
    begin = 0
    for kind, group in groupby(run, key=_kind):
        segment = list(group)
        places = range(begin, begin + len(segment))
        begin += len(segment)
        if kind == "sound":
            at.append(range(places.start, places.stop - 1))
        elif kind == "korean":
            at += _two_by_two(places[: len(segment) - _particle("".join(segment))])
        elif kind == "ideograph":
            at += [one for part in _parted(run, places) for one in _two_by_two(part)]
    if not at:
        at = [range(len(run) - 1)]
    pair = ["".join(two) for two in pairwise(run)]
    taken = {place for places in at for place in places}
    needed = [
        Piece(
            words=tuple(pair[p] for p in places) if places else (run[places.start],),
            whole=1 < len(places) <= SHORT_WORD,
        )
        for places in at
    ]
    bridges = [Piece(words=(pair[place],), bridge=True) for place in range(len(pair)) if place not in taken]
    return needed + bridges[:MAX_BRIDGES]


def _kind(sign: str) -> str:
    folded = fold(sign)
    return next((kind for kind, pattern in _KINDS if pattern.match(folded)), "ideograph")


def _particle(word: str) -> int:
    """Return how many signs a Korean word's particle has; none where too little would be left."""
    ending = next((one for one in _PARTICLES if word.endswith(one)), "")
    return len(ending) if len(word) - len(ending) > 1 else 0


def _parted(run: list[str], places: range) -> list[range]:
    """Return the stretches of ideographs between the small ones; two by themselves are a word."""
    if len(places) <= PAIR:
        return [places]
    parts, begin = [], places.start
    for place in (*places, places.stop):
        if place == places.stop or run[place] in _SMALL:
            parts.append(range(begin, place))
            begin = place + 1
    return [part for part in parts if part]


def _two_by_two(places: range) -> list[range]:
    """Return the places of pairs that cover a stretch: one after the other, the last over the one before if need be."""
    if len(places) == 1:
        return [range(places.start, places.start)]
    last = places.stop - PAIR
    begins = [*range(places.start, last, PAIR), last] if places else []
    return [range(begin, begin + 1) for begin in begins]

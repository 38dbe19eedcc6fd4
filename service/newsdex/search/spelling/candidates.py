"""Proposes words of the index's own texts for one that was typed: the likeliest first."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rapidfuzz.distance import OSA

from newsdex.index.lexicon.current import Lexicon
from newsdex.search.spelling.edit_costs import costs

MayBeTold = Callable[[str], bool]
"""Tells whether an article that may be shown has a word: a lexicon may know words of others, too."""
FREQUENCY = 0.1
"""A word that is ten times as frequent may be so much further from what was typed."""
SHORT_WORD = 3
FEW_EDITS, MANY_EDITS = 2, 3
"""Words further away than `FEW_EDITS` are looked for only where there are none as near, and the word is not short."""
MAX_WEIGHED = 250
"""So many words are compared letter by letter, the most frequent ones: short words have many neighbours."""
DOUBT = 0.5
"""Added to the cost of a word that is one likely mistake away from a much more frequent one: texts have errors, too."""
LIKELY_MISTAKE = 0.8
TIMES_AS_FREQUENT = 10
DOUBTED = 8
"""So many of the likeliest words are compared with each other."""
RARE_DOCUMENTS = 50_000
"""A word that stands only once in so many articles is rather a misspelling itself."""
LONGEST_WORD = 40
MISSING_SPACE = 0.8
"""As a letter left out, see `typos`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A word that may have been meant; `cost` says how unlikely that is, below 0 for very frequent words."""

    text: str
    cost: float


def candidates(word: str, lexicon: Lexicon, limit: int, may_be_told: MayBeTold) -> list[Candidate]:
    """Return the likeliest words for a folded one, without itself; none for a number or a text that is no word."""
    if not _can_be_misspelled(word):
        return []
    counts = _near(word, lexicon, FEW_EDITS if len(word) > SHORT_WORD else 1)
    if not counts and len(word) > 2 * SHORT_WORD:
        counts = _near(word, lexicon, MANY_EDITS)
    return _likeliest(word, counts, limit, may_be_told)


def close_candidates(word: str, lexicon: Lexicon, limit: int, may_be_told: MayBeTold) -> list[Candidate]:
    """Return the likeliest words that are one likely mistake away from a folded one; none as in `candidates`."""
    if not _can_be_misspelled(word):
        return []
    found = _likeliest(word, _near(word, lexicon, 1), limit, may_be_told)
    return [one for one in found if one.cost <= LIKELY_MISTAKE]


def _can_be_misspelled(word: str) -> bool:
    return SHORT_WORD <= len(word) <= LONGEST_WORD and not any(map(str.isdigit, word))


def _likeliest(word: str, counts: Counter[str], limit: int, may_be_told: MayBeTold) -> list[Candidate]:
    if not counts:
        return []
    near = counts.most_common(MAX_WEIGHED)
    weighed = costs(word, [text for text, _ in near]).tolist()
    found = [
        Candidate(text=text, cost=cost - FREQUENCY * math.log10(count))
        for (text, count), cost in zip(near, weighed, strict=True)
    ]
    found.sort(key=lambda one: (one.cost, one.text))
    best = [_doubted(one, found[:DOUBTED], counts) for one in found[:DOUBTED]]
    ordered = sorted([*best, *found[DOUBTED:]], key=lambda one: (one.cost, one.text))
    return list(islice((one for one in ordered if may_be_told(one.text)), limit))


def _doubted(one: Candidate, others: Sequence[Candidate], counts: Mapping[str, int]) -> Candidate:
    """Make a word cost more that is rather a misspelling, too: of another one that may have been meant."""
    frequent = [other.text for other in others if counts[other.text] >= TIMES_AS_FREQUENT * counts[one.text]]
    beside = [other for other in frequent if OSA.distance(one.text, other, score_cutoff=1) == 1]
    if not beside or costs(one.text, beside).min() > LIKELY_MISTAKE:
        return one
    return Candidate(text=one.text, cost=one.cost + DOUBT)


def _near(word: str, lexicon: Lexicon, edits: int) -> Counter[str]:
    """Return the words at most so many edits away, and how often they stand in the texts."""
    counts: Counter[str] = Counter()
    for part in lexicon.parts:
        table = part.words
        for place in table.within(word, edits, least=1 + part.documents // RARE_DOCUMENTS):
            text = table.words[place]
            if text.isalpha() or not any(map(str.isdigit, text)):
                counts[text] += int(table.counts[place])
    del counts[word]
    return counts


def parted(word: str, lexicon: Lexicon, may_be_told: MayBeTold) -> list[Candidate]:
    """Return the likeliest two words for one in which the space between them is missing; at most one such pair."""
    if len(word) < 2 * SHORT_WORD or len(word) > LONGEST_WORD:
        return []
    found = []
    for place in range(SHORT_WORD, len(word) - SHORT_WORD + 1):
        first, second = word[:place], word[place:]
        rarer = lexicon.count(first) and min(lexicon.count(first), lexicon.count(second))
        if rarer:
            found.append(Candidate(text=f"{first} {second}", cost=MISSING_SPACE - FREQUENCY * math.log10(rarer)))
    found.sort(key=lambda one: one.cost)
    return list(islice((one for one in found if all(map(may_be_told, one.text.split()))), 1))

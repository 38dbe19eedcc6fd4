"""Articles that nobody wrote, in any number: word frequencies and the growth of the vocabulary are those of news.

Frequencies follow a power law with two regimes (Ferrer i Cancho and Solé, 2001): 1 / (rank + 2.7) for the words that
everybody uses, and a steeper tail. The tail's exponent is one over that of Heaps' law, so 1.8 makes the vocabulary grow
with the 0.55th power of the text. A quarter of the words repeat one of the same article, as real articles do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

Article = dict[str, Any]
"""As the contract has it; a date is a text."""

SEED = 20_261_125
AT_A_TIME = 1_000
SHIFT = 2.7
COMMON_WORDS = 4_000
TAIL = 1.8
PARTICLES = 100
"""The most frequent words have one form only; all others have the forms of `ENDINGS`."""
ENDINGS = ("", "s", "ed", "ing")
REPEATED = 0.25
BODY_WORDS, BODY_SPREAD = 400, 0.35
TITLE_WORDS, SUMMARY_WORDS = 8, 25
SENTENCE_WORDS, SENTENCES = 18, 4
SECTIONS = ("world", "politics", "business", "sport", "culture", "science", "health", "travel", "opinion", "local")
AUTHORS, TAGS = 2_000, 800
AGENCIES = ("AFP", "AP", "Reuters", "dpa")
FIRST_DAY = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 1_000
CONSONANTS, VOWELS, LAST = "bcdfghjklmnprstvwz", "aeiou", "bkmnprtvxz"
"""No word but an inflected one ends as an inflected one does: stemming must mean the same to every engine."""
SCATTER = 7_919
"""Prime to every number of words of one length."""
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]


def spelling(rank: int) -> str:
    """Return the word of a rank; the more frequent, the shorter."""
    if rank < PARTICLES:
        return SYLLABLES[rank % len(SYLLABLES)] + ("" if rank < len(SYLLABLES) else "n")
    number, ending = divmod(rank - PARTICLES, len(ENDINGS))
    length = 1
    while number >= (size := len(SYLLABLES) ** length * len(LAST)):
        number -= size
        length += 1
    # scattered, so that how a word begins says nothing about its frequency
    number, last = divmod(number * SCATTER % size, len(LAST))
    syllables = []
    for _ in range(length):
        number, syllable = divmod(number, len(SYLLABLES))
        syllables.append(SYLLABLES[syllable])
    return "".join(syllables) + LAST[last] + ENDINGS[ending]


def ranks(draw: np.random.Generator, count: int) -> np.ndarray:
    """Draw words by their frequency."""
    # the inverse of the cumulative frequency, in both regimes; at the border they have the same density
    border = COMMON_WORDS + SHIFT
    common, tail = np.log(border / SHIFT), 1 / (TAIL - 1)
    at = draw.random(count) * (common + tail)
    beyond = np.clip(1 - (at - common) / tail, 1e-9, 1)
    inside = SHIFT * np.exp(np.minimum(at, common)) - SHIFT
    return np.where(at < common, inside, COMMON_WORDS + border * (beyond ** (-1 / (TAIL - 1)) - 1)).astype(np.int64)


@dataclass
class Generator:
    """Gives the same articles at every run, one after the other."""

    seed: int = SEED
    prefix: str = "made"
    _words: dict[int, str] = field(default_factory=dict)

    def articles(self, count: int, first: int = 0) -> Iterator[Article]:
        """Return some articles; `first` is the number of the first."""
        for start in range(first, first + count, AT_A_TIME):
            yield from self._made(start, min(AT_A_TIME, first + count - start))

    def _made(self, start: int, count: int) -> Iterator[Article]:
        draw = np.random.default_rng((self.seed, start))
        lengths = np.maximum(draw.lognormal(np.log(BODY_WORDS), BODY_SPREAD, count).astype(int), 2 * SUMMARY_WORDS)
        words = ranks(draw, int(lengths.sum()))
        begin = np.cumsum(lengths) - lengths
        again = np.flatnonzero((draw.random(len(words)) < REPEATED) & (words > PARTICLES))
        own_begin, own_length = np.repeat(begin, lengths)[again], np.repeat(lengths, lengths)[again]
        words[again] = words[own_begin + (draw.random(len(again)) * own_length).astype(int)]
        for number, (first, length) in enumerate(zip(begin.tolist(), lengths.tolist(), strict=True)):
            spelled = [self._spelled(rank) for rank in words[first : first + length].tolist()]
            content = [word for word in spelled if len(word) > TITLE_WORDS // 2]
            yield self._article(draw, start + number, spelled, content)

    def _spelled(self, rank: int) -> str:
        word = self._words.get(rank)
        if word is None:
            word = self._words[rank] = spelling(rank)
        return word

    def _article(self, draw: np.random.Generator, number: int, words: Sequence[str], content: Sequence[str]) -> Article:
        numbers = draw.random(8)
        moment = FIRST_DAY + timedelta(seconds=int(numbers[0] * DAYS * 86_400))
        article: Article = {
            "id": f"{self.prefix}-{number:08}",
            "title": " ".join(content[:TITLE_WORDS]).capitalize() or "Untitled",
            "body": _prose(words),
            "section": SECTIONS[int(numbers[1] ** 2 * len(SECTIONS))],
            "authors": [f"Author {int(numbers[2] ** 3 * AUTHORS)}"],
            "tags": [f"tag {tag}" for tag in sorted({int(one**3 * TAGS) for one in numbers[3:6]})],
            "agency": AGENCIES[int(numbers[6] * len(AGENCIES))],
            "language": "en",
            "published_at": moment.isoformat(),
        }
        if numbers[7] < 1 / 2:
            article["summary"] = " ".join(words[:SUMMARY_WORDS]).capitalize() + "."
        return article


def _prose(words: Sequence[str]) -> str:
    sentences = [
        " ".join(words[start : start + SENTENCE_WORDS]).capitalize() + "."
        for start in range(0, len(words), SENTENCE_WORDS)
    ]
    paragraphs = [" ".join(sentences[start : start + SENTENCES]) for start in range(0, len(sentences), SENTENCES)]
    return "\n\n".join(paragraphs)

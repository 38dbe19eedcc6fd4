"""What readers ask, drawn from the articles themselves: words as often as they occur, the commonest left out."""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Article = Mapping[str, Any]

KINDS = ("term", "and", "or", "phrase", "prefix", "fuzzy", "filter", "by_date", "facets")
FACETS = ("section", "tags")
PLAIN_WORD = re.compile(r"[a-z]{4,}")
PLAIN_PAIR = re.compile(r"\b([a-z]{4,}) ([a-z]{4,})\b")
LEFT_OUT = 100
"""So many of the most frequent words are in no question."""
PREFIX_LETTERS = 4
DAYS = 90
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One query: the ten best and the total are wanted, or the facets' counts."""

    kind: str
    words: Sequence[str]
    section: str | None = None
    published_from: datetime | None = None
    published_to: datetime | None = None


def draw_questions(articles: Sequence[Article], kind: str, number: int, seed: int) -> list[Question]:
    """Draw questions of one kind."""
    draw = random.Random(f"{kind} {seed}")
    counts = Counter(word for article in articles for word in PLAIN_WORD.findall(article["body"]))
    common = {word for word, _ in counts.most_common(LEFT_OUT)}
    needed = {"section", "published_at"} if kind == "filter" else set[str]()
    articles = [article for article in articles if needed <= article.keys()]
    questions: list[Question] = []
    while len(questions) < number:
        article = draw.choice(articles)
        words = _words(draw, kind, article["body"], common)
        if words:
            questions.append(_question(draw, kind, words, article))
    return questions


def _words(draw: random.Random, kind: str, text: str, common: set[str]) -> list[str]:
    if kind == "phrase":
        pairs = [pair for pair in PLAIN_PAIR.findall(text) if not common & set(pair)]
        return list(draw.choice(pairs)) if pairs else []
    wanted = {"and": 2, "or": 3}.get(kind, 1)
    words = [word for word in PLAIN_WORD.findall(text) if word not in common]
    chosen = list(dict.fromkeys(draw.choices(words, k=wanted))) if words else []
    return chosen if len(chosen) == wanted else []


def _question(draw: random.Random, kind: str, words: Sequence[str], article: Article) -> Question:
    if kind == "prefix":
        words = [words[0][:PREFIX_LETTERS]]
    if kind == "fuzzy":
        at = draw.randrange(len(words[0]))
        words = [words[0][:at] + draw.choice(LETTERS) + words[0][at + 1 :]]
    if kind != "filter":
        return Question(kind=kind, words=words)
    day = datetime.fromisoformat(article["published_at"]).astimezone(UTC)
    start = day.replace(hour=0, minute=0, second=0) - timedelta(days=draw.randrange(DAYS))
    end = start + timedelta(days=DAYS)
    return Question(kind=kind, words=words, section=article["section"], published_from=start, published_to=end)

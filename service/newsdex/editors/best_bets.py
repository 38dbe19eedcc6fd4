"""Articles that editors promote for certain queries, read from a YAML file.

    - queries: [budget, spring budget]
      articles: [brackwater-courier:2024-0611-budget]
      until: 2026-04-30

A query is one of those when it has the same words, in any form, in the same order; stop words do not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from newsdex.editors.watched import LOOK_EVERY_S, Watched
from newsdex.editors.wordlists import WordList
from newsdex.errors import Misconfigured
from newsdex.index.text.analysis import plain_form, stem_of, words
from newsdex.records.moments import microseconds

MAX_PROMOTED = 10
MAX_CHARS = 1_000_000
DAY_US = 86_400_000_000
NOT_YAML = (yaml.YAMLError, ValueError, RecursionError, AttributeError, LookupError)
"""What PyYAML raises; the last three of a date that does not exist, and of values that are not as their tags say."""

Text = Annotated[str, Field(min_length=1, max_length=500)]


class Entry(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queries: Annotated[tuple[Text, ...], Field(min_length=1)]
    articles: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MAX_PROMOTED)]
    until: datetime | date
    """The last day, or the moment at which it ends; without a zone it is UTC."""

    @field_validator("until", mode="before")
    @classmethod
    def _is_a_date(cls, value: object) -> object:
        """Refuse what YAML reads as a number: `2026` would be seconds since 1970."""
        if isinstance(value, int | float):
            raise ValueError("a date is needed, such as 2026-12-31")  # noqa: TRY004 - what pydantic expects
        return value

    @property
    def end_us(self) -> int:
        """Return the moment at which it ends."""
        if not isinstance(self.until, datetime):
            return microseconds(datetime.combine(self.until, time(), UTC)) + DAY_US
        return microseconds(self.until if self.until.tzinfo else self.until.replace(tzinfo=UTC))


@dataclass(frozen=True, kw_only=True, slots=True)
class BestBets:
    """What is promoted for which query."""

    by_query: Mapping[tuple[str, ...], Sequence[Entry]] = field(default_factory=dict)

    def promoted(self, text: str, wordlist: WordList, now_us: int) -> tuple[str, ...]:
        """Return the ids of the articles that are promoted for a query now, in the file's order, each once."""
        every = [plain_form(word) for word, *_ in words(text)]
        content = [word for word in every if word not in wordlist.stop_words]
        found = self.by_query.get(_stems(every), ()) or self.by_query.get(_stems(content), ())
        ids = (id_ for entry in found if now_us < entry.end_us for id_ in entry.articles)
        return tuple(dict.fromkeys(ids))[:MAX_PROMOTED]


def watched_best_bets(path: Path | None, *, look_every_s: float = LOOK_EVERY_S) -> Watched[BestBets]:
    """Return the best bets of a file, as it changes; None is no file."""
    paths = [path] if path is not None else []
    return Watched("best_bets", lambda: paths, read_best_bets, BestBets(), look_every_s=look_every_s)


def read_best_bets(paths: Sequence[Path]) -> BestBets:
    """Read the file; raise `Misconfigured` with the place of what is wrong."""
    by_query: dict[tuple[str, ...], list[Entry]] = {}
    for path in paths:
        for number, entry in enumerate(_entries(path)):
            for query in entry.queries:
                stems = _stems([plain_form(word) for word, *_ in words(query)])
                if not stems:
                    raise _invalid(path, f"entry {number + 1}: the query {query!r} has no words")
                by_query.setdefault(stems, []).append(entry)
    return BestBets(by_query=by_query)


def _stems(folded: Sequence[str]) -> tuple[str, ...]:
    return tuple(stem_of(word) for word in folded)


def _entries(path: Path) -> list[Entry]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(path, f"it cannot be read as UTF-8 text: {error}") from error
    if len(text) > MAX_CHARS:
        raise _invalid(path, f"it is longer than {MAX_CHARS:,} characters")
    try:
        read: Any = yaml.safe_load(text)
    except NOT_YAML as error:
        raise _invalid(path, f"it is not YAML: {' '.join(str(error).split())}") from error
    if read is None:
        return []
    if not isinstance(read, list):
        raise _invalid(path, "it must be a list of entries, each with queries, articles and until")
    return [_entry(path, number, one) for number, one in enumerate(read)]


def _entry(path: Path, number: int, read: Any) -> Entry:
    try:
        return Entry.model_validate(read)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _invalid(path, f"entry {number + 1}{f', {place}' if place else ''}: {first['msg']}") from error


def _invalid(path: Path, reason: str) -> Misconfigured:
    return Misconfigured("invalid_best_bets", f"{path}: {reason}")

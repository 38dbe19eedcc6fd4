"""Reads the leaves of a query: words, phrases, patterns, fuzzy words, ranges and dates."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from newsdex.index.schema import FILTER_FIELDS
from newsdex.index.text.analysis import words
from newsdex.index.text.emoji import is_emoji
from newsdex.search.language.ast import (
    DateRange,
    Edge,
    Fuzzy,
    Leaf,
    MatchAll,
    Phrase,
    TermRange,
    Wildcard,
    Word,
)
from newsdex.search.language.dates import QueryClock, read_date, time_range
from newsdex.search.language.patterns import pattern_of
from newsdex.search.language.tokenizer import OPERATORS, Token

MAX_EDITS = 2
"""More letters than that make another word, and Whoosh's automaton for them takes seconds."""
MAX_GAP = 50
DATES = "published"
WHOLE = (*FILTER_FIELDS, "id", DATES)
"""Fields whose value is one, whatever stands in it."""

_UNKNOWN_FIELD = re.compile(r"([^\W\d]\w*):(?!//)(?=.)|([^\W\d]\w*):$")
_QUOTED_WORD = re.compile(r"\S*:\S*")
"""A word that would not read as itself without quotes: with them it is one all the same, and no phrase."""
_DAY = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?:T\S*)?")
_TO = re.compile(r"(?P<first>[^.]+)[.][.](?P<last>[^.]+)")

Read = tuple[Leaf | None, int]


class LeafReader:
    """Reads one leaf at a time; `note` is told of what breaks the grammar."""

    def __init__(self, text: str, note: Callable[[str, str, int, int], None]) -> None:
        self._text = text
        self._note = note

    def read(self, tokens: Sequence[Token], at: int, field: str | None) -> Read:  # noqa: PLR0911 - one for each kind
        """Read a leaf; give it, or None where there is no word, and the number of the token behind it."""
        token = tokens[at]
        behind = tokens[at + 1] if at + 1 < len(tokens) else None
        fuzz = behind if behind is not None and behind.kind == "fuzz" and behind.touches else None
        match token.kind:
            case "phrase":
                return self._phrase(token, fuzz, field), at + (2 if fuzz else 1)
            case "word":
                self._note_unknown_field(token, behind)
                return self._word(token, fuzz, field), at + (2 if fuzz else 1)
            case "range" | "open_range":
                return self._range(token, field), at + 1
            case "date":
                read = self._date(token, DATES)
                if field is None and isinstance(read, DateRange):
                    read = replace(read, spelled=token.text)
                return read, at + 1
            case "comparison" if field == DATES and behind is not None and behind.kind in ("word", "phrase"):
                return self._compared(token, behind), at + 2
            case "quote" if field in WHOLE:
                return self._unclosed(token, tokens[-1].end, field), len(tokens)
        self.note_stray(token)
        return None, at + 1

    def note_stray(self, token: Token) -> None:
        """Note a sign of the grammar that belongs to nothing."""
        if token.kind == "quote":
            self._note("unbalanced_quote", "this quote is left out; the words behind it are no phrase", *_place(token))
        else:
            self._note("stray_sign", "this sign belongs to nothing, and is left out", *_place(token))

    def _note_unknown_field(self, token: Token, behind: Token | None) -> None:
        name = _UNKNOWN_FIELD.match(token.text)
        if name and (name[1] or (behind is not None and behind.touches)):
            shown = name[1] or name[2]
            message = f"there is no field {shown}; it is read as a word"
            self._note("unknown_field", message, token.start, token.start + len(shown))

    def _phrase(self, token: Token, fuzz: Token | None, field: str | None) -> Leaf | None:
        end = fuzz.end if fuzz else token.end
        if field == DATES:
            return self._date(token, field)
        text = token.text
        if not _has_words(text, field):
            self._note("empty_group", "these quotes hold no words, and are left out", *_place(token))
            return None
        gap = int(fuzz.text or 1) if fuzz else 0
        if fuzz and gap > MAX_GAP:
            self._note("gap_out_of_range", f"it is read as ~{MAX_GAP}", *_place(fuzz))
        if not fuzz and field not in WHOLE and (text in OPERATORS or _QUOTED_WORD.fullmatch(text)):
            return Word(start=token.start, end=end, field=field, text=text)
        return Phrase(start=token.start, end=end, field=field, text=text, gap=min(gap, MAX_GAP))

    def _word(self, token: Token, fuzz: Token | None, field: str | None) -> Leaf | None:
        if field == DATES:
            return self._date(token, field)
        where: dict[str, Any] = {"start": token.start, "end": fuzz.end if fuzz else token.end, "field": field}
        text = token.text.rstrip("?'")
        if token.text.strip("*?") == "" and "*" in token.text:
            return MatchAll(**where)
        if pattern := pattern_of(token.text, whole=field in WHOLE):
            return Wildcard(text=pattern, **where)
        if not _has_words(text, field):
            return None
        if fuzz is None or is_emoji(text):
            return Word(text=text, **where)
        edits = int(fuzz.text or 1)
        if edits > MAX_EDITS:
            self._note("edits_out_of_range", f"it is read as ~{MAX_EDITS}", *_place(fuzz))
        return Fuzzy(text=text, edits=min(edits, MAX_EDITS), beginning=int(fuzz.extra or 0), **where)

    def _range(self, token: Token, field: str | None) -> Leaf | None:
        if token.kind == "open_range":
            self._note("unbalanced_bracket", "this range is closed behind its second word", *_place(token))
        first, last = _open(token.text), _open(token.extra)
        shown = self._text[token.start : token.end]
        with_first, with_last = shown.startswith("["), not shown.endswith("}")
        if field != DATES and not (field is None and _are_days(first, last)):
            return TermRange(
                start=token.start, end=token.end, field=field,
                first=first, last=last, with_first=with_first, with_last=with_last,
            )  # fmt: skip
        return self._dates(token, first, last, with_first=with_first, with_last=with_last)

    def _dates(self, token: Token, first: str | None, last: str | None, **inclusive: bool) -> Leaf | None:
        since, until = (read_date(text) if text is not None else None for text in (first, last))
        if (first is None) != (since is None) or (last is None) != (until is None):
            return self._no_date(token)
        if since and until and time_range(since, _ANY)[0] > time_range(until, _ANY)[0] and not _moves(since, until):
            self._note("reversed_range", "the later date stands first; they are swapped", *_place(token))
            since, until = until, since
        return DateRange(
            start=token.start,
            end=token.end,
            field=DATES,
            since=Edge(since, not inclusive["with_first"]) if since else None,
            until=Edge(until, inclusive["with_last"]) if until else None,
        )

    def _date(self, token: Token, field: str) -> Leaf | None:
        if two := _TO.fullmatch(token.text):
            return self._dates(token, two["first"], two["last"], with_first=True, with_last=True)
        if token.text.strip("*") == "" and token.text:
            return MatchAll(start=token.start, end=token.end, field=field)
        date = read_date(token.text)
        if date is None:
            return self._no_date(token)
        return DateRange(start=token.start, end=token.end, field=field, since=Edge(date, False), until=Edge(date, True))

    def _compared(self, sign: Token, token: Token) -> Leaf | None:
        date = read_date(token.text)
        if date is None:
            return self._no_date(token)
        # `>2024` begins where 2024 ends, `<=2024` ends there
        edge = Edge(date, sign.text in (">", "<="))
        since, until = (edge, None) if sign.text.startswith(">") else (None, edge)
        return DateRange(start=sign.start, end=token.end, field=DATES, since=since, until=until)

    def _no_date(self, token: Token) -> Leaf | None:
        self._note("unreadable_date", "this is no date that can be read; it is read as words", *_place(token))
        text = self._text[token.start : token.end].strip("[]{}\"'“”„«»")
        if not _has_words(text, None):
            return None
        kind = Phrase if len(text.split()) > 1 else Word
        return kind(start=token.start, end=token.end, text=text)

    def _unclosed(self, quote: Token, end: int, field: str | None) -> Leaf | None:
        """Read what an unclosed quote leaves of a field that has one value: everything to the end."""
        self._note("unbalanced_quote", "this quote is closed at the end", *_place(quote))
        token = Token(kind="phrase", start=quote.start, end=end, text=self._text[quote.end : end])
        return self._phrase(token, None, field)


_ANY = QueryClock(now_us=0)


def _moves(*expressions: Any) -> bool:
    return any(not hasattr(expression, "parts") for expression in expressions)


def _place(token: Token) -> tuple[int, int]:
    return token.start, token.end


def _are_days(*ends: str | None) -> bool:
    return any(ends) and all(end is None or _DAY.fullmatch(end) for end in ends)


def _open(text: str) -> str | None:
    """Return one end of a range, or None where it is open."""
    text = text.strip().strip("'")
    return None if text in ("", "*") else text


def _has_words(text: str, field: str | None) -> bool:
    return bool(text.strip()) if field in WHOLE else next(words(text), None) is not None

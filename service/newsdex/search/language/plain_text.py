"""Tells text that looks like commands from commands: headlines in capitals, time words in a sentence, others' signs.

What is text stays text. A remark says so where a command may have been meant, and what would be one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from newsdex.normalise.dates import find_dates
from newsdex.search.language.ast import Note
from newsdex.search.language.dates import PAGE_CLOCK
from newsdex.search.language.tokenizer import Token

FEW_WORDS = 3
"""Up to this many words are a list of what must be there, more are a description, as in GOV.UK's search."""
FEW_FOR_DATES = 6
"""In a text of more words, a date is rather a part of it than a wish for articles of that day."""

_TIMES = re.compile(
    r"\b(?:(?:this|last|past)\s+(?:week|month|year)|\d{1,4}\s+(?:day|week|month|year)s?\s+ago|today|yesterday)\b",
    re.IGNORECASE,
)
_FORWARDING = re.compile(
    r"\s*(?!(?-i:[a-z]+:[^\s:])|[a-z]+\s?:\s*[!-9;-~]+\s*$)(?P<marks>(?:(?:re|fw|fwd|aw|wg|sv|vs|antw|tr|rv|rif|enc|odp|ynt|回复|答复|转发|回覆|轉寄|返信|転送)"
    r"(?:\s?\[\d{1,3}\])?\s?[:：]\s*|rt\s+@\w{1,50}\s?[:：]\s*)+)(?=\S)",
    re.IGNORECASE,
)
"""How programs for mail say, in their languages, that a subject was answered or sent on; and that a post was.

Names begin so, too: `Re: Zero`, `re:Invent 2026`. One word by itself is no headline.
"""
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
"""Texts have such dates, too: they are found as they stand."""
_FOREIGN = re.compile(r"(?<!\S)(?:(?P<or>\|\|)|(?P<and>&&)|(?P<not>!)(?=[^\W\d_]))")
_INSTEAD = {"or": "OR joins words of which one must be there", "and": "AND joins words", "not": "- leaves a word out"}


def without_forwarding(text: str) -> tuple[str, list[Note]]:
    """Return a text of the same length without what mail and posts put before a headline, and a remark on that."""
    found = _FORWARDING.match(text)
    if found is None:
        return text, []
    start, end = found.span("marks")
    message = "mail and posts put this before a headline; it is left out"
    return " " * end + text[end:], [Note("forwarding_mark", message, start, end)]


def as_text(text: str, found: Sequence[Token]) -> tuple[list[Token], list[Note]]:
    """Return the tokens, those as words that are no commands in this text, and the remarks on it."""
    tokens = list(found)
    remarks: list[Note] = []
    if is_shouted(text, tokens):
        first = next(token for token in tokens if token.kind == "operator")
        message = "in a text in capitals this is a word; brackets around it make it an operator"
        remarks.append(Note("operator_as_word", message, first.start, first.end))
        tokens = list(_as_words(text, tokens, ("operator", "range")))
    if dashes := _dashes(text, tokens):
        message = "in a text in capitals this is a dash; NOT in brackets leaves a word out"
        remarks.append(Note("operator_as_word", message, dashes[0].start, dashes[0].end))
        tokens = [token for token in tokens if token not in dashes]
    if number_of_words(tokens) > FEW_WORDS:
        remarks += [_date_remark(text, one.start, one.end) for one in tokens if _is_free(one, "date", text)]
        tokens = list(_as_words(text, tokens, ("date",)))
    return tokens, [*remarks, *_meant_dates(text, tokens), *_foreign_signs(text)]


def is_shouted(text: str, found: Sequence[Token]) -> bool:
    """Return whether operators are words: in a text without a small letter that is not plainly Boolean.

    It is where brackets hold an operator, where brackets or quotes stand beside one, and where a field is named. Quotes
    beside NOT do not tell in a text of more than a few words.
    """
    operators = [at for at, token in enumerate(found) if token.kind == "operator"]
    return bool(operators) and _is_in_capitals(text, found) and not _is_plainly_boolean(found, operators)


def _is_in_capitals(text: str, found: Sequence[Token]) -> bool:
    return "".join(text[token.start : token.end] for token in found if token.kind != "operator").isupper()


def _is_plainly_boolean(found: Sequence[Token], operators: Sequence[int]) -> bool:
    depth, inside = 0, False
    for token in found:
        depth += (token.kind == "open") - (token.kind == "close")
        inside |= token.kind == "operator" and (depth > 0 or token.text == "ANDNOT")
    fields = any(one.kind == "field" and other.touches for one, other in pairwise(found))
    return inside or fields or any(_stands_beside_group(found, at) for at in operators)


def _dashes(text: str, found: Sequence[Token]) -> list[Token]:
    """Return the minus signs that stand for a dash, as before the last word of a headline in capitals."""
    signs = [one for one, other in pairwise(found) if (one.kind, one.text, other.kind) == ("sign", "-", "word")]
    operators = [at for at, token in enumerate(found) if token.kind == "operator"]
    is_headline = number_of_words(found) > FEW_WORDS and _is_in_capitals(text, found)
    return signs if is_headline and not _is_plainly_boolean(found, operators) else []


def _stands_beside_group(found: Sequence[Token], at: int) -> bool:
    behind, before = found[at + 1 : at + 2], found[at - 1 : at] if at else []
    # a headline quotes what someone will not do
    phrase = () if found[at].text == "NOT" and number_of_words(found) > FEW_WORDS else ("phrase",)
    return any(token.kind in ("open", *phrase) for token in behind) or any(
        token.kind in ("close", *phrase) for token in before
    )


def number_of_words(found: Sequence[Token]) -> int:
    """Return how many words a text has, quoted ones included."""
    return sum(len(token.text.split()) for token in found if token.kind in ("word", "phrase"))


def _is_free(token: Token, kind: str, text: str) -> bool:
    """Return whether a token is of a kind, and no value of a field."""
    return token.kind == kind and text[: token.start].rstrip()[-1:] != ":"


def _as_words(text: str, found: Sequence[Token], kinds: tuple[str, ...]) -> Iterator[Token]:
    for token in found:
        if token.kind == "operator" and token.kind in kinds:
            yield replace(token, kind="word")
        elif any(_is_free(token, kind, text) for kind in kinds):
            for word in re.finditer(r"[^\s\[\]{}]+", text[token.start : token.end]):
                start = token.start + word.start()
                yield Token(kind="word", start=start, end=start + len(word.group()), text=word.group())
        else:
            yield token


def _date_remark(text: str, start: int, end: int) -> Note:
    spelled = " ".join(text[start:end].split())
    message = f'these are words; published:"{spelled}" asks for articles of that time'
    return Note("date_as_words", message, start, end)


def _meant_dates(text: str, found: Sequence[Token]) -> Iterator[Note]:
    """Yield a remark on each date of a short text that stands among its words."""
    words = [token for token in found if token.kind == "word"]
    if not words or number_of_words(found) > FEW_FOR_DATES or any(token.kind == "field" for token in found):
        return
    places = [match.span() for match in _TIMES.finditer(text)]
    if any(character.isdigit() for character in text):
        dates = [(date.start, date.end) for date in find_dates(text, PAGE_CLOCK) if date.moment]
        places += [(start, end) for start, end in dates if not _ISO_DAY.fullmatch(text, start, end)]
    behind = 0
    for start, end in sorted(places, key=lambda place: (place[0], -place[1])):
        if start >= behind and any(start <= word.start and word.end <= end for word in words):
            yield _date_remark(text, start, end)
            behind = end


def _foreign_signs(text: str) -> Iterator[Note]:
    for sign in _FOREIGN.finditer(text):
        message = f"this sign is no command, and is left out: {_INSTEAD[str(sign.lastgroup)]}"
        yield Note("foreign_sign", message, sign.start(), sign.start() + len(sign.group()))

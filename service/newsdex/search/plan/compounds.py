"""Says which neighbouring words of a query may be one word, and which parts of a word may be several: `take over`.

Small words are mostly no parts of others: `the rapist` is no therapist. Some are, as in `by-pass` and `line-up`.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, pairwise

from newsdex.index.lexicon.compounds import (
    LEAST_LETTERS,
    LEAST_OF_SLOGAN,
    MOST_OF_SLOGAN,
    SHORT_BEGINNINGS,
    SHORT_ENDS,
    are_initials,
    are_thousands,
)
from newsdex.search.plan.clauses import TextClause

MAX_ROW = 8
"""A query of more words is a text: nobody remembers a hashtag by it."""
_BEGINNINGS = frozenset(("by", "off", "on", "out", "over", "under", "up"))
_ENDS = frozenset(("down", "off", "out", "over", "through", "up"))


def neighbours(clauses: Sequence[TextClause], stop_words: Collection[str]) -> Iterator[str]:
    """Yield those words in a row that may be one, with spaces between them."""
    words = [_only_word(clause) for clause in clauses]
    for first, second in pairwise(words):
        if first and second and may_be_one(f"{first} {second}", stop_words):
            yield f"{first} {second}"
    for row in _rows(words):
        if is_slogan(row, stop_words):
            yield " ".join(row)
    for kind, alike in groupby(words, key=_kind):
        parts = " ".join(alike)
        if are_thousands(parts) or (kind == "initial" and " " in parts):
            yield parts


def _kind(word: str) -> str:
    return "number" if word.isdigit() else "initial" if len(word) == 1 and word.isalpha() else ""


def _rows(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what may be a hashtag: three words in a row and more, of a query that is not a text."""
    if len(words) > MAX_ROW:
        return
    for first in range(len(words)):
        for behind in range(first + LEAST_OF_SLOGAN, min(first + MOST_OF_SLOGAN, len(words)) + 1):
            if all(words[first:behind]):
                yield words[first:behind]


def _only_word(clause: TextClause) -> str:
    """Return the word of a clause that has one; a sign may stand for several, with spaces: U+FC5E and its like."""
    word = clause.words[0].folded if len(clause.words) == 1 and not clause.bridge else ""
    return word if len(word.split()) == 1 else ""


def may_be_one(parts: str, stop_words: Collection[str]) -> bool:
    """Return whether words that stand side by side may be one word that is written so, too."""
    if are_initials(parts):
        return True
    if parts.replace(" ", "").isdigit():
        return are_thousands(parts)
    first, second, *more = parts.split()
    if more:
        return is_slogan((first, second, *more), stop_words)
    if first[0].isdigit() or second[0].isdigit():
        return first.isalpha() or second.isalpha()
    if first in stop_words and second in stop_words:
        return False
    begins = first in _BEGINNINGS if first in stop_words else len(first) >= LEAST_LETTERS or first in SHORT_BEGINNINGS
    ends = second in _ENDS if second in stop_words else len(second) >= LEAST_LETTERS or second in SHORT_ENDS
    return begins and ends


def is_slogan(parts: Sequence[str], stop_words: Collection[str]) -> bool:
    """Return whether three words and more may be written as one, as in a hashtag; small words alone are none."""
    return any(len(one) > LEAST_LETTERS and one not in stop_words for one in parts) and all(map(str.isalnum, parts))


def hyphenated(clause: TextClause) -> str:
    """Return the parts of a word with hyphens, or points between thousands, that may be one word; else nothing."""
    words = [word.folded for word in clause.words]
    joined = " ".join(words)
    decimal = any(one[-1:].isdigit() and other[:1].isdigit() for one, other in pairwise(words))
    return "" if clause.quoted or clause.slop > 1 or (decimal and not are_thousands(joined)) else joined

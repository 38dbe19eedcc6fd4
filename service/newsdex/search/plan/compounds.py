"""Says which neighbouring words of a query may be one word, and which parts of a word may be two: `take over`.

Small words are mostly no parts of others: `the rapist` is no therapist. Some are, as in `by-pass` and `line-up`.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from newsdex.index.lexicon.compounds import LEAST_LETTERS, SHORT_BEGINNINGS, SHORT_ENDS, are_initials, are_thousands
from newsdex.search.plan.clauses import TextClause

_BEGINNINGS = frozenset(("by", "off", "on", "out", "over", "under", "up"))
_ENDS = frozenset(("down", "off", "out", "over", "through", "up"))


def neighbours(clauses: Sequence[TextClause], stop_words: Collection[str]) -> Iterator[str]:
    """Yield those words in a row that may be one, with spaces between them."""
    words = [_only_word(clause) for clause in clauses]
    for first, second in pairwise(words):
        if first and second and may_be_one(f"{first} {second}", stop_words):
            yield f"{first} {second}"
    numbers: list[str] = []
    for word in (*words, ""):
        if word.isdigit():
            numbers.append(word)
            continue
        if are_thousands(" ".join(numbers)):
            yield " ".join(numbers)
        numbers = []


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
    first, second = parts.split()
    if first.isdigit() or second.isdigit():
        return first.isalpha() or second.isalpha()
    if first in stop_words and second in stop_words:
        return False
    begins = first in _BEGINNINGS if first in stop_words else len(first) >= LEAST_LETTERS or first in SHORT_BEGINNINGS
    ends = second in _ENDS if second in stop_words else len(second) >= LEAST_LETTERS or second in SHORT_ENDS
    return begins and ends


def hyphenated(clause: TextClause) -> str:
    """Return the parts of a word with hyphens, or points between thousands, that may be one word; else nothing."""
    words = [word.folded for word in clause.words]
    joined = " ".join(words)
    decimal = any(one[-1:].isdigit() and other[:1].isdigit() for one, other in pairwise(words))
    return "" if clause.quoted or clause.slop > 1 or (decimal and not are_thousands(joined)) else joined

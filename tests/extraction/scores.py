"""How an extraction is scored: F1 of the body by runs of four words, and right, wrong or missing for each field.

The F1 is that of the article extraction benchmark (scrapinghub/article-extraction-benchmark).
"""

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Literal

RUN = 4
_WORD = re.compile(r"\w+")
Verdict = Literal["right", "wrong", "missing"]


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1)) if words)


def f1(pairs: Iterable[tuple[str, str]]) -> float:
    """Return the F1 over pairs of the true and the extracted body; each page counts the same."""
    precisions, recalls = [], []
    for true, extracted in pairs:
        want, got = _runs(true), _runs(extracted)
        both = (want & got).total()
        if got:
            precisions.append(both / got.total())
        if want:
            recalls.append(both / want.total())
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return 2 * precision * recall / (precision + recall)


def plain(text: str) -> str:
    """Return the words of a text, by which titles and names are compared."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", unescape(text)).casefold()))


def title(label: str, found: str | None) -> Verdict:
    """Compare titles by their words."""
    return "missing" if not found else "right" if plain(label) == plain(found) else "wrong"


def day(label: str, found: str | None) -> Verdict:
    """Compare days; a label such as 2022-11-1 is meant as it stands."""
    return "missing" if not found else "right" if label == found else "wrong"


def authors(label: str, found: Sequence[str]) -> Verdict:
    """Compare names: right where one of them is in the label, or has it in it."""
    names, want = [plain(name) for name in found if plain(name)], plain(label)
    return "missing" if not names else "right" if any(name in want or want in name for name in names) else "wrong"


def share_kept(phrases: Sequence[str], body: str) -> Counter[bool]:
    """Count which phrases stand in a body, whatever the white space."""
    text = " ".join(body.split())
    return Counter(" ".join(phrase.split()) in text for phrase in phrases)

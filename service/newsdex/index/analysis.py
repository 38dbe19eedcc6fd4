"""Words of a text, the same for the index, for queries and for marking matches.

A word is indexed as it stands, folded, and by its stem at the same place; a query asks for the stem. So `run` finds
`running`, and prefixes and patterns see whole words.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer
from whoosh.analysis import Analyzer, Token

_LETTER = r"\w\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0dff\u0e00-\u0e7f"  # marks belong to the letter before
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # scripts without spaces: taken two by two
WORD = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[{_LETTER}])+(?:['’ʼ](?:(?![{_UNSPACED}])[{_LETTER}])+)*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]").match
_APOSTROPHES = str.maketrans("’ʼ", "''")
_stem = Stemmer.Stemmer("english").stemWord

LONGEST_WORD = 100
"""Longer ones are cut: they are noise, and a term must stay small."""


@lru_cache(maxsize=100_000)
def forms(word: str) -> tuple[str, str]:
    """Give a word folded, and its stem: NFKC, case folding, no possessive `'s`, no apostrophe inside."""
    folded = unicodedata.normalize("NFKC", word).casefold().translate(_APOSTROPHES)
    folded = folded.removesuffix("'s").replace("'", "")[:LONGEST_WORD] or word
    return folded, _stem(folded) if folded.isascii() else folded


def words(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Give (folded, stem, start, end) of each word; offsets are of the text as given, in characters."""
    for match in WORD.finditer(text):
        word, start = match.group(), match.start()
        if not _IS_UNSPACED(word):
            yield (*forms(word), start, match.end())
        elif len(word) == 1:
            yield word, word, start, start + 1
        else:
            for offset in range(len(word) - 1):
                pair = word[offset : offset + 2]
                yield pair, pair, start + offset, start + offset + 2


class NewsAnalyzer(Analyzer):  # type: ignore[misc]  # whoosh has no types
    """The same words, as Whoosh wants them."""

    def __call__(  # noqa: PLR0913 - whoosh's signature
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,  # noqa: ARG002 - nothing of ours asks Whoosh for characters
        keeporiginal: bool = False,  # noqa: ARG002 - as above
        removestops: bool = True,  # noqa: ARG002 - there are no stop words
        start_pos: int = 0,
        start_char: int = 0,  # noqa: ARG002 - as above
        tokenize: bool = True,  # noqa: ARG002 - a text is always split
        mode: str = "",
        **_: object,
    ) -> Iterator[Token]:
        token = Token(positions, False, mode=mode)
        token.stopped = False
        for position, (folded, stem, _start, _end) in enumerate(words(value), start_pos):
            token.pos = position
            token.boost = 1.0
            token.text = stem
            yield token
            if folded != stem and mode != "query":
                token.text = folded
                yield token

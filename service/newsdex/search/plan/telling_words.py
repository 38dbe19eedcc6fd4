"""Chooses the words by which a long text is searched for: a pasted paragraph or page has more than are worth asking."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from heapq import nlargest

from newsdex.index.text.analysis import alternatives, plain_form, words
from newsdex.search.language.ast import And, Node, Word
from newsdex.search.plan.build import optional_words

MOST_WORDS = 64
"""Questions and descriptions have fewer; what is beyond adds time and finds nothing more."""
WEIGHED = 500
"""So many different words are looked up, the first ones: a story says at its beginning what it is about."""


def with_telling_words(
    tree: Node | None,
    frequency: Callable[[str], int],
    documents: int,
    stop_words: Collection[str],
    languages: tuple[str, ...],
) -> Node | None:
    """Return a tree that has, of many words in a row, those alone that tell most of a text; None where they are few.

    They are weighed by tf · idf, with the idf of BM25, as the words of an article are in `more_like_this`. `frequency`
    tells in how many of the `documents` a term is.
    """
    parts: Sequence[Node | None] = optional_words(tree) or (tree,)
    free = [part for part in parts if isinstance(part, Word) and _is_free(part)]
    known = set(map(id, free))
    single = [word for part in free for word in _single(part)]
    if len(single) <= MOST_WORDS:
        return None
    times = Counter(plain_form(word.text) for word in single)
    first: dict[str, Word] = {}
    for word in single:
        form = plain_form(word.text)
        if form not in stop_words and len(first) < WEIGHED:
            first.setdefault(form, word)
    if not first or (len(first) <= MOST_WORDS and len(single) <= WEIGHED):
        return None

    def weight(form: str) -> float:
        forms = {term for (term,) in alternatives((first[form].text,), languages)}
        having = max(map(frequency, forms))
        idf = math.log1p((documents - having + 0.5) / (having + 0.5)) if having else 0.0
        return (1 + math.log(times[form])) * idf

    weights = {form: weight(form) for form in first}
    chosen = nlargest(MOST_WORDS, first, key=lambda form: (weights[form], -first[form].start))
    rest = [part for part in tree.parts if id(part) not in known] if isinstance(tree, And) else []
    asked = (*sorted((first[form] for form in chosen), key=lambda word: word.start), *rest)
    return And(parts=asked) if len(asked) > 1 else asked[0]


def _is_free(word: Word) -> bool:
    return word.field is None and not word.required


def _single(word: Word) -> Sequence[Word]:
    """Return each word of what the query has for one, where it stands."""
    return [
        replace(word, text=own, start=word.start + start, end=word.start + end) for own, start, end in words(word.text)
    ]

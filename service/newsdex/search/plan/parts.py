"""Finds the words of a query in its tree: pure.

In the trees that `trees` makes, words stand as they were written. A word without a field is an Or of one Term for each
field of full text, a phrase or a hyphenated word is one of Phrases; hyphenated words, not phrases, know their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from whoosh import query as q

from newsdex.index.schema import TEXT_FIELDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word of a query; a phrase or a hyphenated word has several words."""

    words: tuple[str, ...]
    """As they stand in the query."""
    fields: tuple[str, ...]
    boost: float
    tree: Any
    """As it was read."""
    written: bool = False
    """Whether it is a phrase that was written as one, in quotes."""

    @property
    def everywhere(self) -> bool:
        """Tell whether it is looked for in every field."""
        return len(self.fields) == len(TEXT_FIELDS)

    def split(self) -> "list[Word]":
        """Give each word of a hyphenated one by itself."""
        if len(self.words) == 1 or self.written:
            return [self]
        return [replace(self, words=(word,)) for word in self.words]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Parts that stand side by side."""

    words: Sequence[Word]
    """Those that are looked for in every field."""
    others: Sequence[Any]
    """All else."""


def parts_of(trees: Sequence[Any]) -> Parts:
    """Sort out what must match, or may."""
    words, others = [], []
    for part in trees:
        found = words_of(part)
        if len(found) == 1 and found[0].everywhere:
            words.append(found[0])
        else:
            others.append(part)
    return Parts(words=words, others=others)


def words_of(tree: Any) -> list[Word]:
    """Give the words of which one must match, or none where the tree is something else."""
    leaves = tree.subqueries if type(tree) is q.Or and not tree.minmatch else [tree]
    if not all(isinstance(leaf, q.Term | q.Phrase) and leaf.field() in TEXT_FIELDS for leaf in leaves):
        return []
    groups = (list(group) for _, group in groupby(leaves, key=_same_word))
    return [_word(group, tree if len(group) == len(leaves) else q.Or(group)) for group in groups]


def _same_word(leaf: Any) -> tuple[Any, ...]:
    return (*leaf.words, leaf.slop) if isinstance(leaf, q.Phrase) else (leaf.text, leaf.startchar)


def _word(leaves: Sequence[Any], tree: Any) -> Word:
    last = leaves[-1]
    words = tuple(last.words) if isinstance(last, q.Phrase) else (last.text,)
    fields = tuple(dict.fromkeys(leaf.field() for leaf in leaves))
    # the weights of the fields are multiplied into the boosts of words without a field
    boost = last.boost / TEXT_FIELDS[last.field()] if len(fields) > 1 else last.boost
    return Word(
        words=words, fields=fields, boost=boost, tree=tree, written=len(words) > 1 and last.startchar is None
    )  # fmt: skip

"""Scores a word over several fields at once by BM25F (Robertson and Zaragoza 2009, Probabilistic Relevance Framework).

    tf    = Σ fields Σ terms  field's weight · term's weight · occurrences / (1 − B + B · length / usual length)
    score = boost · idf · tf · (K1 + 1) / (K1 + tf)

Occurrences are added up before they saturate (their section 3.5), so a word in the title and in the body is one word
seen twice, not two. The weights and K1 come from `tests/relevance`; `tests/relevance/README.md` says how.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from newsdex.index.columnar.matches import Among, Dense, Matches, Sparse, Union, nothing
from newsdex.index.columnar.scored import Scored
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.snapshot import Snapshot
from newsdex.index.columnar.terms import TermPostings
from newsdex.index.columnar.weights import Weights

if TYPE_CHECKING:
    from newsdex.index.columnar.execution import Execution

FIELD_WEIGHTS = {"title": 2.0, "summary": 1.5, "body": 1.0}
K1 = 2.5
B = 0.75


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """A term of the index that stands for a word, or for its exact form."""

    term: str
    weight: float = 1.0
    kind: str = "stem"
    """`stem`, `exact`, `related`, `synonym` or `spelling`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WordQuery(Scored):
    """A word: documents with any of its variants, scored as one."""

    word: str
    """As people know it, for explanations."""
    variants: tuple[Variant, ...]
    fields: tuple[str, ...] = tuple(FIELD_WEIGHTS)
    boost: float = 1.0

    def found(self, execution: "Execution", snapshot: Snapshot, weights: Weights) -> Matches:
        """Give the documents with the word."""
        universe = snapshot.documents
        parts = [one.part(universe) for one in self.occurrences(snapshot, weights)]
        if not parts or execution.out_of_time():
            return nothing(universe)
        weight = most(self.boost * self.idf(weights))
        return Saturated(parts[0] if len(parts) == 1 else Union(universe, parts), weight)

    def scored_terms(self) -> list[tuple[str, bytes]]:
        """Give each variant in each field."""
        return [(name, variant.term.encode()) for name in self.fields for variant in self.variants]

    def occurrences(self, snapshot: Snapshot, weights: Weights) -> "list[Occurrences]":
        """Give where each variant occurs in each field, as far as it does."""
        wanted = [(name, one, snapshot.term(name, one.term.encode())) for name in self.fields for one in self.variants]
        wanted = [one for one in wanted if one[2].count]
        postings = snapshot.postings([known for _, _, known in wanted])
        return [
            Occurrences(name, variant, own, weights) for (name, variant, _), own in zip(wanted, postings, strict=True)
        ]

    def document_frequency(self, weights: Weights) -> float:
        """Give in how many documents the word is, a variant counting by its weight; of the fields, the largest.

        The exact form is part of its stem. Overlaps between variants are not looked for.
        """
        counted = [variant for variant in self.variants if variant.kind != "exact"]
        return max(
            sum(min(one.weight, 1.0) * weights.frequency(name, one.term.encode()) for one in counted)
            for name in self.fields
        )

    def idf(self, weights: Weights) -> float:
        """Give log(1 + (N − n + ½) / (n + ½)), which is never below 0 (section 3.1 there, with Lucene's addend)."""
        frequency = min(self.document_frequency(weights), weights.documents)
        return math.log1p((weights.documents - frequency + 0.5) / (frequency + 0.5))


class Occurrences:
    """The postings of one variant in one field."""

    def __init__(self, name: str, variant: Variant, postings: TermPostings, weights: Weights) -> None:
        self.name = name
        self.variant = variant
        self._postings = postings
        self._weights = weights

    def part(self, universe: int) -> Sparse:
        """Give the documents, their weighted occurrences as scores."""
        return Sparse(universe, self._postings.documents, self._weighted)

    def times(self, document: int) -> int:
        """Give how often it occurs in a document."""
        documents = self._postings.documents
        at = int(documents.searchsorted(document))
        found = at < len(documents) and documents[at] == document
        return int(self._postings.frequencies[at]) if found else 0

    def _weighted(self, at: Array | None) -> Array:
        frequencies, documents = self._postings.frequencies, self._postings.documents
        if at is not None:
            frequencies, documents = frequencies.take(at), documents.take(at)
        found: Array = self._weights.length_factors(self.name, B).take(documents)
        found *= frequencies
        found *= np.float32(FIELD_WEIGHTS[self.name] * self.variant.weight)
        return found


class Saturated:
    """Documents with their weighted occurrences, scored only where that is asked for; one of `matches.Matches`."""

    constant = None

    def __init__(self, counted: Sparse | Union, weight: float) -> None:
        self.universe = counted.universe
        self.bound = counted.bound
        self.positive = weight > 0
        self._counted = counted
        self._factor = np.float32(weight)

    def __len__(self) -> int:
        return len(self._counted)

    def resolved(self) -> Sparse | Dense:
        """Give the scores of all."""
        made = self._counted.resolved()
        if isinstance(made, Dense):
            counts = np.asarray(made.dense_scores(), np.float32)
            return made.rescored(saturated(counts, self._factor), positive=self.positive)
        return made.rescored(partial(self._scores, made), positive=self.positive)

    def _scores(self, made: Sparse, at: Array | None) -> Array:
        return saturated(made.scores(at), self._factor)

    def sparse(self) -> Sparse:
        """Give the matches as sorted documents."""
        return self.resolved().sparse()

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        return self._counted.mask()

    def among(self, documents: Array) -> Among:
        """Tell which of some sorted documents match."""
        counted = self._counted.among(documents)
        return Among(counted.found, lambda at: saturated(np.asarray(counted.scores_at(at)), self._factor))


def most(weight: float) -> float:
    """Give what a word scores at most: with one occurrence in a body of usual length, it scores its weight."""
    return weight * (K1 + 1)


def saturated(tf: Array, factor: np.float32) -> Array:
    """Give factor · tf / (K1 + tf)."""
    scores: Array = tf / (tf + np.float32(K1))
    scores *= factor
    return scores

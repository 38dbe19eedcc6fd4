"""Scores a word over several fields at once by BM25F (Robertson and Zaragoza 2009, Probabilistic Relevance Framework).

    tf    = Σ fields Σ terms  field's weight · term's weight · occurrences / (1 − B + B · length / usual length)
    score = boost · idf · tf · (K1 + 1) / (K1 + tf)

Occurrences are added up before they saturate (their section 3.5), so a word in the title and in the body is one word
seen twice, not two. The weights and K1 come from `tests/relevance`; `tests/relevance/README.md` says how.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.doc_set import DocSet, no_docs
from newsdex.index.columnar.query.node import Evaluation, QueryNode
from newsdex.index.columnar.query.posting_lists import Disjunction, ScoredPostings
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity
from newsdex.index.columnar.query.term_lookup import TermPostings
from newsdex.index.schema import TEXT_FIELDS

K1 = 2.5
B = 0.75


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """A term of the index that stands for a word, or for its exact form."""

    term: str
    weight: float = 1.0
    kind: str = "stem"
    """`stem`, `exact`, `related`, `synonym` or `spelling`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantPostings:
    """The postings of one variant in one field."""

    name: str
    variant: Variant
    known: TermPostings

    def postings(self, similarity: Similarity) -> ScoredPostings:
        """Give the documents, their weighted occurrences as scores."""
        factors = similarity.length_factors(self.name, B)
        weight = TEXT_FIELDS[self.name] * self.variant.weight
        return ScoredPostings(self.known, how=kernel.BY_LENGTH, weight=weight, by_document=factors)

    def times(self, document: int) -> int:
        """Give how often it occurs in a document."""
        documents = self.known.documents()
        at = int(documents.searchsorted(document))
        found = at < len(documents) and documents[at] == document
        return int(self.known.frequencies()[at]) if found else 0


@dataclass(frozen=True, kw_only=True)
class WordQuery(QueryNode):
    """A word: documents with any of its variants, scored as one."""

    word: str
    """As people know it, for explanations."""
    variants: tuple[Variant, ...]
    fields: tuple[str, ...] = tuple(TEXT_FIELDS)
    boost: float = 1.0

    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:
        """Give the documents with the word."""
        max_doc = snapshot.documents
        lists = [one.postings(similarity) for one in self.occurrences(snapshot)]
        if not lists or evaluator.out_of_time():
            return no_docs(max_doc)
        return Disjunction(max_doc, lists, saturation=(K1, max_score(self.boost * self.idf(similarity))))

    def scored_terms(self) -> list[tuple[str, bytes]]:
        """Give each variant in each field."""
        return [(name, variant.term.encode()) for name in self.fields for variant in self.variants]

    def occurrences(self, snapshot: Snapshot) -> list[VariantPostings]:
        """Give where each variant occurs in each field, as far as it does."""
        wanted = [(name, one, snapshot.term(name, one.term.encode())) for name in self.fields for one in self.variants]
        return [VariantPostings(name=name, variant=one, known=known) for name, one, known in wanted if known.count]

    def document_frequency(self, frequency: Callable[[str, bytes], int]) -> float:
        """Return in how many documents the word is; of the fields, the largest number.

        `frequency` says it of a field's term; a variant counts by its weight. The exact form is part of its stem.
        Overlaps between variants are not looked for.
        """
        counted = [variant for variant in self.variants if variant.kind != "exact"]
        return max(
            sum(min(one.weight, 1.0) * frequency(name, one.term.encode()) for one in counted) for name in self.fields
        )

    def idf(self, similarity: Similarity) -> float:
        """Give log(1 + (N − n + ½) / (n + ½)), which is never below 0 (section 3.1 there, with Lucene's addend)."""
        frequency = min(self.document_frequency(similarity.frequency), similarity.documents)
        return math.log1p((similarity.documents - frequency + 0.5) / (frequency + 0.5))


def max_score(weight: float) -> float:
    """Give what a word scores at most: with one occurrence in a body of usual length, it scores its weight."""
    return weight * (K1 + 1)


def saturate(tf: Array, factor: np.float32) -> Array:
    """Give factor · tf / (K1 + tf)."""
    scores: Array = tf / (tf + np.float32(K1))
    scores *= factor
    return scores

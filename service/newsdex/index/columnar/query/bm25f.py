"""Scores a word over several fields at once by BM25F (Robertson and Zaragoza 2009, Probabilistic Relevance Framework).

    tf    = Σ fields Σ terms  field's weight · term's weight · occurrences / (1 − B + B · length / usual length)
    score = boost · idf · (tf · (K1 + 1) / (K1 + tf) + DELTA)

DELTA is BM25+'s (Lv and Zhai 2011, Lower-Bounding Term Frequency Normalization): what a long article has is worth no
less than what it has not. A document without any form of the word, which has words that begin alike, scores less than
one that has a form: boost · idf · ALIKE · tf / (K1 + tf).

Occurrences are added up before they saturate (their section 3.5), so a word in the title and in the body is one word
seen twice, not two. The weights and K1 come from `tests/relevance`; `tests/relevance/README.md` says how.
"""

from dataclasses import dataclass

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.doc_set import DocList, DocSet, no_docs
from newsdex.index.columnar.query.document_frequency import Forms, inverse_document_frequency
from newsdex.index.columnar.query.node import Evaluation, QueryNode
from newsdex.index.columnar.query.phrase import find_phrase
from newsdex.index.columnar.query.posting_lists import Disjunction, MaterializedDocs, Saturation, ScoredPostings
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity
from newsdex.index.columnar.query.term_lookup import TermPostings
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import MARK

K1 = 2.0
B = 0.6
DELTA = 0.5
ALIKE = 1.2
"""What words that merely begin alike come to at most: less than a form that stands once in a text of usual length."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """A term of the index that stands for a word, or for its exact form."""

    term: str
    weight: float = 1.0
    kind: str = "stem"
    """`stem`, `exact`, `loose` (without marks that tell words apart), `related`, `synonym` or `spelling`."""
    reading: int = 0
    """In which languages it counts, as `kernel.COUNTS_…`; 0 for what the term itself says."""

    @property
    def counts(self) -> int:
        """Return for what a document with it counts, a sum of `kernel.COUNTS_…`."""
        reading = self.reading or (kernel.COUNTS_MARKED if self.term.startswith(MARK) else kernel.COUNTS_PLAIN)
        return reading if self.kind == "related" else reading | kernel.COUNTS_AS_FORM


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantPostings:
    """The postings of one variant in one field."""

    name: str
    variant: Variant
    known: TermPostings

    def postings(self, similarity: Similarity) -> ScoredPostings:
        """Return the documents, their weighted occurrences as scores."""
        factors = similarity.length_factors(self.name, B)
        weight = TEXT_FIELDS[self.name] * self.variant.weight
        counts = self.variant.counts
        return ScoredPostings(self.known, how=kernel.BY_LENGTH, weight=weight, by_document=factors, counts=counts)

    def times(self, document: int) -> int:
        """Return how often it occurs in a document."""
        documents = self.known.documents()
        at = int(documents.searchsorted(document))
        found = at < len(documents) and documents[at] == document
        return int(self.known.frequencies()[at]) if found else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantPhrase:
    """Terms that stand for a word side by side: `take over` for `takeover`; one series for each way to stem them."""

    series: tuple[tuple[str, ...], ...]
    weight: float = 1.0

    def found(self, name: str, evaluator: Evaluation, similarity: Similarity, max_doc: int) -> MaterializedDocs | None:
        """Return the documents, their weighted occurrences as scores; None where a field has none."""
        frequencies = np.zeros(max_doc, np.float64)
        for terms in self.series:
            words = [similarity.postings(name, term.encode(), 1.0) for term in terms]
            if all(words):
                matches = find_phrase(words, 1, evaluator.out_of_time)
                frequencies[matches.documents] = np.maximum(frequencies[matches.documents], matches.times)
        documents = np.flatnonzero(frequencies)
        if not len(documents):
            return None
        factors = similarity.length_factors(name, B).array[documents]
        scores = frequencies[documents] * factors * TEXT_FIELDS[name] * self.weight
        return MaterializedDocs(DocList(max_doc, documents, scores, positive=True))


@dataclass(frozen=True, kw_only=True)
class WordQuery(QueryNode):
    """A word: documents with any of its variants, scored as one."""

    word: str
    """As people know it, for explanations."""
    variants: tuple[Variant, ...]
    fields: tuple[str, ...] = tuple(TEXT_FIELDS)
    boost: float = 1.0
    phrases: tuple[VariantPhrase, ...] = ()

    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:
        """Return the documents with the word."""
        max_doc = snapshot.documents
        lists: list[ScoredPostings | MaterializedDocs] = [
            one.postings(similarity) for one in self.occurrences(snapshot)
        ]
        for phrase in self.phrases:
            found = [phrase.found(name, evaluator, similarity, max_doc) for name in self.fields]
            lists += [one for one in found if one is not None]
        if not lists or evaluator.out_of_time():
            return no_docs(max_doc)
        weight = self.boost * self.idf(similarity)
        return Disjunction(max_doc, lists, Saturation(K1, max_score(weight), DELTA * weight, ALIKE * weight))

    @property
    def forms(self) -> Forms:
        """Return what is counted of it: exact forms are part of their stems, what looks alike is another word."""
        counted = [one.term.encode() for one in self.variants if one.kind not in {"exact", "loose", "related"}]
        return Forms(self.fields, tuple(counted))

    def counted(self) -> list[Forms]:
        """Return its forms."""
        return [self.forms]

    def occurrences(self, snapshot: Snapshot) -> list[VariantPostings]:
        """Return where each variant occurs in each field, as far as it does."""
        wanted = [(name, one, snapshot.term(name, one.term.encode())) for name in self.fields for one in self.variants]
        return [VariantPostings(name=name, variant=one, known=known) for name, one, known in wanted if known.count]

    def idf(self, similarity: Similarity) -> float:
        """Return how telling it is: by how many documents have any of its forms."""
        return inverse_document_frequency(similarity.documents, similarity.frequency(self.forms))


def max_score(weight: float) -> float:
    """Return what occurrences add at most: one in a body of usual length adds the weight."""
    return weight * (K1 + 1)


def saturate(tf: Array, factor: np.float32) -> Array:
    """Return factor · tf / (K1 + tf)."""
    scores: Array = tf / (tf + np.float32(K1))
    scores *= factor
    return scores

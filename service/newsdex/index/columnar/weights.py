"""What scores depend on besides a document and a query: how frequent terms are, and how long texts are on average."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.snapshot import Snapshot
from newsdex.index.columnar.terms import KnownTerm
from newsdex.index.schema import TEXT_FIELDS

Terms = Sequence[tuple[str, bytes]]
"""Terms with their fields."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """All that a score depends on besides the document and the query.

    Scored with those of its first page, the pages of a search agree with each other, whatever was committed meanwhile.
    """

    documents: int
    average_lengths: Mapping[str, float]
    """By field, in words."""
    frequencies: Sequence[int]
    """For each (field, term) of the query, in their order, the number of documents that have it."""


class Weights:
    """Weights of terms and lengths for one request: by a commit's own statistics, or by an earlier one's."""

    def __init__(self, snapshot: Snapshot, pinned: Statistics | None = None, terms: Terms = ()) -> None:
        """Take a commit, and perhaps an earlier one's statistics of some terms, to be used instead."""
        self._snapshot = snapshot
        self._documents = pinned.documents if pinned else snapshot.documents
        self._average_lengths = pinned.average_lengths if pinned else snapshot.average_lengths
        same = pinned is not None and len(pinned.frequencies) == len(terms)
        self._frequencies = dict(zip(terms, pinned.frequencies, strict=True)) if pinned and same else {}
        self._norms: dict[str, Array] = {}

    def idf(self, field: str, term: bytes, known: KnownTerm) -> float:
        """Weigh a term by how rare it is, as `whoosh.scoring.WeightingModel.idf`."""
        frequency = self._frequencies.get((field, term), known.count)
        return math.log(self._documents / (frequency + 1)) + 1 if self._documents else 0.0

    def norms(self, field: str) -> Array | None:
        """Give the part of BM25 that depends on a document's length, or None for a field that is not scored."""
        if field not in TEXT_FIELDS:
            return None
        known = self._norms.get(field)
        if known is None:
            known = self._norms[field] = self._snapshot.norms(field, self._average_lengths[field])
        return known

    def statistics(self, terms: Terms) -> Statistics:
        """Give what scores of some terms depend on, for the pages that follow."""
        return Statistics(
            documents=self._documents,
            average_lengths=self._average_lengths,
            frequencies=[self._frequencies.get(term, self._snapshot.term(*term).count) for term in terms],
        )

"""Lists of postings that are read and scored only where they are asked for: by the kernel, in one go."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.doc_set import DocList, Intersection
from newsdex.index.columnar.query.term_lookup import TermPostings

_AS_IT_IS = kernel.SATURATION.pack(0.0, 1.0, 0.0, 1.0)
FORM = kernel.COUNTS_PLAIN | kernel.COUNTS_AS_FORM


class Saturation(NamedTuple):
    """How a sum of occurrences becomes a score, see `bm25f`: `half` is the sum at which half of a factor is reached."""

    half: float
    factor: float
    floor: float
    """Is added for a document with a form of the word."""
    weak: float
    """The factor for a document without one."""


class ScoredPostings:
    """The postings of a term, and how they are scored."""

    __slots__ = ("by_document", "counts", "how", "known", "weight")

    def __init__(
        self,
        known: TermPostings,
        *,
        how: int,
        weight: float,
        by_document: kernel.Kept | None = None,
        counts: int = FORM,
    ) -> None:
        self.known = known
        self.how = how
        """`kernel.BY_BM25`, `BY_LENGTH` or `BY_FREQUENCY`."""
        self.weight = weight
        self.by_document = by_document
        """How its length counts, for each document of the commit, float32."""
        self.counts = counts
        """For what its documents count, a sum of `kernel.COUNTS_…`."""

    def __len__(self) -> int:
        return self.known.count

    @property
    def positive(self) -> bool:
        """Tell whether every score is above 0."""
        return self.weight > 0

    def row(self) -> bytes:
        """Describe this for the kernel."""
        known, lengths = self.known, self.by_document.address if self.by_document else 0
        scored = (self.how, self.weight, self.counts)
        return kernel.LIST.pack(known.address, known.piece_count, known.count, lengths, 0, 0, *scored)


class MaterializedDocs:
    """Documents that were found before, as a list."""

    def __init__(self, matches: DocList) -> None:
        self._documents = matches.documents
        self._scores = matches.scores().astype(np.float64, copy=False)
        self.positive = matches.positive

    def __len__(self) -> int:
        return len(self._documents)

    def row(self) -> bytes:
        """Describe this for the kernel."""
        documents, scores = kernel.address(self._documents), kernel.address(self._scores)
        return kernel.LIST.pack(0, 0, len(self._documents), 0, documents, scores, 0, 0, FORM)


class Disjunction:
    """What any of some lists has; scores add up. One kind of `doc_set.DocSet`."""

    __slots__ = ("_forms", "_made", "_saturation", "cost", "lists", "max_doc", "positive")

    def __init__(
        self,
        max_doc: int,
        lists: Sequence[ScoredPostings | MaterializedDocs],
        saturation: Saturation | None = None,
    ) -> None:
        """Take lists, and how their sums become scores where these do not just add up."""
        self.max_doc = max_doc
        self.lists = lists
        self.cost = sum(map(len, lists))
        """A number that is at least the number of matches."""
        self.positive = all(one.positive for one in lists) and (saturation is None or saturation.factor > 0)
        self._saturation = _AS_IT_IS if saturation is None else kernel.SATURATION.pack(*saturation)
        self._made: DocList | None = None
        self._forms: Array | None = None

    def __len__(self) -> int:
        return self.cost if len(self.lists) == 1 else len(self.materialize())

    @property
    def plain(self) -> bool:
        """Tell whether scores just add up."""
        return self._saturation is _AS_IT_IS

    @property
    def only_forms(self) -> bool:
        """Tell whether every document has a form of the word."""
        return all(isinstance(one, MaterializedDocs) or one.counts & kernel.COUNTS_AS_FORM for one in self.lists)

    def _table(self) -> bytes:
        return b"".join([one.row() for one in self.lists])

    def materialize(self) -> DocList:
        """Read the lists."""
        if self._made is None:
            size, count = self.cost, len(self.lists)
            documents, scores = np.empty(size, np.int64), np.empty(size, np.float64)
            room = kernel.UNION_SCRATCH + kernel.LIST_SCRATCH * count + kernel.POSTING_SCRATCH * size
            scratch = np.empty(room, np.uint8)
            forms = np.empty(size, bool)
            places = (kernel.address(scratch), *map(kernel.address, (documents, scores, forms)))
            found = self._checked(kernel.score_union(self._table(), count, self._saturation, *places))
            self._made = DocList(self.max_doc, documents[:found], scores[:found], positive=self.positive)
            self._forms = forms[:found]
        return self._made

    def with_form(self) -> Array:
        """Return the documents that have a form of the word, sorted: not those with words that merely begin alike."""
        made = self.materialize()
        assert self._forms is not None
        documents: Array = made.documents.compress(self._forms)
        return documents

    def doc_list(self) -> DocList:
        """Read the lists."""
        return self.materialize()

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        return self.materialize().mask()

    def intersect(self, documents: Array) -> Intersection:
        """Tell which of some sorted documents match."""
        if self._made is not None:
            return self._made.intersect(documents)
        size = len(documents)
        found, scores = np.empty(size, np.int64), np.empty(size, np.float64)
        scratch = np.empty(kernel.AMONG_SCRATCH * size, np.uint8)
        places = (kernel.address(scratch), kernel.address(found), kernel.address(scores))
        wanted = (kernel.address(documents), size)
        count = self._checked(kernel.score_among(self._table(), len(self.lists), self._saturation, *wanted, *places))
        own = scores[:count]
        return Intersection(found[:count], lambda chosen: own if chosen is None else own.take(chosen))

    def _checked(self, count: int) -> int:
        if count == kernel.DAMAGED:
            raise next(one.known.damaged() for one in self.lists if isinstance(one, ScoredPostings))
        return count

"""What the tests of the index draw from, and the two indexes that must agree."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from hypothesis import strategies as st
from whoosh import query as q
from whoosh.index import create_in

from newsdex.index.generations.generations import begin, swap
from newsdex.index.schema import DATE_FIELDS, FILTER_FIELDS, SPELLED_FIELDS, TEXT_FIELDS, document, make_schema
from newsdex.index.scope import SearchScope
from newsdex.index.text.analysis import MARK
from newsdex.index.text.languages import DEFAULT
from newsdex.index.writer import IndexWriter
from newsdex.records.feed import Change
from newsdex_schemas import Article

WORDS = [
    "oil",
    "oils",
    "price",
    "prices",
    "running",
    "run",
    "runs",
    "Größe",
    "café",
    "bank",
    "banks",
    "a",
    "ab",
    "abc",
    "b",
]
GERMAN_STEMS = [f"{MARK}degross", f"{MARK}debank"]
SECTIONS = ["world", "sport", "news & views"]


def within(**fields: Any) -> SearchScope:
    """Return a scope without a deadline unless one is given."""
    return SearchScope(**({"deadline": float("inf")} | fields))


OPTIONS: dict[str, Any] = {"scope": within(), "sort": "relevance", "size": 1_000}

texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


@st.composite
def articles(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {
        "language": DEFAULT,
        "id": draw(st.sampled_from([f"a{n}" for n in range(12)])),
        "title": draw(texts) or "untitled",
        "body": draw(texts) or "empty",
        "authors": draw(st.lists(st.sampled_from(["Ann Lee", "bob"]), max_size=2)),
    }
    if draw(st.booleans()):
        made["summary"] = draw(texts) or "none"
    if draw(st.booleans()):
        made["section"] = draw(st.sampled_from(SECTIONS))
    if draw(st.booleans()):
        made["published_at"] = f"20{draw(st.integers(10, 26))}-03-0{draw(st.integers(1, 9))}T12:00:00Z"
    return made


def change(sequence: int, article: Mapping[str, Any] | str) -> Change:
    """An article, or the id of one that is withdrawn, as an entry of the change feed."""
    id_ = article if isinstance(article, str) else article["id"]
    content = None if isinstance(article, str) else orjson.dumps(article)
    return Change(sequence=sequence, id=id_, content=content, correlation_id="test")


class Indexed:
    """Batches of changes, applied to our index and to a model of what it must hold."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = begin(root)
        self.writer = IndexWriter.create(self.folder, 0, merges=False)
        swap(root, self.folder, kept=None)
        self.live: dict[str, dict[str, Any]] = {}
        self._sequence = 0

    def apply(self, batch: Sequence[Mapping[str, Any] | str]) -> None:
        """One commit; the last entry of each article counts."""
        latest = {entry if isinstance(entry, str) else entry["id"]: entry for entry in batch}
        changes = []
        for id_, entry in latest.items():
            self._sequence += 1
            changes.append(change(self._sequence, entry))
            self.live.pop(id_, None)
            if not isinstance(entry, str):
                self.live[id_] = dict(entry)
        if changes:
            self.writer.apply(changes, 0)


def stock_index(folder: Path, articles_: Sequence[Mapping[str, Any]], language: str = DEFAULT) -> Any:
    """Index articles of one language with Whoosh's own codec and writer."""
    folder.mkdir()
    index = create_in(str(folder), make_schema(language))
    writer = index.writer()
    for article in articles_:
        fields = document(Article.model_validate(article))
        for name in (*FILTER_FIELDS, *SPELLED_FIELDS.values()):
            if name in fields:
                fields[name] = ",".join(fields[name])
        writer.add_document(**fields)
    writer.commit()
    return index


_fields = st.sampled_from(list(TEXT_FIELDS))
_boosts = st.sampled_from([1.0, 1.0, 2.0, 0.5, 3.25])
_stems = st.sampled_from(
    ["oil", "price", "run", "running", "grosse", "bank", "a", "ab", "abc", "b", "nowhere", *GERMAN_STEMS]
)
_days = st.sampled_from([None, 1_300_000_000, 1_400_000_000, 1_500_000_000])

terms = st.builds(q.Term, _fields, _stems, boost=_boosts)
phrases = st.builds(
    q.Phrase, _fields, st.lists(_stems, min_size=2, max_size=3), slop=st.sampled_from([1, 1, 2, 5]), boost=_boosts
)
filters = st.one_of(
    st.builds(q.Term, st.just("section"), st.sampled_from(SECTIONS)),
    st.builds(q.Term, st.just("authors"), st.sampled_from(["ann lee", "bob"]), boost=_boosts),
    st.builds(q.NumericRange, st.just("published"), _days, _days, st.booleans(), st.booleans(), boost=_boosts),
    st.builds(q.Every, st.sampled_from([None, "summary", "section", *DATE_FIELDS]), boost=_boosts),
)


def _constant(leaf: Any) -> Any:
    # in small and large segments Whoosh scores an expansion differently; wrapped, it scores its boost in both
    return q.ConstantScoreQuery(leaf, leaf.boost)


_letters = st.sampled_from(["a", "b", "r", "ru", "runn", "pri", "gr", "z"])
expansions = st.one_of(
    st.builds(q.Prefix, _fields, _letters, boost=_boosts),
    st.builds(q.Wildcard, _fields, st.sampled_from(["*n*", "r?n", "*s", "p*e", "?", "[ab]*", "*ri*"]), boost=_boosts),
    st.builds(q.FuzzyTerm, _fields, _stems, boost=_boosts, maxdist=st.sampled_from([1, 2]),
              prefixlength=st.integers(0, 1)),
    st.builds(q.TermRange, _fields, st.sampled_from(["a", "b", None]), st.sampled_from(["c", "run", None]),
              st.booleans(), st.booleans(), boost=_boosts),
).map(_constant)  # fmt: skip
leaves = st.one_of(terms, terms, phrases, filters, expansions)


def _branches(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(children, min_size=1, max_size=4)
    return st.one_of(
        st.builds(q.And, several, boost=_boosts),
        st.builds(q.Or, several, boost=_boosts),
        st.builds(q.Not, children),
        st.builds(q.AndMaybe, children, children),
        st.builds(q.ConstantScoreQuery, children, score=_boosts),
    )


trees = st.recursive(leaves, _branches, max_leaves=8)

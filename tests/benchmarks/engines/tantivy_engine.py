"""tantivy, through its Python binding."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import tantivy
from tests.benchmarks.engines.protocol import HITS, Answer, Article
from tests.benchmarks.questions import FACETS, Question

from newsdex.index.schema import TEXT_FIELDS

HEAP_BYTES = 200_000_000
ANY_NUMBER = 10_000
"""More than a facet has values."""
FILTER_FIELDS = ("section", "authors", "tags", "agency", "language")
OCCURS = {"and": tantivy.Occur.Must}


class TantivyEngine:
    """One indexing thread; the stemmer is the same as ours."""

    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for name in TEXT_FIELDS:
            builder.add_text_field(name, tokenizer_name="en_stem")
        for name in FILTER_FIELDS:
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=name in FACETS)
        builder.add_date_field("published", indexed=True, fast=True)
        self._schema = builder.build()
        words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.lowercase())
        self._analyzer = words.filter(tantivy.Filter.stemmer("english")).build()
        self._index: Any = None
        self._writer: Any = None
        self._searcher: Any = None

    def build(self, articles: Iterable[Article]) -> None:
        self._index = tantivy.Index(self._schema, str(self._folder))
        writer = self._index.writer(HEAP_BYTES, 1)
        for article in articles:
            writer.add_document(_document(article))
        writer.commit()
        writer.wait_merging_threads()

    def replace(self, articles: Sequence[Article]) -> None:
        if self._writer is None:
            self._writer = self._index.writer(HEAP_BYTES, 1)
        for article in articles:
            self._writer.delete_documents_by_term("id", article["id"])
            self._writer.add_document(_document(article))
        self._writer.commit()

    def open(self) -> None:
        self._index = tantivy.Index.open(str(self._folder))
        self._index.config_reader("manual")
        self._searcher = self._index.searcher()

    def refresh(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def prepared(self, question: Question) -> tuple[str, Any]:
        words = [self._word(question.kind, word) for word in question.words]
        if question.kind == "phrase":
            query = _any_field(lambda name: tantivy.Query.phrase_query(self._schema, name, words))
        else:
            occur = tantivy.Occur.Must if question.kind == "and" else tantivy.Occur.Should
            parts = [(occur, self._in_fields(question.kind, word)) for word in words]
            query = parts[0][1] if len(parts) == 1 else tantivy.Query.boolean_query(parts)
        return question.kind, self._filtered(query, question)

    def _word(self, kind: str, word: str) -> str:
        return word if kind in {"prefix", "fuzzy"} else str(self._analyzer.analyze(word)[0])

    def _in_fields(self, kind: str, word: str) -> Any:
        if kind == "prefix":
            return _any_field(lambda name: tantivy.Query.regex_query(self._schema, name, f"{word}.*"))
        if kind == "fuzzy":
            edits = {"distance": 1, "transposition_cost_one": False}
            return _any_field(lambda name: tantivy.Query.fuzzy_term_query(self._schema, name, word, **edits))
        return _any_field(lambda name: tantivy.Query.term_query(self._schema, name, word))

    def _filtered(self, query: Any, question: Question) -> Any:
        if question.section is None:
            return query
        section = tantivy.Query.term_query(self._schema, "section", question.section, "basic")
        dates = tantivy.Query.range_query(
            self._schema,
            "published",
            tantivy.FieldType.Date,
            question.published_from,
            question.published_to,
            include_upper=False,
        )
        conditions = [tantivy.Query.const_score_query(one, 0.0) for one in (section, dates)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in (query, *conditions)])

    def ask(self, prepared: tuple[str, Any]) -> Answer:
        kind, query = prepared
        if kind == "facets":
            wanted = {name: {"terms": {"field": name, "size": ANY_NUMBER}} for name in FACETS}
            found = self._searcher.aggregate(query, wanted | {"total": {"value_count": {"field": "section"}}})
            return Answer(total=int(found["total"]["value"]), facets={name: _counts(found[name]) for name in FACETS})
        order = {"order_by_field": "published"} if kind == "by_date" else {}
        found = self._searcher.search(query, HITS, count=True, **order)
        return Answer(total=found.count, ids=[self._searcher.doc(place)["id"][0] for _, place in found.hits])


def _any_field(query: Any) -> Any:
    parts = [tantivy.Query.boost_query(query(name), boost) for name, boost in TEXT_FIELDS.items()]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in parts])


def _counts(found: Any) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}


def _document(article: Article) -> Any:
    fields = {name: value for name, value in article.items() if name != "published_at"}
    if article.get("published_at"):
        fields["published"] = datetime.fromisoformat(article["published_at"])
    return tantivy.Document(**fields)

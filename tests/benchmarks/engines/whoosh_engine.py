"""Whoosh 2.7.4 as it is: its own codec, writer and searcher, with our fields and our analysis."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.engines.newsdex_engine import filters_of, tree_of
from tests.benchmarks.engines.protocol import HITS, Answer, Article
from tests.benchmarks.questions import FACETS, Question
from whoosh.index import create_in, open_dir
from whoosh.sorting import FieldFacet

from newsdex.index.schema import FILTER_FIELDS, SPELLED_FIELDS, document, make_schema
from newsdex_schemas import Article as Contract

MEMORY_MB = 256


class WhooshEngine:
    """One process, default merging."""

    name = "whoosh"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._searcher: Any = None

    def build(self, articles: Iterable[Article]) -> None:
        writer = create_in(str(self._folder), make_schema()).writer(limitmb=MEMORY_MB)
        for article in articles:
            writer.add_document(**_fields(article))
        writer.commit()

    def replace(self, articles: Sequence[Article]) -> None:
        writer = open_dir(str(self._folder)).writer(limitmb=MEMORY_MB)
        for article in articles:
            writer.update_document(**_fields(article))
        writer.commit()

    def open(self) -> None:
        self._searcher = open_dir(str(self._folder)).searcher()

    def refresh(self) -> None:
        self._searcher = self._searcher.refresh()

    def prepared(self, question: Question) -> Callable[[Any], Answer]:
        tree, allowed = tree_of(question), filters_of(question)
        options: dict[str, Any] = {"filter": allowed, "limit": HITS}
        if question.kind == "by_date":
            options |= {"sortedby": "published", "reverse": True}
        if question.kind == "facets":
            options |= {"groupedby": {name: FieldFacet(name, allow_overlap=True) for name in FACETS}}

        def ask(searcher: Any) -> Answer:
            found = searcher.search(tree, **options)
            groups = {name: found.groups(name) for name in FACETS} if "groupedby" in options else {}
            counts = {name: {str(value): len(own) for value, own in groups[name].items()} for name in groups}
            return Answer(total=len(found), ids=[hit["id"] for hit in found], facets=counts)

        return ask

    def ask(self, prepared: Callable[[Any], Answer]) -> Answer:
        return prepared(self._searcher)


def _fields(article: Article) -> dict[str, Any]:
    fields = document(Contract.model_validate(article))
    return fields | {
        name: ",".join(fields[name]) for name in (*FILTER_FIELDS, *SPELLED_FIELDS.values()) if name in fields
    }

"""tantivy through its Python binding, with stored articles and its own snippets."""

from collections.abc import Sequence
from pathlib import Path

import tantivy
from tests.benchmarks.peers.store import PeerArticle, PeerHit, PeerQuery, PeerReply

HEAP_BYTES = 200_000_000
SNIPPET_CHARS = 160
FIELDS = {"title": 3.0, "summary": 1.5, "body": 1.0}
"""Field → weight."""


def writing(folder: Path) -> "TantivyWriting":
    """Open the index for its writer, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return TantivyWriting(folder)


def searching(folder: Path) -> "TantivySearching":
    """Open the index for a reader; it is there."""
    return TantivySearching(folder)


class TantivyWriting:
    """One indexing thread, so that searches have the other core."""

    def __init__(self, folder: Path) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for name in FIELDS:
            builder.add_text_field(name, stored=True, tokenizer_name="en_stem")
        for name in ("url", "section", "published_at"):
            builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
        self._index = tantivy.Index(builder.build(), str(folder))
        self._writer = self._index.writer(HEAP_BYTES, 1)
        self._writer.commit()

    def commit(self, articles: Sequence[PeerArticle]) -> None:
        for article in articles:
            self._writer.delete_documents_by_term("id", article.id)
            self._writer.add_document(tantivy.Document(**article.model_dump(exclude_none=True)))
        self._writer.commit()


class TantivySearching:
    """Its snippets are of the body, as ours are."""

    def __init__(self, folder: Path) -> None:
        self._index = tantivy.Index.open(str(folder))
        self._index.config_reader("manual")
        self.refresh()

    def refresh(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, query: PeerQuery) -> PeerReply:
        parsed = self._parsed(query.q)
        found = self._searcher.search(parsed, max(1, query.size), count=True)
        hits = found.hits[: query.size]
        snippets = tantivy.SnippetGenerator.create(self._searcher, parsed, self._index.schema, "body") if hits else None
        if snippets is not None:
            snippets.set_max_num_chars(SNIPPET_CHARS)
        return PeerReply(total=found.count, hits=[self._hit(score, place, snippets) for score, place in hits])

    def _parsed(self, text: str) -> tantivy.Query:
        if not text.strip():
            return tantivy.Query.all_query()
        return self._index.parse_query(text, list(FIELDS), FIELDS, conjunction_by_default=True)

    def _hit(self, score: float, place: tantivy.DocAddress, snippets: tantivy.SnippetGenerator) -> PeerHit:
        document = self._searcher.doc(place)
        stored = {name: values[0] for name, values in document.to_dict().items()}
        shown = {name: stored.get(name) for name in ("url", "section", "published_at")}
        snippet = snippets.snippet_from_doc(document).to_html()
        return PeerHit(id=stored["id"], score=score, title=stored["title"], snippet=snippet, **shown)

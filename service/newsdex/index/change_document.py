"""A change of the feed as the document that the index has of it."""

from newsdex.index.columnar.indexing.segment_writer import Document
from newsdex.index.columnar.storage.columns import code_number
from newsdex.index.columnar.storage.segment import SEQUENCE_COLUMN, STEMMER_COLUMN
from newsdex.index.schema import document
from newsdex.index.text.languages import stemmed_as
from newsdex.records.feed import Change


def change_document(change: Change) -> Document:
    """Return the document of a change that brings an article."""
    article = change.article()
    assert article is not None
    language = stemmed_as(article)
    return {
        **document(article),
        SEQUENCE_COLUMN: change.sequence,
        STEMMER_COLUMN: code_number(language),
        "stemmed_as": language,
    }

"""What an index was made by: everything that decides which terms a text leads to, in one short text.

The number in `schema.INDEX_VERSION` is for people to raise. The rest is taken from what runs: another Python with other
Unicode tables, another release of the stemmer or a changed analyzer gives other terms, and queries would miss.
"""

import hashlib
import unicodedata
from functools import cache

import Stemmer

from newsdex.index.columnar.storage.section_file import FORMAT_VERSION
from newsdex.index.schema import INDEX_VERSION, make_schema
from newsdex.index.text.analysis import terms, words
from newsdex.index.text.languages import stemmers

PROBE = (
    "The Ministers’ re-election, at O'Neill's: 3,000 FERRIES were running! İstanbul’da Straße, façade, ﬁnal "
    "U.S. @harbour_news 日本語の新聞 नमस्ते Ёлка العربية Ǆungla"
)
"""A text in which every rule of the analysis has something to do."""


@cache
def fingerprint() -> str:
    """Return what an index made by this newsdex has in its state; two that differ must not be mixed."""
    schema = [(name, repr(field)) for name, field in make_schema().items()]
    probed = [terms(word, language) for language in sorted(stemmers) for word, _, _ in words(PROBE)]
    seen = (schema, probed, unicodedata.unidata_version, Stemmer.version())
    return f"{INDEX_VERSION}-{FORMAT_VERSION}-{hashlib.sha256(repr(seen).encode()).hexdigest()[:12]}"

"""What plain BM25 finds in the same collections: bm25s (Lù 2024) with k1 1.5 and b 0.75.

English texts with its own tokens, stop words and Snowball's stems; other languages with words as Unicode has them, and
Snowball's stems where there are any; scripts without spaces in pairs of characters; languages together unstemmed.
"""

import re
from collections.abc import Callable, Sequence

import bm25s
import Stemmer
from ir_measures import iter_calc, nDCG
from tests.relevance.collections import UNTITLED, Collection

DEPTH = 100
STEMMERS = {
    "ar": "arabic", "de": "german", "el": "greek", "en": "english", "es": "spanish", "hi": "hindi", "ro": "romanian",
    "ru": "russian", "tr": "turkish",
}  # fmt: skip
_UNSPACED = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(r"[\w\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e00-\u0eff]+")
_RUN = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]").match


def ndcg_by_query(collection: Collection) -> dict[str, float]:
    """Return nDCG@10 of each query."""
    ids = [row["id"] for row in collection.documents]
    texts = [f"{row['title']} {row['body']}".removeprefix(UNTITLED).strip() for row in collection.documents]
    tokens = _tokenizer(collection.name)
    index = bm25s.BM25(k1=1.5, b=0.75)
    index.index(tokens(texts), show_progress=False)
    asked = tokens(list(collection.queries.values()))
    found, scores = index.retrieve(asked, k=min(DEPTH, len(ids)), show_progress=False)
    run = {
        query: {ids[at]: float(DEPTH - place) for place, (at, score) in enumerate(zip(own, of, strict=True)) if score}
        for query, own, of in zip(collection.queries, found, scores, strict=True)
    }
    return {one.query_id: one.value for one in iter_calc([nDCG @ 10], collection.judgements, run)}


def _tokenizer(name: str) -> Callable[[Sequence[str]], list[list[str]]]:
    language = name.partition("_")[2]
    stemmer = STEMMERS.get(language or "en")
    if not language:
        english = Stemmer.Stemmer(stemmer)
        return lambda texts: bm25s.tokenize(
            list(texts), stopwords="en", stemmer=english, show_progress=False, return_ids=False
        )  # fmt: skip
    stem = Stemmer.Stemmer(stemmer).stemWord if stemmer else str
    return lambda texts: [
        [token for word in _WORD.findall(text.lower()) for token in _cut(word, stem)] for text in texts
    ]


def _cut(word: str, stem: Callable[[str], str]) -> list[str]:
    """Return the tokens of a word; pairs of characters in scripts without spaces."""
    found: list[str] = []
    for run in _RUN.findall(word):
        if not _IS_UNSPACED(run):
            found.append(stem(run))
        else:
            found += [run[at : at + 2] for at in range(max(1, len(run) - 1))]
    return found

"""Shows in a searcher's metrics which index it answers from."""

import math
from collections.abc import Callable

from newsdex import metrics
from newsdex.errors import Unavailable
from newsdex.index.generations.generations import number_of
from newsdex.index.reader import IndexReader, View


def show_index(index: IndexReader) -> None:
    """Have the metrics say what the newest commit is at each scrape; without an index that is not a number."""

    def shown(value: Callable[[View], float]) -> Callable[[], float]:
        def look() -> float:
            try:
                return value(index.view())
            except Unavailable:
                return math.nan

        return look

    metrics.INDEX_POSITION.set_function(shown(lambda view: view.position))
    metrics.INDEX_GENERATION.set_function(shown(lambda view: number_of(view.folder)))
    metrics.INDEX_SEGMENTS.set_function(shown(lambda view: len(view.opened)))
    metrics.INDEX_ARTICLES.set_function(shown(lambda view: view.snapshot.live_documents))

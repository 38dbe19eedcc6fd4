"""The contract between newsdex and the services that publish to it or search it.

A module of it is imported when one of its names is asked for (PEP 562): who needs an error only does not wait for
every model.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from newsdex_schemas.message_id import message_id

if TYPE_CHECKING:
    from newsdex_schemas.article import Article, RelatedLink
    from newsdex_schemas.correction import DidYouMean
    from newsdex_schemas.events import (
        EVENT_MODELS,
        ArticlePublished,
        ArticleScraped,
        ArticleUpdated,
        ArticleWithdrawn,
        Event,
        ScrapedPage,
        Withdrawal,
    )
    from newsdex_schemas.outcomes import EventOutcome, EventRef, OutcomeReply, OutcomeRequest
    from newsdex_schemas.ranking import Recency, ScoreReason
    from newsdex_schemas.retrieval import ArticleReply, ArticleRequest
    from newsdex_schemas.search import (
        Bucket,
        Facet,
        FacetValue,
        Histogram,
        Hit,
        Interpretation,
        Note,
        Place,
        Problem,
        SearchFilters,
        SearchReply,
        SearchRequest,
    )
    from newsdex_schemas.similar import SimilarReply, SimilarRequest
    from newsdex_schemas.suggest import Suggestion, SuggestReply, SuggestRequest, TitleSuggestion

__all__ = [
    "EVENT_MODELS",
    "Article",
    "ArticlePublished",
    "ArticleReply",
    "ArticleRequest",
    "ArticleScraped",
    "ArticleUpdated",
    "ArticleWithdrawn",
    "Bucket",
    "DidYouMean",
    "Event",
    "EventOutcome",
    "EventRef",
    "Facet",
    "FacetValue",
    "Histogram",
    "Hit",
    "Interpretation",
    "Note",
    "OutcomeReply",
    "OutcomeRequest",
    "Place",
    "Problem",
    "Recency",
    "RelatedLink",
    "ScoreReason",
    "ScrapedPage",
    "SearchFilters",
    "SearchReply",
    "SearchRequest",
    "SimilarReply",
    "SimilarRequest",
    "SuggestReply",
    "SuggestRequest",
    "Suggestion",
    "TitleSuggestion",
    "Withdrawal",
    "message_id",
]

_NAMES_BY_MODULE = {
    "article": ("Article", "RelatedLink"),
    "correction": ("DidYouMean",),
    "events": (
        "EVENT_MODELS",
        "ArticlePublished",
        "ArticleScraped",
        "ArticleUpdated",
        "ArticleWithdrawn",
        "Event",
        "ScrapedPage",
        "Withdrawal",
    ),
    "outcomes": ("EventOutcome", "EventRef", "OutcomeReply", "OutcomeRequest"),
    "ranking": ("Recency", "ScoreReason"),
    "retrieval": ("ArticleReply", "ArticleRequest"),
    "search": (
        "Bucket",
        "Facet",
        "FacetValue",
        "Histogram",
        "Hit",
        "Interpretation",
        "Note",
        "Place",
        "Problem",
        "SearchFilters",
        "SearchReply",
        "SearchRequest",
    ),
    "similar": ("SimilarReply", "SimilarRequest"),
    "suggest": ("Suggestion", "SuggestReply", "SuggestRequest", "TitleSuggestion"),
}
_MODULES = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""The contract between newsdex and the services that publish to it or search it."""

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
from newsdex_schemas.message_id import message_id
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

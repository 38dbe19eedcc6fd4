"""The contract between newsdex and the services that publish to it or search it."""

from newsdex_schemas.article import Article, RelatedLink
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
from newsdex_schemas.search import (
    Hit,
    Place,
    Problem,
    SearchFilters,
    SearchReply,
    SearchRequest,
)

__all__ = [
    "EVENT_MODELS",
    "Article",
    "ArticlePublished",
    "ArticleScraped",
    "ArticleUpdated",
    "ArticleWithdrawn",
    "Event",
    "EventOutcome",
    "EventRef",
    "Hit",
    "OutcomeReply",
    "OutcomeRequest",
    "Place",
    "Problem",
    "RelatedLink",
    "ScrapedPage",
    "SearchFilters",
    "SearchReply",
    "SearchRequest",
    "Withdrawal",
]

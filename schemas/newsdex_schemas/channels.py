"""Every channel name and header of the contract, in one place."""

STREAM = "ARTICLES"

ARTICLES_PUBLISHED = "articles.published"
ARTICLES_UPDATED = "articles.updated"
ARTICLES_WITHDRAWN = "articles.withdrawn"
ARTICLES_SCRAPED = "articles.scraped"
EVENT_CHANNELS = (ARTICLES_PUBLISHED, ARTICLES_UPDATED, ARTICLES_WITHDRAWN, ARTICLES_SCRAPED)

CHANGES_STREAM = "CHANGES"

ARTICLES_CHANGED = "articles.changed"
"""Where `newsdex sink nats` tells other services what has become of articles; a subject of CHANGES_STREAM."""

SEARCH_QUERY = "search.query"
"""Request/reply: a SearchRequest is answered with a SearchReply or a Problem."""

SEARCH_SUGGEST = "search.suggest"
"""Request/reply: a SuggestRequest is answered with a SuggestReply or a Problem."""

SEARCH_SIMILAR = "search.similar"
"""Request/reply: a SimilarRequest is answered with a SimilarReply or a Problem."""

EVENTS_OUTCOME = "events.outcome"
"""Request/reply: what became of events that were published, and whether search sees them."""

ARTICLES_GET = "articles.get"
"""Request/reply: an ArticleRequest is answered with an ArticleReply or a Problem. No subject of the stream."""

ARTICLES_WHY = "articles.why"
"""Request/reply, for operators: a StoryRequest is answered with a StoryReply or a Problem. No subject of the stream."""

PARKED_LIST = "parked.list"
"""Request/reply, for operators: which events are parked, and why."""

PARKED_RETRY = "parked.retry"
PARKED_DROP = "parked.drop"
"""Request/reply, for operators: the indexer is the only one that writes."""

ERASURES_ORDER = "erasures.order"
ERASURES_STATUS = "erasures.status"
"""Request/reply, for operators: has the texts of articles erased, and tells how far that is."""

PAGES_REPROCESS = "pages.reprocess"
"""Request/reply, for operators: has articles made once more of the scraped pages that are kept of them."""

INDEX_STATUS = "index.status"
INDEX_CHECK = "index.check"
INDEX_REBUILD = "index.rebuild"
INDEX_ROLLBACK = "index.rollback"
"""Request/reply, for operators. What does something takes an order, which no acknowledgement and no reply is."""

INDEX_DAMAGED = "index.damaged"
"""Where searchers report damage that they met in the index; there is no reply."""

STREAM_STATUS = "stream.status"
STREAM_PRUNE = "stream.prune"
STREAM_REDELIVER = "stream.redeliver"
"""Request/reply, for operators: how full the stream is, and orders to make room or to deliver everything again."""

PROCESSES_STATUS = "processes.status"
"""Request and several replies, for operators: every process that runs tells how it is."""

REQUEST_CHANNELS = (
    SEARCH_QUERY, SEARCH_SUGGEST, SEARCH_SIMILAR, ARTICLES_GET, ARTICLES_WHY, EVENTS_OUTCOME, PARKED_LIST,
    PARKED_RETRY, PARKED_DROP, ERASURES_ORDER, ERASURES_STATUS, PAGES_REPROCESS, INDEX_STATUS, INDEX_CHECK,
    INDEX_REBUILD, INDEX_ROLLBACK, INDEX_DAMAGED, STREAM_STATUS, STREAM_PRUNE, STREAM_REDELIVER, PROCESSES_STATUS,
)  # fmt: skip

CORRELATION_HEADER = "correlation_id"
"""Optional header of every message; the reply and every log line about it repeat the value."""

MESSAGE_ID_HEADER = "Nats-Msg-Id"
"""Optional header of an event; the broker drops a second message with the same value."""

CONTENT_TYPE_STRUCTURED = "application/cloudevents+json"

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
"""The largest message the broker is configured to take: a full body of escaped text fits."""

MAX_REQUEST_BYTES = 256 * 1024
"""The largest request that is read; what the models of requests allow fits, but for hundreds of very long event ids."""

"""Every metric, declared here or nowhere; each process serves those of its kind at `/metrics`, and no other's."""

from functools import partial
from typing import Literal

import prometheus_client
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

Kind = Literal["indexer", "searcher", "gateway", "relay", "sink"]

Counter = partial(prometheus_client.Counter, registry=None)
Gauge = partial(prometheus_client.Gauge, registry=None)
Histogram = partial(prometheus_client.Histogram, registry=None)
"""Registered by `registry_of` only: a searcher that showed the indexer's metrics would show zeros."""

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

FRESHNESS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)

EVENTS = Counter("newsdex_events_total", "Delivered messages by outcome and reason", ["outcome", "reason"])
EVENTS_DELAYED = Counter("newsdex_events_delayed_total", "Deliveries sent back because the archive failed")
INCARNATIONS = Counter(
    "newsdex_stream_incarnations_total", "Streams that others made, and that lost messages: places are counted anew"
)
OTHER_SOURCES = Counter(
    "newsdex_articles_of_other_sources_total", "Publications of an article that another source had published last"
)
UNKNOWN_FIELDS = Counter("newsdex_unknown_fields_total", "Fields of events that the contract does not know")
PARKED_OPEN = Gauge("newsdex_parked_open", "Parked events that wait for an operator; alert above 0", ["code"])
PARKED_OLDEST = Gauge(
    "newsdex_parked_oldest_timestamp_seconds", "When the oldest of them was parked, since 1970; 0 where none is"
)
PARKED_SUPERSEDED = Counter("newsdex_parked_superseded_total", "Parked events that a later event made pointless")
STREAM_WAITING = Gauge("newsdex_stream_waiting_events", "Events in the stream that the indexer has not taken yet")
STREAM_AT_WORK = Gauge("newsdex_stream_unacknowledged_events", "Events that it has taken and not acknowledged yet")
ERASURES_PENDING = Gauge("newsdex_erasures_pending", "Erasures that are not finished; alert where it stays above 0")
STREAM_MENDED = Counter(
    "newsdex_stream_mended_total", "Settings of stream and consumer that somebody had changed, put right", ["setting"]
)
STREAM_EVENTS = Gauge("newsdex_stream_events", "Events in the stream, handled ones too")
STREAM_BYTES = Gauge("newsdex_stream_bytes", "Their bytes")
STREAM_LIMIT = Gauge("newsdex_stream_limit_bytes", "At how many the stream refuses new events; 0 where it has no limit")
STREAM_PRUNED = Counter("newsdex_stream_pruned_total", "Handled events that were removed from the stream")
STORE_BYTES = Gauge("newsdex_store_bytes", "Bytes in the broker's store")
STORE_LIMIT = Gauge("newsdex_store_limit_bytes", "At how many it refuses new events; 0 where that is not known")
STREAM_FAULTS = Gauge("newsdex_stream_faults", "Settings of stream and consumer that nobody can put right")
STREAM_OLDEST_EVENT = Gauge(
    "newsdex_stream_oldest_event_seconds", "How long the oldest event that is not archived has waited, else 0"
)
CLOCK_AHEAD = Gauge(
    "newsdex_clock_ahead_seconds", "How far the indexer's clock is ahead of the broker's; below 0 where it is behind"
)
RELAYED = Counter(
    "newsdex_relayed_total",
    "Records of a relay's source by result: stored, repeated, or the code of a refusal",
    ["result"],
)
SINK_CHANGES = Counter(
    "newsdex_sink_changes_total", "Changes that a sink handed on, by what became of them there", ["result"]
)
SINK_POSITION = Gauge("newsdex_sink_position", "Sequence number up to which a sink has handed changes on")
READY = Gauge("newsdex_ready", "1 where /ready answers with 200, else 0")
BROKER_CONNECTED = Gauge("newsdex_broker_connected", "1 while the connection to the broker is there, else 0")
BUILD = Gauge("newsdex_build_info", "1, for the labels: the version of newsdex, and Python's", ["version", "python"])
COMMIT_SECONDS = Histogram("newsdex_archive_commit_seconds", "Time of one archive transaction", buckets=SECONDS)
COMMIT_EVENTS = Histogram(
    "newsdex_archive_commit_events", "Events in one archive transaction", buckets=(1, 3, 10, 30, 100, 300, 1000)
)
PAGE_SECONDS = Histogram("newsdex_page_seconds", "Time in which one HTML page was read", buckets=SECONDS)
ARCHIVE_SEQUENCE = Gauge("newsdex_archive_sequence", "Sequence number of the newest change")
INDEX_POSITION = Gauge("newsdex_index_position", "Sequence number up to which the index has applied changes")
INDEX_OLDEST_CHANGE = Gauge(
    "newsdex_index_oldest_change_seconds",
    "How long the oldest change that the index lacks has waited, else 0",
)
INDEX_BUILDING = Gauge("newsdex_index_building", "1 while a generation of the index is being made ready to serve")
INDEX_BUILD_POSITION = Gauge("newsdex_index_build_position", "Sequence number up to which it has applied changes")
INDEX_COMMIT_SECONDS = Histogram("newsdex_index_commit_seconds", "Time of one commit of the index", buckets=SECONDS)
INDEX_MERGE_SECONDS = Histogram(
    "newsdex_index_merge_seconds", "Time of one merge of segments", buckets=(*SECONDS, 30.0, 60.0, 300.0)
)
INDEX_CHECKED = Gauge(
    "newsdex_index_checked_timestamp_seconds",
    "When a round over the index last found nothing wrong, or 0",
)
INDEX_DAMAGES = Counter("newsdex_index_damages_total", "Times that the serving index was found damaged")
FRESHNESS = Histogram(
    "newsdex_freshness_seconds",
    "Time until an article was searchable, since its publisher's time or since the broker stored it",
    ["since"],
    buckets=FRESHNESS_SECONDS,
)
ARCHIVE_BYTES = Gauge("newsdex_archive_bytes", "Bytes of the archive's files")
INDEX_BYTES = Gauge("newsdex_index_bytes", "Bytes of the index' files, of every generation")
DISK_FREE = Gauge("newsdex_disk_free_bytes", "Bytes that are free where the data folder is")
BACKUP = Gauge("newsdex_backup_timestamp_seconds", "When the last backup was made, since 1970; 0 where none was")
INDEX_GENERATION = Gauge("newsdex_index_generation", "The number of the generation that serves")
INDEX_SEGMENTS = Gauge("newsdex_index_segments", "Segments of the index")
INDEX_ARTICLES = Gauge("newsdex_index_articles", "Articles in the index")
REQUESTS_QUEUED = Gauge("newsdex_requests_queued", "Requests of every kind that wait for their turn")
QUERIES = Counter("newsdex_queries_total", "Search requests by result: ok, partial, or the problem's code", ["result"])
QUERY_SECONDS = Histogram("newsdex_query_seconds", "Time from request to reply", buckets=SECONDS)
QUERY_INDEX_SECONDS = Histogram(
    "newsdex_query_index_seconds", "The part of it in which the index was asked", buckets=SECONDS
)
SLOW_QUERIES = Counter("newsdex_slow_queries_total", "Searches that took as long as NEWSDEX_SLOW_QUERY_MS, or longer")
CORRECTIONS = Counter("newsdex_corrections_total", "Searches that found little and got a did-you-mean")
SUGGESTS = Counter(
    "newsdex_suggests_total", "Suggest requests by result: ok, partial, or the problem's code", ["result"]
)
SUGGEST_SECONDS = Histogram("newsdex_suggest_seconds", "Time from a suggest request to its reply", buckets=SECONDS)
SIMILARS = Counter("newsdex_similars_total", "Requests for similar articles by result, as above", ["result"])
SIMILAR_SECONDS = Histogram("newsdex_similar_seconds", "Time from such a request to its reply", buckets=SECONDS)
HTTP_REQUESTS = Counter("newsdex_http_requests_total", "HTTP requests by route and status", ["route", "status"])
HTTP_SECONDS = Histogram("newsdex_http_seconds", "Time from such a request to its response", ["route"], buckets=SECONDS)

OF_EACH = (READY, BROKER_CONNECTED, BUILD)
OF_KIND: dict[Kind, tuple[MetricWrapperBase, ...]] = {
    "indexer": (
        EVENTS, EVENTS_DELAYED, INCARNATIONS, OTHER_SOURCES, UNKNOWN_FIELDS, PARKED_OPEN, PARKED_OLDEST,
        PARKED_SUPERSEDED, STREAM_WAITING, STREAM_AT_WORK, ERASURES_PENDING, STREAM_MENDED, STREAM_EVENTS, STREAM_BYTES,
        STREAM_LIMIT, STREAM_PRUNED, STORE_BYTES, STORE_LIMIT, STREAM_FAULTS, STREAM_OLDEST_EVENT, CLOCK_AHEAD,
        COMMIT_SECONDS, COMMIT_EVENTS, PAGE_SECONDS, ARCHIVE_SEQUENCE, INDEX_POSITION, INDEX_OLDEST_CHANGE,
        INDEX_BUILDING,
        INDEX_BUILD_POSITION, INDEX_COMMIT_SECONDS, INDEX_MERGE_SECONDS, INDEX_CHECKED, INDEX_DAMAGES, FRESHNESS,
        ARCHIVE_BYTES, INDEX_BYTES, DISK_FREE, BACKUP,
    ),
    "searcher": (
        INDEX_POSITION, INDEX_GENERATION, INDEX_SEGMENTS, INDEX_ARTICLES, REQUESTS_QUEUED, QUERIES, QUERY_SECONDS,
        QUERY_INDEX_SECONDS, SLOW_QUERIES, CORRECTIONS, SUGGESTS, SUGGEST_SECONDS, SIMILARS, SIMILAR_SECONDS,
    ),
    "gateway": (HTTP_REQUESTS, HTTP_SECONDS),
    "relay": (RELAYED,),
    "sink": (SINK_CHANGES, SINK_POSITION),
}  # fmt: skip


def registry_of(kind: Kind) -> CollectorRegistry:
    """Return what a process of a kind shows: its own metrics, and what the library knows of any process."""
    registry = CollectorRegistry()
    for collector in (*OF_EACH, *OF_KIND[kind], PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry

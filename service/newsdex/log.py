"""Structured logs: JSON on stdout, pretty on a terminal; libraries' own lines in the same form."""

import logging
import os
import socket
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from newsdex.settings import Settings
from newsdex.version import newsdex_version
from newsdex.visible import visible, visible_json

EventDict = MutableMapping[str, Any]

EVENTS = {
    "process.started": "A process is about to serve; its settings that are not the default, secrets masked.",
    "process.ready": "A process serves from now on.",
    "process.stopped": "A process ended as asked.",
    "process.check_failed": "A check that a process repeats met a defect, with its traceback; the process ends.",
    "process.failed": "A process ends because of an error; `code` says which.",
    "process.ended": "A child of `newsdex up` ended by itself; it is started again after `delay_s`.",
    "setting.unknown": "The variable `name` looks like a setting and is none; `suggestion` is what may be meant.",
    "data_dir.tightened": "The data folder was open to other users of the machine, and is no more: `closed` entries.",
    "data_dir.open_to_others": "Other users may still open `paths` in it: another user's, or shared by all.",
    "broker.started": "The embedded broker listens.",
    "broker.ready": "Connected; `sync_always` is true, false, or unknown without a monitoring URL.",
    "broker.disconnected": "The connection is lost; reconnecting goes on without an end.",
    "broker.reconnected": "The connection is back.",
    "broker.closed": "The connection is closed for good, or the broker shuts us out; the process ends.",
    "broker.error": "The client reported an error; while the broker is away, each one once.",
    "broker.mended": "Somebody had changed a setting of stream or consumer, `what`; it is as `wanted` again.",
    "broker.difference": "A setting of stream or consumer is not as wanted and cannot be mended; `reason` says why.",
    "broker.small_payload": "The broker takes no messages as large as the contract allows: set its `max_payload`.",
    "broker.consumer_missing": "Stream or consumer were deleted while running; the process ends and makes them anew.",
    "broker.check_failed": "Stream and consumer could not be looked at; tried again.",
    "clock.apart": "Our clock is `ahead_s` seconds ahead of the broker's, below 0 behind: a minute at least.",
    "stream.incarnation_began": "Another one made the stream, or it lost messages; what comes stands behind all.",
    "stream.not_adopted": "The archive fails, so the stream cannot be compared with it; tried again.",
    "stream.mark_failed": "The stream's metadata cannot be written; the archive alone knows its incarnation.",
    "stream.pruned": "Handled events were removed from the stream; `bound` says what kept more from going.",
    "stream.redelivered": "The consumers were made anew: every event in the stream is delivered once more.",
    "event.accepted": "The article is in the archive, in a new version.",
    "event.duplicate": "The archive had this already.",
    "event.stale": "The archive has something newer.",
    "event.withdrawn": "The article is taken out of search.",
    "event.parked": "The event could not be handled and is kept whole; `reason` is the code, `place` where.",
    "event.delayed": "The archive failed; `events` come again. A line at once, then one a minute for each `code`.",
    "page_reader.ended": "A page took more than its process may have, or ended it; the page is parked.",
    "event.reader_failed": "A defect of newsdex met an event; it is parked.",
    "batch.committed": "One transaction of the archive, with its events and its time.",
    "batch.failed": "A transaction failed; its events come again.",
    "parked.dropped": "An operator dropped a parked event.",
    "parked.superseded": "A parked event is closed, because a later event made it pointless.",
    "erasure.ordered": "An article is in no reply; `doubtful_parked` and `same_text` may be its, too.",
    "erasure.messages_erased": "The messages about it were overwritten in the stream: `messages` of them.",
    "erasure.finished": "Archive, stream and every generation of the index are rid of its text.",
    "erasure.stage_failed": "A defect of newsdex met an erasure; the line has the traceback.",
    "erasure.failed": "Erasing did not go on; it is tried again after `delay_s`.",
    "erasure.lifted": "An operator lets an erased article be published again.",
    "ledger.pruned": "Old outcomes were forgotten.",
    "page.reprocessed": "The article was made anew of its page and is another one now; this is no outcome of an event.",
    "page.not_reprocessed": "The page of an article cannot be read now, as `code` says; the article stays as it was.",
    "pages.pruned": "Scraped pages that were kept for `NEWSDEX_PAGES_KEEP_DAYS` were forgotten; their articles stay.",
    "ledger.prune_failed": "Old outcomes could not be forgotten; it is tried again in an hour.",
    "index.opened": "The projector goes on from this position of this generation.",
    "index.generation_started": "A generation of the index is being made ready to serve, and why: `code`.",
    "index.generation_progress": "How far it is: the change that it is at, and the archive's newest one.",
    "index.generation_swapped": "It serves.",
    "index.generation_failed": "It failed its check and is given up; the generation that serves goes on serving.",
    "index.checked": "A round over every file and document of the serving generation found nothing wrong.",
    "index.damaged": "The serving generation is not what was written, or not of this archive: a new one is made.",
    "index.committed": "One commit of the index: the changes in it, its position, and the events it came from.",
    "index.turned": "Embargoes are over (`shown` articles are searchable now), or articles have expired (`hidden`).",
    "index.erased": "No generation has a word of what was deleted up to `position`; there is none to go back to.",
    "index.commit_failed": "A commit failed; it is tried again after `delay_s`.",
    "index.merge_failed": "A merge of segments failed; the segments stay, and it is tried again after a commit.",
    "requests.refused": "Requests that were refused in the last second without a line of their own, by code.",
    "query.answered": "A search was answered.",
    "query.slow": "A search took as long as NEWSDEX_SLOW_QUERY_MS, or longer; the line has all of `query.answered`.",
    "query.refused": "A search got a Problem; `code` says which.",
    "suggest.answered": "A request for suggestions was answered.",
    "suggest.refused": "A request for suggestions got a Problem.",
    "similar.answered": "A request for similar articles was answered.",
    "similar.refused": "A request for similar articles got a Problem.",
    "relay.reading": "The relay reads its source from now on.",
    "relay.source_failed": "The source cannot be read, and `code` says why; tried again without an end, one line each.",
    "relay.not_published": "Our broker does not take an event now; it is sent again under the same message id.",
    "relay.refused": "Our broker never takes an event, or the source dropped it unread; `origin` is its place there.",
    "relay.failed": "A defect of newsdex met the relay; the process ends.",
    "sink.failed": "The archive, or where a sink leads, is not there, and `code` says why; tried again without an end.",
    "sink.recovered": "It goes on.",
    "sink.begun_anew": "The archive or the stream of changes is another one: all is told again, under other ids.",
    "sink.refused": "OpenSearch never takes an article, of the kind `error`; an older version of it is taken out.",
    "sink.index_begun": "A new index of OpenSearch is made, beside the one that serves if there is one.",
    "sink.index_serves": "Readers search the new index from now on; the one before is deleted.",
    "sink.crashed": "A defect of newsdex met the sink; the process ends.",
    "gateway.not_installed": "`newsdex up` runs without a gateway: what `install` names is not there.",
    "gateway.listening": "The gateway takes HTTP requests at `host` and `port`.",
    "http.answered": "An HTTP request was answered; `client` is the address that counts for limits.",
    "http.failed": "A defect of newsdex met an HTTP request; the line has the traceback.",
    "lexicon.failed": "The words of the index could not be read for suggestions; those read before are used.",
    "files.loaded": "Editors' files of a `kind` were read, at the first request and after each change.",
    "files.refused": "An editors' file is wrong, `reason` says where; what was read before stays in use.",
    "request.answered": "Another request was answered.",
    "request.refused": "Another request got a Problem.",
    "request.reply_refused": "A request names a channel and no inbox for its reply, `reply`: none is sent.",
    "tracing.failed": "Traces cannot be made or sent, and `error` says why; a line a minute, which counts `events`.",
    "faststream": "A line of FastStream's own; the text is in `message`.",
    "library": "A line of another library's; the text is in `message`, its name in `logger`.",
}
"""Every log event and what it means: a line with another name does not exist (a test holds this)."""


FASTSTREAM = "newsdex.faststream"
"""A logger of ours: FastStream puts a handler of its own on those it makes."""
FIRST_KEYS = ("timestamp", "level", "process", "event")


# without local variables: they hold articles and queries
_tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def is_pretty(settings: Settings) -> bool:
    """Return whether the log is for people."""
    return settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stdout.isatty())


def configure_logging(settings: Settings, process: str) -> None:
    """Send every log line of this process, structlog's and the standard library's, to stdout in one form."""
    pretty = is_pretty(settings)
    shared: list[structlog.typing.Processor] = [
        _bound_process(process),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [_visible_values, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if pretty
        else [_tracebacks, _order_keys, structlog.processors.JSONRenderer(_to_json)]
    )
    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # one system call for a line: processes share stdout, and a line must not fall apart between them
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )

    handler = logging.StreamHandler(sys.stdout)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _name_foreign_line],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn.access", "uvicorn", "uvicorn.error", "httpx"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(name).propagate = True


def instance_name() -> str:
    """Return what tells this process from others of its kind: the host and the process' number there."""
    return f"{socket.gethostname()}:{os.getpid()}"


def log_to_stderr() -> None:
    """Send warnings only, pretty, to stderr: for a command that does a process' work, and whose output is its own."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            _visible_values,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _visible_values(_: Any, __: str, event: EventDict) -> EventDict:
    """Show control characters of a line for people instead of having the terminal obey them."""
    return {key: visible(value) if isinstance(value, str) else value for key, value in event.items()}


def _to_json(event: EventDict, **_: Any) -> str:
    return visible_json(orjson.dumps(event, default=repr).decode())


def faststream_logger() -> logging.Logger:
    """Return the logger that FastStream writes to; its lines come out like ours."""
    return logging.getLogger(FASTSTREAM)


def _order_keys(_: Any, __: str, event: EventDict) -> EventDict:
    """Put first what a reader of raw lines looks for first."""
    return {**{key: event[key] for key in FIRST_KEYS if key in event}, **event}


def _bound_process(process: str) -> structlog.typing.Processor:
    """Name the process, which of its kind it is and of which newsdex, in every line, from whatever thread."""
    bound = {"process": process, "instance": instance_name(), "version": newsdex_version()}

    def bind(_: Any, __: str, event: EventDict) -> EventDict:
        event.update(bound)
        return event

    return bind


def _name_foreign_line(_: Any, __: str, event: EventDict) -> EventDict:
    """Give a library's line an event name of ours; its text and `extra` become keys."""
    record: logging.LogRecord | None = event.get("_record")
    name = record.name if record else "library"
    event["message"] = event.pop("event")
    event["event"] = "faststream" if name.startswith(FASTSTREAM) else "library"
    event["logger"] = name
    for key in ("subject", "queue", "stream", "message_id"):
        value = getattr(record, key, None)
        if value:
            event[key] = value
    return event

"""Writes articles in bulk: newer versions stay, what is refused is told and taken out, what may pass is tried again."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from pydantic_core import to_json

from newsdex import metrics
from newsdex.backoff import growing_delay_s
from newsdex.errors import Unavailable
from newsdex.records.feed import Change
from newsdex.sink.opensearch.cluster import OVERLOADED, Cluster, SinkFault

log = structlog.get_logger()

MAX_ID_BYTES = 512
"""OpenSearch takes no longer ids."""
ATTEMPTS = 6
INVALID, NOT_FOUND, CONFLICT, TOO_LARGE, SERVER_FAULT = 400, 404, 409, 413, 500


class Operation(NamedTuple):
    """What becomes of one article: it is there as in a version, or gone since one."""

    article_id: str
    sequence: int
    content: bytes | None

    def lines(self) -> bytes:
        """Return what a request in bulk has of it.

        The version is the change's number. An equal one may be written again, by a repeated request, and because the
        hour of an article changes nothing of its number.
        """
        named = {"_id": document_id(self.article_id), "version": self.sequence, "version_type": "external_gte"}
        if self.content is None:
            return to_json({"delete": named}) + b"\n"
        return to_json({"index": named}) + b"\n" + self.content + b"\n"


def document_id(article_id: str) -> str:
    """Return the id of an article's document: its own, unless that is longer than OpenSearch takes."""
    name = article_id.encode()
    return article_id if len(name) <= MAX_ID_BYTES else f"sha256:{hashlib.sha256(name).hexdigest()}"


def operation_of(change: Change, moment_us: int) -> Operation:
    """Return what a change means for a reader at a moment."""
    return Operation(change.id, change.sequence, change.content if change.shown_at(moment_us) else None)


async def write(cluster: Cluster, index: str, operations: Sequence[Operation]) -> None:
    """Write all of them; return once they are on the disks of the cluster.

    Raises `Unavailable` where OpenSearch does not take them in ATTEMPTS; repeating all of them is right then.
    """
    waiting = list(operations)
    for attempt in range(1, ATTEMPTS + 1):
        waiting = await _write_once(cluster, index, waiting)
        if not waiting:
            return
        await asyncio.sleep(growing_delay_s(attempt))
    raise Unavailable("sink_overloaded", f"OpenSearch did not take {len(waiting):,} articles in {ATTEMPTS} attempts")


async def _write_once(cluster: Cluster, index: str, operations: Sequence[Operation]) -> list[Operation]:
    """Return the operations that are to be tried again."""
    body = b"".join(operation.lines() for operation in operations)
    try:
        # by an alias, which the index has for this: one that was deleted would be made anew, without its mapping
        answer = await cluster.ask("POST", f"/{index}-write/_bulk?require_alias=true&timeout=20s", body)
    except SinkFault as fault:
        if fault.status != TOO_LARGE:
            raise
        return await _write_halves(cluster, index, operations)
    except Unavailable:
        return list(operations)
    items = answer.get("items", ())
    if len(items) != len(operations):
        raise Unavailable("sink_failed", "what answers to a request in bulk is no OpenSearch")
    again: list[Operation] = []
    results: Counter[str] = Counter()
    for operation, item in zip(operations, items, strict=True):
        (result,) = item.values()
        again += _judged(operation, result, results)
    for name, number in results.items():
        metrics.SINK_CHANGES.labels(result=name).inc(number)
    return again


async def _write_halves(cluster: Cluster, index: str, operations: Sequence[Operation]) -> list[Operation]:
    if len(operations) == 1:
        return [_without_content(operations[0], TOO_LARGE, "request_too_large")]
    middle = len(operations) // 2
    first = await _write_once(cluster, index, operations[:middle])
    return first + await _write_once(cluster, index, operations[middle:])


def _judged(operation: Operation, result: dict[str, Any], results: Counter[str]) -> list[Operation]:
    """Count what became of an operation; return what is still to do for it."""
    status, fault = result["status"], (result.get("error") or {}).get("type")
    if fault is None:
        results["removed" if operation.content is None else "written"] += 1
    elif status == CONFLICT:
        results["newer_there"] += 1
    elif status == NOT_FOUND:
        raise Unavailable("sink_index_missing", "the index of OpenSearch was deleted; a new one is made")
    elif status == OVERLOADED or status >= SERVER_FAULT:
        return [operation]
    else:
        results["refused"] += 1
        return [_without_content(operation, status, fault)]
    return []


def _without_content(operation: Operation, status: int, fault: str) -> Operation:
    """Tell of an article that OpenSearch never takes; return what takes an older version of it out.

    Raises `Unavailable` where it is not the article that is refused: a block on the index, or a right that we lack.
    """
    if operation.content is None or status not in {INVALID, TOO_LARGE}:
        raise Unavailable("sink_failed", f"OpenSearch answers {status} to the change of an article: {fault}")
    # the reason beside the type repeats the article's text
    log.error("sink.refused", code="sink_article_refused", article_id=operation.article_id, error=fault)
    return operation._replace(content=None)

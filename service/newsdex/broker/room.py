"""Asks the broker how full stream and store are, and has the oldest events removed from the stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nats.js import JetStreamContext
from nats.js.errors import APIError

from newsdex.broker.jetstream_api import NO_MESSAGE, ask_broker
from newsdex.broker.monitoring import look_at_servers
from newsdex.broker.retention import StreamContents
from newsdex.errors import Unavailable
from newsdex_schemas import channels


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Bytes that are used, and how many may be; None where there is no limit, or none is known."""

    used: int
    limit: int | None

    @property
    def share(self) -> float:
        """Return the part that is used, 0 to 1; 0 without a limit."""
        return self.used / self.limit if self.limit else 0.0


def contents_of(info: dict[str, Any]) -> StreamContents:
    """Read what the stream has out of the answer to `STREAM.INFO`."""
    state = info["state"]
    first = state["first_seq"] if state["messages"] else state["last_seq"] + 1
    return StreamContents(events=state["messages"], bytes=state["bytes"], first=first, last=state["last_seq"])


def stream_usage(info: dict[str, Any]) -> Usage:
    """Read how full the stream is, by its own limit."""
    limit = info["config"].get("max_bytes", -1)
    return Usage(used=info["state"]["bytes"], limit=limit if limit > 0 else None)


def clock_ahead_s(info: dict[str, Any], now: datetime) -> float | None:
    """Return how far our clock is ahead of the broker's, which tells its own in each answer; None where it does not."""
    told = info.get("ts")
    return None if told is None else (now - datetime.fromisoformat(told)).total_seconds()


async def store_usage(js: JetStreamContext, monitoring_urls: Sequence[str]) -> Usage:
    """Return how full the store is: by the account's limit, else the fullest server's, which its monitoring tells."""
    try:
        account = await ask_broker(js, "INFO")
    except APIError as error:
        raise Unavailable("broker_unavailable", f"JetStream does not answer: {error.description}") from error
    limit = account["limits"].get("max_storage", -1)
    if limit > 0:
        return Usage(used=account["storage"], limit=limit)
    servers = [usage for one in await look_at_servers(monitoring_urls) if (usage := _server_usage(one)) is not None]
    return max(servers, key=lambda usage: usage.share, default=Usage(used=account["storage"], limit=None))


def _server_usage(server: dict[str, Any]) -> Usage | None:
    try:
        jetstream = server["jetstream"]
        return Usage(used=jetstream["stats"]["storage"], limit=jetstream["config"]["max_storage"])
    except KeyError:
        return None


async def position_before(js: JetStreamContext, contents: StreamContents, moment: datetime) -> int:
    """Return the number of the last event that the broker stored before a moment."""
    request = {"next_by_subj": ">", "start_time": moment.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    try:
        answer = await ask_broker(js, f"STREAM.MSG.GET.{channels.STREAM}", request)
    except APIError as error:
        if error.err_code == NO_MESSAGE:
            return contents.last
        raise Unavailable("broker_unavailable", f"JetStream does not answer: {error.description}") from error
    return int(answer["message"]["seq"]) - 1


async def stored_at(js: JetStreamContext, position: int) -> datetime | None:
    """Return when the broker stored the first event from a number on; None where there is none."""
    request = {"next_by_subj": ">", "seq": position}
    try:
        answer = await ask_broker(js, f"STREAM.MSG.GET.{channels.STREAM}", request)
    except APIError as error:
        if error.err_code == NO_MESSAGE:
            return None
        raise Unavailable("broker_unavailable", f"JetStream does not answer: {error.description}") from error
    return datetime.fromisoformat(answer["message"]["time"])


async def remove_up_to(js: JetStreamContext, position: int) -> int:
    """Have events removed up to a number, and it; return how many went."""
    try:
        answer = await ask_broker(js, f"STREAM.PURGE.{channels.STREAM}", {"seq": position + 1})
    except APIError as error:
        raise Unavailable("stream_not_pruned", f"JetStream removes nothing: {error.description}") from error
    return int(answer.get("purged", 0))

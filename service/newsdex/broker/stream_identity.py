"""Reads from the broker which stream it has, and marks on it which incarnation its messages belong to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nats.js import JetStreamContext
from nats.js.errors import APIError

from newsdex.broker.jetstream_api import ask_broker
from newsdex.errors import Unavailable
from newsdex.incarnations import Incarnation, SeenStream
from newsdex.records.moments import microseconds
from newsdex_schemas import channels

INCARNATION_KEY = "newsdex-incarnation"
FIRST_SEQUENCE_KEY = "newsdex-incarnation-first-sequence"


def metadata_of(incarnation: Incarnation) -> dict[str, str]:
    """Return what marks a stream as ours, with the incarnation of its newest messages."""
    return {INCARNATION_KEY: str(incarnation.number), FIRST_SEQUENCE_KEY: str(incarnation.first_sequence)}


async def see_stream(js: JetStreamContext, last_handled: int) -> SeenStream:
    """Return what the broker has; raise `Unavailable` where the stream is gone, or nobody answers."""
    info = await _ask(js, f"STREAM.INFO.{channels.STREAM}")
    state = info["state"]
    has_it = state["first_seq"] <= last_handled <= state["last_seq"]
    return SeenStream(
        created=info["created"],
        first_sequence=state["first_seq"],
        last_sequence=state["last_seq"],
        marked=_marked(info["config"].get("metadata") or {}),
        stored_us=await _stored_us(js, last_handled) if has_it else None,
    )


def _marked(metadata: Mapping[str, str]) -> Incarnation | None:
    number, first = metadata.get(INCARNATION_KEY, ""), metadata.get(FIRST_SEQUENCE_KEY, "")
    return Incarnation(int(number), int(first)) if number.isdecimal() and first.isdecimal() else None


async def _stored_us(js: JetStreamContext, sequence: int) -> int | None:
    """Return when a message was stored; None where it was deleted, or we may not look."""
    try:
        answer = await _ask(js, f"STREAM.MSG.GET.{channels.STREAM}", {"seq": sequence})
    except Unavailable:
        return None
    return microseconds(datetime.fromisoformat(answer["message"]["time"]))


async def mark_stream(js: JetStreamContext, incarnation: Incarnation) -> None:
    """Write the incarnation into the stream's metadata, and leave its other settings as they are.

    Raises `Unavailable` where the stream is gone, nobody answers, or the broker refuses.
    """
    config = (await _ask(js, f"STREAM.INFO.{channels.STREAM}"))["config"]
    config["metadata"] = {**(config.get("metadata") or {}), **metadata_of(incarnation)}
    await _ask(js, f"STREAM.UPDATE.{channels.STREAM}", config)


async def _ask(js: JetStreamContext, path: str, request: Mapping[str, Any] | None = None) -> dict[str, Any]:
    try:
        return await ask_broker(js, path, request)
    except APIError as error:
        raise Unavailable("jetstream_unavailable", f"JetStream refuses: {error.description}") from error

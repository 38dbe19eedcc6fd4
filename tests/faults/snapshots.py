"""Backs up and restores a stream as `nats stream backup` and `restore` do: by JetStream's API of snapshots."""

import asyncio
from dataclasses import dataclass
from typing import Any

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from newsdex.broker.jetstream_api import ask_broker
from newsdex_schemas import channels

TIMEOUT_S = 20


@dataclass(frozen=True)
class Snapshot:
    """A stream at one moment, with its consumers."""

    config: dict[str, Any]
    state: dict[str, Any]
    chunks: tuple[bytes, ...]


async def take_snapshot(js: JetStreamContext) -> Snapshot:
    """Have the broker send the stream."""
    connection, chunks, done = js._nc, list[bytes](), asyncio.Event()
    inbox = connection.new_inbox()

    async def take(message: Msg) -> None:
        if not message.data:
            done.set()
            return
        chunks.append(message.data)
        if message.reply:
            await message.respond(b"")

    subscription = await connection.subscribe(inbox, cb=take)
    request = {"deliver_subject": inbox, "no_consumers": False, "chunk_size": 128 * 1024}
    answer = await ask_broker(js, f"STREAM.SNAPSHOT.{channels.STREAM}", request)
    await asyncio.wait_for(done.wait(), TIMEOUT_S)
    await subscription.unsubscribe()
    return Snapshot(answer["config"], answer["state"], tuple(chunks))


async def restore_snapshot(js: JetStreamContext, snapshot: Snapshot) -> None:
    """Delete the stream, and have the broker make it of a snapshot."""
    await js.delete_stream(channels.STREAM)
    request = {"config": snapshot.config, "state": snapshot.state}
    answer = await ask_broker(js, f"STREAM.RESTORE.{channels.STREAM}", request)
    for chunk in (*snapshot.chunks, b""):
        await js._nc.request(answer["deliver_subject"], chunk, timeout=TIMEOUT_S)

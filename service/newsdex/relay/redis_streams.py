"""Reads a Redis or Valkey stream, as one consumer of a group that begins with the oldest entry."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from faststream.redis.parser.binary import BinaryMessageFormatV1
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from newsdex.errors import Misconfigured, Unavailable
from newsdex.relay.address import SourceAddress, named
from newsdex.relay.source import BATCH, WAIT_S, Record

log = structlog.get_logger()

OPTIONS = frozenset({"stream", "group"})
CONSUMER = "newsdex-relay"
"""One name for every relay: what a dead one had in hand is found as our own, and comes first again."""
LEASE_S = 10.0
"""How long a relay that died keeps another one waiting; entries shared out to two would lose their order."""
BODY_FIELDS = (b"data", b"body", b"payload", b"value", b"message")
FASTSTREAM_FIELD = b"__data__"
"""Where FastStream writes body and headers as one value."""
NEW = ">"


def make_source(address: SourceAddress) -> "RedisStream":
    """Make the source."""
    return RedisStream(address.url, named(address, "stream"), address.options.get("group") or "newsdex")


class RedisStream:
    """One stream."""

    faults = (RedisError,)

    def __init__(self, url: str, stream: str, group: str) -> None:
        self._url = url
        self._stream = stream
        self._group = group
        self._after = NEW
        self._redis: Redis | None = None
        self._lease: Lock | None = None

    @property
    def _client(self) -> Redis:
        assert self._redis is not None
        return self._redis

    async def open(self) -> None:
        """Make the group where there is none, at the oldest entry: by itself it would begin behind the newest."""
        try:
            self._redis = Redis.from_url(self._url, socket_timeout=LEASE_S)
            self._lease = self._redis.lock(f"{self._stream}:{self._group}:relay", timeout=LEASE_S)
            if not await self._lease.acquire(blocking=False):
                self._lease = None
                raise Unavailable("relay_standby", "another relay reads this stream; it is waited for")
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except (AuthenticationError, NoPermissionError, ValueError) as error:
            raise Misconfigured("relay_refused", f"Redis refuses us: {error}") from error
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        self._after = "0"

    async def read(self) -> Sequence[Record]:
        """Return what was in hand when a relay ended, then what is new."""
        assert self._lease is not None
        await self._lease.extend(LEASE_S, replace_ttl=True)
        place: dict[Any, Any] = {self._stream: self._after}
        answer = await self._client.xreadgroup(
            self._group, CONSUMER, place, count=BATCH, block=int(WAIT_S * 1e3) if self._after == NEW else None
        )
        entries = answer[0][1] if answer else []
        if self._after != NEW:
            self._after = entries[-1][0].decode() if entries else NEW
        gone = [id_ for id_, fields in entries if not fields]
        if gone:  # the stream was trimmed before they were read
            log.error("relay.refused", code="relay_entry_gone", origin=self._origin(gone[0]), records=len(gone))
            await self._client.xack(self._stream, self._group, *gone)
        return [self._record(id_, fields) for id_, fields in entries if fields]

    def _origin(self, id_: bytes) -> str:
        return f"redis:{self._stream}/{id_.decode()}"

    def _record(self, id_: bytes, fields: Mapping[bytes, bytes]) -> Record:
        if FASTSTREAM_FIELD in fields:
            body, given = BinaryMessageFormatV1.parse(fields[FASTSTREAM_FIELD])
            named_texts = {str(name).lower(): str(text) for name, text in given.items()}
            return Record(body=body, origin=self._origin(id_), headers=named_texts, token=id_)
        field = next((name for name in BODY_FIELDS if name in fields), None)
        texts = {name.decode(errors="replace"): text.decode(errors="replace") for name, text in fields.items()}
        # an entry may also be the article itself, field by field
        body = fields[field] if field is not None else json.dumps(texts).encode()
        headers = {} if field is None else {name.lower(): text for name, text in texts.items()}
        return Record(body=body, origin=self._origin(id_), headers=headers, token=id_)

    async def settle(self, taken: Sequence[Record], refused: Sequence[Record]) -> None:
        """Acknowledge; the entries stay in the stream."""
        ids: list[Any] = [record.token for record in (*taken, *refused)]
        await self._client.xack(self._stream, self._group, *ids)

    async def close(self) -> None:
        """Give the lease back, so that another relay need not wait for its end."""
        if self._redis is None:
            return
        try:
            if self._lease is not None:
                await self._lease.release()
        finally:
            self._lease, client, self._redis = None, self._redis, None
            await client.aclose()

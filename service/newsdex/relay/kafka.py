"""Reads topics of Kafka, in a group that begins with the oldest record and commits behind our broker."""

import ssl
from collections.abc import Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    AuthenticationFailedError,
    CommitFailedError,
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnsupportedCodecError,
)
from aiokafka.structs import ConsumerRecord

from newsdex.errors import Misconfigured, Unavailable
from newsdex.relay.address import FORMS, SourceAddress
from newsdex.relay.source import BATCH, WAIT_S, Record

OPTIONS = frozenset({"group", "security", "mechanism"})


def make_source(address: SourceAddress) -> "KafkaTopic":
    """Make the source."""
    if not address.path:
        raise Misconfigured("relay_url", f"the address names no topic: {FORMS}")
    return KafkaTopic(address)


class KafkaTopic:
    """One topic; the relays of a group share its partitions, and each partition keeps its order."""

    faults = (KafkaError,)

    def __init__(self, address: SourceAddress) -> None:
        self._topic = address.path
        secure = address.options.get("security") or ("SASL_SSL" if address.user else "PLAINTEXT")
        self._options = {
            "bootstrap_servers": address.hosts.split(","),
            "group_id": address.options.get("group") or "newsdex",
            "security_protocol": secure,
            "ssl_context": ssl.create_default_context() if secure.endswith("SSL") else None,
            "sasl_mechanism": address.options.get("mechanism") or "PLAIN",
            "sasl_plain_username": address.user,
            "sasl_plain_password": address.password,
        }
        self._consumer: AIOKafkaConsumer | None = None

    async def open(self) -> None:
        """Join the group; nothing is committed but by us, after our broker has it."""
        self._consumer = consumer = AIOKafkaConsumer(
            self._topic, enable_auto_commit=False, auto_offset_reset="earliest", **self._options
        )
        try:
            await consumer.start()
        except (AuthenticationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
            raise Misconfigured("relay_refused", f"Kafka refuses us: {error}") from error
        if not consumer.partitions_for_topic(self._topic):
            raise Unavailable("relay_source_missing", f"no topic {self._topic}")

    async def read(self) -> Sequence[Record]:
        """Return the next records of all partitions that are ours."""
        assert self._consumer is not None
        try:
            found = await self._consumer.getmany(timeout_ms=int(WAIT_S * 1e3), max_records=BATCH)
        except UnsupportedCodecError as error:
            raise Misconfigured("relay_codec", f"the topic is compressed: pip install cramjam ({error})") from error
        return [self._record(record) for records in found.values() for record in records]

    def _record(self, record: "ConsumerRecord[bytes, bytes]") -> Record:
        headers = {name.lower(): value.decode(errors="replace") for name, value in record.headers if value is not None}
        return Record(
            body=record.value or b"",
            origin=f"kafka:{record.topic}/{record.partition}/{record.offset}",
            headers=headers,
            key=record.key.decode(errors="replace") if record.key else None,
            token=(TopicPartition(record.topic, record.partition), record.offset + 1),
        )

    async def settle(self, taken: Sequence[Record], refused: Sequence[Record]) -> None:
        """Commit the offsets behind all of them; refused records stay in the topic as long as others do."""
        assert self._consumer is not None
        offsets: dict[TopicPartition, int] = {}
        for record in (*taken, *refused):
            partition, offset = record.token
            offsets[partition] = max(offset, offsets.get(partition, 0))
        with suppress(
            CommitFailedError, IllegalStateError
        ):  # another relay has the partition now, and reads them again
            await self._consumer.commit(offsets)

    async def close(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

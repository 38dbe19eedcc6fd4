"""Feeds each real source as its publishers do, and tells what it still has for the relay."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aio_pika
import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis
from tests.cluster import engines

if TYPE_CHECKING:
    from tests.cluster.relaying import Sent

STREAM = "articles"


@dataclass(frozen=True, kw_only=True)
class Fed:
    """A source that runs."""

    url: str
    """For the relay."""
    feed: Callable[[Sequence["Sent"]], Awaitable[None]]
    waiting: Callable[[], Awaitable[int]]
    """Tells how many records are not settled."""


@contextmanager
def redis_stream(folder: Path) -> Iterator[Fed]:
    """Run Valkey with a stream."""
    with engines.valkey(folder) as url:

        async def feed(sent: Sequence["Sent"]) -> None:
            async with Redis.from_url(url) as client:
                for record in sent:
                    headers = {f"ce-{name}": text for name, text in record.attributes.items()} if record.binary else {}
                    await client.xadd(STREAM, {"data": record.body, **(headers if record.poison is None else {})})

        async def waiting() -> int:
            async with Redis.from_url(url) as client:
                (group,) = await client.xinfo_groups(STREAM)
                return int(group["pending"]) + int(group["lag"] or 0)

        yield Fed(url=f"{url}?stream={STREAM}", feed=feed, waiting=waiting)


@contextmanager
def outbox_table(folder: Path) -> Iterator[Fed]:
    """Run PostgreSQL with Debezium's outbox table: rows have a UUID, and data or whole events as JSON."""
    with engines.postgresql(folder) as url:

        async def feed(sent: Sequence["Sent"]) -> None:
            async with await psycopg.AsyncConnection.connect(url) as connection:
                await connection.execute(
                    "CREATE TABLE outbox (id uuid PRIMARY KEY, aggregatetype varchar(255) NOT NULL, "
                    "aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, payload bytea)"
                )
                await connection.commit()
                for record in sent:
                    type_ = record.attributes["type"] if record.binary and record.poison is None else "whole"
                    await connection.execute(
                        "INSERT INTO outbox VALUES (%s, 'article', %s, %s, %s)",
                        (record.id, record.key, type_, record.body),
                    )
                    await connection.commit()

        async def waiting() -> int:
            async with await psycopg.AsyncConnection.connect(url) as connection:
                row = await (await connection.execute("SELECT count(*) FROM outbox")).fetchone()
                return int(row[0]) if row else 0

        yield Fed(url=f"{url}?table=outbox", feed=feed, waiting=waiting)


@contextmanager
def rabbit_queue(folder: Path) -> Iterator[Fed]:
    """Run RabbitMQ with a durable queue."""
    with engines.rabbitmq(folder) as url:

        async def feed(sent: Sequence["Sent"]) -> None:
            async with await aio_pika.connect(url) as connection:
                channel = await connection.channel()
                await channel.declare_queue(STREAM, durable=True)
                for record in sent:
                    named = record.binary and record.poison is None
                    headers = {f"cloudEvents:{name}": text for name, text in record.attributes.items()} if named else {}
                    message = aio_pika.Message(record.body, headers=dict(headers), delivery_mode=2)
                    await channel.default_exchange.publish(message, STREAM)

        async def waiting() -> int:
            async with await aio_pika.connect(url) as connection:
                channel = await connection.channel()
                queue = await channel.declare_queue(STREAM, passive=True)
                return int(queue.declaration_result.message_count or 0)

        yield Fed(url=f"{url}?queue={STREAM}", feed=feed, waiting=waiting)


@contextmanager
def kafka_topic(folder: Path) -> Iterator[Fed]:
    """Run Kafka with a topic of three partitions."""
    with engines.kafka(folder) as url:
        servers = url.removeprefix("kafka://")

        async def feed(sent: Sequence["Sent"]) -> None:
            admin = AIOKafkaAdminClient(bootstrap_servers=servers)
            await admin.start()
            await admin.create_topics([NewTopic(STREAM, 3, 1)])
            await admin.close()
            async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
                for record in sent:
                    named = record.binary and record.poison is None
                    headers = (
                        [(f"ce_{name}", text.encode()) for name, text in record.attributes.items()] if named else []
                    )
                    await producer.send_and_wait(STREAM, record.body, key=record.key.encode(), headers=headers)

        async def waiting() -> int:
            consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id="newsdex", enable_auto_commit=False)
            await consumer.start()
            try:
                partitions = [TopicPartition(STREAM, number) for number in range(3)]
                ends = await consumer.end_offsets(partitions)
                return sum([ends[one] - (await consumer.committed(one) or 0) for one in partitions])
            finally:
                await consumer.stop()

        yield Fed(url=f"{url}/{STREAM}", feed=feed, waiting=waiting)


SOURCES: dict[str, Callable[[Path], AbstractContextManager[Fed]]] = {
    "redis": redis_stream,
    "postgresql": outbox_table,
    "rabbitmq": rabbit_queue,
    "kafka": kafka_topic,
}

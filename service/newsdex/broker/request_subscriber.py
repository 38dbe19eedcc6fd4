"""A FastStream subscriber that hands each request over the moment it arrives, and handles it when it is told to.

FastStream's own subscribers hold back what they have no worker for, in the order in which it came: nobody sees how
long a request waits, and one client's thousand requests go before the next client's first one.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from faststream._internal.broker.registrator import Registrator
from faststream._internal.constants import EMPTY
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.nats import NatsBroker, NatsResponse
from faststream.nats.configs import NatsBrokerConfig
from faststream.nats.message import NatsMessage
from faststream.nats.subscriber.config import NatsSubscriberConfig, NatsSubscriberSpecificationConfig
from faststream.nats.subscriber.specification import NatsSubscriberSpecification
from faststream.nats.subscriber.usecases import CoreSubscriber
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from newsdex.broker.connection import undecoded

Consume = Callable[[Msg], Awaitable[Any]]
OnArrival = Callable[[Msg, Consume], Awaitable[None]]
"""Hears of each message when it arrives, with what has the handler handle it; must not wait."""
Handle = Callable[[NatsMessage], Awaitable[NatsResponse]]
Drain = Callable[[], Awaitable[None]]


class RequestSubscriber(CoreSubscriber):
    """A subscriber of a queue group; `drain` waits until everything that arrived is answered."""

    on_arrival: OnArrival
    drain: Drain

    async def _create_subscription(self) -> None:
        if not self.subscription:
            self.subscription = await self.connection.subscribe(
                subject=self.subject.broker_address, queue=self.queue, cb=self._arrived, **self.extra_options
            )

    async def _arrived(self, message: Msg) -> None:
        await self.on_arrival(message, self.consume)

    async def stop(self) -> None:
        """Take nothing new, answer what has come, and end."""
        if self.subscription is not None:
            subscription, self.subscription = self.subscription, None
            if self.connection.is_connected:
                # unlike unsubscribing, it lets what was received arrive
                await subscription.drain()  # type: ignore[no-untyped-call]  # the client's has no types
            else:
                await subscription.unsubscribe()
            await self.drain()
        await super().stop()


def subscribe_to_requests(
    broker: NatsBroker, subject: str, queue: str, *, on_arrival: OnArrival, drain: Drain
) -> RequestSubscriber:
    """Register a subscriber, to be called with its handler: what `broker.subscriber` does for FastStream's own."""
    owner = cast("NatsBrokerConfig", broker.config)
    config = NatsSubscriberConfig(
        subject=subject,
        sub_config=ConsumerConfig(filter_subjects=[]),
        extra_options={},
        _outer_config=owner,
        _ack_policy=EMPTY,
    )
    calls = CallsCollection[Msg]()
    described = NatsSubscriberSpecificationConfig(
        subject=subject, queue=queue, title_=None, description_=None, include_in_schema=True
    )
    specification = NatsSubscriberSpecification(_outer_config=owner, calls=calls, specification_config=described)
    subscriber = RequestSubscriber(config, specification, calls, queue=queue)
    subscriber.on_arrival, subscriber.drain = on_arrival, drain
    Registrator.subscriber(broker, subscriber)
    return subscriber.add_call(parser_=None, decoder_=undecoded, dependencies_=(), codec_=None)

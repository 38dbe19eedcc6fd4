"""Looks after stream and consumers: what somebody changed is mended, and what cannot be mended is told."""

from collections.abc import Callable
from typing import Any

import structlog
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from nats.js.errors import APIError

from newsdex.broker.drift import LOSES, STALLS, Config, Difference, differences, mended, passes_over, wanted_config
from newsdex.broker.jetstream_api import ask_broker
from newsdex.broker.streams import CONSUMER, CONSUMERS, make_consumer_anew, wanted_consumer
from newsdex.errors import Unavailable
from newsdex_schemas import channels

log = structlog.get_logger()

STREAM_PATH = f"STREAM.{{}}.{channels.STREAM}"
CONSUMER_PATH = f"CONSUMER.{{}}.{channels.STREAM}.{{}}"
OnMended = Callable[[str], None]
"""Hears of each setting that was mended, as in `stream.subjects`."""


class Kept:
    """One of them, as it is wanted; `faults` has what of it cannot be mended, a text for each setting."""

    def __init__(self, what: str, wanted: Config, look: str, update: str, envelope: Callable[[Config], Config]) -> None:
        self.faults: dict[str, str] = {}
        self._what = what
        self._wanted = wanted
        self._look = look
        self._update = update
        self._envelope = envelope

    async def keep(self, js: JetStreamContext, on_mended: OnMended) -> dict[str, Any]:
        """Compare it with what is wanted, and mend what differs; return what the broker says of it.

        Raises `Unavailable` where it does not exist, or the broker does not answer.
        """
        info = await _answer(js, self._look)
        drifted = differences(self._wanted, info["config"])
        # what was refused once is tried by itself, so that it keeps nothing else from being mended
        attempts = [[one for one in drifted if one.name not in self.faults]]
        attempts += [[one] for one in drifted if one.name in self.faults]
        refused: dict[str, str] = {}
        for attempt in filter(None, attempts):
            info, new = await self._mend(js, info, attempt, on_mended)
            refused |= new
        for name, reason in refused.items():
            if self.faults.get(name) != reason:
                log.error("broker.difference", what=f"{self._what}.{name}", reason=reason)
        self.faults = refused
        return info

    async def _mend(
        self, js: JetStreamContext, info: dict[str, Any], drifted: list[Difference], on_mended: OnMended
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Mend some settings together, or else one by one; return the answer, and why some could not be."""
        try:
            answer = await ask_broker(js, self._update, self._envelope(mended(info["config"], drifted)))
        except APIError as error:
            if len(drifted) == 1:
                (one,) = drifted
                return info, {one.name: f"the {self._what}'s {one}, and cannot be changed: {error.description}"}
            refused: dict[str, str] = {}
            for one in drifted:
                info, new = await self._mend(js, info, [one], on_mended)
                refused |= new
            return info, refused
        still = {one.name: one for one in differences(self._wanted, answer["config"])}
        for one in drifted:
            if one.name not in still:
                self._tell_mended(one, on_mended)
        ignored = {one.name for one in drifted} & still.keys()
        reasons = {name: f"the {self._what}'s {still[name]}, and stays so" for name in ignored}
        return {**info, "config": answer["config"]}, reasons

    def _tell_mended(self, one: Difference, on_mended: OnMended) -> None:
        log.warning("broker.mended", what=f"{self._what}.{one.name}", wanted=one.wanted, found=one.found)
        on_mended(f"{self._what}.{one.name}")


async def _answer(js: JetStreamContext, path: str) -> dict[str, Any]:
    try:
        return await ask_broker(js, path)
    except APIError as error:
        raise Unavailable("broker_unavailable", f"JetStream does not answer: {error.description}") from error


class KeptConsumer(Kept):
    """A consumer; one that passed over events is made anew, so that it delivers them."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _shown_name(name),
            wanted_config(wanted_consumer(name), STALLS),
            CONSUMER_PATH.format("INFO", name),
            CONSUMER_PATH.format("DURABLE.CREATE", name),
            _as_update,
        )
        self._name = name

    async def keep(self, js: JetStreamContext, on_mended: OnMended) -> dict[str, Any]:
        """Do as above. What has passed over events is deleted first: a process that ends then finds none, and makes it.

        Mending the consumer alone would have it go on behind what it never delivered.
        """
        found = (await _answer(js, self._look))["config"]
        if passes_over(self._wanted, found):
            await make_consumer_anew(js, self._name)
            for one in differences(self._wanted, found):
                self._tell_mended(one, on_mended)
            log.warning("stream.redelivered", consumer=self._name)
        return await super().keep(js, on_mended)


class StreamKeeper:
    """Keeps stream and consumers as wanted."""

    def __init__(self, js: JetStreamContext, stream: StreamConfig, on_mended: OnMended) -> None:
        self._js = js
        self._on_mended = on_mended
        self._paused: list[str] = []
        """The consumers that an operator has paused."""
        self._stream = Kept(
            "stream", wanted_config(stream, LOSES), STREAM_PATH.format("INFO"), STREAM_PATH.format("UPDATE"), dict
        )
        self._consumers = {name: KeptConsumer(name) for name in CONSUMERS}

    @property
    def faults(self) -> list[str]:
        """Return what is not as wanted and cannot be mended, for people."""
        faults = [fault for one in (self._stream, *self._consumers.values()) for fault in one.faults.values()]
        return [*faults, *(f"the {_shown_name(name)} is paused: nats consumer resume" for name in self._paused)]

    async def keep(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Mend all where that is needed; return what the broker says of the stream, and of the consumers.

        Raises `Unavailable` where one of them does not exist, or the broker does not answer.
        """
        stream = await self._stream.keep(self._js, self._on_mended)
        consumers = {name: await kept.keep(self._js, self._on_mended) for name, kept in self._consumers.items()}
        self._paused = [name for name, info in consumers.items() if info.get("paused")]
        return stream, list(consumers.values())


def _shown_name(consumer: str) -> str:
    return "consumer" if consumer == CONSUMER else f"{consumer}_consumer"


def _as_update(config: Config) -> Config:
    return {"stream_name": channels.STREAM, "config": config, "action": "update"}

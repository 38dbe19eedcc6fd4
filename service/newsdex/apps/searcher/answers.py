"""Answers the requests that an intake lets through, each in a thread, and with a Problem where that fails."""

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

from faststream.nats import NatsResponse
from faststream.nats.message import NatsMessage

from newsdex.apps.problems import problem_of
from newsdex.apps.requests import correlation_id_of, in_time, reply
from newsdex.apps.searcher.intake import ARRIVAL
from newsdex.apps.searcher.request_traces import RequestTraces
from newsdex.host.handles import OutOfHandles, out_of_handles
from newsdex_schemas.model import ContractModel

Failed = Callable[[str, NatsMessage], Awaitable[None]]
"""Hears the code of each Problem, with the request."""


class Answers:
    """Handles every kind of request."""

    def __init__(self, threads: Executor, failed: Failed, tell: Callable[[str], None], traces: RequestTraces) -> None:
        self._threads = threads
        self._failed = failed
        self._tell = tell
        """Hears the codes of Problems that are logged together."""
        self._traces = traces

    async def handle(self, message: NatsMessage) -> NatsResponse:
        """Return the reply to the request that `ARRIVAL` has."""
        arrival, correlation_id = ARRIVAL.get(), correlation_id_of(message)
        channel = arrival.channel

        def answer() -> ContractModel:
            made: ContractModel = channel.answer(arrival.read(), arrival.arrived)
            return made

        try:
            answered = await in_time(self._threads, arrival.deadline, answer)
        except Exception as raised:  # noqa: BLE001 - becomes a Problem; a defect is logged whole
            error = out_of_handles(raised) or raised
            code = problem_of(error, None).code
            channel.count(code)
            self._traces.answered(message, arrival, correlation_id, code)
            if isinstance(error, OutOfHandles):  # as many requests fail as there are
                self._tell(code)
                return reply(problem_of(error, correlation_id), correlation_id)
            await self._failed(code, message)
            return channel.refused(error, correlation_id)
        self._traces.answered(message, arrival, correlation_id)
        channel.report(arrival.request, answered, correlation_id)
        return reply(answered, correlation_id)

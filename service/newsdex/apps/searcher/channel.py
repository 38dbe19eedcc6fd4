"""What a searcher needs to know of a kind of request, to take it in, answer it and tell of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from faststream.nats import NatsResponse
from prometheus_client import Counter

from newsdex_schemas import EventRef
from newsdex_schemas.model import ContractModel, RequestModel

Request = TypeVar("Request", bound=RequestModel)
Reply = TypeVar("Reply", bound=ContractModel)


def _no_event(_: ContractModel) -> None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestChannel(Generic[Request, Reply]):
    """One kind of request."""

    subject: str
    model: type[Request]
    timeout_s: Callable[[Request], float] | float
    """How long after its arrival a request has to be answered: what the request states, or the same for each.

    Where it is the same for each, a request is read in its turn, beside what else arrives, and not before.
    """
    answer: Callable[[Request, float], Reply]
    """Returns the reply; called in a thread, with the time of arrival of `time.monotonic`."""
    report: Callable[[Request, Reply, str], None]
    """Logs and counts an answered request; the text is its correlation id."""
    refused: Callable[[Exception, str], NatsResponse]
    """Logs why a request is refused, with its correlation id, and returns the reply."""
    results: Counter | None = None
    """Counts requests by result."""
    wait_for: Callable[[Request], EventRef | None] = _no_event
    """Returns the event that the index has to reflect before the request is answered."""

    def count(self, result: str) -> None:
        """Count a request that got a Problem, by its code."""
        if self.results is not None:
            self.results.labels(result).inc()

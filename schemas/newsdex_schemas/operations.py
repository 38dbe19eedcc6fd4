"""Requests of operators, answered by the indexer."""

from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints

from newsdex_schemas.model import ContractModel, WithoutNul

ParkedId = Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]


class ParkedRequest(ContractModel):
    """Names parked events, for `parked.retry` and `parked.drop`; `reason` is kept in the ledger."""

    ids: Annotated[tuple[ParkedId, ...], Field(min_length=1, max_length=1000)]
    reason: Annotated[str, StringConstraints(max_length=1000), WithoutNul()] = ""


class ParkedResult(ContractModel):
    """What became of one of them.

    `result` is an outcome, `dropped`, `closed` where it had been handled, dropped or superseded before, as `reason`
    tells, or `unknown` where no event was ever parked under the number.
    """

    id: int
    result: str
    reason: str | None = None


class ParkedReply(ContractModel):
    """The results, in the order of the request."""

    results: tuple[ParkedResult, ...]

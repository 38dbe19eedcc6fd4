"""The indexer's answers to requests about the index: how it is, and what is to be done with it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

from faststream.nats.message import NatsMessage
from pydantic import ValidationError

from newsdex.apps.indexer.projector import CHECK, REBUILD, ROLLBACK, ProjectorProcess
from newsdex.apps.indexer.rate import RateLimit
from newsdex.apps.requests import Handler
from newsdex.errors import Invalid, Unavailable
from newsdex.index.generations.projector import ProjectorStatus
from newsdex.json_text import parse_object
from newsdex.validation import as_invalid, read_request
from newsdex_schemas import channels
from newsdex_schemas.operations import DamageReport, IndexBuild, IndexOrder, IndexReply, IndexRequest

MAX_REBUILDS, REBUILDS_PERIOD_S = 5, 600.0
"""Each reads the whole archive, for as long as that takes."""
ORDERS = {channels.INDEX_CHECK: "check", channels.INDEX_REBUILD: "rebuild", channels.INDEX_ROLLBACK: "rollback"}
COMMANDS = {channels.INDEX_CHECK: CHECK, channels.INDEX_REBUILD: REBUILD, channels.INDEX_ROLLBACK: ROLLBACK}
Projecting = Callable[[], ProjectorProcess | None]
"""Gives the projector; None before it is started."""


def index_handlers(projecting: Projecting) -> Iterator[tuple[str, Handler]]:
    """Return each channel with its handler."""
    rebuilds = RateLimit(MAX_REBUILDS, REBUILDS_PERIOD_S)
    yield channels.INDEX_STATUS, partial(_status, projecting)
    for channel in ORDERS:
        yield channel, partial(_follow, projecting, channel, rebuilds)


def damage_handler(projecting: Projecting) -> Handler:
    """Return the handler of searchers' reports, which has the index checked."""
    return partial(_check, projecting)


async def _status(projecting: Projecting, message: NatsMessage) -> IndexReply:
    read_request(IndexRequest, message.body)
    report = _started(projecting).report
    if report is None:
        raise Unavailable("projector_busy", "the projector is starting; try again")
    return index_reply(report.status)


async def _follow(projecting: Projecting, channel: str, rebuilds: RateLimit, message: NatsMessage) -> IndexReply:
    """Do what was ordered; raise `Invalid` for a message that is no such order."""
    read_index_order(message.body, ORDERS[channel])
    projector = _started(projecting)
    if channel == channels.INDEX_REBUILD and not _is_building(projector):
        rebuilds.take()
    return index_reply((await projector.command(COMMANDS[channel])).status)


def read_index_order(body: bytes, wanted: str) -> None:
    """Raise `Invalid` where a message is not the order that its channel takes, and nothing else."""
    try:
        order = IndexOrder.from_json(body).order
    except ValidationError as error:
        fault = as_invalid(error)
        if fault.code == "unknown_field" and parse_object(body).get("order") == wanted:
            raise fault from error
        order = None
    if order != wanted:
        raise Invalid("not_an_order", f'nothing was done: only {{"order": "{wanted}"}} is an order here', "order")


def read_damage(body: bytes) -> DamageReport:
    """Read a searcher's report; raise `Invalid` for a message that is none."""
    try:
        return DamageReport.from_json(body)
    except ValidationError as error:
        raise Invalid("not_an_order", "nothing was done: this is no report of damage", "damage") from error


async def _check(projecting: Projecting, message: NatsMessage) -> IndexReply:
    read_damage(message.body)
    return index_reply((await _started(projecting).command(CHECK)).status)


def _is_building(projector: ProjectorProcess) -> bool:
    """Tell whether a generation is being made ready: an order for another one changes nothing."""
    return projector.report is not None and projector.report.status.build is not None


def _started(projecting: Projecting) -> ProjectorProcess:
    projector = projecting()
    if projector is None:
        raise Unavailable("projector_busy", "the projector is starting; try again")
    return projector


def index_reply(status: ProjectorStatus) -> IndexReply:
    """Return how the index is, as the contract has it."""
    return IndexReply(
        generation=status.generation,
        position=status.position,
        building=None if status.build is None else IndexBuild(**asdict(status.build)),
        fault=status.fault,
    )

"""The indexer's answers to requests about the index: how it is, and what is to be done with it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

from faststream.nats.message import NatsMessage

from newsdex.apps.projector import CHECK, REBUILD, ROLLBACK, ProjectorProcess
from newsdex.apps.requests import Handler
from newsdex.errors import Unavailable
from newsdex.index.generations.projector import ProjectorStatus
from newsdex_schemas import channels
from newsdex_schemas.operations import IndexBuild, IndexReply

Projecting = Callable[[], ProjectorProcess | None]
"""Gives the projector; None before it is started."""


def index_handlers(projecting: Projecting) -> Iterator[tuple[str, Handler]]:
    """Give each channel with its handler."""
    yield channels.INDEX_STATUS, partial(_status, projecting)
    yield channels.INDEX_CHECK, partial(_command, projecting, CHECK)
    yield channels.INDEX_REBUILD, partial(_command, projecting, REBUILD)
    yield channels.INDEX_ROLLBACK, partial(_command, projecting, ROLLBACK)


async def _status(projecting: Projecting, _: NatsMessage) -> IndexReply:
    report = _started(projecting).report
    if report is None:
        raise Unavailable("projector_busy", "the projector is starting; try again")
    return index_reply(report.status)


async def _command(projecting: Projecting, command: bytes, _: NatsMessage) -> IndexReply:
    return index_reply((await _started(projecting).command(command)).status)


def _started(projecting: Projecting) -> ProjectorProcess:
    projector = projecting()
    if projector is None:
        raise Unavailable("projector_busy", "the projector is starting; try again")
    return projector


def index_reply(status: ProjectorStatus) -> IndexReply:
    """Give how the index is, as the contract has it."""
    return IndexReply(
        generation=status.generation,
        position=status.position,
        building=None if status.build is None else IndexBuild(**asdict(status.build)),
        fault=status.fault,
    )

"""What is not well about the processes of a service, as they say themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsdex_schemas.processes import ProcessReply

LATE_S = 60.0
"""How long an event may wait for the archive, and a change for the index, before that is not well, as the alerts
NewsdexEventsLate and NewsdexIndexLate have it."""
NEEDED = ("indexer", "searcher")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessFault:
    """Something that is not well about a process, or a kind of process."""

    process: str
    code: str
    text: str


def fault_of(reply: ProcessReply) -> ProcessFault | None:
    """Return what is not well about a process."""
    if not reply.ready:
        reasons = "; ".join(f"{what}: {reason}" for what, reason in reply.reasons.items())
        return ProcessFault(process=reply.process, code="not_ready", text=f"{reply.instance}: {reasons}")
    if reply.waiting_s is not None and reply.waiting_s > LATE_S:
        text = f"{reply.instance}: the oldest change waits for {reply.waiting_s:.0f} s"
        return ProcessFault(process=reply.process, code="index_late", text=text)
    return None


def missing(replies: Sequence[ProcessReply]) -> Iterator[ProcessFault]:
    """Yield a fault for each kind of process that is needed and does not run."""
    running = {reply.process for reply in replies}
    for kind in NEEDED:
        if kind not in running:
            text = f"none says how it is: start `newsdex {kind}`"
            yield ProcessFault(process=kind, code=f"no_{kind}", text=text)


def faults_of(replies: Sequence[ProcessReply]) -> Iterator[ProcessFault]:
    """Yield everything that is not well about the processes."""
    yield from missing(replies)
    yield from filter(None, map(fault_of, replies))

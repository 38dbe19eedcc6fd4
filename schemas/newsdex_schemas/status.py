"""How the whole service is, as the HTTP gateway tells it."""

from newsdex_schemas.model import ContractModel
from newsdex_schemas.operations import IndexReply, ParkedList, StreamReply
from newsdex_schemas.processes import ProcessReply


class PartFault(ContractModel):
    """Something that is not well."""

    part: str
    """Which part of the service: `searchers`, `index`, `stream`, `parked`, `processes`, or a kind of process."""
    code: str
    """Stable; OPERATING.md lists them all."""
    message: str
    """For people."""


class ServiceStatus(ContractModel):
    """How the service is, as far as its processes tell over the broker; what does not answer is absent, and a fault."""

    well: bool
    """True where nothing is wrong."""
    faults: tuple[PartFault, ...] = ()
    """What is not well."""
    articles: int | None = None
    """How many articles can be found now."""
    position: int | None = None
    """The change that searches reflect."""
    search_ms: float | None = None
    """How long a searcher took for a search for nothing in particular."""
    processes: tuple[ProcessReply, ...] = ()
    """How each process is that answered."""
    parked: ParkedList | None = None
    """The newest events that wait for an operator, and how many there are."""
    index: IndexReply | None = None
    """How the index is."""
    stream: StreamReply | None = None
    """How the stream is, and how many events wait in it."""

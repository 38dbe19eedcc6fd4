"""How each process is, as it says itself."""

from typing import Annotated

from pydantic import Field

from newsdex_schemas.model import ContractModel, RequestModel
from newsdex_schemas.values.timestamps import Timestamp


class Storage(ContractModel):
    """What the data folder takes of its disk, and what would be left of it without that disk."""

    archive_bytes: int
    """Bytes of the archive's files."""
    index_bytes: int
    """Bytes of the index' files, of every generation."""
    free_bytes: int
    """Bytes that are free where the data folder is."""
    disk_bytes: int
    """How many there are in all."""
    backed_up_at: Timestamp | None = None
    """When the last backup was made; absent where none was."""


class ProcessRequest(RequestModel):
    """Asks every process how it is; each replies for itself."""


class ProcessReply(ContractModel):
    """How one process is, as it says itself."""

    process: str
    """What it is: `indexer`, `searcher` or `gateway`."""
    instance: str
    """Which of them: its host and its number there, as in its log."""
    version: str
    """Of which newsdex."""
    started_at: Timestamp
    """Since when it runs."""
    ready: bool
    """True where `/ready` answers with 200."""
    reasons: Annotated[dict[str, str], Field(default_factory=dict)]
    """Why it is not ready: part → what is wrong with it, for people."""
    position: int | None = None
    """Up to which change the index that it keeps or reads has applied the archive; absent without an index."""
    generation: str | None = None
    """The generation of the index that it keeps or reads."""
    segments: int | None = None
    """How many segments that has."""
    counts: Annotated[dict[str, int], Field(default_factory=dict)]
    """What it has done since it started, by kind: `events`, `searches`, `suggestions`, `similar`, `http_requests`."""
    doing: str | None = None
    """A long piece of work that it is at, for people; absent without one."""
    waiting_s: float | None = None
    """For how many seconds the oldest change has waited to be searchable; absent where nothing waits."""
    searches_within: Annotated[dict[str, int], Field(default_factory=dict)]
    """How many of its searches took at most so many seconds since it started, such as `0.05`; of a searcher."""
    storage: Storage | None = None
    """How much room there is; of the indexer."""

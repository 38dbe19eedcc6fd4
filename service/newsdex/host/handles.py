"""File handles: as many as the system lets a process have, and what it means when they run out."""

import errno
import resource

from newsdex.errors import Unavailable

WANTED = 65_536
"""Far more than a process needs; without a bound, a system without one would make each child close a billion."""


class OutOfHandles(Unavailable):
    """No file handle is left; that passes, and says nothing of what could not be opened."""

    def __init__(self) -> None:
        super().__init__("out_of_handles", "the process has no file handle left; try again soon")


def raise_handle_limit() -> None:
    """Raise the soft limit of this process, and of those that it starts, towards the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def out_of_handles(error: BaseException) -> OutOfHandles | None:
    """Return the fault for a failure that comes of it, under whatever code it was raised; None for any other."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in {errno.EMFILE, errno.ENFILE}:
            return OutOfHandles()
        cause = cause.__cause__
    return None


def raise_out_of_handles(error: OSError) -> None:
    """Raise `OutOfHandles` for such a failure."""
    fault = out_of_handles(error)
    if fault is not None:
        raise fault from error

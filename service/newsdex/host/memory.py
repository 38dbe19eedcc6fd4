"""Has the C library's allocator give memory back, which it keeps by itself for as long as a process lives.

Several threads make glibc keep several heaps, each as large as it ever was; what numpy frees there stays with us.
"""

import ctypes
import sys
from functools import cache

M_ARENA_MAX = -8
"""Of mallopt(3)."""
HEAPS = 2


@cache
def _libc() -> ctypes.CDLL | None:
    """Return the C library where it is glibc, whose functions these are."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None


def share_heaps() -> None:
    """Have the threads of this process share few heaps; to be called before there are threads."""
    library = _libc()
    if library is not None:
        library.mallopt(M_ARENA_MAX, HEAPS)


def give_back() -> None:
    """Return the system all pages that nothing is on; some milliseconds."""
    library = _libc()
    if library is not None:
        library.malloc_trim(0)

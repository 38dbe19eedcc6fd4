"""Requests that wait, by client: clients take turns, and where there is no more room, the one with most gives way."""

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Waiting(Hashable, Protocol):
    """A request, as far as the queue looks at it."""

    @property
    def client(self) -> str:
        """Return who asks."""

    @property
    def size(self) -> int:
        """Return how many bytes it keeps."""


Item = TypeVar("Item", bound=Waiting)


class FairQueue(Generic[Item]):
    """A queue bounded by number and bytes; pure, and used by one thread.

    Deficit round robin (Shreedhar and Varghese, 1995) with requests of equal cost: however many requests a client has
    here, a request of another client waits for one of them at most.
    """

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._queues: dict[str, OrderedDict[Item, None]] = {}
        self._sizes: Counter[str] = Counter()
        self._turns: deque[str] = deque()
        """Each client that has requests here, the next one first."""
        self._length = 0
        self._bytes = 0

    def __len__(self) -> int:
        return self._length

    def ahead_of(self, client: str) -> int:
        """Return about how many requests are taken before a new one of a client; 0 where it has none here."""
        return min(self._length, len(self._queues.get(client, ())) * len(self._turns))

    def put(self, item: Item) -> list[Item]:
        """Add a request; return those that have to leave for it, which may be itself."""
        queue = self._queues.get(item.client)
        if queue is None:
            queue = self._queues[item.client] = OrderedDict()
            self._turns.append(item.client)
        queue[item] = None
        self._count(item, 1)
        out = []
        while self._length > self._max_items:
            out.append(self._newest_of(max(self._queues, key=lambda client: len(self._queues[client]))))
        while self._bytes > self._max_bytes:
            out.append(self._newest_of(max(self._sizes, key=self._sizes.__getitem__)))
        return out

    def take(self, running: Counter[str], most: int) -> Item | None:
        """Remove and return the next request of a client that has fewer than `most` running, if there is one."""
        for _ in range(len(self._turns)):
            client = self._turns[0]
            self._turns.rotate(-1)
            if running[client] < most:
                item = next(iter(self._queues[client]))
                self.discard(item)
                return item
        return None

    def discard(self, item: Item) -> bool:
        """Remove a request; return whether it was here."""
        queue = self._queues.get(item.client, OrderedDict())
        if item not in queue:
            return False
        del queue[item]
        self._count(item, -1)
        if not queue:
            del self._queues[item.client], self._sizes[item.client]
            self._turns.remove(item.client)
        return True

    def items(self) -> list[Item]:
        """Return every request, each client's in the order in which they came."""
        return [item for queue in self._queues.values() for item in queue]

    def _newest_of(self, client: str) -> Item:
        newest = next(reversed(self._queues[client]))
        self.discard(newest)
        return newest

    def _count(self, item: Item, times: int) -> None:
        self._length += times
        self._bytes += times * item.size
        self._sizes[item.client] += times * item.size

"""What every comparison with stock Whoosh rests on."""

from collections.abc import Iterator

import pytest
from whoosh.matching.binary import AndMaybeMatcher
from whoosh.matching.wrappers import InverseMatcher


@pytest.fixture(autouse=True, scope="module")
def _mended_whoosh() -> Iterator[None]:
    """Mend two of Whoosh's matchers.

    Whoosh 2.7.4's AndMaybe looks for its second part at the document that the first one was asked to go to, and so
    leaves out its score where the first part goes further. Its Not passes over deleted documents without its part, so
    what the part has behind them is not excluded, and a deleted document behind the last excluded one comes through.
    """

    def skip_to(self: AndMaybeMatcher, id: int) -> None:  # noqa: A002 - whoosh's name
        self.a.skip_to(id)
        if self.a.is_active() and self.b.is_active():
            self.b.skip_to(self.a.id())

    def find_next(self: InverseMatcher) -> None:
        while self._id < self.limit:
            if self.child.is_active() and self.child.id() < self._id:
                self.child.skip_to(self._id)
            excluded = self.child.is_active() and self.child.id() == self._id
            if not excluded and not self.missing(self._id):
                break
            self._id += 1

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AndMaybeMatcher, "skip_to", skip_to)
        patched.setattr(InverseMatcher, "_find_next", find_next)
        yield

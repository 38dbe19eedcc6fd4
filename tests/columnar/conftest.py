"""What every comparison with stock Whoosh rests on."""

from collections.abc import Iterator

import pytest
from whoosh.matching.wrappers import InverseMatcher


@pytest.fixture(autouse=True, scope="session")
def _mended_negation() -> Iterator[None]:
    """Let Whoosh's negation follow its child past deleted documents.

    Whoosh 2.7.4 goes over deleted documents without its child, and so gives a document behind them that the child
    matches; where the child ends before a deleted document, it gives that one.
    """

    def find_next(self: InverseMatcher) -> None:
        while self._id < self.limit:
            if self.child.is_active() and self.child.id() < self._id:
                self.child.skip_to(self._id)
            excluded = self.child.is_active() and self.child.id() == self._id
            if not excluded and not self.missing(self._id):
                return
            self._id += 1

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(InverseMatcher, "_find_next", find_next)
        yield

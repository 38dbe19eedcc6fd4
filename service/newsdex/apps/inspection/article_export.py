"""The archived articles as lines of JSON, for other programs: read from the data folder, one in memory at a time."""

from collections.abc import Iterator

from newsdex.archive.snapshot import Snapshot
from newsdex.records.feed import Change, FeedPosition
from newsdex_schemas.events import ArticleWithdrawn, Withdrawal

SOURCE = "newsdex-export"


def exported_lines(
    snapshot: Snapshot, since: FeedPosition | None, *, everything: bool, withdrawn: bool
) -> Iterator[bytes]:
    """Return the articles that are shown, or with `everything` all that have a text, as `newsdex publish` takes them.

    With `withdrawn` the others are withdrawals.
    """
    for change in snapshot.changes(since):
        exported = change.content is not None if everything else change.shown_at(snapshot.position.moment_us)
        if exported and change.content is not None:
            yield change.content
        elif withdrawn:
            yield _tombstone(change)


def _tombstone(change: Change) -> bytes:
    event = ArticleWithdrawn(id=str(change.sequence), source=SOURCE, data=Withdrawal(id=change.id))
    return event.to_json()

"""Finds the parked events that a later event makes pointless: pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from newsdex.ingest.identity import is_place_in_stream
from newsdex.order import ArticleState, EventKey, EventName, OrderedEvent, fold
from newsdex.records.events import ReceivedEvent
from newsdex.records.parked import NONE_STATED, WaitingEvent
from newsdex_schemas import channels

CAME_AGAIN = "the event came again and could be handled"
LATER_VERSION = "a later version of the article came"
WITHDRAWN = "a later withdrawal of the article came"
ANY_NAME = EventName("", "", b"")
EARLIEST_US = -(2**62)
"""Before every moment that an event can state."""


class Waiting:
    """The open parked events that some events may supersede."""

    def __init__(self, events: Iterable[WaitingEvent]) -> None:
        self._by_article: defaultdict[str | None, dict[int, WaitingEvent]] = defaultdict(dict)
        self._by_name: defaultdict[tuple[str, str], dict[int, WaitingEvent]] = defaultdict(dict)
        for event in events:
            self.add(event)

    def add(self, event: WaitingEvent) -> None:
        """Add one that was parked just now."""
        self._by_article[event.article_id][event.id] = event
        self._by_name[event.source, event.event_id][event.id] = event

    def named(self, event: ReceivedEvent) -> list[WaitingEvent]:
        """Return those with the name of an event."""
        if is_place_in_stream(event.source, event.id):
            return []
        return list(self._by_name.get((event.source, event.id), {}).values())

    def take(self, event: ReceivedEvent, settled: ArticleState) -> Iterator[tuple[int, str]]:
        """Return the ids that a handled event makes pointless, each once, and why; `settled` is the state with it."""
        chosen = dict.fromkeys((one.id for one in self.named(event) if _may_be(one, event)), CAME_AGAIN)
        about = self._by_article.get(event.article_id, {})
        if about:
            reason = WITHDRAWN if event.article is None else LATER_VERSION
            pointless = (one.id for one in about.values() if is_pointless(one, settled))
            chosen = {**dict.fromkeys(pointless, reason), **chosen}
        for id_, reason in chosen.items():
            one = about.get(id_) or self._by_name[event.source, event.id][id_]
            del self._by_article[one.article_id][id_], self._by_name[one.source, one.event_id][id_]
            yield id_, reason


def _may_be(waiting: WaitingEvent, event: ReceivedEvent) -> bool:
    """Return whether a parked event may be an event of the same name, mended.

    Publishers reuse names, and a takedown must not be closed by another one's publication.
    """
    if waiting.subject != channels.ARTICLES_WITHDRAWN:
        return True
    return event.article is None and waiting.article_id in {None, event.article_id}


def is_pointless(waiting: WaitingEvent, settled: ArticleState) -> bool:
    """Return whether a parked event could change nothing any more, now or later, if it could be read.

    It would stand where it was. What is not settled may still move behind it, so only what is settled counts.
    """
    version, stated_us = waiting.claim
    if version is None:
        return False
    given = None if version == NONE_STATED else version
    # a time that cannot be read may be any: it must be pointless with each
    times = (None, EARLIEST_US, waiting.stored_us) if stated_us is None else (stated_us,)
    keys = [EventKey(given, None if us == NONE_STATED else us, waiting.stored_us, waiting.place) for us in times]
    withdrawal = waiting.subject == channels.ARTICLES_WITHDRAWN
    events = [OrderedEvent(name=ANY_NAME, key=key, withdrawal=withdrawal, content=b"") for key in keys]
    return all(_changes_nothing(event, settled) for event in events)


def _changes_nothing(event: OrderedEvent, state: ArticleState) -> bool:
    """Return whether an event leaves both candidates and all bounds as they are, not only what is shown by now.

    A takedown that covers nothing shown may cover what comes to be shown later, and so may a correction win later.
    """
    if not event.withdrawal and _is_covered_for_good(event.key, state):
        return True
    return fold(state, event) == state


def _is_covered_for_good(key: EventKey, state: ArticleState) -> bool:
    """Return whether a publication without a version is older than all that a withdrawal leaves to be shown.

    A covered one that is newer than another publication would hide that one, too; so would one with a version.
    """
    bound = state.withdrawn if key.version is None else None
    return bound is not None and key.place < bound.place and key.time_us <= bound.time_us

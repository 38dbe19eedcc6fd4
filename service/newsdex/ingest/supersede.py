"""Finds the parked events that a later event makes pointless: pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from newsdex.ingest.decide import decide_key
from newsdex.ingest.identity import is_place_in_stream
from newsdex.records import ArticleState, Claim, ReceivedEvent, VersionKey, WaitingEvent
from newsdex_schemas import channels

CAME_AGAIN = "the event came again and could be handled"
LATER_VERSION = "a later version of the article came"
WITHDRAWN = "a later withdrawal of the article came"
FIRST_US, LAST_US = -(2**63), 2**63


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

    def take(self, event: ReceivedEvent, state: ArticleState | None, stored_us: int) -> Iterator[tuple[int, str]]:
        """Give the ids that a handled event makes pointless, each once, and why; `state` is what it led to."""
        named = () if is_place_in_stream(event.source, event.id) else self._by_name.get((event.source, event.id), {})
        chosen = dict.fromkeys(named, CAME_AGAIN)
        about = self._by_article.get(event.article_id, {})
        if state is not None:
            reason = WITHDRAWN if event.article is None else LATER_VERSION
            pointless = (one.id for one in about.values() if is_pointless(one, state, stored_us))
            chosen = {**dict.fromkeys(pointless, reason), **chosen}
        for id_, reason in chosen.items():
            one = about.get(id_) or self._by_name[event.source, event.id][id_]
            del self._by_article[one.article_id][id_], self._by_name[one.source, one.event_id][id_]
            yield id_, reason


def is_pointless(waiting: WaitingEvent, state: ArticleState, stored_us: int) -> bool:
    """Tell whether a parked event would change nothing any more, if it could be read.

    `stored_us` is when the broker stored the event that led to the state.
    """
    claim = waiting.claim
    if claim.version is None:
        return False
    key = VersionKey(claim.version, _time_us(claim, later=stored_us > waiting.stored_us), "")
    decision = decide_key(key, state, withdrawal=waiting.subject == channels.ARTICLES_WITHDRAWN)
    return decision.outcome in ("stale", "duplicate")


def _time_us(claim: Claim, *, later: bool) -> int:
    if claim.time_us is not None:
        return claim.time_us
    return FIRST_US if later else LAST_US

"""The order between the events of an article: which publication is the newest, and which withdrawal covers it. Pure.

An event has a *time*, the earlier of what it states and when the broker stored it, and a *place* in the stream. The
state of an article is a set of maxima over its events, so it does not depend on the order in which they are read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal, NamedTuple

Cover = Literal["withdrawn_since", "earlier_than_withdrawal", "version_withdrawn"]
"""Why a withdrawal covers a publication."""


class Place(NamedTuple):
    """Where an event stands: in which incarnation of the stream, and at which of its sequence numbers."""

    incarnation: int
    """Counts the streams that somebody else made, and those that lost what they had."""
    position: int


class EventKey(NamedTuple):
    """Everything that orders an event among the others of its article."""

    version: int | None
    stated_us: int | None
    """The moment that the event states, if it states one."""
    stored_us: int
    """When the broker stored it."""
    place: Place

    @property
    def time_us(self) -> int:
        """Return the event's time: no publisher's clock can run ahead of the broker's."""
        return self.stored_us if self.stated_us is None else min(self.stated_us, self.stored_us)


class EventName(NamedTuple):
    """Two messages with the same name are copies of one event."""

    source: str
    id: str
    fingerprint: bytes
    """Of the content; a reused event id with another content names another event."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderedEvent:
    """What the order needs of an event."""

    name: EventName
    key: EventKey
    withdrawal: bool
    content: bytes
    """The article as the archive keeps it, JSON; empty for a withdrawal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """A publication that is the newest of its kind: with a version, or without."""

    key: EventKey
    source: str
    content: bytes | None
    """None where a withdrawal covers it: that stays so, and its text is not needed any more."""


class Bound(NamedTuple):
    """The latest place and the latest time of some withdrawals; the two may belong to different ones."""

    place: Place
    time_us: int

    def covers(self, key: EventKey) -> Cover | None:
        """Return why a publication lies before the bound, or None."""
        if key.place < self.place:
            return "withdrawn_since"
        return "earlier_than_withdrawal" if key.stated_us is not None and key.stated_us < self.time_us else None


def raised(bound: Bound | None, key: EventKey) -> Bound:
    """Return the bound with one more withdrawal."""
    if bound is None:
        return Bound(key.place, key.time_us)
    return Bound(max(bound.place, key.place), max(bound.time_us, key.time_us))


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleState:
    """What is known of an article: two newest publications and the bounds of its withdrawals, all of them maxima."""

    versioned: Publication | None = None
    """The one with the highest version; of two the one with the later place."""
    unversioned: Publication | None = None
    """Of those without a version the one with the newest time; of two the one with the later place."""
    withdrawn: Bound | None = None
    """Of the withdrawals without a version."""
    withdrawn_by_version: Bound | None = None
    """Of the withdrawals with a version, whichever: they cover publications without one, too."""
    withdrawn_version: int | None = None
    """The highest version that a withdrawal named."""
    withdrawn_this_version: Bound | None = None
    """Of the withdrawals that named the highest version."""

    @property
    def chosen(self) -> Publication | None:
        """Return the newest publication: by time where both candidates state one, else by place."""
        one, other = self.versioned, self.unversioned
        if one is None or other is None:
            return one or other
        if one.key.stated_us is None or other.key.stated_us is None:
            return max(one, other, key=lambda publication: publication.key.place)
        return max(one, other, key=lambda publication: (publication.key.time_us, publication.key.place))

    @property
    def cover(self) -> Cover | None:
        """Return why a withdrawal covers the newest publication, or None."""
        return None if (newest := self.chosen) is None else self.cover_of(newest.key)

    @property
    def shown(self) -> Publication | None:
        """Return what search must show: the newest publication, or nothing where a withdrawal covers it."""
        newest = self.chosen
        return None if newest is None or self.cover_of(newest.key) else newest

    def cover_of(self, key: EventKey) -> Cover | None:
        """Return why a withdrawal covers a publication, or None."""
        if self.withdrawn is not None and (cover := self.withdrawn.covers(key)):
            return cover
        if key.version is None:
            return self.withdrawn_by_version.covers(key) if self.withdrawn_by_version else None
        highest, bound = self.withdrawn_version, self.withdrawn_this_version
        if highest is None or bound is None or key.version > highest:
            return None
        if key.version == highest and key.place < bound.place:
            return "withdrawn_since"
        is_later = key.version == highest and key.stated_us is not None and key.stated_us > bound.time_us
        return None if is_later else "version_withdrawn"


def fold(state: ArticleState, event: OrderedEvent) -> ArticleState:
    """Return the state with one more event; folding an event twice changes nothing."""
    changed = _with_withdrawal(state, event.key) if event.withdrawal else _with_publication(state, event)
    return changed if changed is state else _without_covered_texts(changed)


def _with_publication(state: ArticleState, event: OrderedEvent) -> ArticleState:
    key = event.key
    publication = Publication(key=key, source=event.name.source, content=event.content)
    if key.version is not None:
        before = state.versioned
        if before is None or (key.version, key.place) > (before.key.version, before.key.place):
            return replace(state, versioned=publication)
    elif (other := state.unversioned) is None or (key.time_us, key.place) > (other.key.time_us, other.key.place):
        return replace(state, unversioned=publication)
    return state


def _with_withdrawal(state: ArticleState, key: EventKey) -> ArticleState:
    version, highest = key.version, state.withdrawn_version
    if version is None:
        bound = raised(state.withdrawn, key)
        return state if bound == state.withdrawn else replace(state, withdrawn=bound)
    changed = replace(state, withdrawn_by_version=raised(state.withdrawn_by_version, key))
    if highest is None or version > highest:
        changed = replace(changed, withdrawn_version=version, withdrawn_this_version=raised(None, key))
    elif version == highest:
        changed = replace(changed, withdrawn_this_version=raised(state.withdrawn_this_version, key))
    return state if changed == state else changed


def with_withdrawals(state: ArticleState, other: ArticleState) -> ArticleState:
    """Return the state with the withdrawals of another one too, as if each of them had named this article."""
    changed = replace(
        state,
        withdrawn=_later(state.withdrawn, other.withdrawn),
        withdrawn_by_version=_later(state.withdrawn_by_version, other.withdrawn_by_version),
    )
    version, named = state.withdrawn_version, other.withdrawn_version
    if named is not None and (version is None or named >= version):
        ours = state.withdrawn_this_version if named == version else None
        bound = _later(ours, other.withdrawn_this_version)
        changed = replace(changed, withdrawn_version=named, withdrawn_this_version=bound)
    return state if changed == state else _without_covered_texts(changed)


def _later(one: Bound | None, other: Bound | None) -> Bound | None:
    if one is None or other is None:
        return one or other
    return Bound(max(one.place, other.place), max(one.time_us, other.time_us))


def _without_covered_texts(state: ArticleState) -> ArticleState:
    if state.withdrawn is None and state.withdrawn_by_version is None:
        return state
    return replace(
        state,
        versioned=_without_covered_text(state, state.versioned),
        unversioned=_without_covered_text(state, state.unversioned),
    )


def _without_covered_text(state: ArticleState, publication: Publication | None) -> Publication | None:
    if publication is None or publication.content is None or state.cover_of(publication.key) is None:
        return publication
    return replace(publication, content=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleEvents:
    """The events of an article: a state that is settled, and events that are not.

    An event is settled once every message before it has been handled: then no copy of it that was stored earlier can
    come any more. Until then it is kept whole, so that it can still move to the place of an earlier copy.
    """

    settled: ArticleState = ArticleState()
    unsettled: tuple[OrderedEvent, ...] = ()
    state: ArticleState = ArticleState()
    """All of them together."""

    @classmethod
    def of(cls, settled: ArticleState, unsettled: Iterable[OrderedEvent] = ()) -> "ArticleEvents":
        """Return a settled state with some events that are not settled yet."""
        kept = tuple(unsettled)
        return cls(settled=settled, unsettled=kept, state=reduce(fold, kept, settled))

    def plus(self, event: OrderedEvent, *, settled: bool) -> "ArticleEvents":
        """Return them with one more event, which takes the place of copies of it that were stored later."""
        kept = self.unsettled
        if not kept and settled:
            state = fold(self.settled, event)
            return ArticleEvents(settled=state, state=state)
        copies = [one for one in kept if one.name == event.name]
        if any(one.key.place <= event.key.place for one in copies):
            return self
        others = tuple(one for one in kept if one.name != event.name)
        if settled:
            return ArticleEvents.of(fold(self.settled, event), others)
        return ArticleEvents.of(self.settled, (*others, event))

    def places_of_texts(self) -> set[Place]:
        """Return where the publications stand whose texts are kept: they are shown, or may come to be."""
        candidates = (self.settled.versioned, self.settled.unversioned)
        kept = {one.key.place for one in candidates if one is not None and one.content is not None}
        return kept | {one.key.place for one in self.unsettled if not one.withdrawal}

    def with_text(self, place: Place, content: bytes) -> "ArticleEvents":
        """Return them with another text of the publication at a place, where a text of it is kept."""

        def remade(one: Publication | None) -> Publication | None:
            is_it = one is not None and one.content is not None and one.key.place == place
            return replace(one, content=content) if one is not None and is_it else one

        settled = self.settled
        return ArticleEvents.of(
            replace(settled, versioned=remade(settled.versioned), unversioned=remade(settled.unversioned)),
            (
                replace(one, content=content) if one.key.place == place and not one.withdrawal else one
                for one in self.unsettled
            ),
        )

    def with_withdrawals_of(self, other: "ArticleEvents") -> "ArticleEvents":
        """Return them with the withdrawals of another article, which are this one's, too."""
        names = {one.name for one in self.unsettled}
        kept = [one for one in other.unsettled if one.withdrawal and one.name not in names]
        settled = with_withdrawals(self.settled, other.settled)
        return self if settled is self.settled and not kept else ArticleEvents.of(settled, (*self.unsettled, *kept))

    def settled_up_to(self, floor: Place) -> "ArticleEvents":
        """Return them with the events up to a place settled."""
        if not any(one.key.place <= floor for one in self.unsettled):
            return self
        settled = reduce(fold, (one for one in self.unsettled if one.key.place <= floor), self.settled)
        return ArticleEvents.of(settled, (one for one in self.unsettled if one.key.place > floor))

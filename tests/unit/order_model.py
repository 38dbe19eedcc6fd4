"""The order of events as the decision record states it, over all events of an article: keeps everything, has no state.

Written from `deploy/decisions/order-of-versions.md`, one function a sentence, so that it shares nothing with the code.
"""

import random
from collections.abc import Iterable, Sequence

from tests.unit.events import ordered

from newsdex.order import EventKey, OrderedEvent


def distinct(events: Iterable[OrderedEvent]) -> list[OrderedEvent]:
    """Return each event once, where its first copy stands."""
    first: dict[object, OrderedEvent] = {}
    for event in events:
        known = first.get(event.name)
        if known is None or event.key.place < known.key.place:
            first[event.name] = event
    return list(first.values())


def newest(events: Iterable[OrderedEvent]) -> OrderedEvent | None:
    """Return the newest publication of some distinct events, hidden or not."""
    publications = [event for event in events if not event.withdrawal]
    numbered = [event for event in publications if event.key.version is not None]
    others = [event for event in publications if event.key.version is None]
    one = sorted(numbered, key=lambda event: (event.key.version or 0, event.key.place))[-1:]
    other = sorted(others, key=lambda event: (_time(event.key), event.key.place))[-1:]
    if not one or not other:
        return (one or other or [None])[0]
    both = [*one, *other]
    if all(event.key.stated_us is not None for event in both):
        return max(both, key=lambda event: (_time(event.key), event.key.place))
    return max(both, key=lambda event: event.key.place)


def _time(key: EventKey) -> int:
    return key.stored_us if key.stated_us is None else min(key.stated_us, key.stored_us)


def is_covered(publication: EventKey, withdrawal: EventKey) -> bool:
    """Return whether a withdrawal hides a publication."""
    placed_before = publication.place < withdrawal.place
    stated_earlier = publication.stated_us is not None and publication.stated_us < _time(withdrawal)
    if withdrawal.version is None or publication.version is None:
        return placed_before or stated_earlier
    if publication.version == withdrawal.version:
        stated_later = publication.stated_us is not None and publication.stated_us > _time(withdrawal)
        return placed_before or not stated_later
    return publication.version < withdrawal.version


def shown(events: Iterable[OrderedEvent]) -> bytes | None:
    """Return the content that search must show after some events, in whatever order and however often they came."""
    known = distinct(events)
    chosen = newest(known)
    if chosen is None or any(is_covered(chosen.key, event.key) for event in known if event.withdrawal):
        return None
    return chosen.content


def history(draw: random.Random, *, longest: int = 7) -> list[OrderedEvent]:
    """Draw the stored events of an article: few versions and times, so that they often meet; some are copies."""
    places = [(incarnation, position) for incarnation in (1, 2) for position in range(1, longest + 1)]
    chosen = sorted(draw.sample(places, draw.randint(1, longest)))
    clock, events = 10, []
    for incarnation, position in chosen:
        clock += draw.choice((0, 0, 1, 1, 2, -3))  # the broker's clock, set back now and then
        if events and draw.random() < 0.25:
            original = draw.choice(events)
            stated = draw.choice((original.key.stated_us, clock))  # a relay may state a time of its own
            events.append(_moved(original, incarnation, position, stated, clock))
            continue
        events.append(
            ordered(
                position,
                incarnation=incarnation,
                stored=clock,
                stated=draw.choice((None, None, clock, clock - 1, clock - 3, clock + 2, clock + 400)),
                version=draw.choice((None, None, 1, 1, 2, 3)),
                withdrawal=draw.random() < 0.35,
                title=draw.choice(("Ebb", "Flood", "Slack water")),
                source=draw.choice(("https://one.example", "https://other.example")),
            )
        )
    return events


def _moved(event: OrderedEvent, incarnation: int, position: int, stated: int | None, stored: int) -> OrderedEvent:
    copy = ordered(position, incarnation=incarnation, stored=stored, stated=stated, version=event.key.version)
    return OrderedEvent(name=event.name, key=copy.key, withdrawal=event.withdrawal, content=event.content)


def delivered(draw: random.Random, events: Sequence[OrderedEvent]) -> list[OrderedEvent]:
    """Return events in any order, some several times."""
    order = [*events, *draw.choices(events, k=draw.randint(0, 3))]
    draw.shuffle(order)
    return order

"""Says in words why a withdrawal hides an article: what was compared, and what would lift it."""

from datetime import UTC, datetime, timedelta

from newsdex.ingest.decide import REASONS
from newsdex.order import ArticleState, Bound, EventKey, Place
from newsdex.records.moments import EPOCH


def withdrawn_text(state: ArticleState) -> str:
    """Return why an article is hidden, and which publication would be shown."""
    newest, cover = state.chosen, state.cover
    lift = f"it is lifted by a publication that {_lifting(state)}"
    if newest is None or cover is None:
        return f"withdrawn before anything was published: {_withdrawals(state)}; {lift}"
    return f"withdrawn: {_publication(newest.key)}; {REASONS[cover]}: {_withdrawals(state)}; {lift}"


def place_text(place: Place) -> str:
    """Return where an event stands, as people read it."""
    stream = f" of stream {place.incarnation}" if place.incarnation > 1 else ""
    return f"message {place.position}{stream}"


def _publication(key: EventKey) -> str:
    version = "a publication without a version" if key.version is None else f"version {key.version}"
    stated = "states no time" if key.stated_us is None else f"states {_exactly(key.stated_us)}"
    return f"{version} is {place_text(key.place)}, {stated}, stored {_exactly(key.stored_us)}"


def _withdrawals(state: ArticleState) -> str:
    texts = []
    if state.withdrawn is not None:
        texts.append(f"without a version, {_bound(state.withdrawn)}")
    if state.withdrawn_this_version is not None:
        texts.append(f"of version {state.withdrawn_version}, {_bound(state.withdrawn_this_version)}")
    return " and ".join(texts)


def _bound(bound: Bound) -> str:
    return f"up to {place_text(bound.place)}, time {_exactly(bound.time_us)}"


def _lifting(state: ArticleState) -> str:
    conditions = ["is stored from now on"]
    if state.withdrawn is not None:
        conditions.append(f"states no time before {_exactly(state.withdrawn.time_us)}")
    if state.withdrawn_this_version is not None and state.withdrawn_by_version is not None:
        version, this, any_ = state.withdrawn_version, state.withdrawn_this_version, state.withdrawn_by_version
        conditions.append(
            f"has a version above {version}, or {version} and states a time after {_exactly(this.time_us)}, "
            f"or no version and states no time before {_exactly(any_.time_us)}"
        )
    if (highest := state.versioned) is not None:
        conditions.append(f"has no version below {highest.key.version}")
    return ", ".join(conditions)


def _exactly(moment_us: int) -> str:
    """Return a moment to the microsecond: two that differ by less decide, too."""
    try:
        return (EPOCH + timedelta(microseconds=moment_us)).isoformat().replace("+00:00", "Z")
    except OverflowError:  # of an archive that was made before times were kept
        return datetime.min.replace(tzinfo=UTC).isoformat()

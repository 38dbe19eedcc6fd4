"""Tells inboxes, where replies may go, from channels on which something would be done."""

from newsdex_schemas import channels

CHANNELS_OF_OURS = frozenset(
    channel.partition(".")[0] for channel in (*channels.EVENT_CHANNELS, *channels.REQUEST_CHANNELS)
)


def is_inbox(subject: str) -> bool:
    """Tell whether a reply may be sent there: to neither the broker's own API, `$JS.API.…`, nor a channel of ours."""
    first = subject.partition(".")[0]
    return not first.startswith("$") and first not in CHANNELS_OF_OURS

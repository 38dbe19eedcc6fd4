"""Tells which refusals of the broker a process cannot go on with."""

from newsdex_schemas.client.refusals import FORBIDDEN, refusal_of


def stops_a_process(error: Exception, *, was_connected: bool) -> bool:
    """Tell whether a process could do nothing with this connection.

    Who was let in before may be let in again: passwords and certificates are exchanged. And a reply that may not be
    sent is the requester's doing, who named where to.
    """
    forbidden = FORBIDDEN.search(str(error))
    if forbidden:
        return forbidden[1].lower() == "subscription" or forbidden[2].lower().startswith('"$js.')
    return refusal_of(error) is not None and not was_connected

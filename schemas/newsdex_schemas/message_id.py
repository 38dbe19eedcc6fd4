"""The id by which the broker tells a repetition of a message from a new one."""

import hashlib


def message_id(source: str, event_id: str, body: bytes) -> str:
    """Return the `Nats-Msg-Id` of an event: its source, its id, and the SHA-256 of its bytes in hexadecimal.

    A retry has the same id, and the broker drops it. What was repaired has another one, like everything else that is
    sent under the same event id, and is stored at once. Nobody who does not know the bytes can take an id beforehand.
    """
    return f"{source} {event_id} {hashlib.sha256(body).hexdigest()}"

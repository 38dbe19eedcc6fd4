"""Who is signed in at the pages of `/status`: by a token that opens these pages of this process, and nothing else."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from newsdex.api_keys import ApiKey

TOKEN_BYTES = 32
LIFETIME_S = 12 * 3600.0
MAX_SESSIONS = 1_000
"""The oldest ends where one more begins."""


class Session(NamedTuple):
    """What a browser was let in by."""

    key_digest: str
    ends: float


class Sessions:
    """They are in memory: operators sign in once more where a gateway restarts, and no file has anything to steal."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_digest: OrderedDict[bytes, Session] = OrderedDict()

    def begin(self, key: ApiKey) -> str:
        """Return a new token of who has a key."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._by_digest[_digest(token)] = Session(key.digest, self._clock() + LIFETIME_S)
        if len(self._by_digest) > MAX_SESSIONS:
            self._by_digest.popitem(last=False)
        return token

    def key_digest(self, token: str) -> str | None:
        """Return the digest of the key that a token was given for; None for one that was not given, or has ended."""
        session = self._by_digest.get(_digest(token))
        return session.key_digest if session and session.ends > self._clock() else None

    def end(self, token: str) -> None:
        """Have a token open nothing any more."""
        self._by_digest.pop(_digest(token), None)


def _digest(token: str) -> bytes:
    """Return what a token is looked up by: how long looking takes tells nothing about a token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()

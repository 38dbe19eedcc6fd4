"""Operators, accounts and users as NATS signs them (nats-io/nkeys `strkey.go`, nats-io/jwt version 2)."""

import binascii
import json
import time
from base64 import b32encode, urlsafe_b64encode
from typing import Any

from nacl.signing import SigningKey

PREFIXES = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
SEED = 18 << 3
UNLIMITED = {"subs": -1, "data": -1, "payload": -1}
ACCOUNT_LIMITS = {**UNLIMITED, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}


class Signer:
    """Whoever can sign for others."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._key = SigningKey.generate()

    @property
    def public(self) -> str:
        return _encoded(bytes([PREFIXES[self.kind]]) + bytes(self._key.verify_key))

    @property
    def seed(self) -> str:
        prefix = PREFIXES[self.kind]
        return _encoded(bytes([SEED | (prefix >> 5), (prefix & 31) << 3]) + bytes(self._key))

    def token(self, subject: "Signer", **claims: Any) -> str:
        """Sign what somebody is and may."""
        payload = {
            "jti": "tests", "iat": int(time.time()), "iss": self.public, "sub": subject.public, "name": subject.kind,
            "nats": {"type": subject.kind, "version": 2, **claims},
        }  # fmt: skip
        parts = [_text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, payload)]
        return ".".join([*parts, _text(self._key.sign(".".join(parts).encode()).signature)])


def _encoded(raw: bytes) -> str:
    checked = raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return b32encode(checked).decode().rstrip("=")


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def credentials(token: str, seed: str) -> str:
    """Return the text of a credentials file."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"************************* IMPORTANT *************************\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )

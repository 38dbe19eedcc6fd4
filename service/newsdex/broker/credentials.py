"""Reads NATS' credentials files and signs the server's challenge with them."""

import binascii
import re
from base64 import b32decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nacl.signing import SigningKey

from newsdex.errors import Misconfigured

BLOCK = re.compile(r"-+BEGIN ([A-Z ]+)-+\s*(\S+)\s*-+END \1-+")
SEED_BYTES = 32
PREFIX_BYTES = 2
"""Kind of key and role, before the seed; a checksum of two bytes stands behind it (nats-io/nkeys, `strkey.go`)."""


class Credentials(NamedTuple):
    """Who we are, as the callbacks of NATS' client."""

    jwt: Callable[[], bytes]
    sign: Callable[[str], bytes]


def read_credentials(path: Path) -> Credentials:
    """Read a credentials file; raise `Misconfigured` where it cannot be used."""
    try:
        blocks = dict(BLOCK.findall(path.read_text(encoding="ascii")))
        jwt, seed = blocks["NATS USER JWT"].encode(), blocks["USER NKEY SEED"]
        decoded = b32decode(seed + "=" * (-len(seed) % 8))
        key = SigningKey(decoded[PREFIX_BYTES : PREFIX_BYTES + SEED_BYTES])
    except FileNotFoundError as error:
        raise Misconfigured("credentials_missing", f"no credentials file {path}") from error
    except (OSError, ValueError, KeyError, binascii.Error) as error:
        # without the error's text: it may be of the secret
        raise Misconfigured("credentials_unusable", f"{path} is no credentials file that can be read") from error

    def sign(nonce: str) -> bytes:
        return urlsafe_b64encode(key.sign(nonce.encode()).signature).rstrip(b"=")

    return Credentials(jwt=lambda: jwt, sign=sign)

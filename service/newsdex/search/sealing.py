"""Seals what a reader keeps for us: nobody without the key reads it, or changes it without being noticed.

Deterministic authenticated encryption, built as SIV is (Rogaway and Shrimpton 2006, "A Provable-Security Treatment of
the Key-Wrap Problem"; RFC 5297): the tag is an HMAC-SHA256 of the text and is also where the key stream begins, a
SHAKE256 of a second key and the tag. No nonce can be used twice, since there is none: one text always gives one seal.
"""

import hashlib
import hmac

KEY_BYTES = 32
TAG_BYTES = 16
BLOCK_BYTES = 64
"""Texts are padded to a multiple of this: their lengths tell less of what is in them."""
_END = b"\x80"
"""Marks where a text ends and zeros pad it (ISO/IEC 9797-1, method 2)."""


class Seal:
    """Seals and opens with one key; any number of threads and processes may have the same."""

    def __init__(self, key: bytes) -> None:
        """Take `KEY_BYTES` of random bytes."""
        self._tag_key = hmac.digest(key, b"newsdex seal 1: tag", "sha256")
        self._stream_key = hmac.digest(key, b"newsdex seal 1: stream", "sha256")

    def close(self, text: bytes) -> bytes:
        """Return a text, sealed."""
        padded = text + _END + bytes(-(len(text) + 1) % BLOCK_BYTES)
        tag = self._tag(padded)
        return tag + self._masked(padded, tag)

    def open(self, sealed: bytes) -> bytes | None:
        """Return what was sealed; None for bytes that were not sealed with this key, or were changed since."""
        tag, masked = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
        padded = self._masked(masked, tag)
        if not masked or not hmac.compare_digest(tag, self._tag(padded)):
            return None
        return padded.rstrip(b"\0").removesuffix(_END)

    def _tag(self, padded: bytes) -> bytes:
        return hmac.digest(self._tag_key, padded, "sha256")[:TAG_BYTES]

    def _masked(self, text: bytes, tag: bytes) -> bytes:
        """Return a text combined with the key stream of a tag; twice gives the text again."""
        stream = hashlib.shake_256(self._stream_key + tag).digest(len(text))
        return (int.from_bytes(text) ^ int.from_bytes(stream)).to_bytes(len(text))

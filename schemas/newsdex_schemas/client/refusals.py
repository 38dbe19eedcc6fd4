"""Tells what an operator has to change from what passes, where the broker refuses us."""

import asyncio
import re
import ssl
from collections.abc import Awaitable
from typing import Any, TypeVar

from newsdex_schemas.client.tls import NotEncrypted
from newsdex_schemas.errors import Misconfigured

Answer = TypeVar("Answer")
CERTIFICATE_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""
FORBIDDEN = re.compile(r"permissions violation for (publish|subscription) to (.+)", re.IGNORECASE)
OWN_INBOX = "; NEWSDEX_BROKER_INBOX_PREFIX names an inbox that this user may read"


def refusal_of(error: Exception) -> Misconfigured | None:
    """Return the error that says what to change; None for a fault that may pass."""
    if isinstance(error, NotEncrypted):
        return Misconfigured("broker_not_encrypted", str(error))
    if isinstance(error, ssl.SSLCertVerificationError):
        expired = error.verify_code == CERTIFICATE_EXPIRED
        code = "broker_certificate_expired" if expired else "broker_untrusted"
        return Misconfigured(code, f"the broker's certificate is not accepted: {error.verify_message}")
    text = str(error)
    if forbidden := FORBIDDEN.search(text):
        hint = OWN_INBOX if "_inbox" in text.lower() and forbidden[1].lower() == "subscription" else ""
        what = "publish to" if forbidden[1].lower() == "publish" else "read"
        return Misconfigured("broker_forbidden", f"the broker does not let this user {what} {forbidden[2]}{hint}")
    if "uthorization" in text or "uthentication" in text or "CERTIFICATE_REQUIRED" in text:
        reason = "the broker refuses user and password, token, credentials or certificate"
        return Misconfigured("broker_refused", reason)
    return None


class Refusals:
    """What the broker refuses on one connection, which it tells apart from any request.

    A subject that it does not take from us concerns those who wait for that subject; anything else, such as an inbox
    that we may not read, concerns all.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[Misconfigured]]] = {}
        self._lasting: Misconfigured | None = None

    def add(self, error: Exception) -> None:
        """Hear of an error of the connection."""
        refusal = refusal_of(error)
        if refusal is None:
            return
        forbidden = FORBIDDEN.search(str(error))
        if forbidden and forbidden[1].lower() == "publish":
            subject = forbidden[2].strip().strip('"').lower()
            concerned = [*self._waiting.get(subject, ())]
        else:
            self._lasting = self._lasting or refusal
            concerned = [future for futures in self._waiting.values() for future in futures]
        for future in concerned:
            if not future.done():
                future.set_result(refusal)

    async def or_refused(self, work: Awaitable[Answer], subject: str) -> Answer:
        """Wait for an answer to what is sent to a subject; raise `Misconfigured` as soon as the broker refuses that."""
        refused: asyncio.Future[Misconfigured] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(subject.lower(), set())
        waiting.add(refused)
        if self._lasting is not None:
            refused.set_result(self._lasting)
        task = asyncio.ensure_future(work)
        either: set[asyncio.Future[Any]] = {task, refused}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise refused.result()
        finally:
            waiting.discard(refused)
            task.cancel()  # where nobody waits for it any more, nobody would hear what it raises

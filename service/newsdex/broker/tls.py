"""TLS to the broker, and the certainty that it is used: NATS' client goes on in the clear where none is asked for."""

import ssl
from collections.abc import Callable
from typing import Any

from newsdex.errors import Misconfigured
from newsdex.settings import Settings


class NotEncrypted(ConnectionError):  # noqa: N818 - the condition is the name
    """The server, or somebody between, did not ask for TLS."""

    def __init__(self) -> None:
        super().__init__("the broker does not encrypt the connection, and TLS is set")


class Tls(ssl.SSLContext):
    """A client's context that counts its handshakes."""

    handshakes = 0
    spent = 0
    """Handshakes after which a secret was given away."""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin a handshake."""
        self.handshakes += 1
        return super().wrap_bio(*args, **options)

    def guard(self, secret: str) -> Callable[[], str]:
        """Return a secret as the client asks for it: once for each handshake, never for a connection without one."""

        def reveal() -> str:
            self.check()
            self.spent = self.handshakes
            return secret

        return reveal

    def check(self) -> None:
        """Raise `NotEncrypted` where there was no handshake since the last secret."""
        if self.handshakes == self.spent:
            raise NotEncrypted


def make_tls(settings: Settings) -> Tls:
    """Make the context; raises `Misconfigured` where a file that a setting names cannot be used."""
    try:
        context = Tls(ssl.PROTOCOL_TLS_CLIENT)
        if settings.broker_tls_ca:
            context.load_verify_locations(settings.broker_tls_ca)
        else:
            context.load_default_certs()
        if settings.broker_tls_cert:
            context.load_cert_chain(settings.broker_tls_cert, settings.broker_tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured("tls_unusable", f"the TLS files cannot be used: {error}") from error
    return context

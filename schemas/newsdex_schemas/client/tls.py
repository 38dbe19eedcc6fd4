"""TLS to the broker, and the certainty that it is used: NATS' client goes on in the clear where none is asked for."""

import ssl
from collections.abc import Callable
from typing import Any


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

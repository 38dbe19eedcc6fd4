"""Binds the socket of a process' HTTP routes before anything else runs: a port that is taken is told at once."""

import errno
import socket

from newsdex.errors import Misconfigured


def listen(host: str, port: int, setting: str = "NEWSDEX_HTTP_PORT") -> socket.socket:
    """Return a socket that is bound; port 0 takes a free one, and `setting` is the one that chose it.

    Raises `Misconfigured`: `http_port_taken`, or `http_address_unusable` where the host is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(host, error) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise Misconfigured(
                "http_port_taken",
                f"another process listens on {host}:{port}: set {setting} to a free one, or 0",
            ) from error
        raise _unusable(host, error) from error
    return bound


def _unusable(host: str, error: OSError) -> Misconfigured:
    return Misconfigured("http_address_unusable", f"cannot listen on {host}: {error.strerror or error}")

"""Finds the way to the service by its address, NATS' or the gateway's, and connects."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from newsdex_schemas.client.client import Client
from newsdex_schemas.client.tls import NotEncrypted, Tls
from newsdex_schemas.client.transport import Transport
from newsdex_schemas.errors import Misconfigured, Unavailable

SOURCE = "newsdex-client"
RETRY_S = 30.0
CONNECT_TIMEOUT_S = 5.0
RECONNECT_WAIT_S = 0.2
FROM_ENVIRONMENT = {"user": "USER", "password": "PASSWORD", "token": "TOKEN", "inbox_prefix": "INBOX_PREFIX"}
"""Options of a connection to the broker, and what `NEWSDEX_BROKER_` variables say them."""


@asynccontextmanager
async def connect(
    url: str | None = None,
    *,
    key: str | None = None,
    source: str = SOURCE,
    retry_s: float = RETRY_S,
    **options: Any,
) -> AsyncIterator[Client]:
    """Return a client of the service at `nats://…`, `tls://…`, or the gateway at `http://…` or `https://…`.

    A broker's address may be those of several servers of a cluster, parted by commas.
    Without an address, that of the environment, as `eval "$(newsdex env)"` sets it: `NEWSDEX_BROKER_URL`, else
    `NEWSDEX_GATEWAY_URL`. `key` opens the gateway, else `NEWSDEX_KEY` does. `source` names the publisher of bare
    articles and withdrawals. What may pass is tried again for `retry_s` seconds. `options` are those of
    `nats.connect`, such as `tls` and `user_credentials`, or of `httpx.AsyncClient`.

    Raises `Unavailable` where nobody answers, `Misconfigured` where the address is none or the broker refuses us.
    """
    address = url or os.environ.get("NEWSDEX_BROKER_URL") or os.environ.get("NEWSDEX_GATEWAY_URL")
    if address is None:
        raise Misconfigured("invalid_setting", "no address is given, and neither NEWSDEX_BROKER_URL nor another is set")
    scheme = urlsplit(address).scheme
    if scheme in ("http", "https"):
        from newsdex_schemas.client.over_http import HttpTransport  # noqa: PLC0415 - who uses NATS needs no httpx

        transport: Transport = HttpTransport(address, key or os.environ.get("NEWSDEX_KEY"), **options)
    elif scheme in ("nats", "tls"):
        transport = await _over_nats(address, retry_s, options)
    else:
        raise Misconfigured("invalid_setting", f"{scheme}: an address begins with nats, tls, http or https")
    try:
        yield Client(transport, source=source, retry_s=retry_s)
    finally:
        await transport.close()


async def _over_nats(address: str, retry_s: float, options: dict[str, Any]) -> Transport:
    from nats.aio.client import Client as NatsClient  # noqa: PLC0415 - who uses HTTP need not load it
    from nats.errors import Error as NatsError  # noqa: PLC0415

    from newsdex_schemas.client.over_nats import NatsTransport  # noqa: PLC0415
    from newsdex_schemas.client.refusals import Refusals, refusal_of  # noqa: PLC0415

    refusals, connection = Refusals(), NatsClient()
    last: Exception | None = None

    async def remember(fault: Exception) -> None:
        nonlocal last
        last = fault
        refusals.add(fault)
        if told := options.get("error_cb"):
            await told(fault)

    defaults = {
        "name": SOURCE,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "reconnect_time_wait": RECONNECT_WAIT_S,
        "max_reconnect_attempts": -1,  # after 60, NATS' default, nobody would connect again
    }
    chosen: dict[str, Any] = defaults | _identity(address, options)
    connecting = connection.connect(**chosen | {"servers": _servers(address), "error_cb": remember})
    try:
        await asyncio.wait_for(refusals.or_refused(connecting, ""), retry_s + chosen["connect_timeout"])
        tls = connection.options.get("tls")
        if isinstance(tls, Tls) and not tls.handshakes:
            raise refusal_of(NotEncrypted()) or AssertionError
    except (NatsError, OSError, TimeoutError) as error:
        await connection.close()
        reason = str(last or error) or type(error).__name__
        raise Unavailable("broker_unavailable", f"the broker does not take the connection: {reason}") from error
    except Misconfigured:
        await connection.close()
        raise
    return NatsTransport(connection, refusals)


def _identity(address: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with who we are, of the environment or the address, which TLS guards where it is asked for."""
    environment = {name: _variable(f"NEWSDEX_BROKER_{variable}") for name, variable in FROM_ENVIRONMENT.items()}
    found = {name: value for name, value in environment.items() if value} | options
    servers = [urlsplit(server) for server in _servers(address)]
    named = next((server for server in servers if server.username and server.password), None)
    if named is not None and "user" not in options:
        found |= {"user": unquote(named.username or ""), "password": unquote(named.password or "")}
    if any(server.scheme == "tls" for server in servers) and "tls" not in found:
        found["tls"] = _tls(os.environ.get("NEWSDEX_BROKER_TLS_CA"))
    if isinstance(tls := found.get("tls"), Tls):
        found |= {name: tls.guard(found[name]) for name in ("password", "token") if name in found}
    return found


def _servers(address: str) -> list[str]:
    """Return the addresses of the broker's servers; one without a scheme has the first one's."""
    first, *others = address.replace(",", " ").split()
    scheme = urlsplit(first).scheme
    return [first, *(url if "://" in url else f"{scheme}://{url}" for url in others)]


def _variable(name: str) -> str | None:
    """Return a variable's value, or what the file holds that `<name>_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if os.environ.get(name) or not path:
        return os.environ.get(name)
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise Misconfigured("invalid_setting", f"{name}_FILE: {path} cannot be read") from error


def _tls(authority: str | None) -> Tls:
    context = Tls(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        context.load_verify_locations(authority)
    else:
        context.load_default_certs()
    return context

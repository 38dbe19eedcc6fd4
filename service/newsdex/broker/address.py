"""Finds the broker: the external one that is set, or the embedded one of the data folder."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from newsdex.broker.credentials import read_credentials
from newsdex.broker.tls import make_tls
from newsdex.errors import Unavailable
from newsdex.host.private import private_file
from newsdex.settings import Settings
from newsdex_schemas.client.tls import Tls

ADDRESS_FILE = "broker.json"
CONNECT_TIMEOUT_S = 5
NAMED = re.compile(r"://[^/@:]*:[^/]*@")
"""User and password in a URL; a user alone is a token."""


def broker_url(settings: Settings) -> str:
    """Return the broker's URL, or those of its servers, parted by commas.

    Raises `Unavailable` where none is set and none is running on the data folder.
    """
    return settings.broker_url or _embedded(settings.data_dir)["url"]


def broker_urls(settings: Settings) -> list[str]:
    """Return the URLs of the broker's servers, without user and password: those are options. Raises as `broker_url`."""
    return [NAMED.sub("://", url) for url in broker_url(settings).split(",")]


def monitoring_urls(settings: Settings) -> Sequence[str]:
    """Return the addresses of the HTTP monitoring of the broker's servers, as far as they are known."""
    if settings.broker_url is not None:
        return settings.broker_monitoring_url
    return [_embedded(settings.data_dir)["monitoring_url"]]


def write_address(data_dir: Path, url: str, monitoring: str) -> None:
    """Tell other processes of this user where the embedded broker listens; they read the old text or the new one."""
    temporary = data_dir / f"{ADDRESS_FILE}.new"
    private_file(temporary)
    temporary.write_text(json.dumps({"url": url, "monitoring_url": monitoring}), encoding="utf-8")
    temporary.replace(data_dir / ADDRESS_FILE)


def forget_address(data_dir: Path) -> None:
    """Take the address back; there may be none."""
    (data_dir / ADDRESS_FILE).unlink(missing_ok=True)


def connection_options(settings: Settings) -> dict[str, Any]:
    """Return the options of `nats.connect`, also taken by FastStream's broker: who we are, and TLS.

    Raises `Misconfigured` where a file that a setting names cannot be read.
    """
    options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S, "inbox_prefix": settings.broker_inbox_prefix}
    if settings.broker_url is None:  # what the settings say of us is for another broker
        found = urlsplit(_embedded(settings.data_dir)["url"])
        return options | {"user": found.username, "password": found.password}
    tls = make_tls(settings) if _wants_tls(settings) else None
    if tls is not None:
        options["tls"] = tls
    user, password = _user(settings)
    if user:
        options["user"] = user
    if password:
        options["password"] = _secret(password, tls)
    if settings.broker_token:
        options["token"] = _secret(settings.broker_token, tls)
    if settings.broker_credentials:
        credentials = read_credentials(settings.broker_credentials)
        options |= {"user_jwt_cb": credentials.jwt, "signature_cb": credentials.sign}
    return options


def _wants_tls(settings: Settings) -> bool:
    set_up = bool(settings.broker_tls_ca or settings.broker_tls_cert)
    return set_up or any(url.startswith("tls://") for url in broker_urls(settings))


def _user(settings: Settings) -> tuple[str | None, SecretStr | None]:
    """Return user and password, also where they stand in the URL: NATS' client would not guard those."""
    if settings.broker_user:
        return settings.broker_user, settings.broker_password
    for parts in map(urlsplit, (settings.broker_url or "").split(",")):
        if parts.username and parts.password:
            return unquote(parts.username), SecretStr(unquote(parts.password))
    return None, settings.broker_password


def _secret(secret: SecretStr, tls: Tls | None) -> str | Callable[[], str]:
    text = secret.get_secret_value()
    return text if tls is None else tls.guard(text)


def _embedded(data_dir: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((data_dir / ADDRESS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        where = data_dir.absolute()
        found_here = f"no broker runs on {where}" if data_dir.is_dir() else f"there is no newsdex in {where}"
        raise Unavailable(
            "no_broker", f"NEWSDEX_BROKER_URL is not set and {found_here}: start `newsdex up`, or set NEWSDEX_DATA_DIR"
        ) from error
    return found

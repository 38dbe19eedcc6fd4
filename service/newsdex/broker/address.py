"""Finds the broker: the external one that is set, or the embedded one of the data folder."""

import json
import ssl
from pathlib import Path
from typing import Any

from newsdex.errors import Misconfigured, Unavailable
from newsdex.settings import Settings

ADDRESS_FILE = "broker.json"
CONNECT_TIMEOUT_S = 5


def broker_url(settings: Settings) -> str:
    """Give the broker's URL; raise `Unavailable` where none is set and none is running on the data folder."""
    if settings.broker_url is not None:
        return str(settings.broker_url)
    return _embedded(settings.data_dir)["url"]


def monitoring_url(settings: Settings) -> str | None:
    """Give the address of the broker's HTTP monitoring, if it is known."""
    if settings.broker_url is not None:
        return settings.broker_monitoring_url
    return _embedded(settings.data_dir)["monitoring_url"]


def write_address(data_dir: Path, url: str, monitoring: str) -> None:
    """Tell other processes on this machine where the embedded broker listens; they read the old text or the new one."""
    temporary = data_dir / f"{ADDRESS_FILE}.new"
    temporary.write_text(json.dumps({"url": url, "monitoring_url": monitoring}), encoding="utf-8")
    temporary.replace(data_dir / ADDRESS_FILE)


def forget_address(data_dir: Path) -> None:
    """Take the address back; there may be none."""
    (data_dir / ADDRESS_FILE).unlink(missing_ok=True)


def connection_options(settings: Settings) -> dict[str, Any]:
    """Give the options of `nats.connect`, also taken by FastStream's broker: who we are, and TLS.

    Raises `Misconfigured` where a file that a setting names cannot be read.
    """
    options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S}
    if settings.broker_user:
        options["user"] = settings.broker_user
    if settings.broker_password:
        options["password"] = settings.broker_password.get_secret_value()
    if settings.broker_token:
        options["token"] = settings.broker_token.get_secret_value()
    if settings.broker_credentials:
        if not settings.broker_credentials.is_file():
            raise Misconfigured("credentials_missing", f"no credentials file {settings.broker_credentials}")
        options["user_credentials"] = str(settings.broker_credentials)
    if settings.broker_tls_ca or settings.broker_tls_cert or broker_url(settings).startswith("tls://"):
        options["tls"] = _tls(settings)
    return options


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.broker_tls_ca)
        if settings.broker_tls_cert:
            context.load_cert_chain(settings.broker_tls_cert, settings.broker_tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured("tls_unusable", f"the TLS files cannot be used: {error}") from error
    return context


def _embedded(data_dir: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((data_dir / ADDRESS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise Unavailable(
            "no_broker", f"NEWSDEX_BROKER_URL is not set and no broker runs on {data_dir}: start `newsdex up`"
        ) from error
    return found

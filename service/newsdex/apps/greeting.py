"""What `newsdex up` says once it serves: where everything is, and what to type next."""

import sys
from dataclasses import dataclass, field

from newsdex.api_keys import SCOPES, add_key, keys_file
from newsdex.apps.gateway_address import write_gateway_address
from newsdex.log import is_pretty
from newsdex.settings import Settings, without_credentials

FIRST_KEY = "first"
ANYWHERE = frozenset(("0.0.0.0", "::"))  # noqa: S104 - compared with, not listened on


def address_of(host: str, port: int) -> str:
    """Return the address of a gateway, as it is reached from this machine."""
    name = "127.0.0.1" if host in ANYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def first_key(settings: Settings) -> str | None:
    """Make a key that opens everything, where no key was ever made; return it."""
    path = keys_file(settings)
    return None if path.exists() else add_key(path, FIRST_KEY, SCOPES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """The lines for who has just started it."""

    settings: Settings
    broker_url: str | None
    """Of the embedded broker; None where another one is used."""
    gateway_url: str | None
    first_key: str | None = field(repr=False)

    def show(self) -> None:
        """Print the lines, beside the log where that is for programs; commands are told where the gateway is."""
        if self.gateway_url is not None:
            write_gateway_address(self.settings.data_dir, self.gateway_url)
        stream = sys.stdout if is_pretty(self.settings) else sys.stderr
        stream.write("".join(f"{line}\n" for line in self.lines()))
        stream.flush()

    def lines(self) -> list[str]:
        """Return them."""
        broker = without_credentials(self.broker_url or str(self.settings.broker_url))
        gateway = self.gateway_url
        told = {
            "publish to": f"{broker} or {gateway}/api/events" if gateway else broker,
            "search at": f"{gateway}/api/search?q=…" if gateway else f"{broker}, search.query",
            "page at": f"{gateway}/" if gateway else "none: pip install 'newsdex[http]'",
            "data in": str(self.settings.data_dir.absolute()),
            "type next": 'eval "$(newsdex env)" && newsdex search ""',
        }
        key = {"first key": f"{self.first_key} (opens everything, and is not shown again)"} if self.first_key else {}
        return [f"{name:<10}  {text}" for name, text in (told | key).items()]

"""Finds the source that an address names."""

from dataclasses import dataclass
from importlib import import_module
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from newsdex.errors import Misconfigured
from newsdex.relay.source import Source

SOURCES = {
    "kafka": "kafka",
    "amqp": "rabbitmq",
    "amqps": "rabbitmq",
    "redis": "redis_streams",
    "rediss": "redis_streams",
    "postgresql": "outbox",
    "postgres": "outbox",
}
"""Scheme of an address → the module here that reads it."""
FORMS = (
    "kafka://HOST/TOPIC, amqp://HOST/VHOST?queue=NAME, redis://HOST?stream=NAME, postgresql://HOST/DATABASE?table=NAME"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceAddress:
    """An address, taken apart."""

    url: str
    """For the source's own client, without what is for us."""
    options: dict[str, str]
    """What is for us."""
    hosts: str
    path: str
    user: str | None
    password: str | None


def open_address(url: str) -> Source:
    """Return the source of an address, not connected.

    Raises `Misconfigured` for an address that names none, and where the package that reads it is not installed.
    """
    scheme = url.partition("://")[0].lower()
    if scheme not in SOURCES:
        raise Misconfigured("relay_url", f"a relay reads {FORMS}")
    try:
        module = import_module(f"newsdex.relay.{SOURCES[scheme]}")
    except ModuleNotFoundError as error:
        raise Misconfigured("relay_not_installed", f"{error.name} is missing: pip install 'newsdex[relay]'") from error
    address = _taken_apart(url, module.OPTIONS)
    source: Source = module.make_source(address)
    return source


def named(address: SourceAddress, option: str) -> str:
    """Return what an address must say; raise `Misconfigured` where it does not."""
    if not address.options.get(option):
        raise Misconfigured("relay_url", f"the address names no {option}: {FORMS}")
    return address.options[option]


def _taken_apart(url: str, options: frozenset[str]) -> SourceAddress:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Misconfigured("relay_url", f"not an address: a relay reads {FORMS}") from error
    given = parse_qsl(parts.query, keep_blank_values=True)
    others = urlencode([(name, text) for name, text in given if name not in options])
    return SourceAddress(
        url=parts._replace(query=others).geturl(),
        options={name: text for name, text in given if name in options},
        hosts=parts.netloc.rpartition("@")[2],
        path=unquote(parts.path.strip("/")),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )

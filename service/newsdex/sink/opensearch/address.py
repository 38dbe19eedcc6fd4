"""Takes the address of an OpenSearch cluster apart."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsdex.errors import Misconfigured

FORM = "https://USER:PASSWORD@HOST:9200/ALIAS, several hosts parted by commas; without /ALIAS it is newsdex"
ALIAS = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
DEFAULT_ALIAS = "newsdex"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterAddress:
    """Where the nodes of a cluster are, who we are there, and what readers search."""

    nodes: tuple[str, ...]
    """Addresses without credentials."""
    alias: str
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    authority: Path | None = None
    """The file of a certificate authority; the system's without."""


def read_address(url: str, authority: Path | None = None) -> ClusterAddress:
    """Read an address; raise `Misconfigured` for one that is none, which is not repeated: it may have a password."""
    try:
        parts = urlsplit(url.strip())
        userinfo, _, hosts = parts.netloc.rpartition("@")
        scheme = parts.scheme
        nodes = tuple(f"{scheme}://{host.strip()}" for host in hosts.split(",") if host.strip())
        ports = [urlsplit(node).port for node in nodes]
    except ValueError as error:
        raise Misconfigured("sink_url", f"not an address: {FORM}") from error
    alias = parts.path.strip("/") or DEFAULT_ALIAS
    if scheme not in {"http", "https"} or not nodes or parts.query or len(ports) != len(nodes):
        raise Misconfigured("sink_url", f"a sink writes to {FORM}")
    if not ALIAS.fullmatch(alias):
        raise Misconfigured("sink_url", f"{alias!r} is no alias: small letters, digits, and . _ - behind one")
    user, _, password = userinfo.partition(":")
    credentials = (unquote(user), unquote(password)) if user else None
    return ClusterAddress(nodes=nodes, alias=alias, credentials=credentials, authority=authority)

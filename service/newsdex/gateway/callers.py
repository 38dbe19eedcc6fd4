"""Tells who sends a request: from where, and whether from this machine for sure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

from newsdex.settings import Settings

FORWARDING = frozenset(
    (
        "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
        "x-forwarded-server", "x-forwarded-prefix", "x-forwarded-scheme", "x-forwarded-ssl", "x-forwarded-by",
        "x-original-forwarded-for", "x-original-host", "x-original-url", "x-rewrite-url", "x-real-ip", "x-client-ip",
        "x-cluster-client-ip", "x-envoy-external-address", "x-envoy-internal", "x-proxyuser-ip", "client-ip",
        "true-client-ip", "cf-connecting-ip", "cf-ray", "fastly-client-ip", "fly-client-ip", "x-azure-clientip",
        "x-amzn-trace-id", "x-appengine-user-ip", "x-scheme", "front-end-https",
    )
)  # fmt: skip
"""A request with one of these came through a proxy, whoever the connection is from."""
IPV6_CUSTOMER_BITS = 64
"""One customer has a whole network of this length."""
MAX_HOPS = 20
_HOST = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\]+)(?::[0-9]*)?")
"""The header Host: what is more than a name and a port cannot be read as part of an address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who sends a request, as far as can be known."""

    address: str
    """For limits and logs; of IPv6, the network."""
    local: bool
    """Whether it comes from this machine for sure."""
    scheme: str


class Callers:
    """Reads them, as the settings say whom to believe."""

    def __init__(self, settings: Settings) -> None:
        self._bound_to_loopback = is_loopback(settings.gateway_host)
        self._trusted = [ip_network(one) for one in settings.gateway_trusted_proxies]

    def caller(self, scope: Scope) -> Caller:
        """Return who sends a request."""
        headers = Headers(scope=scope)
        peer = _address(scope["client"][0]) if scope.get("client") else None
        forwarded = not FORWARDING.isdisjoint(headers.keys())
        scheme = scope.get("scheme", "http")
        address = peer
        if forwarded and self._is_trusted(peer):
            hops = [_address(one) for one in ",".join(headers.getlist("x-forwarded-for")).split(",")[-MAX_HOPS:]]
            address = self._first_untrusted(hops) or peer
            if headers.get("x-forwarded-proto", "").strip().lower() == "https":
                scheme = "https"
        local = self._bound_to_loopback and not forwarded and peer is not None and peer.is_loopback
        return Caller(address=_shown(address), local=local, scheme=scheme)

    def _is_trusted(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)

    def _first_untrusted(self, hops: Sequence[IPv4Address | IPv6Address | None]) -> IPv4Address | IPv6Address | None:
        """Return the last hop that no proxy of ours is: what stands before it, anybody may have written."""
        return next((hop for hop in reversed(hops) if not self._is_trusted(hop)), None)


def is_loopback(host: str) -> bool:
    """Return whether a host, as a setting names it, is this machine only."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


class Hosts:
    """The names that a request may be addressed to.

    A page of an attacker's name that leads to this machine (DNS rebinding) names that name; an address cannot be led
    anywhere.
    """

    def __init__(self, bound_to: str, names: Iterable[str]) -> None:
        self._names = {"localhost", bound_to.lower(), *(name.lower() for name in names)}
        self._any_address = not is_loopback(bound_to)

    def __contains__(self, header: str) -> bool:
        written = _HOST.fullmatch(header.strip().lower())
        if written is None:
            return False
        host = written["host"]
        if host in self._names:
            return True
        address = _address(host.strip("[]"))
        return address is not None and (self._any_address or address.is_loopback)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _shown(address: IPv4Address | IPv6Address | None) -> str:
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return str(IPv6Network((address, IPV6_CUSTOMER_BITS), strict=False))
    return str(address or "unknown")

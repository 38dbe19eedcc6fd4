"""Gives the many addresses of one page one form, so that a page is one article."""

import hashlib
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from newsdex.visible import visible

MAX_ID_CHARS = 512

_TRACKING = re.compile(
    r"utm_\w*|fbclid|gclid|dclid|gclsrc|msclkid|yclid|twclid|igshid|ttclid|mc_[ce]id|_hs(?:enc|mi)|mkt_tok|wt_?mc\w*"
    r"|cmpid|cid|ocid|ncid|smid|smtyp|sr_share|share|ref_?src|ref_?url|xtor|at_(?:medium|campaign|custom\d|link\w*)"
    r"|guccounter|guce_\w+|__twitter_impression|amp",
    re.IGNORECASE,
)
"""Parameters that say where a reader came from."""
_KEPT_VALUES = frozenset(("cid", "share", "amp"))
"""Names that are an article's own on some sites; they count as tracking only with words as values."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def page_id(url: str) -> str:
    """Name the article by the one form of its URL, or by that one's digest where it may not be a name."""
    url = one_address(url)
    if len(url) <= MAX_ID_CHARS and visible(url) == url:
        return url
    return f"sha256:{hashlib.sha256(url.encode()).hexdigest()}"


def one_address(url: str) -> str:
    """Return the one form of an address: no fragment, no parameters of tracking, no `www.`, the host in lower case.

    What cannot be parsed is returned as it is. A fragment that is a path (`#!/story/7`) stays.
    """
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url
    kept = [(name, value) for name, value in query if not _is_tracking(name, value)]
    user, at, host = parts.netloc.rpartition("@")
    host = host.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, "")).removeprefix("www.")
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    # an address without such parameters keeps the spelling of its query
    text = parts.query if len(kept) == len(query) else urlencode(kept)
    return urlunsplit((parts.scheme, f"{user}{at}{host}", parts.path or "/", text, fragment))


def _is_tracking(name: str, value: str) -> bool:
    return _TRACKING.fullmatch(name) is not None and not (name.lower() in _KEPT_VALUES and value.isdecimal())


def is_same_site(one: str, other: str) -> bool:
    """Return whether two addresses are of one site: their hosts end in the same two labels, or one is the other's."""
    try:
        first, second = (urlsplit(url).hostname or "" for url in (one, other))
    except ValueError:
        return False
    ends = [host.rsplit(".", 2)[-2:] if host.count(".") else [host] for host in (first, second)]
    within = first.endswith(f".{second}") or second.endswith(f".{first}")
    short = len(ends[0][0]) <= 3  # noqa: PLR2004 - `co.uk` and `com.au` are no site
    return bool(first) and (
        first.removeprefix("www.") == second.removeprefix("www.") or within or (ends[0] == ends[1] and not short)
    )

"""Reads the HTTP monitoring of the broker's servers: what JetStream's API does not tell."""

import asyncio
import urllib.request
from collections.abc import Sequence
from typing import Any

import orjson

TIMEOUT_S = 3


async def look_at_servers(urls: Sequence[str]) -> list[dict[str, Any]]:
    """Return what `/varz` says of each server that answers."""
    found = await asyncio.gather(*(asyncio.to_thread(_read, url, "varz") for url in urls))
    return [one for one in found if one is not None]


async def sync_always(urls: Sequence[str]) -> bool | None:
    """Tell whether all servers fsync before they acknowledge.

    None where there is no way to know: a server does not answer, or the cluster has one whose address is not given.
    """
    servers = await look_at_servers(urls)
    synced = {server.get("server_id"): _syncs(server) for server in servers}
    if not all(synced.values()):
        return False
    return True if synced and len(synced) >= await _cluster_size(urls) else None


def _syncs(server: dict[str, Any]) -> bool:
    return bool(server.get("jetstream", {}).get("config", {}).get("sync_always", False))


async def _cluster_size(urls: Sequence[str]) -> int:
    """Return how many servers with JetStream the cluster has, which each of them knows."""
    found = await asyncio.gather(*(asyncio.to_thread(_read, url, "jsz") for url in urls))
    return max((one.get("meta_cluster", {}).get("cluster_size", 1) for one in found if one is not None), default=1)


def _read(url: str, path: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/{path}", timeout=TIMEOUT_S) as answer:  # noqa: S310 - an operator's setting
            read: dict[str, Any] = orjson.loads(answer.read())
    except (OSError, ValueError):
        return None
    return read

"""Requests to an OpenSearch cluster: by whichever node answers, with faults that have codes."""

import ssl
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic_core import to_json

from newsdex.errors import Invalid, Misconfigured, Unavailable
from newsdex.json_text import parse_object
from newsdex.sink.opensearch.address import ClusterAddress

TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 5.0
OVERLOADED = 429
REFUSALS = frozenset({401, 403})
NO_INDEX = 404
AWAY = frozenset({502, 503, 504})
"""What a node without its cluster answers, or a proxy without a node."""
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}


class Cluster:
    """A client of all the nodes of a cluster; the next one is asked where one is away, or cannot reach the others."""

    def __init__(self, address: ClusterAddress) -> None:
        self._nodes = address.nodes
        self._at = 0
        self._client = httpx.AsyncClient(
            auth=httpx.BasicAuth(*address.credentials) if address.credentials else None,
            verify=ssl.create_default_context(cafile=address.authority),
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            trust_env=False,
        )

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None = None, *, absent: bool = False
    ) -> dict[str, Any]:
        """Return what the cluster answers; with `absent`, nothing for what is not there.

        Raises `Unavailable` where it cannot do it now, `Misconfigured` where it refuses us, `httpx.HTTPError` where no
        node can be reached.
        """
        answer = await self._send(method, path, body)
        if answer.status_code in REFUSALS:
            raise Misconfigured("sink_refused", f"OpenSearch refuses us with {answer.status_code}: {method} {path}")
        if absent and answer.status_code == NO_INDEX:
            return {}
        if answer.status_code == OVERLOADED:
            raise Unavailable("sink_overloaded", "OpenSearch has more to do than it can; tried again")
        if answer.is_error:
            raise SinkFault(answer.status_code, f"OpenSearch answers {answer.status_code} to {method} {path}")
        try:
            return parse_object(answer.content)
        except Invalid as error:
            raise Unavailable("sink_failed", f"what answers to {method} {path} is no OpenSearch") from error

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | bytes | None) -> httpx.Response:
        content = body if isinstance(body, bytes | None) else to_json(body)
        headers = NDJSON if isinstance(body, bytes) else JSON if body is not None else None
        for others in reversed(range(len(self._nodes))):
            try:
                url = f"{self._nodes[self._at]}{path}"
                answer = await self._client.request(method, url, content=content, headers=headers)
            except httpx.TransportError:
                if not others:
                    raise
            else:
                if not others or answer.status_code not in AWAY:
                    return answer
            self._at = (self._at + 1) % len(self._nodes)
        raise AssertionError("a cluster has a node")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


class SinkFault(Unavailable):
    """OpenSearch answered with a status of an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__("sink_failed", message)
        self.status = status

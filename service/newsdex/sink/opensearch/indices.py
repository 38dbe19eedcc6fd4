"""The indices of an alias: the one that readers search, the one that is being made beside it, and their positions."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from newsdex.errors import Misconfigured
from newsdex.sink.changes import Mark
from newsdex.sink.opensearch.cluster import Cluster

Json = Mapping[str, Any]
MAKER = "newsdex"
NOT_EXPIRED = {"bool": {"must_not": [{"range": {"expires_at": {"lte": "now"}}}]}}
"""What readers see by the alias: an article that has expired is gone at its hour, also while no sink runs."""
POSITIONS = {
    "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "hidden": True}},
    "mappings": {"dynamic": False},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a cluster has of an alias."""

    serving: str | None
    building: str | None
    """One that was begun after the serving one and may be gone on with."""
    left_over: tuple[str, ...]
    is_current: bool
    """Whether the serving one was made as indices are made now."""


class Indices:
    """Looks after the indices of one alias."""

    def __init__(self, cluster: Cluster, alias: str, definition: Json) -> None:
        """Take how an index is made: `settings` and `mappings`, as OpenSearch takes them."""
        self._cluster = cluster
        self._alias = alias
        self._definition = definition
        self._digest = hashlib.sha256(to_json(definition)).hexdigest()[:16]
        self._positions = f"{alias}-positions"

    async def find(self) -> Found:
        """Look which there are; raise `Misconfigured` where the alias' name is that of an index of somebody else."""
        aliased = await self._cluster.ask("GET", f"/_alias/{self._alias}", absent=True)
        if await self._is_index(aliased):
            raise Misconfigured("sink_alias_taken", f"{self._alias} is an index in OpenSearch: choose another alias")
        mappings = await self._cluster.ask("GET", f"/{self._alias}-v*/_mapping", absent=True)
        notes = {name: value.get("mappings", {}).get("_meta", {}) for name, value in mappings.items()}
        ours = sorted(name for name, note in notes.items() if note.get("made_by") == MAKER)
        serving = max((name for name in ours if name in aliased), default=None)
        building = max((name for name in ours if self._is_later(name, notes[name], serving)), default=None)
        return Found(
            serving=serving,
            building=building,
            left_over=tuple(name for name in ours if name not in {serving, building}),
            is_current=serving is not None and notes[serving].get("digest") == self._digest,
        )

    async def _is_index(self, aliased: Json) -> bool:
        if aliased:
            return False
        return bool(await self._cluster.ask("GET", f"/{self._alias}/_mapping", absent=True))

    def _is_later(self, name: str, note: Json, serving: str | None) -> bool:
        return note.get("digest") == self._digest and (serving is None or name > serving)

    async def create(self, mark: Mark) -> str:
        """Make an empty index; return its name."""
        name = f"{self._alias}-v{datetime.now(UTC).strftime('%Y%m%d%H%M%S%f')}"
        mappings = {**self._definition["mappings"], "_meta": {"made_by": MAKER, "digest": self._digest}}
        await self._cluster.ask(
            "PUT", f"/{name}", {**self._definition, "mappings": mappings, "aliases": {f"{name}-write": {}}}
        )
        await self.keep(name, mark)
        return name

    async def mark(self, name: str) -> Mark | None:
        """Return how far an index is."""
        found = await self._cluster.ask("GET", f"/{self._positions}/_doc/{name}", absent=True)
        if not found.get("found"):
            return None
        return Mark.from_values(found["_source"])

    async def keep(self, name: str, mark: Mark) -> None:
        """Keep how far an index is."""
        await self._cluster.ask("PUT", f"/{self._positions}/_doc/{name}", mark.to_values())

    async def make_positions(self) -> None:
        """Make the index of positions where it is missing."""
        if not await self._cluster.ask("GET", f"/{self._positions}/_mapping", absent=True):
            await self._cluster.ask("PUT", f"/{self._positions}", POSITIONS)

    async def serve(self, name: str, before: str | None) -> None:
        """Have readers search an index from now on, instead of the one before: at once, for all of them."""
        await self._cluster.ask("POST", f"/{name}/_refresh")
        actions: list[Json] = [{"add": {"index": name, "alias": self._alias, "filter": NOT_EXPIRED}}]
        if before is not None:
            actions.append({"remove": {"index": before, "alias": self._alias}})
        await self._cluster.ask("POST", "/_aliases", {"actions": actions})

    async def remove(self, name: str) -> None:
        """Delete an index, and how far it was."""
        await self._cluster.ask("DELETE", f"/{name}", absent=True)
        await self._cluster.ask("DELETE", f"/{self._positions}/_doc/{name}", absent=True)

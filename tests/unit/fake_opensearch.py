"""As much of OpenSearch as a sink asks of it, over HTTP on loopback: indices, aliases, bulk with external versions."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

Json = dict[str, Any]
NOT_FOUND: tuple[int, Json] = (404, {"error": {"type": "index_not_found_exception"}})


@dataclass
class Index:
    """An index: documents with their versions, and the versions of those that are gone."""

    definition: Json
    documents: dict[str, Json] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)


@dataclass
class FakeOpenSearch:
    """The state of a cluster, and the faults that it is to have."""

    indices: dict[str, Index] = field(default_factory=dict)
    aliases: dict[str, set[str]] = field(default_factory=dict)
    filters: dict[str, Json] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Ids of documents that it never takes."""
    faults: list[int] = field(default_factory=list)
    """Statuses of the next requests in bulk."""
    item_faults: dict[str, list[int]] = field(default_factory=dict)
    """Statuses of the next operations on a document."""
    max_bulk_bytes: int = 1 << 30
    credentials: str | None = None
    """What the header `Authorization` must be."""
    bulks: int = 0
    url: str = ""

    def shown(self, alias: str = "newsdex") -> dict[str, Json]:
        """Return what readers find under an alias, whatever its filter is."""
        (index,) = self.aliases.get(alias) or {None}
        return {} if index is None else self.indices[index].documents

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Json]:  # noqa: C901, PLR0911 - a case each
        """Answer a request."""
        first, *rest = [unquote(part) for part in urlsplit(target).path.strip("/").split("/")]
        match method, rest:
            case "POST", ["_bulk"]:
                return self._bulk(first, body)
            case "GET", ["_mapping"]:
                return self._mapping(first)
            case _, ["_doc", id_]:
                return self._document(method, first, id_, body)
            case "GET", [alias] if first == "_alias":
                found = self.aliases.get(alias)
                return (200, {name: {"aliases": {alias: {}}} for name in found}) if found else NOT_FOUND
            case "POST", [] if first == "_aliases":
                return self._change_aliases(json.loads(body)["actions"])
            case "POST", ["_refresh"]:
                return 200, {}
            case "PUT", []:
                definition = json.loads(body)
                self.indices[first] = Index(definition)
                for alias in definition.get("aliases", {}):
                    self.aliases.setdefault(alias, set()).add(first)
                return 200, {}
            case "DELETE", []:
                for names in self.aliases.values():
                    names.discard(first)
                return (200, {}) if self.indices.pop(first, None) else NOT_FOUND
        raise AssertionError(f"nobody asks {method} {target}")

    def _mapping(self, pattern: str) -> tuple[int, Json]:
        names = [name for name in self.indices if name == pattern or name.startswith(pattern.rstrip("*"))]
        found = {name: {"mappings": self.indices[name].definition["mappings"]} for name in names}
        if "*" not in pattern:
            return (200, {pattern: found[pattern]}) if pattern in found else NOT_FOUND
        return 200, found

    def _document(self, method: str, index: str, id_: str, body: bytes) -> tuple[int, Json]:
        documents = self.indices[index].documents
        if method == "PUT":
            documents[id_] = json.loads(body)
        elif method == "DELETE":
            documents.pop(id_, None)
        elif id_ not in documents:
            return 404, {"found": False}
        return 200, {"found": True, "_source": documents.get(id_)}

    def _change_aliases(self, actions: list[Json]) -> tuple[int, Json]:
        for action in actions:
            ((verb, what),) = action.items()
            names = self.aliases.setdefault(what["alias"], set())
            names.add(what["index"]) if verb == "add" else names.discard(what["index"])
            if verb == "add":
                self.filters[what["alias"]] = what["filter"]
        return 200, {}

    def _bulk(self, alias: str, body: bytes) -> tuple[int, Json]:
        self.bulks += 1
        if self.faults:
            return self.faults.pop(0), {}
        if len(body) > self.max_bulk_bytes:
            return 413, {}
        lines, items = iter(body.splitlines()), []
        for line in lines:
            ((verb, named),) = json.loads(line).items()
            source = json.loads(next(lines)) if verb == "index" else None
            items.append({verb: self._operation(alias, named, source)})
        return 200, {"items": items}

    def _operation(self, alias: str, named: Json, source: Json | None) -> Json:
        id_, version = named["_id"], named["version"]
        if not self.aliases.get(alias):
            return {"status": 404, "error": {"type": "index_not_found_exception"}}
        if faults := self.item_faults.get(id_):
            return {"status": faults.pop(0), "error": {"type": "es_rejected_execution_exception"}}
        if source is not None and id_ in self.refused:
            return {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": f"field {source}"}}
        (name,) = self.aliases[alias]
        index = self.indices[name]
        if version < index.versions.get(id_, 0):
            return {"status": 409, "error": {"type": "version_conflict_engine_exception"}}
        index.versions[id_] = version
        if source is not None:
            index.documents[id_] = source
            return {"status": 201, "result": "created"}
        return {"status": 200 if index.documents.pop(id_, None) else 404, "result": "deleted"}


@contextmanager
def fake_opensearch() -> Iterator[FakeOpenSearch]:
    """Run one on a free port."""
    fake = FakeOpenSearch()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if fake.credentials is not None and self.headers.get("authorization") != fake.credentials:
                status, value = 401, Json()
            else:
                status, value = fake.answer(self.command, self.path, body)
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - as the library calls them

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()

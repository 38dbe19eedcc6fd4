"""`/docs`: how to search, and how to publish and ask by HTTP and over the broker; all of it from the contract."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.access import OPEN, scope
from newsdex.gateway.door import door_of

Json = dict[str, Any]
TITLES = {"queries": "The query language", "http": "Over HTTP", "events": "Over the broker"}


@scope(OPEN)
async def contents(request: Request) -> Response:
    """Answer with what there is to read."""
    return door_of(request).pages.render(request, "docs/contents.html", titles=TITLES)


@scope(OPEN)
async def chapter(request: Request) -> Response:
    """Answer with a page of it."""
    name = request.path_params["name"]
    if name not in TITLES:
        raise HTTPException(404)
    return door_of(request).pages.render(
        request, f"docs/{name}.html", title=TITLES[name], titles=TITLES, **_values(name)
    )


@cache
def _values(name: str) -> Json:
    """Return what a page shows; it changes with the version only."""
    if name == "queries":
        # made of our own document when the contract's documents were
        return {"text": Markup(_read("queries.html"))}  # noqa: S704 - see above
    document = _json("openapi.json" if name == "http" else "asyncapi.json")
    shown = {"document": document, "models": _json("models.json"), "pretty": _pretty}
    return shown | ({"codes": _json("codes.json")} if name == "http" else {"operations": _operations(document)})


def _operations(document: Json) -> list[Json]:
    """Return what can be sent, with its messages and what is replied."""
    return [
        {
            "summary": operation["summary"],
            "address": _resolved(document, operation["channel"])["address"],
            "messages": [_message(document, one) for one in operation.get("messages", ())],
            "replies": [_message(document, one) for one in operation.get("reply", {}).get("messages", ())],
        }
        for operation in document["operations"].values()
    ]


def _message(document: Json, reference: Json) -> Json:
    found = _resolved(document, _resolved(document, reference))
    return {**found, "model": found["payload"].get("$ref", "").rpartition("/")[2]}


def _resolved(document: Json, value: Json) -> Json:
    if "$ref" not in value:
        return value
    found: Any = document
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return dict(found)


def _pretty(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _json(name: str) -> Any:
    return json.loads(_read(name))


def _read(name: str) -> str:
    return (files("newsdex.gateway") / "documents" / name).read_text(encoding="utf-8")


routes = [Route("/docs", contents), Route("/docs/{name}", chapter)]

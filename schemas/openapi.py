"""The HTTP gateway as an OpenAPI 3.1 document, of the same models as everything else."""

import json
from typing import Any, NamedTuple

from asyncapi import EXAMPLES, component_schemas, with_component_references
from json_schemas import UntitledFields
from newsdex_schemas import (
    ArticleReply,
    ArticleRequest,
    EventRef,
    OutcomeReply,
    SearchReply,
    SearchRequest,
    SimilarReply,
    SimilarRequest,
    SuggestReply,
    SuggestRequest,
)
from newsdex_schemas.model import ContractModel, RequestModel
from newsdex_schemas.operations import ParkedReply
from newsdex_schemas.query_string import parameters_of
from newsdex_schemas.receipts import EventReceipt, EventReceipts
from newsdex_schemas.status import ServiceStatus
from newsdex_schemas.story import StoryReply, StoryRequest

Json = dict[str, Any]


class Call(NamedTuple):
    """A `GET` of the gateway."""

    path: str
    summary: str
    scope: str
    request: type[RequestModel] | None
    reply: type[ContractModel]
    example: str
    problems: tuple[int, ...]


CALLS = (
    Call("/api/search", "Find articles.", "search", SearchRequest, SearchReply, "search-reply", (400, 429, 503, 504)),
    Call(
        "/api/suggest", "Complete what someone is typing.", "search", SuggestRequest, SuggestReply, "suggest-reply",
        (400, 429, 503, 504),
    ),
    Call(
        "/api/similar/{id}", "Find articles about the same as another one.", "search", SimilarRequest, SimilarReply,
        "similar-reply", (400, 404, 429, 503, 504),
    ),
    Call(
        "/api/articles/{id}", "Give the text of an article that may be shown now.", "search", ArticleRequest,
        ArticleReply, "article-reply", (400, 404, 429, 503, 504),
    ),
    Call(
        "/api/articles/{id}/why", "Tell what became of an article, and why search finds it or does not.", "operate",
        StoryRequest, StoryReply, "story-reply", (400, 404, 429, 503, 504),
    ),
    Call(
        "/api/outcomes", "Tell what became of an event, and whether searches reflect it.", "publish", EventRef,
        OutcomeReply, "outcome-reply", (400, 429, 503, 504),
    ),
    Call("/api/status", "Tell how the service is.", "operate", None, ServiceStatus, "service-status", (429,)),
)  # fmt: skip
QUERY_EXAMPLES: Json = {
    "q": "night ferry",
    "section": ["Transport"],
    "authors": ["Jane Doe"],
    "tags": ["ferries"],
    "agency": ["ENS"],
    "language": ["en"],
    "published_from": "2024-06-01",
    "published_to": "2024-07-01T00:00:00+02:00",
    "timezone": "Europe/Lisbon",
    "facets": ["section"],
}
PROBLEMS = {
    400: "The request breaks the contract; `place` names the parameter or field.",
    401: "This needs a key, or the key opens nothing.",
    403: "The key has not the scope that this needs.",
    404: "There is no such article or event, or none that may be shown.",
    408: "The body did not come in time.",
    409: "The event was handled, dropped or superseded already.",
    413: "The body, or an event in it, is too large.",
    414: "The parameters are too long.",
    415: "The body is of a type that is not taken.",
    429: "Too many requests, or wrong keys, come from this address.",
    503: "The service cannot answer now; the same request may succeed later.",
    504: "There was no answer in time.",
}
SCHEME = "key"


def openapi_document() -> Json:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "newsdex over HTTP",
            "version": "0.1.0",
            "description": "Search articles, and publish them. Every error is a problem (RFC 9457) with a code.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": "search"}, {"name": "publish"}, {"name": "operate"}],
        "paths": {
            **{call.path: {"get": _get(call)} for call in CALLS},
            "/api/events": {"post": _post_events()},
            "/api/status/stream": {"get": _get_status_stream()},
            "/api/parked/{id}/retry": {"post": _post_parked("retry", "Handle a parked event once more.")},
            "/api/parked/{id}/drop": {"post": _post_parked("drop", "Close a parked event without handling it.")},
        },
        "components": {
            "schemas": _schemas(),
            "responses": {
                **{str(status): _problem(text) for status, text in PROBLEMS.items()},
                "431": {"description": "The headers, with the address, have more than 16 kB."},
            },
            "securitySchemes": {
                SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of `newsdex keys add`. Searches need none from the machine itself.",
                }
            },
        },
    }


def _get(call: Call) -> Json:
    problems = [*call.problems, 400, 401, 403, 414, 431]
    return {
        "operationId": _operation_id(call),
        "summary": call.summary,
        "tags": [call.scope],
        "security": [{SCHEME: [call.scope]}, *([{}] if call.scope == "search" else [])],
        "parameters": [*_parameters(call)],
        "responses": {"200": _reply(call.reply, call.example, call.summary), **_problems(problems)},
    }


def _operation_id(call: Call) -> str:
    last = call.path.rpartition("/")[2]
    return call.path.split("/")[2] if "{" in last else last


def _parameters(call: Call) -> list[Json]:
    if call.request is None:
        return []
    schema = call.request.model_json_schema(schema_generator=UntitledFields)
    return [
        _parameter(name, parameter.path, parameter.repeated, schema, in_path=f"{{{name}}}" in call.path)
        for name, parameter in parameters_of(call.request).items()
    ]


def _parameter(name: str, path: tuple[str, ...], repeated: bool, schema: Json, *, in_path: bool) -> Json:
    described, required = _field(schema, path)
    text = described.pop("description", "")
    if name in ("published_from", "published_to"):
        text += " RFC 3339, or a date as people write it, such as 2024-06-30: its first moment in `timezone`."
        described = {"type": "string"}
    found = {
        "name": name,
        "in": "path" if in_path else "query",
        "description": " ".join(text.split()),
        "required": in_path or required,
        "schema": with_component_references(described),
    }
    if repeated:
        found |= {"style": "form", "explode": True}
    if name in QUERY_EXAMPLES:
        found["example"] = QUERY_EXAMPLES[name]
    return found


def _field(schema: Json, path: tuple[str, ...]) -> tuple[Json, bool]:
    """Return the schema of a field of a request, however deep it stands, and whether it must be there."""
    parts, part, required = schema.get("$defs", {}), schema, True
    for step in path:
        required = required and step in part.get("required", ())
        field = part["properties"][step]
        options = [one for one in field.get("anyOf", [field]) if one != {"type": "null"}]
        inner = {**field, **options[0]} if len(options) == 1 else field
        part = parts[inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
    return {key: value for key, value in part.items() if key not in ("anyOf", "default") or value is not None}, required


def _get_status_stream() -> Json:
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": "retry: 3000\n\n"}}
    return {
        "operationId": "status_stream",
        "summary": "Tell how the service is, every two seconds, as server-sent events with a ServiceStatus each.",
        "tags": ["operate"],
        "security": [{SCHEME: ["operate"]}],
        "parameters": [],
        "responses": {
            "200": {"description": "It goes on.", "content": content},
            **_problems([401, 403, 414, 429, 431]),
        },
    }


def _post_parked(operation: str, summary: str) -> Json:
    id_ = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}, "example": 7}
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["operate"],
        "security": [{SCHEME: ["operate"]}],
        "parameters": [{**id_, "description": "The number under which it is parked."}],
        "responses": {
            "200": _reply(ParkedReply, "parked-reply", "What became of it."),
            **_problems([401, 403, 404, 409, 414, 429, 431, 503, 504]),
        },
    }


_CONTEXT: dict[str, tuple[str, Json, object]] = {
    "url": (
        "Address of a page, or of an article that does not state its own.",
        {"type": "string"},
        "https://courier.example/ferry",
    ),
    "id": ("The article's id, of a page.", {"type": "string"}, "gull-7"),
    "timezone": ("The publisher's IANA time zone, for dates without one.", {"type": "string"}, "Europe/London"),
    "map": (
        "Which column of CSV, or field of JSON, an article's field is in.",
        {"type": "array", "items": {"type": "string"}},
        ["title=headline"],
    ),
}


def _post_events() -> Json:
    def body(example: str, schema: Json) -> Json:
        return {"schema": schema, "example": _example(example)}

    event = {"anyOf": [_ref(name) for name in EVENTS]}
    article = _example("article")
    return {
        "operationId": "publish",
        "summary": "Publish articles and events; the answer comes once the broker has stored them.",
        "description": "A CloudEvent in binary mode has its attributes as `ce-` headers and its data as the body. "
        "and other formats are recognised by their content, whatever media type they come under: ninjs, JSON-LD, RSS, "
        "Atom, JSON Feed, posts of WordPress, NewsML-G2, CSV, HTML and plain text.",
        "tags": ["publish"],
        "security": [{SCHEME: ["publish"]}],
        "parameters": [
            {
                "name": "Prefer",
                "in": "header",
                "description": "`wait=5`: answer once searches reflect what was sent, or after as many seconds.",
                "schema": {"type": "string"},
                "example": "wait=5",
            },
            *(
                {"name": name, "in": "query", "description": text, "schema": schema, "example": example}
                for name, (text, schema, example) in _CONTEXT.items()
            ),
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": body("article", {"anyOf": [_ref("Article"), event]}),
                "application/cloudevents+json": body("article.published.v1", event),
                "application/cloudevents-batch+json": {
                    "schema": {"type": "array", "items": event, "maxItems": 1000},
                    "example": [_example("article.published.v1"), _example("article.withdrawn.v1")],
                },
                **{
                    media_type: {"schema": {"type": "string"}, "example": example}
                    for media_type, example in {
                        "text/html": "<h1>Ferry returns</h1><p>The Marigold carried passengers again on Tuesday.</p>",
                        "text/plain": "Ferry returns\n\nThe Marigold carried passengers again on Tuesday.",
                        "text/csv": "id,title\ngull-7,Ferry returns\n",
                        "application/xml": '<rss version="2.0"><channel><item><guid>gull-7</guid>'
                        "<title>Ferry returns</title></item></channel></rss>",
                    }.items()
                },
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": json.dumps({"id": article["id"], "title": article["title"]}, ensure_ascii=False) + "\n",
                },
            },
        },
        "responses": {
            "200": _reply(EventReceipt, "event-receipt", "Searches reflect it, whatever became of it."),
            "202": _reply(EventReceipt, "event-receipt", "The broker has stored it."),
            "207": _reply(EventReceipts, "event-receipts", "Of several events, what became of each."),
            **_problems([400, 401, 403, 408, 413, 414, 415, 429, 431, 503]),
        },
    }


EVENTS = ("ArticlePublished", "ArticleUpdated", "ArticleWithdrawn", "ArticleScraped")


def _reply(model: type[ContractModel], example: str, text: str) -> Json:
    content = {"application/json": {"schema": _ref(model.__name__), "example": _example(example)}}
    return {"description": text, "content": content}


def _problems(statuses: list[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(set(statuses))}


def _problem(text: str) -> Json:
    problem = _example("problem")
    example = {
        "type": f"/docs/http#{problem['code']}",
        "title": "Bad Request",
        "status": 400,
        "detail": problem.pop("message"),
        **problem,
    }
    content = {"application/problem+json": {"schema": _ref("ProblemDetails"), "example": example}}
    return {"description": text, "content": content}


def _schemas() -> Json:
    found = component_schemas()
    problem = found["Problem"]
    members = {
        "type": {"type": "string", "description": "Address of the code's description."},
        "title": {"type": "string", "description": "HTTP's own words for the status."},
        "status": {"type": "integer", "description": "The status of the response."},
        "detail": {"type": "string", "description": "For people; it names every field that is wrong."},
    }
    ours = {name: field for name, field in problem["properties"].items() if name != "message"}
    found["ProblemDetails"] = {
        "type": "object",
        "description": "What went wrong (RFC 9457), with the members of ours.",
        "properties": {**members, **ours},
        "required": [*members, "code", "retryable"],
    }
    return dict(sorted(found.items()))


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))

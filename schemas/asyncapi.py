"""The contract as an AsyncAPI 3 document."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from json_schemas import MESSAGES, REPLIES, REQUESTS, json_schema
from newsdex_schemas import EVENT_MODELS, Article, Problem, channels
from newsdex_schemas.changes import ArticleChanged
from newsdex_schemas.events import JSON_MEDIA_TYPE, event_type
from newsdex_schemas.model import ContractModel

Json = dict[str, Any]

EXAMPLES = Path(__file__).parent / "examples"

REQUEST_CHANNELS = {
    channels.SEARCH_QUERY: ("search-request", "search-reply"),
    channels.SEARCH_SUGGEST: ("suggest-request", "suggest-reply"),
    channels.SEARCH_SIMILAR: ("similar-request", "similar-reply"),
    channels.ARTICLES_GET: ("article-request", "article-reply"),
    channels.ARTICLES_WHY: ("story-request", "story-reply"),
    channels.EVENTS_OUTCOME: ("outcome-request", "outcome-reply"),
    channels.PARKED_LIST: ("parked-list-request", "parked-list"),
    channels.PARKED_RETRY: ("parked-request", "parked-reply"),
    channels.PARKED_DROP: ("parked-request", "parked-reply"),
    channels.ERASURES_ORDER: ("erasure-order", "erasure-reply"),
    channels.ERASURES_STATUS: ("erasure-request", "erasure-reply"),
    channels.PAGES_REPROCESS: ("reprocess-order", "reprocess-reply"),
    channels.INDEX_STATUS: ("index-request", "index-reply"),
    channels.INDEX_CHECK: ("index-order", "index-reply"),
    channels.INDEX_REBUILD: ("index-order", "index-reply"),
    channels.INDEX_ROLLBACK: ("index-order", "index-reply"),
    channels.STREAM_STATUS: ("stream-request", "stream-reply"),
    channels.STREAM_PRUNE: ("stream-order", "stream-reply"),
    channels.STREAM_REDELIVER: ("stream-order", "stream-reply"),
    channels.PROCESSES_STATUS: ("process-request", "process-reply"),
}
REPORT_CHANNELS = {channels.INDEX_DAMAGED: "damage-report"}
"""Those without a reply."""
REQUEST_SUMMARIES = {
    channels.SEARCH_QUERY: "Find articles.",
    channels.SEARCH_SUGGEST: "Complete what someone is typing.",
    channels.SEARCH_SIMILAR: "Find articles about the same as another one.",
    channels.ARTICLES_GET: "Give the text of an article that may be shown now.",
    channels.ARTICLES_WHY: "Tell what became of an article, and why search finds it or does not; for operators.",
    channels.EVENTS_OUTCOME: "Tell what became of published events, and whether search sees them.",
    channels.PARKED_LIST: "Tell which events are parked, and why; for operators.",
    channels.PARKED_RETRY: "Try parked events again; for operators.",
    channels.PARKED_DROP: "Give parked events up; for operators.",
    channels.ERASURES_ORDER: "Erase the texts of articles everywhere, or let them be published again; for operators.",
    channels.ERASURES_STATUS: "Tell how far erasures are; for operators.",
    channels.PAGES_REPROCESS: "Make articles once more of the scraped pages that are kept of them; for operators.",
    channels.INDEX_STATUS: "Tell how the index is; for operators.",
    channels.INDEX_CHECK: "Read the whole index again now, and mend what is damaged; for operators.",
    channels.INDEX_REBUILD: "Build a new generation of the index beside the one that serves; for operators.",
    channels.INDEX_ROLLBACK: "Go back to the generation that served before; for operators.",
    channels.STREAM_STATUS: "Tell how full the stream is, and what may be removed from it; for operators.",
    channels.STREAM_PRUNE: "Remove the oldest handled events from the stream; for operators.",
    channels.STREAM_REDELIVER: "Have every event in the stream delivered once more; for operators.",
    channels.PROCESSES_STATUS: "Tell how each process is; every one replies for itself; for operators.",
    channels.INDEX_DAMAGED: "Hear that the index is damaged, and read it again; for searchers. There is no reply.",
}


def example(name: str) -> Json:
    """Read the example of a message."""
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    value: Json = json.loads(text)
    return value


def component_schemas() -> Json:
    """Return every message's schema and the parts they share, by the names of their models."""
    found: Json = {}
    for name, model in MESSAGES.items():
        schema = with_component_references(json_schema(name))
        parts = schema.pop("$defs", {})
        del schema["$schema"], schema["$id"]
        for title, part in {**parts, model.__name__: schema}.items():
            if found.setdefault(title, part) != part:
                raise ValueError(f"{title} has two schemas; give one of them another name")
    return dict(sorted(found.items()))


def with_component_references(value: Any) -> Any:
    """Return a schema whose references lead to the components of a document."""
    if isinstance(value, dict):
        return {
            key: inner.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref" and isinstance(inner, str)
            else with_component_references(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [with_component_references(inner) for inner in value]
    return value


def _ref(*path: str) -> Json:
    return {"$ref": "#/" + "/".join(path)}


def _payload(model: type[ContractModel]) -> Json:
    return _ref("components", "schemas", model.__name__)


def _message(name: str, summary: str, content_type: str, headers: str, **more: Any) -> Json:
    return {
        "name": name,
        "title": name,
        "summary": summary,
        "contentType": content_type,
        "correlationId": _ref("components", "correlationIds", "correlationId"),
        "headers": _ref("components", "schemas", headers),
        **more,
    }


def _event_messages() -> Iterator[tuple[str, Json]]:
    for model in EVENT_MODELS.values():
        type_ = event_type(model)
        structured = example(type_)
        data = model.model_fields["data"].annotation
        assert isinstance(data, type)
        attributes = {f"ce-{key}": value for key, value in structured.items() if key != "data"}
        yield (
            f"{model.__name__}Structured",
            _message(
                f"{model.__name__}Structured",
                f"{model.__doc__} A CloudEvent in structured mode.",
                channels.CONTENT_TYPE_STRUCTURED,
                "EventHeaders",
                payload=_payload(model),
                examples=[{"name": type_, "payload": structured}],
            ),
        )
        yield (
            f"{model.__name__}Binary",
            _message(
                f"{model.__name__}Binary",
                f"{model.__doc__} A CloudEvent in binary mode: its attributes are headers, its data is the body.",
                "application/json",
                f"{model.__name__}Headers",
                payload=_payload(data),
                examples=[{"name": type_, "headers": attributes, "payload": structured["data"]}],
            ),
        )


def messages() -> Json:
    """Return every message in every form in which it is taken, by its name in the document."""
    found = dict(_event_messages())
    found["BareArticle"] = _message(
        "BareArticle",
        "An article without an envelope. Its `updated_at`, else its `published_at`, stands in for the event's time.",
        "application/json",
        "EventHeaders",
        payload=_payload(Article),
        examples=[{"name": "article", "payload": example("article")}],
    )
    found[ArticleChanged.__name__] = _message(
        ArticleChanged.__name__,
        "What has become of an article. A CloudEvent in structured mode.",
        channels.CONTENT_TYPE_STRUCTURED,
        "ChangeHeaders",
        payload=_payload(ArticleChanged),
        examples=[{"name": event_type(ArticleChanged), "payload": example(event_type(ArticleChanged))}],
    )
    for name, model in {**REQUESTS, **REPLIES}.items():
        summary = (model.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("    ", "")
        headers = "ProblemHeaders" if model is Problem else "MessageHeaders"
        found[model.__name__] = _message(
            model.__name__,
            summary,
            "application/json",
            headers,
            payload=_payload(model),
            examples=[{"name": name, "payload": example(name)}],
        )
    return found


def header_schemas() -> Json:
    """Return the schemas of the headers: of any message, of events, and of each event in binary mode."""
    text: Json = {"type": "string"}
    correlation: Json = {
        "type": "string",
        "description": "Repeated in the reply and in every log line about the message.",
    }
    event: Json = {
        channels.CORRELATION_HEADER: correlation,
        channels.MESSAGE_ID_HEADER: {
            "type": "string",
            "minLength": 1,
            "description": "The broker drops a second message with the same value within the stream's duplicate "
            "window. Take the event's source, its id and the SHA-256 of the message's bytes: a retry then has the same "
            "value, and what was repaired or is another event under the same id has another one. For an article that "
            "brings no event id take a new value for each message, which only a retry repeats.",
        },
    }
    found: Json = {
        "MessageHeaders": {"type": "object", "properties": {channels.CORRELATION_HEADER: correlation}},
        "EventHeaders": {"type": "object", "properties": event},
        "ChangeHeaders": {
            "type": "object",
            "required": [channels.MESSAGE_ID_HEADER],
            "properties": {channels.MESSAGE_ID_HEADER: {**text, "description": "The event's `id`."}},
        },
        "ProblemHeaders": {
            "type": "object",
            "description": "NATS' own convention for the errors of services stands beside the body.",
            "properties": {
                channels.CORRELATION_HEADER: correlation,
                "Nats-Service-Error": {**text, "description": "The problem's `message`."},
                "Nats-Service-Error-Code": {**text, "description": "The problem's `code`."},
            },
        },
    }
    for model in EVENT_MODELS.values():
        found[f"{model.__name__}Headers"] = {
            "type": "object",
            "description": "Values are percent-encoded as the NATS binding of CloudEvents asks: space, double quote, "
            "percent, and what is not printable ASCII.",
            "required": ["ce-specversion", "ce-type", "ce-source", "ce-id"],
            "properties": {
                "ce-specversion": {"type": "string", "const": "1.0"},
                "ce-type": {"type": "string", "const": event_type(model)},
                "ce-source": {"type": "string", "minLength": 1},
                "ce-id": {"type": "string", "minLength": 1},
                "ce-time": {"type": "string", "format": "date-time"},
                "ce-subject": {"type": "string", "minLength": 1},
                "ce-datacontenttype": {"type": "string", "default": "application/json", "pattern": JSON_MEDIA_TYPE},
                **event,
            },
        }
    return found


def _event_channels() -> Iterator[tuple[str, Json]]:
    for address, model in EVENT_MODELS.items():
        names = [f"{model.__name__}Structured", f"{model.__name__}Binary"]
        if address == channels.ARTICLES_PUBLISHED:
            names.append("BareArticle")
        yield (
            address,
            {
                "address": address,
                "title": address,
                "description": f"A subject of the JetStream stream {channels.STREAM}, at most "
                f"{channels.MAX_MESSAGE_BYTES} bytes a message. An event is published once the broker has answered "
                f"with its PubAck. Only the type `{event_type(model)}` is taken.",
                "messages": {name: _ref("components", "messages", name) for name in names},
            },
        )


def _request_channels() -> Iterator[tuple[str, Json]]:
    for address, (request, reply) in REQUEST_CHANNELS.items():
        asked, answered = MESSAGES[request].__name__, MESSAGES[reply].__name__
        yield (
            address,
            {
                "address": address,
                "title": address,
                "description": f"Core NATS request/reply. {REQUEST_SUMMARIES[address]}",
                "messages": {asked: _ref("components", "messages", asked)},
            },
        )
        yield (
            f"{address}.reply",
            {
                "address": None,
                "title": f"Reply to {address}",
                "description": "The requester's inbox: every request is answered, with one of these.",
                "messages": {name: _ref("components", "messages", name) for name in (answered, Problem.__name__)},
            },
        )


def _report_channels() -> Iterator[tuple[str, Json]]:
    for address, report in REPORT_CHANNELS.items():
        said = MESSAGES[report].__name__
        yield (
            address,
            {
                "address": address,
                "title": address,
                "description": f"Core NATS. {REQUEST_SUMMARIES[address]}",
                "messages": {said: _ref("components", "messages", said)},
            },
        )


def _change_channel() -> Json:
    return {
        "address": channels.ARTICLES_CHANGED,
        "title": channels.ARTICLES_CHANGED,
        "description": f"The subject of the JetStream stream {channels.CHANGES_STREAM}, which `newsdex sink nats` "
        "makes and fills. It drops what is older than seven days, and its oldest events beyond 64 MiB. Events come at "
        "least once; `id` tells a repetition.",
        "messages": {ArticleChanged.__name__: _ref("components", "messages", ArticleChanged.__name__)},
    }


def _operation_name(address: str) -> str:
    first, *rest = address.split(".")
    return "on" + first.capitalize() + "".join(part.capitalize() for part in rest)


def operations(described: Json) -> Json:
    """Return what newsdex does on each of the described channels: it takes events, and it answers requests."""
    found: Json = {}
    for address in EVENT_MODELS:
        found[_operation_name(address)] = {
            "action": "receive",
            "channel": _ref("channels", address),
            "summary": f"Index events on {address}; one that breaks the contract is parked, never lost.",
            "messages": [_ref("channels", address, "messages", name) for name in described[address]["messages"]],
        }
    for address in REPORT_CHANNELS:
        found[_operation_name(address)] = {
            "action": "receive",
            "channel": _ref("channels", address),
            "summary": REQUEST_SUMMARIES[address],
            "messages": [_ref("channels", address, "messages", name) for name in described[address]["messages"]],
        }
    for address in REQUEST_CHANNELS:
        reply = f"{address}.reply"
        found[_operation_name(address)] = {
            "action": "receive",
            "channel": _ref("channels", address),
            "summary": REQUEST_SUMMARIES[address],
            "messages": [_ref("channels", address, "messages", name) for name in described[address]["messages"]],
            "reply": {
                "address": {
                    "location": "$message.header#/reply_to",
                    "description": "The reply subject of the NATS message, which every client's request call sets.",
                },
                "channel": _ref("channels", reply),
                "messages": [_ref("channels", reply, "messages", name) for name in described[reply]["messages"]],
            },
        }
    found["sendArticlesChanged"] = {
        "action": "send",
        "channel": _ref("channels", channels.ARTICLES_CHANGED),
        "summary": "Tell other services what has become of articles: without texts, and nothing of an embargo.",
        "messages": [_ref("channels", channels.ARTICLES_CHANGED, "messages", ArticleChanged.__name__)],
    }
    return found


def asyncapi_document() -> Json:
    """Return the AsyncAPI 3.0.0 document, seen from newsdex: what it receives and how it replies."""
    described = {**dict(_event_channels()), **dict(_request_channels()), **dict(_report_channels())}
    described[channels.ARTICLES_CHANGED] = _change_channel()
    return {
        "asyncapi": "3.0.0",
        "id": "urn:newsdex",
        "info": {
            "title": "newsdex",
            "version": "1.0.0",
            "description": "Publish articles as events, and search them. Order between the events of an article: the "
            "higher `version` wins (absent counts as 0), between equal versions the later time.",
            "tags": [{"name": "articles"}, {"name": "search"}],
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:4222",
                "protocol": "nats",
                "description": "The embedded broker at its usual address; a deployment has its own.",
            }
        },
        "channels": described,
        "operations": operations(described),
        "components": {
            "correlationIds": {
                "correlationId": {
                    "location": f"$message.header#/{channels.CORRELATION_HEADER}",
                    "description": "Optional; one is made for a message without it.",
                }
            },
            "messages": messages(),
            "schemas": {**component_schemas(), **header_schemas()},
        },
    }

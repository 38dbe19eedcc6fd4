"""Every message of the contract as a JSON Schema."""

from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from newsdex_schemas import (
    EVENT_MODELS,
    Article,
    ArticleReply,
    ArticleRequest,
    Event,
    OutcomeReply,
    OutcomeRequest,
    Problem,
    SearchReply,
    SearchRequest,
    SimilarReply,
    SimilarRequest,
    SuggestReply,
    SuggestRequest,
)
from newsdex_schemas.changes import ArticleChanged
from newsdex_schemas.events import event_type
from newsdex_schemas.model import ContractModel
from newsdex_schemas.operations import (
    DamageReport,
    ErasureOrder,
    ErasureReply,
    ErasureRequest,
    IndexOrder,
    IndexReply,
    IndexRequest,
    ParkedList,
    ParkedListRequest,
    ParkedReply,
    ParkedRequest,
    ReprocessOrder,
    ReprocessReply,
    StreamOrder,
    StreamReply,
    StreamRequest,
)
from newsdex_schemas.processes import ProcessReply, ProcessRequest
from newsdex_schemas.receipts import EventReceipt, EventReceipts
from newsdex_schemas.status import ServiceStatus
from newsdex_schemas.story import StoryReply, StoryRequest

DIALECT = "https://json-schema.org/draft/2020-12/schema"

REPLIES: dict[str, type[ContractModel]] = {
    "search-reply": SearchReply,
    "suggest-reply": SuggestReply,
    "similar-reply": SimilarReply,
    "article-reply": ArticleReply,
    "story-reply": StoryReply,
    "outcome-reply": OutcomeReply,
    "parked-list": ParkedList,
    "parked-reply": ParkedReply,
    "index-reply": IndexReply,
    "erasure-reply": ErasureReply,
    "reprocess-reply": ReprocessReply,
    "stream-reply": StreamReply,
    "process-reply": ProcessReply,
    "event-receipt": EventReceipt,
    "event-receipts": EventReceipts,
    "service-status": ServiceStatus,
    "problem": Problem,
}
REQUESTS: dict[str, type[ContractModel]] = {
    "search-request": SearchRequest,
    "suggest-request": SuggestRequest,
    "similar-request": SimilarRequest,
    "article-request": ArticleRequest,
    "story-request": StoryRequest,
    "outcome-request": OutcomeRequest,
    "parked-list-request": ParkedListRequest,
    "parked-request": ParkedRequest,
    "index-request": IndexRequest,
    "index-order": IndexOrder,
    "erasure-order": ErasureOrder,
    "erasure-request": ErasureRequest,
    "reprocess-order": ReprocessOrder,
    "damage-report": DamageReport,
    "stream-request": StreamRequest,
    "stream-order": StreamOrder,
    "process-request": ProcessRequest,
}
MESSAGES: dict[str, type[ContractModel]] = {
    "article": Article,
    **{event_type(model): model for model in (*EVENT_MODELS.values(), ArticleChanged)},
    **REQUESTS,
    **REPLIES,
}
"""File name without its ending → the message."""


SHARED = frozenset({"Article", "RelatedLink"})
"""Models that stand in events and in replies."""


class UntitledFields(GenerateJsonSchema):
    """Leaves out the titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """Return False, whatever the field."""
        return False


def json_schema(name: str) -> JsonSchemaValue:
    """Return the JSON Schema of a message: what a sender may write, or for a reply what its reader will get."""
    model = MESSAGES[name]
    mode: Literal["validation", "serialization"] = "serialization" if name in REPLIES else "validation"
    schema = model.model_json_schema(mode=mode, schema_generator=UntitledFields)
    parts = schema.get("$defs", {})
    # an article is described the same wherever it stands
    shared = [parts[name] for name in parts if name in SHARED]
    for part in [schema, *parts.values()] if mode == "validation" else shared:
        _allow_null(part)
    if issubclass(model, Event):
        # Python fills these in, but an event on the wire is no CloudEvent without them
        schema["required"] = ["specversion", "type", *schema["required"]]
        for attribute in ("specversion", "type"):
            del schema["properties"][attribute]["default"]
    return {"$schema": DIALECT, "$id": f"urn:newsdex:{name}", **schema}


def _allow_null(schema: JsonSchemaValue) -> None:
    """Let optional fields be null, in place: classes that generators make of a schema write unset fields so."""
    fields = schema.get("properties", {})
    for name in fields.keys() - set(schema.get("required", ())):
        fields[name] = _or_null(fields[name])


def _or_null(field: JsonSchemaValue) -> JsonSchemaValue:
    null = {"type": "null"}
    if "const" in field or null in field.get("anyOf", ()):
        return field
    around = {key: field[key] for key in ("default", "description") if key in field}
    return {"anyOf": [{key: value for key, value in field.items() if key not in around}, null], **around}

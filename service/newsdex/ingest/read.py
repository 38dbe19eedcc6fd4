"""Reads a message's bytes as an event: structured CloudEvent, binary CloudEvent or bare article."""

import hashlib
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from newsdex.errors import Invalid
from newsdex.ingest.identity import header_attributes, identity
from newsdex.normalise import NoTitle, UnknownTimezone, normalise_page
from newsdex.records import Delivery, ReceivedEvent, microseconds
from newsdex.validation import as_invalid
from newsdex_schemas import (
    EVENT_MODELS,
    Article,
    ArticlePublished,
    ArticleScraped,
    ArticleUpdated,
    ArticleWithdrawn,
    Event,
    ScrapedPage,
    Withdrawal,
    channels,
)
from newsdex_schemas.events import event_type
from newsdex_schemas.model import ContractModel

Model = TypeVar("Model", bound=BaseModel)
FINGERPRINT_BYTES = 16
KNOWN_TYPES = frozenset(event_type(model) for model in EVENT_MODELS.values())


def read_event(delivery: Delivery) -> ReceivedEvent:
    """Read a delivery as a valid event.

    Raises `Invalid` with a stable code and the place of the fault; any bytes give an event or that.
    """
    if len(delivery.body) > channels.MAX_MESSAGE_BYTES:
        raise Invalid("message_too_large", f"the message has more than {channels.MAX_MESSAGE_BYTES} bytes")
    value = parse_object(delivery.body)
    model = EVENT_MODELS.get(delivery.subject)
    if model is None:
        raise Invalid("unknown_channel", f"no event is expected on {delivery.subject}")
    if attributes := header_attributes(delivery):
        return _from_cloudevent(delivery, model, {**attributes, "data": value})
    if is_cloudevent(value):
        return _from_cloudevent(delivery, model, value)
    return _from_bare_article(delivery, value)


def is_cloudevent(value: dict[str, Any]) -> bool:
    """Tell an event from a bare article, which may have a field `type` of its own."""
    type_ = value.get("type")
    return "specversion" in value or (isinstance(type_, str) and type_ in KNOWN_TYPES)


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raise `Invalid` for anything else."""
    if not body.strip():
        raise Invalid("empty_message", "the message has no content")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("invalid_utf8", f"not UTF-8 at byte {error.start}", f"byte {error.start}") from error
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        message = str(error)
        code = "too_deep" if "recursion limit" in message else "invalid_json"
        raise Invalid(code, f"not JSON: {message}", message.rpartition(" at ")[2] or None) from error
    if not isinstance(value, dict):
        raise Invalid("not_an_object", "the message must be a JSON object")
    return value


def _from_cloudevent(delivery: Delivery, model: type[Event], value: dict[str, Any]) -> ReceivedEvent:
    if value.get("specversion") != "1.0":
        raise Invalid("unsupported_specversion", "only CloudEvents 1.0 is understood", "specversion")
    type_ = value.get("type")
    if not isinstance(type_, str) or type_ not in KNOWN_TYPES:
        raise Invalid("unknown_type", "the event's type is none of the contract's", "type")
    if type_ != event_type(model):
        raise Invalid("type_on_wrong_channel", f"{delivery.subject} takes {event_type(model)} only", "type")
    for name in ("id", "source"):
        if name not in value:
            raise Invalid("missing_attribute", f"the CloudEvents attribute {name} is missing", name)
    event = _validate(model, value)
    data, given = _data_of(event)
    return _received(
        delivery,
        source=event.source,
        id_=event.id,
        type_=event_type(model),
        stated=event.time,
        data=data,
        given=given,
        unknown=_unknown(model, value),
    )


def _from_bare_article(delivery: Delivery, value: dict[str, Any]) -> ReceivedEvent:
    if delivery.subject != channels.ARTICLES_PUBLISHED:
        raise Invalid("not_a_cloudevent", f"a bare article is taken on {channels.ARTICLES_PUBLISHED} only")
    article = _validate(Article, value)
    name = identity(delivery)
    return _received(
        delivery,
        source=name.source,
        id_=name.id,
        type_=event_type(ArticlePublished),
        stated=article.updated_at,
        data=article,
        given=article,
        unknown=_unknown(Article, value),
    )


def _validate(model: type[Model], value: dict[str, Any]) -> Model:
    try:
        # JSON mode: texts are read as dates, and unknown fields are tolerated
        return model.model_validate_json(to_json(value))
    except ValidationError as error:
        raise as_invalid(error) from error


def _data_of(event: Event) -> tuple[Article | Withdrawal, ContractModel]:
    """Return what the event says, and what it says it by."""
    if isinstance(event, ArticleScraped):
        return _normalised(event.data), event.data
    assert isinstance(event, ArticlePublished | ArticleUpdated | ArticleWithdrawn)
    return event.data, event.data


def _normalised(page: ScrapedPage) -> Article:
    try:
        return normalise_page(page)
    except NoTitle as error:
        raise Invalid("no_title", str(error), "data.text") from error
    except UnknownTimezone as error:
        raise Invalid("unknown_timezone", "the page's time zone is no IANA time zone", "data.timezone") from error
    except ValidationError as error:
        fault = as_invalid(error)
        raise Invalid(fault.code, f"the page's article: {fault.message}", "data.text") from error


def _received(  # noqa: PLR0913 - the parts of one value
    delivery: Delivery,
    *,
    source: str,
    id_: str,
    type_: str,
    stated: datetime | None,
    data: Article | Withdrawal,
    given: ContractModel,
    unknown: int,
) -> ReceivedEvent:
    content = data.to_json()
    # a page as it was given: what the normaliser makes of it may be another thing in another version of newsdex
    told = content if given is data else given.to_json()
    return ReceivedEvent(
        source=source,
        id=id_,
        type=type_,
        article_id=data.id,
        article=None if isinstance(data, Withdrawal) else data,
        content=b"" if isinstance(data, Withdrawal) else content,
        version=data.version,
        stated_us=microseconds(stated) if stated else None,
        fingerprint=hashlib.blake2b(told, digest_size=FINGERPRINT_BYTES, person=type(data).__name__.encode()).digest(),
        correlation_id=delivery.correlation_id or id_,
        unknown_fields=unknown,
    )


def _unknown(model: type[BaseModel], value: dict[str, Any]) -> int:
    """Count the fields that the contract does not know, in the event and its data."""
    count = len(value.keys() - model.model_fields.keys())
    data, annotation = value.get("data"), model.model_fields.get("data")
    if annotation is not None and isinstance(data, dict):
        fields: dict[str, Any] = getattr(annotation.annotation, "model_fields", {})
        count += len(data.keys() - fields.keys())
    return count

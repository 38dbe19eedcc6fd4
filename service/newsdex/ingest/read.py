"""Reads a message's bytes as an event: structured CloudEvent, binary CloudEvent or bare article."""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from newsdex.errors import Invalid
from newsdex.formats import Item
from newsdex.ingest.cloudevents import (
    KNOWN_TYPES,
    header_attributes,
    is_cloudevent,
    set_attributes,
    unknown_type,
    with_payload,
)
from newsdex.ingest.fingerprint import fingerprint, withdrawal_fingerprint
from newsdex.ingest.foreign import foreign_data, foreign_message
from newsdex.ingest.identity import data_of, identity
from newsdex.ingest.markup import without_markup
from newsdex.ingest.names import blank_name, steering_names
from newsdex.ingest.pages import read_page
from newsdex.ingest.single_item import single_member, single_object
from newsdex.normalise.page_address import page_id
from newsdex.order import EventName
from newsdex.records.events import Delivery, ReceivedEvent
from newsdex.records.moments import microseconds
from newsdex.validation import FieldFault, as_one, faults_of
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

PUBLICATIONS = (ArticlePublished, ArticleUpdated)


_HTML = re.compile(
    rb'"(?:h|\\u0068)(?:t|\\u0074)(?:m|\\u006[dD])(?:l|\\u006[cC])"\s*:|"data_base64"\s*:', re.IGNORECASE
)
"""The name of a field, however it is escaped."""


def is_html(delivery: Delivery) -> bool:
    """Return whether a message may bring a page as HTML, which takes long to read; in doubt it does."""
    return delivery.subject == channels.ARTICLES_SCRAPED and _HTML.search(delivery.body) is not None


def name_of_page(delivery: Delivery) -> EventName:
    """Return the name of a page's event without reading the page."""
    name = identity(delivery)
    return EventName(name.source, name.id, fingerprint(data_of(delivery)))


def read_event(delivery: Delivery) -> ReceivedEvent:
    """Read a delivery as a valid event.

    Raises `Invalid` with a stable code and the place of the fault; any bytes give an event or that.
    """
    checked = _checked(delivery)
    return _received_of(delivery, checked) if isinstance(checked, _Checked) else checked


def check_event(delivery: Delivery) -> tuple[str, str]:
    """Return source and id of an event that keeps the contract; a page of HTML is not read for that.

    What only shows when a page is read, such as that it has no title, parks its event later. Raises `Invalid` as
    `read_event`.
    """
    checked = _checked(delivery)
    if isinstance(checked, _Checked) and not (
        isinstance(checked.event, ArticleScraped) and checked.event.data.html is not None
    ):
        checked = _received_of(delivery, checked)
    return (checked.event.source, checked.event.id) if isinstance(checked, _Checked) else (checked.source, checked.id)


def _checked(delivery: Delivery) -> "_Checked | ReceivedEvent":
    """Return an event that keeps the contract, or what a bare article is already."""
    if len(delivery.body) > channels.MAX_MESSAGE_BYTES:
        raise Invalid("message_too_large", f"the message has more than {channels.MAX_MESSAGE_BYTES} bytes")
    model = EVENT_MODELS.get(delivery.subject)
    if model is ArticlePublished and (item := foreign_message(delivery)):
        return _from_item(delivery, item)
    value = single_object(delivery.body)
    if model is None:
        raise Invalid("unknown_channel", f"no event is expected on {delivery.subject}")
    if attributes := header_attributes(delivery.headers, value):
        unreadable = [name for name, text in attributes.items() if text is None]
        return _from_cloudevent(delivery, model, {**attributes, "data": value}, unreadable)
    if is_cloudevent(value):
        return _from_cloudevent(delivery, model, value, ())
    return _from_bare_article(delivery, value)


def _from_cloudevent(
    delivery: Delivery, model: type[Event], value: dict[str, Any], unreadable: Sequence[str]
) -> "_Checked":
    """Return a CloudEvent that keeps the contract; `unreadable` are the attributes whose headers are not UTF-8."""
    envelope = {fault.place: fault for fault in _envelope_faults(delivery.subject, model, value, unreadable)}
    try:
        given = with_payload(value)
    except Invalid as fault:
        given = set_attributes(value)
        envelope["data"] = FieldFault(fault.code, fault.message, fault.place)
    item = None
    if not envelope and model in PUBLICATIONS:
        given, item = _publication(given, delivery)
    if item is not None:
        given = {**given, "data": from_json(item.data.to_json())}
        if isinstance(item.data, Withdrawal):
            model, given["type"] = ArticleWithdrawn, event_type(ArticleWithdrawn)
    names = _names_of(model, given)
    data = payload if isinstance(payload := given.get("data"), dict) else {}
    # a takedown may name whatever was taken in before; with an address, too, it is in doubt which article is meant
    article_id = data.get("id") if model is not ArticleWithdrawn or data.get("url") else None
    try:
        event = model.model_validate_json(to_json(given))
    except ValidationError as error:
        found = faults_of(error)
        raise as_one(_all_faults(model, envelope, _name_faults(names, "data.id", article_id, found))) from error
    unnamed = _name_faults(names, "data.id", article_id)
    if envelope or unnamed:
        raise as_one(_all_faults(model, envelope, unnamed))
    return _Checked(model, event, given, item)


class _Checked(NamedTuple):
    """An event that keeps the contract, and what it was made of."""

    model: type[Event]
    event: Event
    given: Mapping[str, Any]
    item: Item | None
    """What its data are in another format."""


def _received_of(delivery: Delivery, checked: _Checked) -> ReceivedEvent:
    model, event, given, item = checked
    return _received(
        delivery,
        source=event.source,
        id_=event.id,
        type_=event_type(model),
        stated=event.time or (item.time if item else None),
        data=_data_of(event, plain=item is not None),
        given=given["data"],
        unknown=_unknown(model, given) + (len(item.unkept) if item else 0),
        page=zlib.compress(delivery.body) if model is ArticleScraped else None,
        addresses=_addresses_of(event),
    )


def _publication(given: dict[str, Any], delivery: Delivery) -> tuple[dict[str, Any], Item | None]:
    """Return a publication, its article where that was the only one of a list, and the item of another format."""
    try:
        data = single_member(given.get("data"))
        return given if data is given.get("data") else {**given, "data": data}, foreign_data(data, delivery)
    except Invalid as fault:
        place = f"data.{fault.place}" if fault.place else "data"
        raise Invalid(fault.code, f"data: {fault.message}", place) from fault


def _name_faults(
    names: Mapping[str, object], place: str, article_id: object, found: Sequence[FieldFault] = ()
) -> list[FieldFault]:
    """Return what is wrong with names, the article's at its place among them, before what was found."""
    steering = steering_names(names, found)
    return [*steering, *blank_name(place, article_id, [*steering, *found]), *found]


def _names_of(model: type[Event], event: Mapping[str, Any]) -> dict[str, object]:
    """Return what an event calls itself and its article, by place; a takedown may name whatever was taken in before."""
    names = {name: event.get(name) for name in ("id", "source", "subject")}
    data = event.get("data")
    if model is not ArticleWithdrawn and isinstance(data, dict):
        names["data.id"] = data.get("id")
    return names


def _envelope_faults(
    subject: str, model: type[Event], value: dict[str, Any], unreadable: Sequence[str]
) -> Iterator[FieldFault]:
    """Find what is wrong with the attributes that make an event one of ours."""
    if value.get("specversion") != "1.0":
        yield FieldFault("unsupported_specversion", "only CloudEvents 1.0 is understood", "specversion")
    type_ = value.get("type")
    if type_ not in KNOWN_TYPES:
        unknown = unknown_type()
        yield FieldFault(unknown.code, unknown.message, unknown.place)
    elif type_ != event_type(model):
        yield FieldFault("type_on_wrong_channel", f"{subject} takes {event_type(model)} only", "type")
    for name in ("id", "source"):
        if value.get(name) is None:
            yield FieldFault("missing_attribute", f"the CloudEvents attribute {name} is missing", name)
    for name in unreadable:
        yield FieldFault("malformed_text", f"{name}: the header's percent-encoding is not UTF-8", name)


def _all_faults(
    model: type[Event], envelope: Mapping[str | None, FieldFault], found: Sequence[FieldFault]
) -> list[FieldFault]:
    """Return all faults of an event in the order of its fields; the envelope's stand for the model's at their place.

    Data of an unknown type, or of none that can be read, was not compared with its own model.
    """
    unread = {"data"} if envelope.keys() & {"type", "data"} else frozenset()
    others = [fault for fault in found if fault.place not in envelope and _attribute(fault) not in unread]
    order = list(model.model_fields)

    def position(fault: FieldFault) -> int:
        attribute = _attribute(fault)
        return order.index(attribute) if attribute in order else len(order)

    return sorted([*envelope.values(), *others], key=position)


def _attribute(fault: FieldFault) -> str:
    return (fault.place or "").partition(".")[0]


def _from_bare_article(delivery: Delivery, value: dict[str, Any]) -> ReceivedEvent:
    if delivery.subject != channels.ARTICLES_PUBLISHED:
        raise Invalid("not_a_cloudevent", f"a bare article is taken on {channels.ARTICLES_PUBLISHED} only")
    header = channels.MESSAGE_ID_HEADER
    names = {"id": value.get("id"), header: delivery.headers.get(header)}
    if not names["id"] and (item := foreign_data(value, delivery)):
        return _from_item(delivery, item)
    article = _bare_article(value, names)
    name = identity(delivery)
    return _received(
        delivery,
        source=name.source,
        id_=name.id,
        type_=event_type(ArticlePublished),
        stated=article.updated_at,
        data=article,
        given=value,
        unknown=_unknown(Article, value),
    )


def _from_item(delivery: Delivery, item: Item) -> ReceivedEvent:
    """Take a bare article of another format, or the takedown that it says."""
    assert not isinstance(item.data, ScrapedPage)
    name = identity(delivery)
    return _received(
        delivery,
        source=name.source,
        id_=name.id,
        type_=event_type(ArticleWithdrawn if isinstance(item.data, Withdrawal) else ArticlePublished),
        stated=item.time,
        data=item.data,
        given=from_json(item.data.to_json()),
        unknown=len(item.unkept),
    )


def _bare_article(value: dict[str, Any], names: Mapping[str, object]) -> Article:
    try:
        # JSON mode: texts are read as dates, and unknown fields are tolerated
        article = Article.model_validate_json(to_json(value))
    except ValidationError as error:
        found = faults_of(error)
        raise as_one(_name_faults(names, "id", names["id"], found)) from error
    if unnamed := _name_faults(names, "id", names["id"]):
        raise as_one(unnamed)
    return without_markup(article)


def _data_of(event: Event, *, plain: bool) -> Article | Withdrawal:
    """Return what an event tells of; `plain` says that its texts were read from another format."""
    if isinstance(event, ArticleScraped):
        return read_page(event.data)
    assert isinstance(event, ArticlePublished | ArticleUpdated | ArticleWithdrawn)
    data = event.data
    if isinstance(data, Article) and not plain:
        return without_markup(data)
    if isinstance(data, Withdrawal) and data.id is None:
        return data.model_copy(update={"id": page_id(str(data.url))})
    return data


def _addresses_of(event: Event) -> tuple[str, ...]:
    """Return the names that a page without an id of its own has by its addresses."""
    if not isinstance(event, ArticleScraped) or event.data.id is not None:
        return ()
    page = event.data
    return tuple({page_id(str(url)): None for url in (page.url, page.fetched_url, page.canonical_url) if url})


def _received(  # noqa: PLR0913 - the parts of one value
    delivery: Delivery,
    *,
    source: str,
    id_: str,
    type_: str,
    stated: datetime | None,
    data: Article | Withdrawal,
    given: Mapping[str, object],
    unknown: int,
    page: bytes | None = None,
    addresses: Sequence[str] = (),
) -> ReceivedEvent:
    withdrawal, stated_us = isinstance(data, Withdrawal), microseconds(stated) if stated else None
    assert data.id is not None
    return ReceivedEvent(
        source=source,
        id=id_,
        type=type_,
        article_id=data.id,
        article=None if isinstance(data, Withdrawal) else data,
        content=b"" if withdrawal else data.to_json(),
        version=data.version,
        stated_us=stated_us,
        fingerprint=withdrawal_fingerprint(given, stated_us) if withdrawal else fingerprint(given),
        correlation_id=delivery.correlation_id or id_,
        unknown_fields=unknown,
        page=page,
        addresses=tuple(address for address in addresses if address != data.id),
    )


def _unknown(model: type[BaseModel], value: Mapping[str, Any]) -> int:
    """Count the fields that the contract does not know, in the event and its data."""
    count = len(value.keys() - model.model_fields.keys())
    data, annotation = value.get("data"), model.model_fields.get("data")
    if annotation is not None and isinstance(data, dict):
        fields: dict[str, Any] = getattr(annotation.annotation, "model_fields", {})
        count += len(data.keys() - fields.keys())
    return count

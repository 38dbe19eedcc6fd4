"""Judges a message by the contract's JSON Schemas and Python's own JSON reader, which newsdex does not use."""

import json
import re
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

from tests.conftest import ROOT
from tests.faults.bad_input import CHANNELS, Sent

from jsonschema import Draft202012Validator

SCHEMAS = ROOT / "schemas" / "jsonschema"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?")
PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
TIMES = {"time", "published_at", "updated_at", "embargoed_until", "expires_at", "fetched_at"}
UNSURE = "unsure"
ARTICLES = ("article", "article.published.v1", "article.updated.v1")
ONE_LINE = ("id", "source", "subject", "language", "url", "timezone")
"""Where Python's `$` takes a line end for the end of the text."""
MAX_BODY_CHARS = 1_000_000
FOREIGN = {"uri", "@context", "@type", "@graph", "representationType", "pubstatus", "guid", "rendered"}
"""Fields by which ninjs, schema.org and the like are known: whether they hold an article is in no schema of ours."""


def judge(sent: Sent) -> str:
    """Return `valid`, `invalid`, or `unsure` where the schemas do not say it all."""
    try:
        value = json.loads(sent.body.decode(), parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return "invalid"
    value = _only_member(value)
    if not isinstance(value, dict):
        return "invalid"
    headers = {name.lower(): text for name, text in sent.headers.items() if name.lower().startswith("ce-")}
    if headers and "specversion" not in value:  # with it the body is an event, whatever headers a relay added
        try:
            attributes = {name[3:]: unquote(text, errors="strict") for name, text in headers.items()}
        except UnicodeDecodeError:
            return "invalid"
        value = {**attributes, "data": value}
    elif "specversion" in value and "data" in value:
        value["data"] = _only_member(value["data"])
    return _judge_by_schema(sent.channel, value)


def _only_member(value: Any) -> Any:
    """Return the object that is alone in a list, which stands for itself; else the value."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) else value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _judge_by_schema(channel: str, value: dict[str, Any]) -> str:
    if any(isinstance(one, dict) and FOREIGN & one.keys() for one in (value, value.get("data"))):
        return UNSURE
    type_ = value.get("type")
    if "specversion" in value or (isinstance(type_, str) and type_ in CHANNELS.values()):
        schema = CHANNELS[channel]
    elif channel == "articles.published":
        schema = "article"
    else:
        return "invalid"
    value = _without_empty(value, _validator(schema).schema)
    if not _validator(schema).is_valid(value):
        return "invalid"
    article = value if schema == "article" else value["data"]
    if schema in ARTICLES and "title" not in article and "body" not in article:
        return "invalid"
    either = {"article.withdrawn.v1": {"id", "url"}, "article.scraped.v1": {"text", "html"}}.get(schema)
    if either is not None and either.isdisjoint(article):
        return "invalid"
    return max(_limits(value, schema), _limits(value.get("data") if schema != "article" else None, schema), key=_ORDER)


def _without_empty(value: Any, schema: dict[str, Any], parts: dict[str, Any] | None = None) -> Any:
    """Leave out of an object what stands for nothing where it need not be there, as the contract says in prose."""
    parts = parts if parts is not None else schema.get("$defs", {})
    if "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    needed = set(schema.get("required", ())) | {name for name, one in schema["properties"].items() if "const" in one}
    kept = {
        name: one
        for name, one in value.items()
        if name in needed or not (_stands_for_nothing(one) or (name in TIMES and one == 0))
    }
    return {name: _without_empty(one, schema["properties"].get(name, {}), parts) for name, one in kept.items()}


def _stands_for_nothing(value: Any) -> bool:
    if isinstance(value, list | dict):
        return all(map(_stands_for_nothing, value.values() if isinstance(value, dict) else value))
    return value is None or (isinstance(value, str) and not value.strip())


_ORDER = ["valid", UNSURE, "invalid"].index


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_bytes()))


def _limits(value: Any, schema: str) -> str:
    """Judge what JSON Schema cannot say: times, their order, and where its readers differ."""
    if not isinstance(value, dict):
        return "valid"
    verdicts = ["valid", *(_time(value[name]) for name in TIMES & value.keys() if value[name] is not None)]
    if isinstance(value.get("version"), float) or any(
        isinstance(one, str) and one.endswith("\n") for one in value.values()
    ):
        verdicts.append(UNSURE)
    start, end = value.get("embargoed_until"), value.get("expires_at")
    if start and end:
        verdicts.append(_order(start, end))
    if schema == "article.scraped.v1" and "text" in value:
        # what the normaliser makes of a page, and which zones there are, is in no schema
        plain = (
            len(value["text"]) < 100_000
            and value["text"].strip()
            and value.get("timezone") in (None, "UTC", "Europe/London")
        )
        verdicts.append("valid" if plain else UNSURE if value["text"].strip() else "invalid")
    return max(verdicts, key=_ORDER)


def _order(start: str, end: str) -> str:
    if _time(start) != "valid" or _time(end) != "valid":
        return UNSURE
    return "valid" if datetime.fromisoformat(start) < datetime.fromisoformat(end) else "invalid"


def _time(text: str) -> str:
    if PLAIN.fullmatch(text):
        try:
            return "valid" if 1001 <= datetime.fromisoformat(text).year < 8999 else UNSURE
        except ValueError:
            return "invalid"
    return UNSURE if RFC3339.fullmatch(text) else "invalid"

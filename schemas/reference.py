"""The reference of requests and replies, as Markdown: prose, and a table of fields for each model.

What a field means is said once, in its model; JSON Schemas, AsyncAPI document and this reference repeat it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from json_schemas import MESSAGES, REPLIES, REQUESTS, json_schema

Json = dict[str, Any]
PROSE = Path(__file__).parent / "reference_prose.md"
TABLES = "<!-- fields -->\n"
"""Where in the prose the tables stand."""


def reference() -> str:
    """Return the text of REFERENCE.md."""
    before, after = PROSE.read_text(encoding="utf-8").split(TABLES)
    tables = "\n".join([*_part("Requests", list(REQUESTS)), *_part("Replies", list(REPLIES))])
    return f"{before}{tables}{after}"


def _part(title: str, names: list[str]) -> Iterator[str]:
    """Yield the lines of one part: each message, and what it is made of where that was not described before."""
    yield f"## {title}\n"
    described: set[str] = set()
    for name in names:
        schema = json_schema(name)
        yield from _model(MESSAGES[name].__name__, schema, f"`{name}`")
        for part, described_part in schema.get("$defs", {}).items():
            if part not in described:
                described.add(part)
                yield from _model(part, described_part, "A part")


def _model(name: str, schema: Json, what: str) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{what}: {schema['description'].strip()}\n"
    fields = schema.get("properties", {})
    if not fields:
        yield "It has no fields.\n"
        return
    yield "| field | type | absent | meaning |"
    yield "|---|---|---|---|"
    for field, described in fields.items():
        absent = "required" if field in schema.get("required", ()) else absent_of(described)
        meaning = " ".join(described.get("description", "").split()).replace("|", "\\|")
        yield f"| `{field}` | {type_in_words(described)} | {absent} | {meaning} |"
    yield ""


def absent_of(field: Json) -> str:
    """Return what an absent field means."""
    default = field.get("default")
    if default is None or default in ([], {}) or isinstance(default, dict):
        return "none"
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def type_in_words(field: Json) -> str:
    """Say a field's type in words; null, which every optional field may be, is not repeated."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(type_in_words(one) for one in field["anyOf"] if one != {"type": "null"})
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return "[start, end]" if "prefixItems" in field else f"list of {type_in_words(field['items'])}"
    return _scalar(field)


def _scalar(field: Json) -> str:
    if field["type"] == "object":
        return f"object of {type_in_words(field['additionalProperties'])}"
    if field.get("format") == "date-time":
        return "time"
    name = {"string": "text", "boolean": "true or false"}.get(field["type"], field["type"])
    return f"{name}{_bounds(field)}"


def _bounds(field: Json) -> str:
    least = field.get("minimum", field.get("exclusiveMinimum"))
    most = field.get("maximum", field.get("maxLength"))
    if most is None:
        return ""
    if "maxLength" in field:
        return f", at most {most:,} characters"
    return f", {'above ' if 'exclusiveMinimum' in field else ''}{least or 0:,g} to {most:,g}"

"""What the gateway's pages under `/docs` show, made ready so that they only have to be filled in."""

import re
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from asyncapi import component_schemas
from reference import absent_of, type_in_words

Json = dict[str, Any]
SCHEMAS = Path(__file__).parent
OPERATING = SCHEMAS.parent / "deploy" / "OPERATING.md"


def models() -> Json:
    """Return every model of the contract: what it is, and its fields in words."""
    return {name: _model(schema) for name, schema in component_schemas().items()}


def _model(schema: Json) -> Json:
    required = schema.get("required", ())
    fields = [
        {
            "name": name,
            "type": re.sub(r"\[(\w+)\]\(#\w+\)", r"\1", type_in_words(field)),
            "absent": "required" if name in required else absent_of(field).strip("`"),
            "meaning": " ".join(field.get("description", "").split()),
        }
        for name, field in schema.get("properties", {}).items()
    ]
    return {"description": schema.get("description", "").strip(), "fields": fields}


def codes() -> list[Json]:
    """Return every code that the operators' document has, with its meaning."""
    section = OPERATING.read_text(encoding="utf-8").split("\n## Codes\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    found: dict[str, str] = {}
    for cells in rows:
        for name in re.findall(r"`(\w+)`", cells[0]):
            found.setdefault(name, _plain(cells[-1]))
    return [{"code": name, "meaning": meaning} for name, meaning in sorted(found.items())]


def queries() -> str:
    """Return the page of the query language as HTML; links to files lead nowhere there, and are taken away."""
    text = re.sub(r"\[([^\]]+)\]\((?!https?:|#)[^)]+\)", r"\1", (SCHEMAS / "QUERY.md").read_text(encoding="utf-8"))
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


def _plain(markdown: str) -> str:
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown).replace("`", "").replace("\\|", "|").strip()

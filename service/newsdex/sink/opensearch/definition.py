"""How an index of OpenSearch is made: as it comes with newsdex, or as a file says."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from newsdex.errors import Invalid, Misconfigured
from newsdex.json_text import as_object, parse_object

KEEP_DELETIONS = "1d"
"""By default OpenSearch forgets after a minute that a document was deleted, and takes a late copy of it again."""


def read_definition(path: Path | None) -> Mapping[str, Any]:
    """Read a file of `settings` and `mappings`, ours without a path; raise `Misconfigured` where it is none."""
    try:
        content = (path or files(__package__) / "index.json").read_bytes()
        definition = parse_object(content)
        settings = as_object(definition.get("settings", {}))
    except OSError as error:
        raise Misconfigured("sink_index_file", f"{path}: {error.strerror}") from error
    except Invalid as error:
        raise Misconfigured("sink_index_file", f"{path}: {error.message}") from error
    if not isinstance(definition.get("mappings"), dict):
        raise Misconfigured("sink_index_file", f"{path}: there are no mappings in it")
    if b"gc_deletes" not in content:
        definition["settings"] = {**settings, "index.gc_deletes": KEEP_DELETIONS}
    return definition

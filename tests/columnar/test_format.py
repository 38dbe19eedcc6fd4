"""FORMAT.md describes what is written: every section of a segment, and the sizes and versions of the frame."""

import re
from importlib.resources import files
from pathlib import Path

from tests.columnar.corpus import Indexed

from newsdex.index.columnar.storage import deletions
from newsdex.index.columnar.storage import section_file as sections
from newsdex.index.columnar.storage.segment import COLUMNS
from newsdex.index.columnar.storage.signatures import SECTION
from newsdex.index.schema import FILTER_FIELDS, SPELLED_FIELDS, TEXT_FIELDS

TEXT = files("newsdex.index.columnar").joinpath("FORMAT.md").read_text(encoding="utf-8")
ARTICLE = {
    "title": "Harbour",
    "summary": "A summary",
    "body": "Ferries, ferries.",
    "section": "world",
    "authors": ["Ann Roe"],
    "tags": ["sea"],
    "agency": "AFP",
    "language": "en",
    "published_at": "2026-01-01T00:00:00Z",
    "embargoed_until": "2026-01-02T00:00:00Z",
    "expires_at": "2026-01-03T00:00:00Z",
}


def test_every_section_of_a_segment_is_described(tmp_path: Path) -> None:
    indexed = Indexed(tmp_path)
    indexed.apply([ARTICLE | {"id": "a"}, ARTICLE | {"id": "b"}])
    indexed.apply([ARTICLE | {"id": "c", "body": " ".join(f"word{n}" for n in range(40))}, "a"])
    indexed.writer.merge_everything()
    (path,) = indexed.folder.glob("*.cols")
    written = {_general(name) for name in sections.SectionFile(path).names()}
    described = set(re.findall(r"`(F\.[a-z_]+|[a-z]+\.values|signatures)`", TEXT))
    packed = {name for name in written if f"{name}.widths" in written}

    assert packed == {"F.documents", "F.frequencies"}
    assert described == written - {f"{name}.widths" for name in packed}


def _general(section: str) -> str:
    field, _, rest = section.partition(".")
    if section == SECTION:
        return section
    assert field in {*TEXT_FIELDS, *COLUMNS, "id", *FILTER_FIELDS, *SPELLED_FIELDS.values()}
    return section if rest == "values" else f"F.{rest}"


def test_sizes_and_versions_are_those_of_the_code() -> None:
    sizes = {
        "header": [sections.HEADER.size, deletions.HEADER.size],
        "trailer": [sections.TRAILER.size],
        "section": [sections.ENTRY.size],
        "bitmap": [deletions.ENTRY.size],
    }
    told = {name: [int(size) for size in re.findall(rf"{name},? (\d+) bytes", TEXT)] for name in sizes}

    assert sizes == told
    assert f"format version (u32, now {sections.FORMAT_VERSION})" in TEXT

"""The real pages that extraction is measured on: 181 with their bodies, 250 with labels."""

import gzip
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("NEWSDEX_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "pages"


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelledPage:
    """A page as its publisher served it, and what a person says of it."""

    name: str
    html: bytes
    url: str
    label: dict[str, Any]


@cache
def _members(archive: str) -> dict[str, bytes]:
    with tarfile.open(FOLDER / archive) as tar:
        return {
            member.name.removeprefix("./"): tar.extractfile(member).read()  # type: ignore[union-attr]  # it is a file
            for member in tar
            if member.isfile()
        }


def pages_with_bodies() -> Iterator[LabelledPage]:
    """Return the pages of the article extraction benchmark; the label is the body."""
    files = _members("article-extraction-benchmark.tar.xz")
    folder = next(name for name in files if name.endswith("ground-truth.json")).removesuffix("ground-truth.json")
    for key, truth in json.loads(files[f"{folder}ground-truth.json"]).items():
        page = gzip.decompress(files[f"{folder}html/{key}.html.gz"])
        yield LabelledPage(name=key, html=page, url=truth["url"], label=truth)


def pages_with_labels() -> Iterator[LabelledPage]:
    """Return pages of trafilatura's evaluation set."""
    files = _members("trafilatura-250.tar.xz")
    for line in files["labels.jsonl"].splitlines():
        label = json.loads(line)
        yield LabelledPage(name=label["file"], html=files[label["file"]], url=label["url"], label=label)

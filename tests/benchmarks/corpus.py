"""Reuters-21578 as events and queries."""

import gzip
import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newsdex_schemas import EventRef, channels
from newsdex_schemas.client import Message

FOLDER = Path(os.environ.get("NEWSDEX_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FILE = FOLDER / "articles" / "reuters21578.jsonl.gz"
SEED = 21578
WORD = re.compile(r"[a-z]{4,}")


def rows() -> list[bytes]:
    """Return every article as a line of JSON; end the program where there is no data."""
    if not FILE.exists():
        raise SystemExit(f"no {FILE}: set NEWSDEX_DATA")
    with gzip.open(FILE) as file:
        return file.read().splitlines()


def articles() -> list[dict[str, Any]]:
    """Return every article as the contract has it."""
    made = []
    for row in map(json.loads, rows()):
        article = {name: row[name] for name in ("id", "title", "body", "published_at", "section") if row[name]}
        article |= {"authors": [row["author"]] if row["author"] else [], "language": row["lang"]}
        made.append({"title": "untitled", "body": "", **article, "tags": [*row["topics"], *row["places"]]})
    return made


def messages(lines: list[bytes], prefix: str) -> Iterator[Message]:
    """Return the articles as bare articles, the shortest path."""
    for number, line in enumerate(lines):
        name = f"{prefix}-{number}"
        ref = EventRef(source="nats", id=name)
        yield Message(
            channel=channels.ARTICLES_PUBLISHED, body=line, ref=ref, message_id=name, origin=name, correlation_id=name
        )


def renamed(lines: list[bytes], prefix: str) -> list[bytes]:
    """Return the same articles under other ids, so that each is a new one."""
    rows_ = (json.loads(line) for line in lines)
    return [json.dumps({**row, "id": f"{prefix}-{row['id']}"}).encode() for row in rows_]


def queries(lines: list[bytes], number: int) -> list[str]:
    """Draw queries from titles: a third single words, a third two words, a third phrases of two words."""
    draw = random.Random(SEED)
    titles = [WORD.findall(json.loads(line)["title"].lower()) for line in lines]
    pairs = [words for words in titles if len(words) > 1]
    drawn = []
    for kind in range(number):
        words = draw.choice(pairs)
        start = draw.randrange(len(words) - 1)
        first, second = words[start : start + 2]
        drawn.append((first, f"{first} {second}", f'"{first} {second}"')[kind % 3])
    return drawn

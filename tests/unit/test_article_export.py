"""Exports one after the other give what one export gives, whatever happens to articles between them."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import NOW, Corpus

from newsdex.apps.inspection.article_export import exported_lines
from newsdex.archive.snapshot import open_snapshot
from newsdex.records.feed import FeedPosition
from newsdex.records.moments import microseconds

HOUR = timedelta(hours=1)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


class Mirror:
    """What another program makes of exports: articles by their ids, without those that are withdrawn."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.position: FeedPosition | None = None
        self.lines: list[dict[str, Any]] = []

    def follow(self, corpus: Corpus, now: datetime = NOW, *, everything: bool = False) -> None:
        """Take an export of what has changed since the last one."""
        with open_snapshot(corpus.folder, microseconds(now)) as snapshot:
            lines = exported_lines(snapshot, self.position, everything=everything, withdrawn=True)
            self.lines = [json.loads(line) for line in lines]
        self.position = FeedPosition.parsed(str(snapshot.position))
        for line in self.lines:
            if "specversion" in line:
                self.titles.pop(line["data"]["id"], None)
            else:
                self.titles[line["id"]] = line["title"]


def article(id_: str, title: str = "Ferry", **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": title, **fields}


def shown(corpus: Corpus, now: datetime) -> dict[str, str]:
    with open_snapshot(corpus.folder, microseconds(now)) as snapshot:
        lines = [json.loads(line) for line in exported_lines(snapshot, None, everything=False, withdrawn=False)]
    return {line["id"]: line["title"] for line in lines}


def test_exports_of_changes_add_up_to_one_export(corpus: Corpus) -> None:
    mirror = Mirror()
    corpus.publish(
        article("stays"),
        article("changes"),
        article("goes"),
        article("comes", embargoed_until=NOW + HOUR),
        article("ends", expires_at=NOW + HOUR),
        article("is put off"),
    )
    mirror.follow(corpus)
    before = shown(corpus, NOW)
    corpus.publish(article("changes", "Ferry sails"), article("new"))
    corpus.publish(article("is put off", embargoed_until=NOW + 3 * HOUR))
    corpus.withdraw("goes")

    seen = dict(mirror.titles)
    mirror.follow(corpus, NOW + HOUR)
    later = {line.get("id"): line for line in mirror.lines}

    assert {"stays", "changes", "goes", "ends", "is put off"} == set(before) == set(seen)
    assert "stays" not in later
    assert shown(corpus, NOW + HOUR) == mirror.titles
    assert {"stays": "Ferry", "changes": "Ferry sails", "new": "Ferry", "comes": "Ferry"} == mirror.titles


def test_without_changes_an_export_is_empty_and_its_position_the_same_sequence(corpus: Corpus) -> None:
    mirror = Mirror()
    corpus.publish(article("one"))
    mirror.follow(corpus)
    first = mirror.position
    mirror.follow(corpus)

    assert ([], first) == (mirror.lines, mirror.position)


def test_a_sequence_number_alone_names_everything_that_ever_turned(corpus: Corpus) -> None:
    corpus.publish(article("one"), article("two", embargoed_until=NOW - HOUR))
    mirror = Mirror()
    mirror.position = FeedPosition.parsed("2")
    mirror.follow(corpus)

    assert ["two"] == [line["id"] for line in mirror.lines]


def test_a_withdrawn_article_has_no_text_in_any_export(corpus: Corpus) -> None:
    corpus.publish(article("goes", "Secret ferry"), article("hidden", "Secret ferry", embargoed_until=NOW + HOUR))
    corpus.withdraw("goes")
    with open_snapshot(corpus.folder, microseconds(NOW)) as snapshot:
        lines = b"".join(exported_lines(snapshot, None, everything=False, withdrawn=True))

    assert b"Secret" not in lines
    assert [b"hidden" in lines, b"goes" in lines] == [True, True]


def test_all_is_of_one_moment_whatever_is_written_meanwhile(corpus: Corpus) -> None:
    corpus.publish(*(article(str(number)) for number in range(50)))
    with open_snapshot(corpus.folder, microseconds(NOW)) as snapshot:
        lines = exported_lines(snapshot, None, everything=True, withdrawn=False)
        read = [json.loads(next(lines))["title"]]
        corpus.publish(*(article(str(number), "Bridge") for number in range(60)))
        read += [json.loads(line)["title"] for line in lines]

    assert ["Ferry"] * 50 == read
    assert 50 == snapshot.position.sequence

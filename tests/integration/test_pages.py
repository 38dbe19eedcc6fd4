"""HTML pages are read by the service in processes of their own: hostile ones are parked, and hold up nothing."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nats
import pytest
from tests.integration.running import Running, Service, until

from newsdex.broker.streams import MAX_ACK_PENDING

STORY = "<p>It rained all night over {id}, and nobody in the town could sleep for a minute.</p>" * 6
SETTINGS = {"NEWSDEX_PAGES_CPU_S": "0.5", "NEWSDEX_PAGES_MEMORY_MIB": "512"}
HOSTILE = {
    "nested divs": "<div>" * 100_000,
    "junk": "<table><tr><td><p>a<span>" * 60_000,
    "an attribute": f"<p title='{'x ' * 700_000}'>a",
    "endless text": "word " * 700_000,
    "entities": "&amp" * 400_000,
    "a date again and again": "<div class=date>" + "1.1.2020 um 10:00 " * 80_000,
    "script": "<script type=application/ld+json>" + '[{"@graph":' * 100_000,
    "headings": "<h1>It rained</h1>" * 50_000,
}
"""Each is parked or an article, within seconds."""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Running]]:
    service = Service(data_dir=tmp_path_factory.mktemp("pages"), settings=SETTINGS)
    with service.process("up") as running:
        running.wait_until_ready()
        yield service, running


def page(id_: str, html: str) -> bytes:
    data = {"id": id_, "html": html, "fetched_at": "2024-07-01T00:00:00Z"}
    event = {"specversion": "1.0", "id": id_, "source": "tests", "type": "article.scraped.v1", "data": data}
    return json.dumps(event).encode()


def publish(service: Service, *messages: tuple[str, bytes]) -> None:
    async def send() -> None:
        client = await nats.connect(service.broker_url)
        for subject, body in messages:
            await client.jetstream().publish(f"articles.{subject}", body)
        await client.close()

    asyncio.run(send())


def outcome(running: Running, id_: str, timeout_s: float = 30) -> dict[str, Any]:
    def told() -> list[dict[str, Any]]:
        lines = running.events()
        return [line for line in lines if line.get("event_id") == id_ and line["event"].startswith("event.")]

    found: dict[str, Any] = until(told, timeout_s, f"the outcome of {id_}")[0]
    return found


def test_a_page_is_found_and_tells_where_its_values_came_from(up: tuple[Service, Running]) -> None:
    service, running = up
    publish(service, ("scraped", page("rain-1", "<h1>Rain over Harrowgate</h1>" + STORY.format(id="Harrowgate"))))

    assert "event.accepted" == outcome(running, "rain-1")["event"]
    article = json.loads(service.run("get", "--archived", "rain-1").stdout)
    assert "Rain over Harrowgate" == article["title"]
    assert {"origin": "page"} == article["origins"]["title"]
    assert "read title: from what the page shows" in service.run("why", "rain-1").stdout.splitlines()
    until(lambda: "rain-1" in service.found("Harrowgate"), 30, "the page is found")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_settled_soon_and_other_events_before_it(up: tuple[Service, Running], name: str) -> None:
    service, running = up
    id_ = name.replace(" ", "-")
    outcome_of_first(service, running)
    start = time.monotonic()
    other = json.dumps({"id": f"beside-{id_}", "title": "Beside a hostile page"}).encode()
    publish(
        service, ("scraped", page(id_, f"<title>A hostile page of {name}</title>{HOSTILE[name]}")), ("published", other)
    )
    until(lambda: any(line.get("article_id") == f"beside-{id_}" for line in running.events()), 30, "the other")
    hostile = outcome(running, id_)

    assert hostile["event"] in {"event.accepted", "event.parked"}
    assert hostile.get("reason") in {"page_too_costly", "no_title", "too_long", "first_version"}, hostile
    print(f"{name}: {hostile['event']} {hostile.get('reason')} after {time.monotonic() - start:.1f} s")


def test_articles_are_made_anew_of_their_pages_after_an_upgrade(up: tuple[Service, Running]) -> None:
    """What an older release would have left is written into the archive: another title, and who read the page."""
    service, running = up
    publish(service, ("scraped", page("upgraded", "<h1>Plovers over Harrowgate</h1>" + STORY)))
    outcome(running, "upgraded")
    with closing(sqlite3.connect(service.data_dir / "archive.sqlite3", timeout=30)) as archive, archive:
        archive.execute(
            "UPDATE articles SET content = CAST(replace(CAST(content AS TEXT), 'Plovers', 'Pl0vers') AS BLOB)"
            " WHERE id = 'upgraded'"
        )
        archive.execute("UPDATE pages SET reader = '0.0.1+00000000' WHERE article_id = 'upgraded'")
    story = service.run("why", "upgraded").stdout
    done = service.run("reprocess", "--all")
    until(lambda: "upgraded" in service.found("Plovers"), 30, "what was made anew is found")
    again, unknown = service.run("reprocess", "upgraded"), service.run("reprocess", "nobody-wrote-this")
    reasons = [line["reason"] for line in running.events("event.accepted") if line["article_id"] == "upgraded"]
    remade = [line["article_id"] for line in running.events("page.reprocessed")]

    assert "read by 0.0.1+00000000; this release reads otherwise: newsdex reprocess upgraded" in story
    assert (0, "1 made anew\n") == (done.returncode, done.stdout)
    assert "Plovers over Harrowgate" == json.loads(service.run("get", "upgraded").stdout)["title"]
    assert (0, "1 read as before\n") == (again.returncode, again.stdout)
    assert (65, "nobody-wrote-this: without a page that is kept\n") == (unknown.returncode, unknown.stderr)
    assert (["first_version"], ["upgraded"]) == (reasons, remade)


def outcome_of_first(service: Service, running: Running) -> None:
    """Have the process for pages run, so that its start is not measured."""
    if not running.events("event.accepted"):
        publish(service, ("scraped", page("first", "<h1>The first page</h1>" + STORY)))
        outcome(running, "first")


def test_a_parked_page_can_be_tried_again_without_holding_up_the_archive(up: tuple[Service, Running]) -> None:
    service, running = up
    if not (parked := [line for line in running.events("event.parked") if line["reason"] == "page_too_costly"]):
        pytest.skip("no page was too costly on this machine")
    result = service.run("parked", "retry", str(parked[0]["parked_id"]))

    assert "page_too_costly" in result.stdout + result.stderr


def test_pages_without_the_libraries_are_parked_with_what_to_do(tmp_path: Path) -> None:
    for folder in ("data", "broken"):
        (tmp_path / folder).mkdir()
    (tmp_path / "broken" / "lxml.py").write_text("raise ImportError", encoding="utf-8")
    service = Service(data_dir=tmp_path / "data", settings={"PYTHONPATH": str(tmp_path / "broken")})
    with service.process("up") as running:
        running.wait_until_ready()
        publish(service, ("scraped", page("rain-2", "<h1>Rain over Harrowgate</h1>" + STORY)))

        assert "pages_not_installed" == outcome(running, "rain-2")["reason"]


def test_pages_that_take_long_hold_up_no_takedown(up: tuple[Service, Running]) -> None:
    """More of them than the broker would have one consumer handle at once."""
    service, running = up
    outcome_of_first(service, running)
    slow = [("scraped", page(f"slow-{number}", f"<h1>Slow page {number}</h1>{STORY * 40}")) for number in range(1_200)]
    takedown = {"specversion": "1.0", "id": "takedown", "source": "tests", "type": "article.withdrawn.v1"}
    publish(service, *slow, ("withdrawn", json.dumps({**takedown, "data": {"id": "first"}}).encode()))
    assert "event.withdrawn" == outcome(running, "takedown", 60)["event"]
    read = sum(line.get("article_id", "").startswith("slow-") for line in running.events("event.accepted"))

    assert read < MAX_ACK_PENDING / 2, "the takedown waited for pages"

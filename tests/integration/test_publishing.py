"""What is published last is what counts, at once, by the command line and by the contract's recipe; else it is said."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
from tests.integration.running import Running, Service, until

from newsdex.broker.server import EmbeddedServer
from newsdex_schemas import (
    Article,
    ArticlePublished,
    ArticleUpdated,
    ArticleWithdrawn,
    Event,
    Withdrawal,
    channels,
    message_id,
)

SOURCE = "https://courier.example/newsroom"
FIRST, SECOND = "The Pelagia sails", "The Pelagia stays in port"


def publish(service: Service, *values: dict[str, Any], wait: bool = True) -> subprocess.CompletedProcess[str]:
    lines = "\n".join(json.dumps(value) for value in values)
    return service.run("publish", *(["--wait"] if wait else []), "-", stdin=lines.encode())


def event(data: dict[str, Any], id_: str | None = None, type_: str = "article.published.v1") -> dict[str, Any]:
    attributes = {"specversion": "1.0", "type": type_, "source": SOURCE, "id": id_ or str(uuid.uuid4())}
    return {**attributes, "time": datetime.now(UTC).isoformat(), "data": data}


def title_of(service: Service, id_: str) -> str | None:
    """Return what a search shows of an article; other tests publish to the same service."""
    hits = service.search("pelagia", "--size", "100")["hits"]
    return next((hit["title"] for hit in hits if hit["id"] == id_), None)


def test_going_back_to_the_first_text_ends_in_it(service: Service) -> None:
    """A to B to A, within the ten minutes in which the broker remembers message ids."""
    for title in (FIRST, SECOND, FIRST):
        done = publish(service, {"id": "back", "title": title})

        assert (0, "1 published, 0 refused") == (done.returncode, done.stdout.splitlines()[0]), done.stderr
    assert title_of(service, "back") == FIRST


def test_publishing_withdrawing_and_publishing_again_ends_in_the_last(service: Service) -> None:
    story, withdrawal = {"id": "again", "title": FIRST}, {"id": "again"}
    for value in (event(story), event(withdrawal, type_="article.withdrawn.v1"), event(story)):
        done = publish(service, value)

        assert done.returncode == 0, done.stderr
    assert title_of(service, "again") == FIRST


def test_a_repaired_event_is_stored_at_once_under_its_own_id(service: Service) -> None:
    broken = publish(service, event({"id": "mended"}, "evt-mended"), wait=False)
    by_hand = json.dumps(event({"id": "mended"}, "evt-mended")).encode()
    asyncio.run(_send(service, [(channels.ARTICLES_PUBLISHED, by_hand, {"Nats-Msg-Id": _id(by_hand)})]))
    mended = publish(service, event({"id": "mended", "title": FIRST}, "evt-mended"))

    assert (65, 0) == (broken.returncode, mended.returncode), mended.stderr
    assert title_of(service, "mended") == FIRST


def _id(body: bytes) -> str:
    return message_id(SOURCE, json.loads(body)["id"], body)


async def _send(service: Service, messages: list[tuple[str, bytes, dict[str, str]]]) -> list[bool]:
    """Publish as the contract's recipe does; give of each whether the broker had it already."""
    client = await nats.connect(service.broker_url)
    try:
        js = client.jetstream()
        acks = [await js.publish(subject, body, headers=headers) for subject, body, headers in messages]
    finally:
        await client.close()
    return [bool(ack.duplicate) for ack in acks]


def _by_recipe(event: Event, channel: str) -> tuple[str, bytes, dict[str, str]]:
    body = event.to_json()
    return channel, body, {channels.MESSAGE_ID_HEADER: message_id(event.source, event.id, body)}


def test_the_recipe_of_the_contract_ends_in_the_last_too(service: Service) -> None:
    def name() -> dict[str, Any]:
        return {"id": str(uuid.uuid4()), "source": SOURCE, "time": datetime.now(UTC)}

    first, second = Article(id="recipe", title=FIRST), Article(id="recipe", title=SECOND)
    sent = [
        _by_recipe(ArticlePublished(**name(), data=first), channels.ARTICLES_PUBLISHED),
        _by_recipe(ArticleUpdated(**name(), data=second), channels.ARTICLES_UPDATED),
        _by_recipe(ArticleWithdrawn(**name(), data=Withdrawal(id="recipe")), channels.ARTICLES_WITHDRAWN),
        _by_recipe(ArticleUpdated(**name(), data=first), channels.ARTICLES_UPDATED),
    ]
    known = asyncio.run(_send(service, [*sent, sent[-1]]))
    until(lambda: title_of(service, "recipe"), 10, "it is shown")

    assert [False, False, False, False, True] == known, "only the retry is dropped"
    assert title_of(service, "recipe") == FIRST


def test_another_publisher_cannot_take_a_message_id_before_its_owner(service: Service) -> None:
    """Who knows source and event id does not know the content; with another one the id is another."""
    owner = json.dumps(event({"id": "squatted", "title": FIRST}, "evt-squatted")).encode()
    guess = json.dumps(event({"id": "squatter", "title": "Mine"}, "evt-squatted")).encode()
    known = asyncio.run(
        _send(service, [(channels.ARTICLES_PUBLISHED, body, {"Nats-Msg-Id": _id(body)}) for body in (guess, owner)])
    )
    until(lambda: title_of(service, "squatted"), 10, "it is shown")

    assert [False, False] == known


def test_waiting_says_so_where_another_version_counts(service: Service) -> None:
    publish(service, {"id": "overruled", "title": SECOND, "version": 2})
    done = publish(service, {"id": "overruled", "title": FIRST, "version": 1})

    assert (65, ["1 published, 0 refused", "1 stale"]) == (done.returncode, done.stdout.splitlines())
    assert "not what counts now: overruled, stale: the archive has a higher version (older_version)" in done.stderr


def test_waiting_says_so_where_a_takedown_counts(service: Service) -> None:
    story = event({"id": "down", "title": FIRST, "version": 3})
    publish(service, story)
    publish(service, event({"id": "down", "version": 5}, type_="article.withdrawn.v1"))
    done = publish(service, event({"id": "down", "title": SECOND, "version": 4}))

    assert done.returncode == 65
    assert "not what counts now: down" in done.stderr
    assert title_of(service, "down") is None


def test_versions_that_were_sent_together_are_no_error_where_one_of_them_counts(service: Service) -> None:
    done = publish(service, *({"id": "together", "title": FIRST, "version": number} for number in (1, 3, 2)))

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 stale" in done.stdout


def test_a_copy_is_no_error_where_it_says_what_counts(service: Service) -> None:
    story = event({"id": "copied", "title": FIRST})
    first, copy = publish(service, story), publish(service, story)

    assert (0, 0) == (first.returncode, copy.returncode), copy.stderr
    assert copy.stdout.splitlines()[0] == "1 published, 1 of them known to the broker, 0 refused"


def test_a_broker_that_vanishes_costs_one_line_and_what_was_stored_is_said(own: Service, tmp_path: Path) -> None:
    lines = [json.dumps({"id": f"v-{number}", "title": FIRST, "body": "word " * 200}) for number in range(40_000)]
    (tmp_path / "many.jsonl").write_text("\n".join(lines))
    with own.process("up") as up:
        up.wait_until_ready()
        for options in ([], ["--bulk"]):
            before = _archived(up)
            command = [sys.executable, "-m", "newsdex", "publish", *options, str(tmp_path / "many.jsonl")]
            with subprocess.Popen(
                command, env=own.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as publishing:
                until(lambda before=before: _archived(up) > before + 500, 60, "much is published")  # type: ignore[misc]  # a default binds the loop's value
                _kill_server(up)
                out, err = publishing.communicate(timeout=60)

            assert (69, 1) == (publishing.returncode, len(err.splitlines())), err
            assert "(broker_unavailable)" in err
            number, rest = out.split(" ", 1)
            assert int(number.replace(",", "")) > 0
            assert rest.strip() == "published, 0 refused"
            own.wait_until_searchable()


def _archived(up: Running) -> int:
    return sum(line["events"] for line in up.events("batch.committed"))


def _kill_server(up: Running) -> None:
    children = Path(f"/proc/{up.process.pid}/task/{up.process.pid}/children").read_text(encoding="utf-8")
    for pid in children.split():
        if b"nats-server" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(int(pid), signal.SIGKILL)


def test_a_message_larger_than_the_broker_takes_is_refused_by_name_and_the_rest_is_sent(own: Service) -> None:
    """Another server than ours may be set to take less."""
    small, large = {"id": "small", "title": FIRST}, {"id": "large", "title": FIRST, "body": "word " * 180_000}
    with EmbeddedServer(own.data_dir) as server:
        configuration = own.data_dir / "nats" / "nats-server.conf"
        text = configuration.read_text(encoding="utf-8")
        assert "max_payload: " in text
        with own.process("indexer") as indexer:
            indexer.wait_until_ready()
            configuration.write_text(text.replace(f"max_payload: {channels.MAX_MESSAGE_BYTES}", "max_payload: 500000"))
            assert server._process is not None
            server._process.send_signal(signal.SIGHUP)
            until(lambda: "Reloaded: max_payload" in _server_log(own), 10, "the server took the setting")
            done = publish(own, small, large, {**small, "id": "last"}, wait=False)

    assert (65, "2 published, 1 refused") == (done.returncode, done.stdout.strip()), done.stderr
    assert "stdin:2: larger than the broker takes (message_too_large)" == done.stderr.strip()


def _server_log(service: Service) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (service.data_dir / "nats").glob("*.log"))

"""While a publisher sends its archive, what others publish is found as soon as ever."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.running import Service, until

from newsdex.apps.client import Client, connected
from newsdex.settings import Settings
from newsdex_schemas import EventRef, channels
from newsdex_schemas.client import Message

pytestmark = pytest.mark.long

OLD_ARTICLES = int(os.environ.get("NEWS_OLD_ARTICLES", "15000"))
PAUSE_S = 0.3
WITHIN_S = 2.0
WORDS = ("harbour", "ferry", "estuary", "lighthouse", "tide", "pilot", "mooring", "cargo", "bridge", "ministry")


@pytest.fixture(scope="module")
def old_articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of articles of 300 words, some of them in no other article."""
    path = tmp_path_factory.mktemp("old") / "archive.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        for number in range(OLD_ARTICLES):
            body = " ".join(f"{WORDS[(number + place) % len(WORDS)]}{(number * place) % 997}" for place in range(300))
            print(json.dumps({"id": f"old-{number}", "title": f"Of old, number {number}", "body": body}), file=lines)
    return path


@contextmanager
def publishing(service: Service, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "newsdex", "publish", *options]
    with subprocess.Popen(command, env=service.environment, stdout=subprocess.PIPE) as process:
        yield process


async def _delays_s(settings: Settings, archive: subprocess.Popen[bytes]) -> list[float]:
    """Publish news until the archive is published; give how long each took to be found."""
    delays_s = []
    async with connected(settings) as client:
        while archive.poll() is None:
            delays_s.append(await _delay_s(client, len(delays_s)))
            await asyncio.sleep(PAUSE_S)
    return delays_s


async def _delay_s(client: Client, number: int) -> float:
    name = f"new-{number}"
    body = json.dumps({"id": name, "title": f"News, number {number}"}).encode()
    message = Message(
        channel=channels.ARTICLES_PUBLISHED,
        body=body,
        ref=EventRef(source="nats", id=name),
        message_id=name,
        origin=name,
    )
    start_s = time.monotonic()
    done = await client.publish([message], lambda _: None)
    await client.wait_until_searchable(done.refs, 120, lambda _: None)
    return time.monotonic() - start_s


def test_news_is_found_within_two_seconds_while_an_archive_is_published(own: Service, old_articles: Path) -> None:
    with own.process("up") as up:
        up.wait_until_ready()
        own.wait_until_searchable()
        start_s = time.monotonic()
        with publishing(own, str(old_articles)) as archive:
            until(lambda: up.events("index.committed"), 60, "the archive is on its way")
            delays_s = sorted(asyncio.run(_delays_s(Settings(data_dir=own.data_dir), archive)))
            took_s = time.monotonic() - start_s
            out, _ = archive.communicate()

    median, most = delays_s[len(delays_s) // 2], delays_s[-1]
    print(f"{len(delays_s)} of news found after p50 {median:.2f}, at most {most:.2f} s; {OLD_ARTICLES / took_s:.0f}/s")
    assert f"{OLD_ARTICLES:,} published, 0 refused" == out.decode().strip()
    assert len(delays_s) > 3
    assert most < WITHIN_S

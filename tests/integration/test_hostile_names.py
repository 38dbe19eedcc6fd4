"""Names that would be paths, SQL, formats or code elsewhere are only text here."""

import asyncio
import json
from pathlib import Path

import nats
from tests.integration.running import Running, Service, until

from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.records.ledger import LedgerEntry
from newsdex.visible import visible

NAMES = [
    "../../x", "/etc/passwd", "..\\..\\x", "C:\\x",
    "x/../../../../tmp/newsdex-was-here", "~root", ".", "..", "-rf", "--help",
    "'; DROP TABLE articles; --", '" OR 1=1 --', "x' UNION SELECT body FROM parked --",
    "%s%s%s%n", "%(x)s", "{0.__class__}",
    "{x!r}", "${HOME}", "$(reboot)", "`reboot`", "{{7*7}}", "<script>alert(1)</script>", "[bold red]x[/]",
    "\u202egnp.exe",
    "a*", "> articles.>", "articles.published", "cos\nsystem\n(S'id'\ntR.", "!!python/object/apply:os.system ['id']",
    "\U0001f600", "x" * 512, "\u0000", "\u001b[2J", "é" * 300, "NaN", "null", "1e999", "ﬀ", "a\u0300", "\ufeffx",
]  # fmt: skip


def publish(url: str, messages: list[tuple[bytes, dict[str, str]]]) -> list[int]:
    async def send() -> list[int]:
        connection = await nats.connect(url)
        try:
            js = connection.jetstream()
            return [(await js.publish("articles.published", body, headers=headers)).seq for body, headers in messages]
        finally:
            await connection.close()

    return asyncio.run(send())


def tree(folder: Path) -> set[str]:
    """Return the names of all files, but for those of the index, and what broker and indexer write when they like."""
    paths = (path for path in folder.rglob("*") if path.name not in ("index.db", "stream-handled.json"))
    return {str(path.relative_to(folder)) for path in paths if "index/generation" not in str(path)}


def test_hostile_ids_sources_and_headers_are_only_text(service: Service, up: Running) -> None:
    before = tree(service.data_dir), tree(service.data_dir.parent)
    messages = []
    for number, name in enumerate(NAMES):
        event = {
            "specversion": "1.0", "id": name, "source": name, "type": "article.published.v1", "subject": name,
            "data": {"id": name, "title": f"Outlandishly named {number}", "section": name[:200], "tags": [name[:200]],
                     "content_type": "text/plain"},
        }  # fmt: skip
        clean = "".join(c if c.isprintable() and c.isascii() else "?" for c in name)
        messages += [
            (json.dumps(event).encode(), {"correlation_id": clean, "Nats-Msg-Id": f"{clean} {number}"}),
            (json.dumps(event["data"]).encode(), {"ce-id": clean, "ce-source": clean, "ce-type": clean}),
        ]
    last = publish(service.broker_url, messages)[-1]
    until(lambda: last in {entry.stream_sequence for entry in ledger(service)}, 30, "the last has its outcome")
    outcomes = {entry.event_id: (entry.outcome, entry.article_id) for entry in reversed(ledger(service))}
    allowed = [name for name in NAMES if visible(name) == name and "\n" not in name]
    stories = {name: service.run("why", "--", name).returncode for name in (*allowed[:3], allowed[10], NAMES[22])}

    assert {name: ("accepted", name) for name in allowed} == {name: outcomes[name] for name in allowed}
    assert {"parked"} == {outcomes[name][0] for name in NAMES if name not in allowed}
    assert set() == tree(service.data_dir) - before[0] - {"broker.json"}
    assert before[1] == tree(service.data_dir.parent)
    assert {0} == set(stories.values())
    assert len(allowed) == service.search("outlandishly", "--size", "0")["total"]
    assert {True} == {bool(found(service, name)) for name in allowed}
    assert up.process.poll() is None


def ledger(service: Service) -> list[LedgerEntry]:
    def read(archive: ArchiveReader) -> list[LedgerEntry]:
        return [entry for name in NAMES for entry in archive.history(name)]

    return read_archive(service.data_dir, read)


def found(service: Service, name: str) -> list[str]:
    """Search by a hostile value of a filter."""

    async def ask() -> list[str]:
        connection = await nats.connect(service.broker_url)
        request = {"q": "", "filters": {"section": [name[:200]]}}
        reply = await connection.request("search.query", json.dumps(request).encode(), timeout=10)
        await connection.close()
        return [hit["id"] for hit in json.loads(reply.data)["hits"]]

    return asyncio.run(ask())

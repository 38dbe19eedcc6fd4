"""No role reaches, by the reply subject that it names, what it may not reach by itself; on the real server."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from tests.faults.secured import ROLES, Certificates, Secured, connect_as, secured_broker
from tests.integration.running import Running, until

from newsdex_schemas import channels

BODIES = {
    "search.query": b'{"size": 0}',
    "search.suggest": b'{"q": "x"}',
    "search.similar": b'{"id": "story"}',
    "articles.get": b'{"id": "story"}',
    "articles.why": b'{"id": "story"}',
    "processes.status": b"{}",
    "parked.list": b"{}",
    "events.outcome": b'{"events": [{"source": "nats", "id": "x"}]}',
}
DOING = {
    channel
    for channel in channels.REQUEST_CHANNELS
    if channel.startswith(("parked.", "index.", "erasures.", "stream."))
}
DOING -= {channels.PARKED_LIST, channels.INDEX_STATUS, channels.ERASURES_STATUS, channels.STREAM_STATUS}
OF_THE_BROKER = ["$JS.API.STREAM.PURGE.ARTICLES", "$JS.API.STREAM.DELETE.ARTICLES", "$JS.API.STREAM.UPDATE.ARTICLES"]


def rights(users: str) -> dict[str, dict[str, list[str]]]:
    """Return role → what it may publish and subscribe, as the file has it."""
    text = re.sub(r"#.*", "", (ROOT / "deploy" / "nats" / users).read_text(encoding="utf-8"))
    found = {}
    for block in re.split(r"\buser:", text)[1:]:
        lists = {kind: re.search(kind + r": \[(.*?)\]", block, re.DOTALL) for kind in ("publish", "subscribe")}
        found[block.split()[0]] = {kind: re.findall(r'"(.+?)"', part[1]) for kind, part in lists.items() if part}
    return found


def is_reply(subject: str) -> bool:
    return subject.startswith(("_INBOX.", "_R_."))


def subjects(roles: dict[str, dict[str, list[str]]]) -> list[str]:
    """Return every channel that any role has, and what would destroy the stream."""
    named = {subject.split()[0] for role in roles.values() for kind in role.values() for subject in kind}
    return sorted(subject.replace(">", "x") for subject in named if not is_reply(subject)) + OF_THE_BROKER


@pytest.fixture(scope="module", params=["users.conf", "accounts.conf"])
def secured(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Secured, Running, Running]]:
    """Return a file of roles, and a broker that has it, with an indexer and a searcher under their own users."""
    folder = tmp_path_factory.mktemp("roles")
    certificates = Certificates(folder / "tls")
    (folder / "data").mkdir()
    with secured_broker(folder / "broker", certificates, users=request.param) as port:
        broker = Secured(port=port, certificates=certificates, data_dir=folder / "data")
        with (
            broker.as_("indexer").process("indexer") as indexer,
            broker.as_("searcher").process("searcher") as searcher,
        ):
            indexer.wait_until_ready()
            searcher.wait_until_ready()
            until(lambda: broker.as_("reader").run("search", "x").returncode == 0, 60, "there is an index")
            yield request.param, broker, indexer, searcher


async def send_everything(broker: Secured, role: str, to_send: Sequence[str], replies: Sequence[str]) -> None:
    """Send a request on every channel that a role has, with each subject for the reply."""

    async def ignore(_: Exception) -> None:
        """Some reply subjects are refused by the broker."""

    connection = await connect_as(broker, role, ignore)
    for number, channel in enumerate(to_send):
        article = json.dumps({"id": f"{role}-{number}", "title": "Story"}).encode()
        for reply in replies:
            body = article if channel.startswith("articles.") else BODIES.get(channel, b"{}")
            await connection.publish(channel.replace(">", "x"), body, reply=reply)
    await connection.flush()
    await connection.flush()
    if channels.ARTICLES_PUBLISHED in to_send:  # its acknowledgement comes after those of all before it
        await connection.jetstream(timeout=60).publish(channels.ARTICLES_PUBLISHED, article)
    await connection.close()


async def settle(broker: Secured) -> list[str]:
    """Have each channel that does something handle all that it got; give the codes of the answers."""
    connection = await connect_as(broker, "operator", None)
    codes = []
    for channel in sorted(DOING - {channels.INDEX_DAMAGED}):
        answer = await connection.request(channel, b"{}", timeout=20)
        codes.append(json.loads(answer.data)["code"])
    await connection.close()
    return codes


def test_nothing_is_done_by_a_reply_whatever_subject_is_named_for_it(
    secured: tuple[str, Secured, Running, Running],
) -> None:
    users, broker, indexer, searcher = secured
    roles = rights(users)
    replies = subjects(roles)
    before = len(indexer.events("index.generation_started"))
    arrived: Counter[str] = Counter()
    for role in ("publisher", "reader", "searcher", "operator", "gateway"):
        to_send = [subject for subject in roles[role]["publish"] if not is_reply(subject)]
        asyncio.run(send_everything(broker, role, to_send, replies))
        if role == "operator":  # the gateway has the account of the indexer and the searcher
            asyncio.run(settle(broker))
            arrived = Counter(line["subject"] for line in indexer.events("request.refused"))
    codes = asyncio.run(settle(broker))
    done = {line["subject"] for line in indexer.events("request.answered")}
    published = broker.as_("publisher").run("publish", "--wait", "-", stdin=b'{"id": "s-1", "title": "Sandpiper"}')

    assert set(ROLES) == set(roles)
    assert {*channels.EVENT_CHANNELS, *channels.REQUEST_CHANNELS} <= set(replies)
    assert {"not_an_order", "missing_field"} == set(codes)
    assert set() == done & DOING
    # what the broker sent there arrived, unless an account lies between: without the check of orders it would be done
    assert ("users.conf" == users) == (arrived["index.rebuild"] > len(replies) + 1)
    assert before == len(indexer.events("index.generation_started"))
    assert (None, None) == (indexer.process.poll(), searcher.process.poll())
    assert (0, ["s-1"]) == (published.returncode, broker.as_("reader").found("sandpiper")), published.stderr


def test_a_reply_that_would_use_our_rights_is_not_sent(secured: tuple[str, Secured, Running, Running]) -> None:
    """The indexer may write the stream, and an operator may not: the indexer's replies must not do it for one."""
    _, broker, indexer, _ = secured

    async def ask() -> None:
        connection = await connect_as(broker, "operator", None)
        for subject in OF_THE_BROKER:
            await connection.publish(channels.INDEX_STATUS, b"{}", reply=subject)
        await connection.request(channels.INDEX_STATUS, b"{}", timeout=20)
        await connection.close()

    asyncio.run(ask())
    refused = {line["reply"] for line in indexer.events("request.reply_refused")}

    assert set(OF_THE_BROKER) <= refused


def test_what_lies_between_accounts_is_only_what_is_imported(tmp_path: Path) -> None:
    """A publisher in an account of its own hears nothing of newsdex' account, also where its user may subscribe all."""
    certificates = Certificates(tmp_path / "tls")
    (tmp_path / "data").mkdir()
    heard: list[str] = []

    async def listen(broker: Secured) -> None:
        async def ignore(_: Exception) -> None:
            """Nothing is refused that matters here."""

        async def note(message: Any) -> None:
            heard.append(message.subject)

        connection = await connect_as(broker, "publisher", ignore, inbox_prefix="_INBOX")
        await connection.subscribe(">", cb=note)
        await connection.flush()
        article = b'{"id": "s-1", "title": "Sandpiper"}'
        ack = await connection.jetstream().publish(channels.ARTICLES_PUBLISHED, article)
        broker.as_("publisher").run("publish", "--wait", "-", stdin=b'{"id": "s-2", "title": "Sandpiper"}')
        await connection.flush()
        await connection.close()
        assert ack.stream == channels.STREAM

    with secured_broker(tmp_path / "broker", certificates, users="accounts.conf", every_subject="publisher") as port:
        broker = Secured(port=port, certificates=certificates, data_dir=tmp_path / "data")
        with (
            broker.as_("indexer").process("indexer") as indexer,
            broker.as_("searcher").process("searcher") as searcher,
        ):
            indexer.wait_until_ready()
            searcher.wait_until_ready()
            asyncio.run(listen(broker))

    own = {channels.ARTICLES_PUBLISHED, channels.EVENTS_OUTCOME}
    assert heard
    assert set() == {subject for subject in heard if subject not in own and not subject.startswith("_INBOX.")}

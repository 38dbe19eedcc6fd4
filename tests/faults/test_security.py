"""Who is let in, who is not, what each role may do, and what nobody gets to see; on the real server with TLS."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.faults.nkeys import ACCOUNT_LIMITS, UNLIMITED, Signer, credentials
from tests.faults.secured import (
    ROLES,
    Certificates,
    Secured,
    connect_as,
    nats_server,
    password_of,
    secured_broker,
)
from tests.integration.running import Running, Service, until

from newsdex.apps.client import Client, connected
from newsdex.broker.client import connect
from newsdex.errors import Misconfigured, NewsdexError, Refused
from newsdex.settings import load_settings
from newsdex_schemas import EventRef, SearchRequest, SimilarRequest, SuggestRequest, channels
from newsdex_schemas.changes import ArticleChanged
from newsdex_schemas.client import Message

CODE_AND_EXIT = {
    "broker_refused": 78, "broker_forbidden": 78, "broker_untrusted": 78, "broker_certificate_expired": 78,
    "broker_not_encrypted": 78,
}  # fmt: skip
BAD_EVENT = {"title": "without an id"}
MESSAGE = Message(
    channel=channels.ARTICLES_PUBLISHED,
    body=b'{"id": "s-3", "title": "Sanderling"}',
    ref=EventRef(source="nats", id="s-3"),
    message_id="s-3",
    origin="tests",
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "files")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    data_dir = folder / "data"
    data_dir.mkdir()
    with secured_broker(folder / "broker", certificates) as port:
        yield Secured(port=port, certificates=certificates, data_dir=data_dir)


@pytest.fixture(scope="module")
def running(broker: Secured) -> Iterator[tuple[Running, Running]]:
    """Return an indexer and a searcher, each under its own user."""
    with broker.as_("indexer").process("indexer") as indexer, broker.as_("searcher").process("searcher") as searcher:
        indexer.wait_until_ready()
        searcher.wait_until_ready()
        reader = broker.as_("reader")
        until(lambda: reader.run("search", "x").returncode == 0, 60, "there is an index")
        yield indexer, searcher


def is_said(service: Service, code: str, *arguments: str) -> None:
    """Hold a command and a process to one clear error, with its code and its exit code."""
    done = service.run(*arguments, stdin=b'{"id": "s-1", "title": "Sand martin"}')
    with service.process("searcher") as searcher:
        exit_code = searcher.process.wait(30)
        (failed,) = searcher.events("process.failed")

    assert (CODE_AND_EXIT[code], 1, True) == (
        done.returncode, len(done.stderr.splitlines()), done.stderr.strip().endswith(f"({code})"),
    ), done.stderr  # fmt: skip
    assert (CODE_AND_EXIT[code], code) == (exit_code, failed["code"])
    assert password_of("reader") not in done.stderr + searcher.log.read_text()


# Who is let in


def test_a_wrong_password_is_refused(broker: Secured) -> None:
    is_said(broker.as_("reader", password="wrong"), "broker_refused", "search", "x")


def test_an_unknown_user_is_refused(broker: Secured) -> None:
    is_said(broker.as_("nobody"), "broker_refused", "publish", "-")


def test_a_broker_of_an_unknown_authority_is_not_talked_to(broker: Secured) -> None:
    other = str(broker.certificates.folder / "other-ca.pem")
    is_said(broker.as_("reader", tls_ca=other), "broker_untrusted", "search", "x")


@pytest.mark.parametrize(
    ("certificate", "code"), [("expired", "broker_certificate_expired"), ("elsewhere", "broker_untrusted")]
)
def test_a_broker_with_a_wrong_certificate_is_not_talked_to(
    tmp_path: Path, certificates: Certificates, certificate: str, code: str
) -> None:
    (tmp_path / "data").mkdir()
    with secured_broker(tmp_path / "broker", certificates, certificate) as port:
        broken = Secured(port=port, certificates=certificates, data_dir=tmp_path / "data")
        is_said(broken.as_("reader"), code, "search", "x")


class InTheClear:
    """A server, or somebody between, that offers no TLS and writes down what it is told."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        info = {"server_id": "x", "version": "2.15.1", "headers": True, "max_payload": 1 << 20, "auth_required": True}
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(f"INFO {json.dumps(info)}\r\n".encode())
                while received := connection.recv(4096):
                    self.heard += received
                    if b"PING" in received:
                        connection.sendall(b"PONG\r\n")

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize("scheme", ["tls", "nats"])
@pytest.mark.parametrize("who", ["user", "token", "url", "nobody"])
def test_no_secret_is_told_where_tls_is_wanted_and_not_there(
    broker: Secured, monkeypatch: pytest.MonkeyPatch, who: str, scheme: str
) -> None:
    """NATS' client starts TLS only where the server asks for it, which somebody between can take out."""
    server = InTheClear()
    address = f"127.0.0.1:{server.port}"
    given = {
        "user": {"url": f"{scheme}://{address}"},
        "token": {"url": f"{scheme}://{address}", "user": "", "password": "", "token": password_of("reader")},
        "url": {"user": "", "password": "", "url": f"{scheme}://reader:s3cret-in-url@{address}"},
        "nobody": {"url": f"{scheme}://{address}", "user": "", "password": ""},
    }[who]
    for name, value in broker.as_("reader", **given).environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(Misconfigured) as refused:
        asyncio.run(connect(load_settings(), name="tests"))
    server.close()

    assert "broker_not_encrypted" == refused.value.code
    assert b"s3cret" not in server.heard
    assert b"SUB" not in server.heard


def test_a_process_tells_no_secret_where_tls_is_wanted_and_not_there(broker: Secured) -> None:
    server = InTheClear()
    with broker.as_("searcher", url=f"tls://127.0.0.1:{server.port}").process("searcher") as searcher:
        exit_code = searcher.process.wait(30)
        (failed,) = searcher.events("process.failed")
    server.close()

    assert (78, "broker_not_encrypted") == (exit_code, failed["code"])
    assert b"s3cret" not in server.heard


@dataclass(kw_only=True)
class With(Service):
    """A data folder, and settings of the broker."""

    port: int
    given: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        given = {f"NEWSDEX_BROKER_{name.upper()}": value for name, value in self.given.items()}
        return {**super().environment, "NEWSDEX_BROKER_URL": f"nats://127.0.0.1:{self.port}", **given}


def answer_to(service: Service) -> str:
    """Return the code of a command that nobody answers once it is let in."""
    return _code(service.run("search", "x"))


def test_a_token_lets_in_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "server.conf").write_text(f'authorization {{ token: "{password_of("token")}" }}')
    with nats_server(tmp_path / "server.conf", {}) as port:
        services = [
            With(data_dir=tmp_path, port=port, given={"token": token}) for token in (password_of("token"), "wrong")
        ]
        answers = [answer_to(service) for service in services]
        with services[0].process("searcher") as right, services[1].process("searcher") as wrong:
            right.wait_until_ready()
            until(lambda: wrong.events("process.failed"), 30, "it is refused")

    assert ["(nobody_answers)", "(broker_refused)"] == answers
    assert ["broker_refused"] == [line["code"] for line in wrong.events("process.failed")]


def test_a_broker_that_asks_for_our_certificate_gets_it(tmp_path: Path, certificates: Certificates) -> None:
    folder = certificates.folder
    (tmp_path / "server.conf").write_text(
        f'tls {{ cert_file: "{folder}/server.pem", key_file: "{folder}/server.pem", ca_file: "{folder}/ca.pem", '
        "verify: true, timeout: 5 }"
    )
    without = {"tls_ca": f"{folder}/ca.pem"}
    ours = {**without, "tls_cert": f"{folder}/ours.pem", "tls_key": f"{folder}/ours.pem"}
    with nats_server(tmp_path / "server.conf", {}) as port:
        let_in, kept_out = (answer_to(With(data_dir=tmp_path, port=port, given=given)) for given in (ours, without))

    assert "(nobody_answers)" == let_in
    # in TLS 1.3 a server hangs up after the handshake: its reason is heard or lost
    assert kept_out in {"(broker_refused)", "(broker_unavailable)"}


# What each role may do


@pytest.mark.usefixtures("running")
def test_each_role_can_do_its_work(broker: Secured, running: tuple[Running, Running]) -> None:
    published = broker.as_("publisher").run("publish", "--wait", "-", stdin=b'{"id": "s-2", "title": "Sandpiper"}')
    found = broker.as_("reader").found("sandpiper")
    asyncio.run(_publish(broker, json.dumps(BAD_EVENT).encode()))
    until(lambda: running[0].events("event.parked"), 30, "it is parked")
    operator = broker.as_("operator")
    retried = operator.run("parked", "retry", "--all")
    dropped = operator.run("parked", "drop", "--all")
    status = operator.run("status").stdout.splitlines()

    assert (0, "1 accepted") == (published.returncode, published.stdout.splitlines()[-1]), published.stderr
    assert ["s-2"] == found
    assert (65, 0, "1 dropped") == (retried.returncode, dropped.returncode, dropped.stdout.strip())
    assert {"ok"} == {line.split()[0] for line in status}, status


async def _similar(client: Client) -> None:
    with suppress(Refused):  # there is no such article, says a searcher
        await client.similar(SimilarRequest(id="nobody-wrote-this"))


async def _article(client: Client) -> None:
    with suppress(Refused):  # likewise
        await client.get("nobody-wrote-this")


WORK: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "publish": lambda client: client.publish(iter([MESSAGE]), lambda _: None),
    "search": lambda client: client.search(SearchRequest()),
    "suggest": lambda client: client.suggest(SuggestRequest(q="x")),
    "similar": _similar,
    "article": _article,
    "outcomes": lambda client: client.outcomes([MESSAGE.ref]),
    "retry": lambda client: anext(client.retry_parked([1])),
    "drop": lambda client: anext(client.drop_parked([1], "")),
    "index status": lambda client: client.index_status(),
    "erase": lambda client: client.erase(["nobody-wrote-this"]),
    "erasures": lambda client: client.erasures(),
    "reprocess": lambda client: anext(client.reprocess(["nobody-wrote-this"])),
    "rebuild": lambda client: client.rebuild_index(),
}
MAY = {
    "publisher": {"publish", "article", "outcomes"},
    "reader": {"search", "suggest", "similar", "article"},
    "searcher": set(),
    "indexer": set(),
    "sink": set(),
    "follower": set(),
    "gateway": {"publish", "search", "suggest", "similar", "article", "outcomes", "index status", "retry", "drop"},
    "operator": {
        "search",
        "suggest",
        "similar",
        "article",
        "outcomes",
        "retry",
        "drop",
        "index status",
        "erase",
        "erasures",
        "reprocess",
        "rebuild",
    },
}


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_its_own_work_only(broker: Secured, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    for name, value in broker.as_(role).environment.items():
        monkeypatch.setenv(name, value)

    async def attempt(work: str) -> str:
        try:
            async with connected(load_settings()) as client:
                await WORK[work](client)
        except NewsdexError as error:
            return error.code
        return "done"

    done = {work: asyncio.run(attempt(work)) for work in WORK}

    assert {work: "done" if work in MAY[role] else "broker_forbidden" for work in WORK} == done


def test_a_command_that_is_forbidden_says_so_in_one_line(broker: Secured) -> None:
    done = broker.as_("publisher").run("search", "x")

    assert (78, 'newsdex: the broker does not let this user publish to "search.query" (broker_forbidden)') == (
        done.returncode, done.stderr.strip(),
    )  # fmt: skip


@pytest.mark.parametrize("process", ["indexer", "searcher"])
def test_a_process_under_a_user_who_may_not_do_its_work_says_so_and_ends(
    broker: Secured, tmp_path: Path, process: str
) -> None:
    service = broker.as_("publisher")
    service.data_dir = tmp_path
    with service.process(process) as started:
        exit_code = started.process.wait(60)
        (failed,) = started.events("process.failed")

    assert (78, "broker_forbidden") == (exit_code, failed["code"])
    assert "broker_forbidden" in {line["code"] for line in started.events("broker.error")}


def test_a_command_with_anothers_inbox_is_told_which_setting_is_wrong(broker: Secured) -> None:
    done = broker.as_("publisher", inbox_prefix="_INBOX.indexer").run(
        "publish", "-", stdin=b'{"id": "x", "title": "x"}'
    )

    assert (78, "(broker_forbidden)") == (done.returncode, done.stderr.split()[-1])
    assert "NEWSDEX_BROKER_INBOX_PREFIX" in done.stderr


FORBIDDEN = {
    "publisher": ["articles.>", "search.query", "events.outcome", "parked.retry", "_INBOX.>", "_INBOX.indexer.>", ">"],
    "reader": ["articles.>", "search.query", "parked.retry", "_INBOX.>", "_INBOX.publisher.>", "$JS.>", ">"],
    "searcher": ["articles.>", "parked.>", "_INBOX.>", "search.query", "$JS.ACK.>", ">"],
    "indexer": ["articles.>", "search.query", "_INBOX.>", ">"],
    "gateway": ["articles.>", "search.query", "parked.retry", "_INBOX.>", "_INBOX.operator.>", ">"],
    "sink": ["articles.>", "articles.changed", "search.query", "_INBOX.>", ">"],
    "follower": ["articles.>", "articles.published", "search.query", "_INBOX.>", "_INBOX.sink.>", ">"],
    "operator": ["articles.>", "search.query", "parked.retry", "_INBOX.>", "_INBOX.indexer.>", ">"],
}
STREAM_READING = [
    "$JS.API.DIRECT.GET.ARTICLES", "$JS.API.CONSUMER.CREATE.ARTICLES.spy", "$JS.API.STREAM.DELETE.ARTICLES",
    "$JS.API.CONSUMER.DURABLE.CREATE.ARTICLES.spy",
]  # fmt: skip
OF_THE_INDEXER = [
    "$JS.API.CONSUMER.MSG.NEXT.ARTICLES.pages", "$JS.API.CONSUMER.DELETE.ARTICLES.pages",
    "$JS.API.CONSUMER.MSG.NEXT.ARTICLES.indexer", "$JS.API.STREAM.UPDATE.ARTICLES", "$JS.API.STREAM.PURGE.ARTICLES",
    "$JS.API.STREAM.MSG.GET.ARTICLES", "$JS.API.STREAM.MSG.DELETE.ARTICLES", "$JS.API.CONSUMER.DELETE.ARTICLES.indexer",
]  # fmt: skip


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("role", ROLES)
def test_no_role_hears_or_reads_what_is_not_its_own(broker: Secured, role: str) -> None:
    """Inboxes too: over them go replies, and the events that the indexer takes."""
    reading = [*STREAM_READING, *([] if role == "indexer" else OF_THE_INDEXER)]
    refused = asyncio.run(_refused(broker, role, FORBIDDEN[role], reading))

    assert {*FORBIDDEN[role], *reading} == refused


async def _refused(broker: Secured, role: str, to_hear: list[str], to_send: list[str]) -> set[str]:
    """Return the subjects that the broker keeps from a role."""
    refused = set()

    async def note(error: Exception) -> None:
        refused.update(str(error).split('"')[1:2])

    connection = await connect_as(broker, role, note)
    for subject in to_hear:
        await connection.subscribe(subject)
    for subject in to_send:
        await connection.publish(subject, b"{}", reply=f"_INBOX.{role}.reply")
    # the client's first ping overtakes what it has not sent yet
    await connection.flush()
    await connection.flush()
    await connection.close()
    # the client gives the server's text in small letters
    return {subject for subject in (*to_hear, *to_send) if subject.lower() in refused}


async def _publish(broker: Secured, body: bytes) -> None:
    async def ignore(_: Exception) -> None:
        pass

    connection = await connect_as(broker, "publisher", ignore)
    await connection.jetstream().publish(channels.ARTICLES_PUBLISHED, body)
    await connection.close()


@pytest.mark.usefixtures("running")
def test_a_follower_is_told_what_becomes_of_articles_by_a_sink_each_under_its_own_user(broker: Secured) -> None:
    async def follow() -> ArticleChanged:
        connection = await connect_as(broker, "follower", None)
        changes = await connection.jetstream().pull_subscribe(
            channels.ARTICLES_CHANGED, durable="cache", stream=channels.CHANGES_STREAM
        )
        (message,) = await changes.fetch(1, timeout=30)
        await message.ack_sync()
        await connection.close()
        return ArticleChanged.from_json(message.data)

    with broker.as_("sink").process("sink", "nats") as sink:
        sink.wait_until_ready()
        until((broker.data_dir / "changes-position.json").exists, 60, "it has begun")
        broker.as_("publisher").run("publish", "-", stdin=b'{"id": "told", "title": "Turnstone"}')
        event = asyncio.run(follow())

    assert ("told", "published") == (event.data.id, event.data.change)


def test_a_reply_cannot_be_sent_to_a_channel_of_events(broker: Secured, running: tuple[Running, Running]) -> None:
    """A requester names where the reply goes; the searcher sends it to inboxes only."""

    async def ask() -> None:
        async def ignore(_: Exception) -> None:
            pass

        connection = await connect_as(broker, "reader", ignore)
        await connection.publish("search.query", b'{"size": 0}', reply=channels.ARTICLES_PUBLISHED)
        await connection.request("search.query", b'{"size": 0}', timeout=10)
        await connection.close()

    before = len(running[0].events("batch.committed"))
    asyncio.run(ask())
    until(lambda: running[1].events("request.reply_refused"), 10, "the searcher did not send it")

    assert running[1].process.poll() is None
    assert before == len(running[0].events("batch.committed"))


# Credentials files


def test_a_credentials_file_lets_in_and_one_of_a_stranger_does_not(tmp_path: Path) -> None:
    operator, account, user = (Signer(kind) for kind in ("operator", "account", "user"))
    stranger = Signer("account")
    rights = {"pub": {"allow": ["search.query"]}, "sub": {"allow": ["_INBOX.>"]}, **UNLIMITED}
    (tmp_path / "server.conf").write_text(
        f'operator: "{operator.token(operator)}"\nresolver: MEMORY\nresolver_preload: {{\n'
        f'  {account.public}: "{operator.token(account, limits=ACCOUNT_LIMITS)}"\n}}\n'
    )
    files = {}
    for name, signer in (("known", account), ("stranger", stranger)):
        files[name] = tmp_path / f"{name}.creds"
        files[name].write_text(credentials(signer.token(user, **rights), user.seed))
    with nats_server(tmp_path / "server.conf", {}) as port:
        service = With(data_dir=tmp_path, port=port, given={"credentials": str(files["known"])})
        let_in = service.run("search", "x")
        forbidden = service.run("publish", "-", stdin=b'{"id": "x", "title": "x"}')
        with service.process("searcher") as searcher:
            until(lambda: searcher.process.poll() is not None, 30, "it may not hear queries, and says so")
            (failed,) = searcher.events("process.failed")
        service.given = {"credentials": str(files["stranger"])}
        refused = service.run("search", "x")
        shown = let_in.stderr + forbidden.stderr + refused.stderr + searcher.log.read_text()

    assert (69, "(nobody_answers)") == (let_in.returncode, _code(let_in))
    assert (78, "(broker_forbidden)") == (forbidden.returncode, _code(forbidden))
    assert "broker_forbidden" == failed["code"]
    assert (78, "(broker_refused)") == (refused.returncode, _code(refused))
    assert user.seed not in shown
    assert account.token(user, **rights).split(".")[1] not in shown


def _code(done: Any) -> str:
    return str(done.stderr.split()[-1])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "credentials_missing"),
        ("-----BEGIN NATS USER JWT-----", "credentials_unusable"),
        (credentials("a.b.c", "SUNOTASEED!!"), "credentials_unusable"),
    ],
)
def test_a_credentials_file_that_cannot_be_used_is_named_and_not_shown(
    tmp_path: Path, text: str | None, code: str
) -> None:
    file = tmp_path / "x.creds"
    if text is not None:
        file.write_text(text)
    done = With(data_dir=tmp_path, port=1, given={"credentials": str(file)}).run("search", "x")

    assert (78, f"({code})") == (done.returncode, _code(done))
    assert str(file) in done.stderr
    assert "SUNOTASEED" not in done.stderr


# Nothing is shown


def test_no_secret_stands_in_any_log(broker: Secured, running: tuple[Running, Running]) -> None:
    """At DEBUG, of everything that the tests of this module did with these processes."""
    logs = list(broker.data_dir.glob("log-*"))
    shown = [(log.name, role) for log in logs for role in ROLES if password_of(role) in log.read_text()]

    assert len(logs) >= len(running)
    assert [] == shown

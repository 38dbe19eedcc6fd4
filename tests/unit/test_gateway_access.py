"""Who gets in at the HTTP gateway: keys by scope, this machine by its own name, and nobody by a header of their own."""

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from structlog.testing import capture_logs

from newsdex.api_keys import add_key, keys_file, read_keys, revoke_key
from newsdex.errors import Invalid, Misconfigured, Unavailable
from newsdex.gateway.app import make_app
from newsdex.gateway.callers import FORWARDING
from newsdex.gateway.door import make_door
from newsdex.gateway.problems import answer_error
from newsdex.settings import Settings
from newsdex_schemas import EventRef, Interpretation, SearchReply, SearchRequest

REPLY = SearchReply(
    hits=(), total=0, total_is="exact", partial=False, interpretation=Interpretation(query="*"), took_ms=1.0,
    index_ms=0.5, position=7,
)  # fmt: skip
ARTICLE = {"id": "a", "title": "A"}
OUTSIDE, LOOPBACK = "203.0.113.9", "127.0.0.1"


class Service:
    """Answers as the service does where nothing is there, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def search(self, request: SearchRequest) -> SearchReply:
        self.asked.append(request)
        return REPLY

    async def publish_one(self, message: Any, *_: float) -> tuple[EventRef, bool]:
        self.asked.append(message)
        return message.ref.model_copy(update={"stream_sequence": 1}), False


class Gate:
    """A gateway in this process."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings(data_dir=folder, **settings)
        self.service = Service()
        door = make_door(self.settings, self.service)  # type: ignore[arg-type]
        self.app: Starlette = make_app(door)
        self.keys = keys_file(self.settings)

    def ask(
        self,
        path: str = "/api/search",
        *,
        peer: str = LOOPBACK,
        method: str = "GET",
        host: str = "localhost",
        **more: Any,
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(peer, 4711), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                headers = {"host": host, **more.pop("headers", {})}
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(ask())

    def publish(self, headers: Mapping[str, str]) -> httpx.Response:
        return self.ask("/api/events", method="POST", json=ARTICLE, headers=dict(headers))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_every_route_needs_a_key_but_what_says_otherwise(tmp_path: Path) -> None:
    """A route that is added, and says nothing, is closed to those from elsewhere."""
    gate = Gate(tmp_path, gateway_host="0.0.0.0", gateway_rate=1000)
    open_routes = {"/api/openapi.json", "/assets/{name}", "/docs", "/docs/{name}"}
    for route in gate.app.routes:
        path, methods = route.path, route.methods  # type: ignore[attr-defined]
        told = gate.ask(
            path.replace("{", "").replace("}", ""), peer=OUTSIDE, method="POST" if "POST" in methods else "GET"
        )
        if path in open_routes:
            assert 401 != told.status_code, path
        else:
            assert 401 == told.status_code, path

    assert [] == gate.service.asked


def test_a_search_needs_no_key_from_this_machine_only(gate: Gate, tmp_path: Path) -> None:
    outside = gate.ask(peer=OUTSIDE)

    assert 200 == gate.ask().status_code
    assert 200 == gate.ask(peer="::1").status_code
    assert (401, "key_missing") == (outside.status_code, outside.json()["code"])
    assert outside.headers["www-authenticate"].startswith("Bearer")
    assert 401 == Gate(tmp_path, gateway_host="0.0.0.0").ask().status_code
    assert 200 == Gate(tmp_path, gateway_host="0.0.0.0", gateway_public_search=True).ask(peer=OUTSIDE).status_code


@pytest.mark.parametrize("name", sorted(FORWARDING))
def test_what_comes_through_a_proxy_is_never_from_this_machine(gate: Gate, name: str) -> None:
    assert 401 == gate.ask(headers={name: LOOPBACK}).status_code
    assert 401 == gate.ask(headers={name.title(): ""}).status_code


def test_what_a_proxy_of_ours_says_counts_for_limits_and_never_as_this_machine(tmp_path: Path) -> None:
    gate = Gate(tmp_path, gateway_trusted_proxies="127.0.0.1,10.0.0.0/8", gateway_public_search=True)
    forwarded = {"x-forwarded-for": f"127.0.0.1, {OUTSIDE}, 10.1.1.1", "x-forwarded-proto": "https"}
    with capture_logs() as logs:
        trusted = gate.ask(headers=forwarded)
        untrusted = gate.ask(peer="192.0.2.1", headers=forwarded)

    assert [OUTSIDE, "192.0.2.1"] == [line["client"] for line in logs if line["event"] == "http.answered"]
    assert "strict-transport-security" in trusted.headers
    assert "strict-transport-security" not in untrusted.headers
    assert 401 == Gate(tmp_path, gateway_trusted_proxies="127.0.0.1").ask(headers=forwarded).status_code


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8080", 200), ("LOCALHOST", 200), ("127.0.0.1:1", 200), ("[::1]:8080", 200),
        ("search.example", 200), ("evil.example", 421), ("localhost.evil.example", 421), ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421), ("", 421), ("localhost@evil.example", 421), ("192.168.1.5", 421),
        ("0x7f.1", 421), ("localhost:80:80", 421), ("[::1", 421), ("localhost\t", 200),
    ],
)  # fmt: skip
def test_a_page_of_another_name_that_leads_here_gets_nothing(tmp_path: Path, host: str, status: int) -> None:
    gate = Gate(tmp_path, gateway_hosts="search.example")
    told = gate.ask(host=host)

    assert status == told.status_code
    assert (status == 200) == bool(gate.service.asked)


def test_publishing_always_needs_a_key_of_its_scope(gate: Gate) -> None:
    secrets = {scope: add_key(gate.keys, scope, [scope]) for scope in ("search", "publish", "operate")}
    told = {scope: gate.publish(bearer(secret)) for scope, secret in secrets.items()}

    assert {"search": 403, "publish": 202, "operate": 403} == {scope: one.status_code for scope, one in told.items()}
    assert "wrong_scope" == told["search"].json()["code"]
    assert 401 == gate.publish({}).status_code
    assert 1 == len(gate.service.asked)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "{}",
        "Bearer {}x",
        "Bearer x{}",
        "Bearer {} {}",
        "bearer\t{}",
        "Bearer {0}\u00e9",
    ],
)
def test_only_the_key_itself_opens(gate: Gate, authorization: str) -> None:
    secret = add_key(gate.keys, "cms", ["publish"])
    header = authorization.format(secret, secret).encode()

    assert 401 == gate.publish({"authorization": header}).status_code  # type: ignore[dict-item]  # bytes as they are
    assert [] == gate.service.asked


def test_a_key_is_kept_as_its_digest_and_opens_nothing_once_it_is_revoked(gate: Gate) -> None:
    secret = add_key(gate.keys, "cms", ["publish"])
    before = gate.publish(bearer(secret)).status_code
    revoke_key(gate.keys, "cms")

    assert secret not in gate.keys.read_text(encoding="utf-8")
    assert (202, 401) == (before, gate.publish(bearer(secret)).status_code)
    assert () == read_keys(gate.keys)
    with pytest.raises(Invalid, match="no key named cms"):
        revoke_key(gate.keys, "cms")


def test_two_keys_have_two_names(gate: Gate) -> None:
    add_key(gate.keys, "cms", ["publish"])
    with pytest.raises(Invalid, match="a key named cms"):
        add_key(gate.keys, "cms", ["operate"])

    assert [("cms", ("publish",))] == [(key.name, key.scopes) for key in read_keys(gate.keys)]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": [{}]}', '{"keys": [1]}', "\xff"])
def test_a_damaged_file_of_keys_opens_nothing(gate: Gate, content: str) -> None:
    secret = add_key(gate.keys, "cms", ["publish"])
    gate.keys.write_text(content, encoding="latin-1")
    told = gate.publish(bearer(secret))

    assert (503, "keys_unreadable") == (told.status_code, told.json()["code"])
    assert 200 == gate.ask().status_code
    with pytest.raises(Misconfigured):
        read_keys(gate.keys)


def test_wrong_keys_are_refused_unseen_and_lock_nobody_out_who_has_one(tmp_path: Path) -> None:
    gate = Gate(tmp_path, gateway_host="0.0.0.0")
    secret = add_key(gate.keys, "cms", ["search"])
    told = [gate.ask(peer=OUTSIDE, headers=bearer(f"newsdex-{number}")) for number in range(30)]
    right = gate.ask(peer=OUTSIDE, headers=bearer(secret))

    assert [401] * 10 == [one.status_code for one in told[:10]]
    assert {429} == {one.status_code for one in told[11:]}
    assert ("too_many_keys", True) == (told[-1].json()["code"], 0 < int(told[-1].headers["retry-after"]) <= 5)
    assert 200 == right.status_code
    assert 200 == gate.ask(peer="203.0.113.10", headers=bearer(secret)).status_code


def test_requests_of_one_address_have_a_rate_and_those_of_others_their_own(tmp_path: Path) -> None:
    gate = Gate(tmp_path, gateway_rate=2, gateway_public_search=True)
    flood = [gate.ask(peer="2001:db8::1:1") for _ in range(6)]
    neighbour, other = gate.ask(peer="2001:db8::2:2"), gate.ask(peer="2001:db8:1::1")

    assert [200] * 4 == [one.status_code for one in flood[:4]]
    assert ("too_many_requests", "1") == (flood[5].json()["code"], flood[5].headers["retry-after"])
    assert (429, 200) == (neighbour.status_code, other.status_code)


@pytest.mark.parametrize("id_", ["a\r\nset-cookie: x=1", "a b", "é", "x" * 200, '"},{"', "\x1b[31m", ""])
def test_neither_headers_nor_log_lines_can_be_made_by_a_request_id(gate: Gate, id_: str) -> None:
    with capture_logs() as logs:
        told = gate.ask(headers={"x-request-id": id_.encode()})  # type: ignore[dict-item]  # bytes as they are

    assert told.headers["x-request-id"].isalnum()
    assert id_ not in json.dumps(logs) or not id_
    assert "set-cookie" not in told.headers


def test_the_log_has_neither_queries_nor_ids_nor_keys(gate: Gate) -> None:
    secret = add_key(gate.keys, "cms", ["publish"])
    with capture_logs() as logs:
        gate.ask("/api/search?q=confidential")
        gate.ask("/api/articles/confidential")
        gate.ask("/confidential?x=confidential")
        gate.ask("/api/events", method="POST", json=ARTICLE | {"id": "confidential"}, headers=bearer(secret))
    lines = [line for line in logs if line["event"] == "http.answered"]

    assert ["/api/search", "/api/articles/{id}", "none", "/api/events"] == [line["route"] for line in lines]
    assert "cms" == lines[-1]["key"]
    assert "confidential" not in str(lines)
    assert secret not in str(logs)


@pytest.mark.parametrize(
    "path",
    [
        "/api/search/", "/api/search/x.css", "/api/search;x.css", "/api/search%00", "//api/search", "/api//search",
        "/api%2Fsearch", "/api/%73earch", "/API/search", "/./api/search", "/x/../api/search", "/api/search%3Fq=1",
        "/api/search%23", "/assets/..%2Fapp.py", "/assets/%2e%2e%2fapp.py", "/assets/../app.py", "/api/..;/search",
        "/api/events", "/api/articles/a/b", "/api/articles/",
    ],
)  # fmt: skip
def test_an_address_has_one_spelling_so_that_proxies_and_caches_read_it_alike(gate: Gate, path: str) -> None:
    told = gate.ask(path)

    assert told.status_code in {404, 405} or told.url.path == "/api/search"
    assert "public" not in told.headers.get("cache-control", "")


def test_nothing_that_depends_on_the_caller_may_be_kept_by_a_shared_cache(gate: Gate) -> None:
    told = gate.ask()

    assert "private, no-cache" == told.headers["cache-control"]
    assert {"Authorization", "Cookie", "Accept-Encoding"} <= {one.strip() for one in told.headers["vary"].split(",")}


def test_pages_of_other_origins_read_nothing_unless_they_are_named(gate: Gate, tmp_path: Path) -> None:
    origin = {"origin": "https://site.example"}
    named = Gate(tmp_path, gateway_cors_origins="https://site.example")

    assert "access-control-allow-origin" not in gate.ask(headers=origin).headers
    assert "https://site.example" == named.ask(headers=origin).headers["access-control-allow-origin"]
    assert "access-control-allow-origin" not in named.ask(headers={"origin": "https://evil.example"}).headers
    assert "access-control-allow-credentials" not in named.ask(headers=origin).headers


def test_an_address_that_is_too_long_is_refused(gate: Gate) -> None:
    assert (414, "address_too_long") == (
        (told := gate.ask("/api/search?q=" + "x" * 12_000)).status_code,
        told.json()["code"],
    )
    assert "too_many" == gate.ask("/api/search?" + "tags=x&" * 500).json()["code"]
    assert [] == gate.service.asked


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "///evil.example/x", "//evil.example?q=x"])
def test_trying_again_never_leads_to_another_server(gate: Gate, path: str) -> None:
    reply = asyncio.run(answer_error(_request(gate, path), Unavailable("no_reply", "no reply")))

    assert re.search(rb'href="/(?:%5C)?evil.example[^"]*">Try again', bytes(reply.body))


def _request(gate: Gate, path: str) -> Request:
    raw, _, query = path.partition("?")
    scope = {"type": "http", "app": gate.app, "path": raw, "query_string": query.encode(), "headers": [], "state": {},
             "method": "GET", "server": ("localhost", 80), "scheme": "http"}  # fmt: skip
    return Request(scope)


def test_replies_say_how_long_each_part_took(gate: Gate) -> None:
    times = gate.ask().headers["server-timing"]

    assert re.fullmatch(r"index;dur=0\.50, broker;dur=[\d.]+, gateway;dur=[\d.]+", times)

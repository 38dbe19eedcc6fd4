"""The operators' page: who is let in, what it says, and that no page of others can press its buttons."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.page import fake_service
from tests.page.fake_service import FakeService, parked

from newsdex.api_keys import ApiKey, add_key, keys_file, revoke_key
from newsdex.gateway.app import make_app
from newsdex.gateway.door import Door
from newsdex.gateway.quantiles import quantile_s
from newsdex.gateway.sessions import LIFETIME_S, MAX_SESSIONS, Sessions

HOSTILE = "<script>alert(1)</script>\"'&"


class Operator:
    """A browser without script; what it is signed in with stays."""

    def __init__(self, door: Door, key_name: str = "desk") -> None:
        self._app = make_app(door)
        self.cookies = httpx.Cookies()
        self.keys = keys_file(door.settings)
        self.key = add_key(self.keys, key_name, ["operate"])

    def ask(self, method: str, address: str, headers: Mapping[str, str] | None = None, **form: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", cookies=self.cookies
            ) as client:
                reply = await client.request(method, address, headers=headers, data=form or None)
                self.cookies = client.cookies
                return reply

        return asyncio.run(ask())

    def sign_in(self, key: str | None = None) -> httpx.Response:
        return self.ask("POST", "/status/sign-in", key=self.key if key is None else key)

    def page(self) -> str:
        reply = self.ask("GET", "/status")
        assert (200, "no-store") == (reply.status_code, reply.headers["cache-control"])
        return reply.text

    def token(self) -> str:
        found = re.search(r'name="token" value="(\w+)"', self.page())
        assert found is not None
        return found[1]


@pytest.fixture
def operator(door: Door) -> Operator:
    return Operator(door)


@pytest.fixture
def inside(operator: Operator) -> Operator:
    assert 303 == operator.sign_in().status_code
    return operator


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found is not None
    return found[1]


# Who is let in


def test_the_status_is_for_those_with_a_key_of_their_scope(operator: Operator, service: FakeService) -> None:
    reader = add_key(operator.keys, "reader", ["search", "publish"])
    closed = operator.ask("GET", "/status")
    wrong, small = operator.sign_in("newsdex-guessed"), operator.sign_in(reader)

    assert [401, 401, 401] == [reply.status_code for reply in (closed, wrong, small)]
    assert "There is no such key" in wrong.text
    assert "the key has search, publish" in small.text
    assert 401 == operator.ask("GET", "/status/live").status_code
    assert [] == service.searches


def test_a_key_is_kept_in_a_cookie_that_neither_scripts_nor_other_sites_get(operator: Operator) -> None:
    cookie = operator.sign_in().headers["set-cookie"].lower()

    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "All is well" == heading(operator.page())


def test_a_revoked_key_opens_the_page_no_longer(inside: Operator) -> None:
    revoke_key(inside.keys, "desk")
    refused = inside.ask("GET", "/status")
    again = inside.ask("POST", "/status/sign-out")

    assert 401 == refused.status_code
    assert "max-age=0" in refused.headers["set-cookie"].lower()
    assert 401 == again.status_code


def test_who_signs_out_is_out_whoever_has_kept_the_cookie(inside: Operator) -> None:
    kept = httpx.Cookies(inside.cookies)
    inside.ask("POST", "/status/sign-out", token=inside.token())
    inside.cookies = kept

    assert 401 == inside.ask("GET", "/status").status_code


def test_who_signs_in_again_has_one_session_and_not_the_one_that_others_may_know(inside: Operator) -> None:
    before = httpx.Cookies(inside.cookies)
    inside.sign_in()
    assert inside.cookies["newsdex"] != before["newsdex"]
    assert 200 == inside.ask("GET", "/status").status_code
    inside.cookies = before

    assert 401 == inside.ask("GET", "/status").status_code


def test_a_key_that_loses_its_scope_opens_the_pages_no_longer(inside: Operator, service: FakeService) -> None:
    service.parked_events = [parked(7)]
    token = inside.token()
    inside.keys.write_text(inside.keys.read_text(encoding="utf-8").replace('"operate"', '"search"'), encoding="utf-8")
    pages = [inside.ask("GET", page) for page in ("/status", "/status/parked/7")]
    dropped = inside.ask("POST", "/status/parked/7/drop", token=token)

    assert [401, 401] == [page.status_code for page in pages]
    assert "the key has search" in pages[0].text
    assert 403 == dropped.status_code
    assert 403 == inside.ask("GET", "/status/live").status_code
    assert {} == service.redriven


def test_a_stolen_cookie_is_no_key_and_opens_no_other_gateway(inside: Operator, door: Door) -> None:
    cookie = inside.cookies["newsdex"]
    headers = {"authorization": f"Bearer {cookie}"}
    other = Operator(door, key_name="other")
    other.cookies = inside.cookies

    assert inside.key not in cookie
    assert hashlib.sha256(inside.key.encode()).hexdigest() not in cookie
    assert 401 == inside.ask("GET", "/api/status", headers).status_code
    assert 401 == inside.sign_in(cookie).status_code
    assert 401 == other.ask("GET", "/status").status_code


def test_nobody_stays_signed_in_for_ever() -> None:
    now = 0.0
    sessions = Sessions(lambda: now)
    key = ApiKey(name="desk", scopes=("operate",), digest="d", created_at="")
    token, *others = [sessions.begin(key) for _ in range(3)]
    sessions.end(others[0])

    assert ["d", None, "d"] == [sessions.key_digest(one) for one in (token, *others)]
    now = LIFETIME_S
    assert sessions.key_digest(token) is None
    for _ in range(MAX_SESSIONS):
        sessions.begin(key)
    assert sessions.key_digest(others[1]) is None


def test_the_cookie_opens_no_call_of_the_api(inside: Operator, service: FakeService) -> None:
    service.parked_events = [parked(1)]

    assert 401 == inside.ask("GET", "/api/status").status_code
    assert 401 == inside.ask("POST", "/api/parked/1/drop").status_code
    assert {} == service.redriven


# Buttons


@pytest.mark.parametrize(("order", "result"), [("retry", "accepted"), ("drop", "dropped")])
def test_a_parked_event_is_retried_or_dropped_by_a_button(
    inside: Operator, service: FakeService, order: str, result: str
) -> None:
    service.parked_events = [parked(7)]
    done = inside.ask("POST", f"/status/parked/7/{order}", token=inside.token())
    again = inside.ask("POST", f"/status/parked/7/{order}", token=inside.token())

    assert (303, f"/status?done=Event+7%3A+{result}") == (done.status_code, done.headers["location"])
    assert {7: result} == service.redriven
    assert 409 == again.status_code
    assert 404 == inside.ask("POST", f"/status/parked/8/{order}", token=inside.token()).status_code


@pytest.mark.parametrize("order", ["retry", "drop"])
def test_no_page_of_others_can_press_a_button(inside: Operator, service: FakeService, order: str) -> None:
    service.parked_events = [parked(7)]
    token, address = inside.token(), f"/status/parked/7/{order}"
    foreign = [
        inside.ask("POST", address),
        inside.ask("POST", address, token="0" * 64),
        inside.ask("POST", address, {"sec-fetch-site": "cross-site"}, token=token),
        inside.ask("POST", address, {"sec-fetch-site": "same-site"}, token=token),
    ]

    assert [403] * 4 == [reply.status_code for reply in foreign]
    assert 405 == inside.ask("GET", address).status_code
    assert {} == service.redriven


def test_an_event_is_shown_before_it_is_dropped_and_none_of_it_runs(inside: Operator, service: FakeService) -> None:
    service.parked_events = [
        parked(7, message=HOSTILE, event_id=HOSTILE, article_id=HOSTILE, source=HOSTILE, beginning=HOSTILE)
    ]
    shown, page = inside.ask("GET", "/status/parked/7"), inside.page()

    assert "Drop this event?" in shown.text
    assert HOSTILE not in shown.text
    assert "<script>alert" not in shown.text + page
    assert 404 == inside.ask("GET", "/status/parked/8").status_code
    assert 404 == inside.ask("GET", "/status/parked/x").status_code


def test_orders_over_the_api_need_a_key_of_their_scope_and_keep_whose_it_was(
    operator: Operator, service: FakeService
) -> None:
    service.parked_events = [parked(7)]
    reader = add_key(operator.keys, "reader", ["search", "publish"])
    refused = operator.ask("POST", "/api/parked/7/drop", {"authorization": f"Bearer {reader}"})
    done = operator.ask("POST", "/api/parked/7/drop", {"authorization": f"Bearer {operator.key}"})

    assert 403 == refused.status_code
    assert [{"id": 7, "result": "dropped"}] == done.json()["results"]
    assert ["over HTTP, with the key desk"] == service.reasons


# What it says


def test_the_verdict_is_the_worst_fact_in_a_readers_terms(inside: Operator, service: FakeService) -> None:
    service.waiting_s = 72.0
    page = inside.page()

    assert "New articles are not searchable yet" == heading(page)
    assert "the oldest change waits for 72 s" in page
    assert "index_late" in page


def test_what_does_not_answer_is_unknown_and_neither_well_nor_zero(inside: Operator, service: FakeService) -> None:
    service.broken = True
    page = inside.page()

    assert heading(page) in ("New articles are not taken in", "Searches are not answered")
    assert "Whether any are parked is not known" in page
    assert page.count("not known") >= 5


def test_events_parked_today_are_to_be_looked_at_and_old_ones_are_not(inside: Operator, service: FakeService) -> None:
    service.parked_events = [parked(7)]
    new = inside.page()

    assert "Events could not be handled" == heading(new)
    assert "Look at it today" in new


def test_every_process_is_told_with_what_it_says(inside: Operator) -> None:
    status = inside.ask("GET", "/api/status", {"authorization": f"Bearer {inside.key}"}).json()

    assert ["indexer", "searcher"] == [process["process"] for process in status["processes"]]
    assert status["well"]
    assert {"events": 40} == status["processes"][0]["counts"]


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "verdict", "told"),
    [
        ({"free_bytes": 900_000_000}, "The disk is almost full", "900.0 MB are free"),
        ({"backed_up_at": datetime.now(UTC) - 3 * DAY}, "The last backup is old", "The last one was made 20"),
        ({"backed_up_at": None}, "The last backup is old", "None was ever made"),
        ({}, "All is well", "61.0 GB of 100.0 GB"),
    ],
)
def test_the_disk_and_the_backup_are_told_and_missed(
    inside: Operator, service: FakeService, changes: dict[str, Any], verdict: str, told: str
) -> None:
    service.storage = service.storage.model_copy(update=changes)
    page = inside.page()

    assert verdict == heading(page)
    assert told in page


def test_a_service_that_has_just_begun_needs_no_backup_yet(
    inside: Operator, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_service, "NOON", datetime.now(UTC) - DAY)
    service.storage = service.storage.model_copy(update={"backed_up_at": None})

    assert "All is well" == heading(inside.page())


def test_how_long_searches_take_is_that_of_the_last_minutes(inside: Operator, door: Door, service: FakeService) -> None:
    asyncio.run(door.watching.sample())
    before = inside.page()
    service.searches_within = {"0.01": 109, "0.1": 209, "+Inf": 209}
    asyncio.run(door.watching.sample())
    page = inside.page()

    assert re.search(r"Search, 95th percentile.*?none <small>lately", before, re.DOTALL)
    assert re.search(r"Search, 95th percentile.*?91\.0 <small>ms", page, re.DOTALL)
    service.searches_within = {"0.01": 109, "0.1": 209, "1.0": 409, "+Inf": 409}
    asyncio.run(door.watching.sample())

    assert "Searches take long" == heading(inside.page())


@pytest.mark.parametrize(
    ("within", "part", "seconds"),
    [
        ({}, 0.5, None),
        ({"0.1": 0, "+Inf": 0}, 0.5, None),
        ({"0.1": 10, "0.2": 10, "+Inf": 10}, 0.5, 0.05),
        ({"0.1": 5, "0.2": 10, "+Inf": 10}, 0.75, 0.15),
        ({"0.1": 5, "0.2": 5, "+Inf": 10}, 0.95, 0.2),
        ({"+Inf": 3}, 0.95, 0.0),
    ],
)
def test_quantiles_are_those_of_prometheus(within: dict[str, float], part: float, seconds: float | None) -> None:
    assert pytest.approx(seconds) == quantile_s(within, part)

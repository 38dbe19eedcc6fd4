"""The HTTP gateway answers as the broker's channels do, with what HTTP has for it."""

from collections.abc import Iterator

import httpx
import pytest
from tests.integration.running import Running, Service

from newsdex.gateway.security_headers import HEADERS


@pytest.fixture
def http(up: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=up.gateway_url) as client:
        yield client


@pytest.fixture(scope="session")
def curlews(_up: tuple[Service, Running]) -> None:
    """Two articles that the tests of this file find."""
    lines = (
        b'{"id":"curlew-1","title":"Curlew & gull","section":"Birds","published_at":"2024-05-01T10:00:00Z"}\n'
        b'{"id":"curlew-2","title":"Curlew counted","section":"Counts","published_at":"2024-06-30T23:30:00Z"}\n'
    )
    done = _up[0].run("publish", "--wait", "-", stdin=lines)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("curlews")
def test_a_search_is_answered_as_on_its_channel(http: httpx.Client, service: Service) -> None:
    parameters = {"q": "curlew", "section": ["Birds", "Ponds"], "facets": "section", "size": "5", "histogram": "true"}
    reply = http.get("/api/search", params=parameters)
    told = service.search("curlew", "--section", "Birds", "--section", "Ponds", "--size", "5")

    assert (200, "application/json") == (reply.status_code, reply.headers["content-type"])
    assert ["curlew-1"] == [hit["id"] for hit in reply.json()["hits"]]
    assert told["hits"] == reply.json()["hits"]
    assert {"section"} == set(reply.json()["facets"])
    assert 1 == reply.json()["histogram"]["buckets"][0]["count"]


@pytest.mark.usefixtures("curlews")
def test_a_reply_that_has_not_changed_is_not_sent_again(http: httpx.Client) -> None:
    """However long it took, and compressed or not."""
    first = http.get("/api/search", params={"q": "curlew"})
    again = http.get("/api/search", params={"q": "curlew"}, headers={"if-none-match": first.headers["etag"]})
    other = http.get("/api/search", params={"q": "curlew counted"}, headers={"if-none-match": first.headers["etag"]})

    assert "private, no-cache" == first.headers["cache-control"]
    assert (304, b"") == (again.status_code, again.content)
    assert first.headers["etag"] == again.headers["etag"]
    assert 200 == other.status_code
    assert first.headers["etag"] != other.headers["etag"]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("siz=2", "unknown_field", "siz"),
        ("filters=x&section=y", "unknown_field", "filters"),
        ("size=two", "wrong_type", "size"),
        ("size=1&size=2", "wrong_type", "size"),
        ("size=101", "out_of_range", "size"),
        ("section=", "empty_text", "section"),
        ("published_from=then", "invalid_datetime", "published_from"),
        ("recency_half_life_days=3", "missing_field", "recency_weight"),
        ("strict=perhaps", "invalid_value", "strict"),
        ("timezone=Mars/Base", "unknown_timezone", "timezone"),
        ("cursor=x", "invalid_cursor", "cursor"),
        ("strict=true&q=(a", "unbalanced_bracket", "q"),
    ],
)
def test_what_is_wrong_is_named_by_its_parameter(http: httpx.Client, query: str, code: str, field: str) -> None:
    reply = http.get(f"/api/search?{query}")
    problem = reply.json()

    assert (400, "application/problem+json") == (reply.status_code, reply.headers["content-type"])
    assert (code, field, 400) == (problem["code"], problem["place"]["field"], problem["status"])
    assert f"/docs/http#{code}" == problem["type"]
    assert "no-store" == reply.headers["cache-control"]


@pytest.mark.parametrize("path", ["/api/search?q=curlew", "/api/search?size=x", "/api/none", "/none", "/assets/x.css"])
def test_every_response_says_what_a_browser_may_do(http: httpx.Client, path: str) -> None:
    headers = http.get(path).headers

    assert {name.decode(): value.decode() for name, value in HEADERS}.items() <= dict(headers).items()
    assert "strict-transport-security" not in headers


def test_nothing_and_the_wrong_method_have_problems_too(http: httpx.Client) -> None:
    nothing, wrong, page = http.get("/api/none"), http.post("/api/search"), http.get("/none")

    assert ("not_found", 404) == (nothing.json()["code"], nothing.status_code)
    assert ("method_not_allowed", 405) == (wrong.json()["code"], wrong.status_code)
    assert "GET" in wrong.headers["allow"]
    assert (404, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])


def test_the_files_of_a_page_may_be_kept_for_ever(http: httpx.Client) -> None:
    page = http.get("/none").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    style = http.get(address)

    assert (200, "text/css; charset=utf-8") == (style.status_code, style.headers["content-type"])
    assert "immutable" in style.headers["cache-control"]


@pytest.mark.usefixtures("curlews")
def test_an_article_and_those_about_the_same_are_found_by_an_id_that_is_encoded_whole(
    http: httpx.Client, service: Service
) -> None:
    lines = b"".join(
        b'{"id":"%s","title":"Whimbrel whistles","body":"The whimbrel whistles seven times."}\n' % id_
        for id_ in (b"desk/whimbrel?1", b"desk/whimbrel#2")
    )
    service.run("publish", "--wait", "-", stdin=lines)
    article, similar = (
        http.get("/api/articles/desk%2Fwhimbrel%3F1"),
        http.get("/api/similar/desk%2Fwhimbrel%3F1?size=1"),
    )

    assert "desk/whimbrel?1" == article.json()["article"]["id"]
    assert ["desk/whimbrel#2"] == [hit["id"] for hit in similar.json()["hits"]]
    assert 404 == http.get("/api/articles/desk/whimbrel%3F1").status_code
    assert ("unknown_article", 404) == _problem(http, "/api/articles/nobody")
    assert ("unknown_article", 404) == _problem(http, "/api/similar/nobody")
    assert ("malformed_text", 400) == _problem(http, "/api/articles/%ff")
    assert ("wrong_type", 400) == _problem(http, "/api/similar/a?id=b")


def _problem(http: httpx.Client, path: str) -> tuple[str, int]:
    reply = http.get(path)
    return reply.json()["code"], reply.status_code


@pytest.mark.usefixtures("curlews")
def test_what_is_typed_is_completed(http: httpx.Client) -> None:
    reply = http.get("/api/suggest", params={"q": "curl", "kinds": ["terms", "titles"], "size": 2})

    assert "private, max-age=10" == reply.headers["cache-control"]
    assert ["curlew"] == [term["text"] for term in reply.json()["terms"]]
    assert 2 == len(reply.json()["titles"])
    assert ("missing_field", 400) == _problem(http, "/api/suggest")


@pytest.mark.usefixtures("curlews")
@pytest.mark.parametrize(
    ("dates", "ids"),
    [
        ("published_from=2024-07-01&timezone=America/New_York", []),
        ("published_from=2024-07-01&timezone=Europe/Helsinki", ["curlew-2"]),
        ("published_to=2024-06", ["curlew-1"]),
        ("published_from=2024-06-30T23:30:00Z", ["curlew-2"]),
    ],
)
def test_a_bare_date_is_midnight_in_the_zone(http: httpx.Client, dates: str, ids: list[str]) -> None:
    assert ids == [hit["id"] for hit in http.get(f"/api/search?q=curlew&{dates}").json()["hits"]]


def test_operators_see_how_every_part_is(http: httpx.Client, service: Service) -> None:
    key = service.run("keys", "add", "watch", "--scope", "operate").stdout.strip()
    status = http.get("/api/status", headers={"authorization": f"Bearer {key}"})

    assert (200, "no-store") == (status.status_code, status.headers["cache-control"])
    assert {"well", "articles", "position", "index", "stream"} <= status.json().keys()
    assert status.json()["well"]
    told = {one["process"]: one for one in status.json()["processes"]}
    assert 0 < told["indexer"]["storage"]["free_bytes"] < told["indexer"]["storage"]["disk_bytes"]
    assert 0 < told["searcher"]["searches_within"]["+Inf"]


@pytest.mark.usefixtures("curlews")
def test_operators_only_are_told_why_an_article_is_found_or_not(http: httpx.Client, service: Service) -> None:
    hidden = b'{"id":"curlew-3","title":"Curlew embargoed","embargoed_until":"2099-01-01T00:00:00Z"}\n'
    service.run("publish", "--wait", "-", stdin=hidden)
    operator, reader = (
        {"authorization": f"Bearer {service.run('keys', 'add', f'why-{scope}', '--scope', scope).stdout.strip()}"}
        for scope in ("operate", "search")
    )
    found, embargoed, unknown = (
        http.get(f"/api/articles/{id_}/why", headers=operator) for id_ in ("curlew-1", "curlew-3", "curlew-9")
    )

    assert ("found", "first_version") == (found.json()["standing"], found.json()["events"][0]["reason"])
    assert ("embargoed", "no-store") == (embargoed.json()["standing"], embargoed.headers["cache-control"])
    assert (404, "unknown_article") == (unknown.status_code, unknown.json()["code"])
    assert [403, 401] == [
        http.get("/api/articles/curlew-3/why", headers=headers).status_code for headers in (reader, {})
    ]

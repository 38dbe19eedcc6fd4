"""Suggestions, similar articles and did-you-mean over the broker and on the command line."""

import json
from typing import Any

import pytest
from tests.integration.running import Running, Service, until
from tests.integration.test_end_to_end import plain_request

ARTICLES: list[dict[str, Any]] = [
    {"id": "t-1", "title": "Kittiwake colony on Skarvoy cliffs", "body": "Kittiwakes nest."},
    {"id": "t-2", "title": "Skarvoy cliffs closed", "body": "The kittiwake colony grows.", "tags": ["Skarvoy"]},
    {"id": "t-3", "title": "Skarvholt secret", "embargoed_until": "2999-01-01T00:00:00Z", "tags": ["Skarvholt"]},
]


@pytest.fixture(scope="module")
def birds(_up: tuple[Service, Running], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Return the running service, with these articles in it."""
    service, _ = _up
    file = tmp_path_factory.mktemp("birds") / "birds.jsonl"
    file.write_text("\n".join(map(json.dumps, ARTICLES)))
    assert 0 == service.run("publish", "--wait", str(file)).returncode
    return service


def ask(service: Service, channel: str, request: dict[str, Any]) -> Any:
    return plain_request(service.broker_url, channel, json.dumps(request | {"timeout_ms": 10_000}).encode())[0]


def test_suggestions_come_over_the_broker_without_hidden_articles(birds: Service) -> None:
    reply = ask(birds, "search.suggest", {"q": "skarv"})

    assert {"t-1", "t-2"} == {title["id"] for title in reply["titles"]}
    assert (["Skarvoy"], ["skarvoy"]) == ([tag["text"] for tag in reply["tags"]], [t["text"] for t in reply["terms"]])


def test_similar_articles_come_over_the_broker(birds: Service) -> None:
    reply = ask(birds, "search.similar", {"id": "t-1"})

    assert "t-2" == reply["hits"][0]["id"]
    assert "t-1" not in [hit["id"] for hit in reply["hits"]]


def test_a_misspelt_search_is_answered_with_a_query_that_finds_more(birds: Service) -> None:
    reply = ask(birds, "search.query", {"q": "kitiwake colony"})
    meant = reply["did_you_mean"]

    assert ["spelling"] == [note["code"] for note in reply["interpretation"]["notes"]]
    assert ("kittiwake colony", 2) == (meant["text"], meant["total"])
    assert "<mark>kittiwake</mark> colony" == meant["marked"]


@pytest.mark.parametrize(
    ("channel", "body", "code"),
    [
        ("search.suggest", b"{", "invalid_json"),
        ("search.suggest", b"", "missing_field"),
        ("search.suggest", b'{"q": ""}', "empty_text"),
        ("search.similar", b"\xff", "invalid_json"),
        ("search.similar", b"{}", "missing_field"),
        ("search.similar", b'{"id": "nobody-wrote-this"}', "unknown_article"),
        ("search.similar", b'{"id": "t-3"}', "unknown_article"),
        ("search.similar", b'{"id": "a", "filters": {"published_to": 5}}', "invalid_datetime"),
    ],
)
def test_every_bad_request_gets_a_problem(birds: Service, channel: str, body: bytes, code: str) -> None:
    problem, headers = plain_request(birds.broker_url, channel, body, {"correlation_id": "c-7"})

    assert (code, code, "c-7") == (problem["code"], headers["Nats-Service-Error-Code"], problem["correlation_id"])


def test_one_line_is_logged_for_each_request_without_what_was_typed(birds: Service, up: Running) -> None:
    ids = {"search.suggest": "log-suggest", "search.similar": "log-similar", "search.query": "log-query"}
    bodies = {"search.suggest": {"q": "kittiw"}, "search.similar": {"id": "t-1"}, "search.query": {"q": "kitiwake"}}
    for channel, mark in ids.items():
        plain_request(birds.broker_url, channel, json.dumps(bodies[channel]).encode(), {"correlation_id": mark})
    lines = until(
        lambda: found if len(found := [x for x in up.events() if x.get("correlation_id") in ids.values()]) == 3 else [],
        20,
        "three lines are logged",
    )

    assert {"suggest.answered", "similar.answered", "query.answered"} == {line["event"] for line in lines}
    assert "kitti" not in json.dumps(lines).lower()
    assert [True] == [line["did_you_mean"] for line in lines if line["event"] == "query.answered"]


def test_the_command_suggests(birds: Service) -> None:
    shown = birds.run("suggest", "skarv", "--kind", "terms", "--kind", "tags").stdout
    reply = json.loads(birds.run("suggest", "kitiwak", "--json").stdout)

    assert [["tag", "Skarvoy"], ["term", "skarvoy"]] == [line.split()[:2] for line in shown.splitlines()[:2]]
    assert ("kittiwake", True) == (reply["terms"][0]["text"], reply["terms"][0]["corrected"])


def test_the_command_finds_similar_articles_or_says_that_there_is_no_such_article(birds: Service) -> None:
    shown, unknown = birds.run("similar", "t-1", "--size", "1"), birds.run("similar", "nobody-wrote-this")

    assert (0, True) == (shown.returncode, "Skarvoy cliffs closed" in shown.stdout)
    assert (65, True) == (unknown.returncode, "(unknown_article)" in unknown.stderr)


def test_the_command_says_what_may_have_been_meant(birds: Service) -> None:
    shown = birds.run("search", "kitiwake colony").stdout

    assert "did you mean kittiwake colony? It finds 2." == shown.splitlines()[-1]

"""One article can be read as it is archived, and taken out of search, by its id or by its page's address."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nats
import pytest
from tests.integration.running import Service

TITLE = "The Calliope is towed home"
PAGE = f"{TITLE}\n\nThe Calliope came home behind the harbour's tug on Tuesday, with all her passengers.\n"


def publish(service: Service, *values: dict[str, Any]) -> None:
    done = service.run("publish", "--wait", "-", stdin="\n".join(json.dumps(value) for value in values).encode())

    assert done.returncode == 0, done.stderr


def test_get_prints_the_article_as_it_is_archived(service: Service) -> None:
    article = {"id": "get-1", "title": TITLE, "body": "Behind a tug.", "tags": ["ferry"], "version": 2}
    publish(service, article)
    done, archived = service.run("get", "get-1"), service.run("get", "--archived", "get-1")

    assert (0, article) == (done.returncode, {name: value for name, value in json.loads(done.stdout).items() if value})
    assert json.loads(done.stdout) == json.loads(archived.stdout)


def test_get_of_a_page_by_its_address_prints_what_was_made_of_it(service: Service) -> None:
    url = "https://gazette.example/calliope"
    service.run("publish", "--wait", "--url", url, "-", stdin=PAGE.encode())
    article = json.loads(service.run("get", "--url", url).stdout)

    assert (url, TITLE, url) == (article["id"], article["title"], article["url"])


@pytest.mark.parametrize(
    ("id_", "fields", "archived"),
    [
        ("get-embargoed", {"embargoed_until": "2999-01-01T00:00:00Z"}, 0),
        ("get-expired", {"expires_at": "2001-01-01T00:00:00Z"}, 0),
        ("get-withdrawn", {}, 1),
        ("get-nobody-wrote-this", None, 1),
    ],
)
def test_what_may_not_be_shown_is_told_apart_from_what_is_unknown_by_nobody(
    service: Service, id_: str, fields: dict[str, str] | None, archived: int
) -> None:
    """Who may read the data folder sees what is embargoed or has expired."""
    if fields is not None:
        publish(service, {"id": id_, "title": TITLE, **fields})
    if id_ == "get-withdrawn":
        service.run("withdraw", id_)
    done, from_folder = service.run("get", id_), service.run("get", "--archived", id_)

    assert (65, "") == (done.returncode, done.stdout)
    assert "newsdex: there is no article with this id that may be shown (unknown_article)" == done.stderr.strip()
    assert archived == from_folder.returncode
    assert (TITLE in from_folder.stdout) == (archived == 0)


def test_the_channel_answers_alike_what_is_hidden_and_what_is_unknown(service: Service) -> None:
    publish(service, {"id": "get-hidden", "title": TITLE, "embargoed_until": "2999-01-01T00:00:00Z"})

    async def ask(*bodies: bytes) -> list[dict[str, Any]]:
        client = await nats.connect(service.broker_url)
        replies = [json.loads((await client.request("articles.get", body, timeout=10)).data) for body in bodies]
        await client.close()
        return replies

    hidden, unknown, wrong = asyncio.run(ask(b'{"id": "get-hidden"}', b'{"id": "get-none"}', b'{"id": ""}'))

    assert {**hidden, "correlation_id": None} == {**unknown, "correlation_id": None}
    assert ("unknown_article", "id") == (hidden["code"], hidden["place"]["field"])
    assert "unknown_article" != wrong["code"]


def test_withdrawing_takes_an_article_out_of_search_until_it_is_published_again(service: Service) -> None:
    publish(service, {"id": "down-1", "title": "A shearwater at Calliope point"})
    before = service.found("shearwater")
    done = service.run("withdraw", "down-1", "--reason", "a shearwater it was not")
    after = service.found("shearwater")
    publish(service, {"id": "down-1", "title": "A shearwater after all"})

    assert (0, "down-1: withdrawn: taken out of search (withdrawn)") == (done.returncode, done.stdout.strip())
    assert (["down-1"], [], ["down-1"]) == (before, after, service.found("shearwater"))


def test_a_scraped_page_is_withdrawn_by_its_address(service: Service) -> None:
    url = f"https://gazette.example/{'long-' * 200}address"
    page = b"A dotterel on the mole\n\nIt was seen on Tuesday.\n"
    service.run("publish", "--wait", "--url", url, "-", stdin=page)
    before = service.found("dotterel")
    done = service.run("withdraw", "--url", url)

    assert 0 == done.returncode, done.stderr
    assert (1, []) == (len(before), service.found("dotterel"))


def test_several_are_withdrawn_at_once_and_one_that_is_unknown_is_said(service: Service) -> None:
    publish(service, {"id": "down-2", "title": "A pratincole"}, {"id": "down-3", "title": "A pratincole"})
    done = service.run("withdraw", "down-2", "down-3", "down-none")
    told = dict(line.split(": ", 1) for line in done.stdout.splitlines())

    assert (0, []) == (done.returncode, service.found("pratincole"))
    assert told["down-2"] == told["down-3"] == "withdrawn: taken out of search (withdrawn)"
    assert "no version has been published yet" in told["down-none"]


def test_a_withdrawal_of_a_version_below_what_is_shown_says_that_it_does_nothing(service: Service) -> None:
    publish(service, {"id": "down-4", "title": "A phalarope", "version": 7})
    done = service.run("withdraw", "down-4", "--version", "6")

    assert (65, "") == (done.returncode, done.stdout)
    assert "down-4: not withdrawn: " in done.stderr
    assert ["down-4"] == service.found("phalarope")


@pytest.mark.parametrize("command", ["get", "withdraw"])
def test_no_article_or_a_wrong_name_is_one_line_and_65(service: Service, command: str) -> None:
    for arguments in ([], ["a\nb"], [""]):
        done = service.run(command, *arguments)

        assert (65, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr


def test_export_writes_what_is_shown_or_all_and_publish_takes_it(service: Service, tmp_path: Path) -> None:
    hidden = {"id": "export-2", "title": TITLE, "embargoed_until": "2999-01-01T00:00:00Z"}
    publish(service, {"id": "export-1", "title": TITLE, "body": "One\u2028line."})
    service.run("publish", "--wait", "-", stdin=json.dumps(hidden).encode())
    file = tmp_path / "articles.jsonl"

    done, whole = service.run("articles", "export"), service.run("articles", "export", "--all", "-o", str(file))
    shown = {json.loads(line)["id"] for line in done.stdout.split("\n")[:-1]}
    everything = {json.loads(line)["id"] for line in file.read_bytes().split(b"\n")[:-1]}

    assert (0, 0) == (done.returncode, whole.returncode)
    assert whole.stdout.startswith(f"{len(everything):,} articles in {file}, up to ")
    assert 1 == len(done.stderr.splitlines())
    assert {"export-1"} == shown & {"export-1", "export-2"}
    assert {"export-1", "export-2"} <= everything
    assert 0o600 == file.stat().st_mode & 0o777
    assert service.run("publish", str(file)).stdout.startswith(f"{len(everything):,} published, 0 refused")


def test_what_reads_an_export_may_close_the_pipe_early(service: Service) -> None:
    publish(service, *({"id": f"pipe-{one}", "title": TITLE, "body": "Long. " * 100_000} for one in range(4)))
    command = f"set -o pipefail; {sys.executable} -m newsdex articles export | head -c 10"

    done = subprocess.run(["bash", "-c", command], env=service.environment, capture_output=True, check=False)

    assert done.returncode in {1, 141}  # as click or a shell tells of a closed pipe
    assert (10, b"") == (len(done.stdout), done.stderr)


@pytest.mark.parametrize("position", ["", "x", "-1", "1@yesterday", "1@2026-01-01", "9" * 40])
def test_a_position_that_is_none_is_refused_in_one_line(service: Service, position: str) -> None:
    done = service.run("articles", "export", "--since", position)

    assert (65, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
    assert "invalid_position" in done.stderr

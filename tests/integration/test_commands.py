"""The command line says what is wrong in one line, and how by its exit code."""

import json
from pathlib import Path

import pytest
from tests.integration.running import Service


@pytest.mark.parametrize(
    "arguments",
    [("search", "x"), ("publish", "-"), ("parked", "retry", "1"), ("why", "x"), ("parked", "list")],
    ids=" ".join,
)
def test_an_absent_server_is_one_line_and_exit_code_69(own: Service, arguments: tuple[str, ...]) -> None:
    done = own.run(*arguments, stdin=b'{"id": "a", "title": "b"}')

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (69, "", 1), done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_does_not_answer_is_one_line_and_exit_code_69(own: Service) -> None:
    class Elsewhere(Service):
        @property
        def environment(self) -> dict[str, str]:
            return {**super().environment, "NEWSDEX_BROKER_URL": "nats://127.0.0.1:1"}

    done = Elsewhere(data_dir=own.data_dir).run("search", "x")

    assert (done.returncode, len(done.stderr.splitlines())) == (69, 1), done.stderr
    assert "broker_unavailable" in done.stderr


def test_status_says_of_every_part_that_it_is_not_there(own: Service) -> None:
    done = own.run("status")

    assert done.returncode == 69
    assert [["no", part] for part in ("broker", "archive", "parked", "index")] == [
        line.split()[:2] for line in done.stdout.splitlines()
    ]


def test_status_is_well_where_everything_runs(service: Service) -> None:
    done = service.run("status")
    parts = {line.split()[1]: line.split()[0] for line in done.stdout.splitlines()}

    assert {"broker", "events", "stream", "search", "archive", "parked", "index"} <= set(parts)
    assert {"indexer", "searcher"} <= set(parts)
    assert {"ok"} == {well for part, well in parts.items() if part != "parked"}


def test_what_breaks_the_contract_is_named_and_the_rest_is_published(service: Service, tmp_path: Path) -> None:
    lines = [{"id": "c-1", "title": "Heron one"}, {"id": "c-2"}, {"id": "c-3", "title": "Heron three"}]
    file = tmp_path / "articles.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    done = service.run("publish", "--wait", str(file))

    assert (done.returncode, done.stdout.splitlines()) == (65, ["2 published, 1 refused", "2 accepted"])
    assert f"{file}:2: title: Field required (missing_field)" == done.stderr.strip()
    assert sorted(service.found("heron")) == ["c-1", "c-3"]


def test_a_wrong_query_is_pointed_at(service: Service) -> None:
    done = service.run("search", "(" * 70)

    assert done.returncode == 65
    assert f"  {' ' * 60}^" in done.stderr.splitlines()
    assert "query_too_deep" in done.stderr


def test_a_search_says_how_it_read_the_query_and_strict_refuses_it(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "article.json"
    file.write_text(json.dumps({"id": "read-1", "title": "Gannet over Skerry", "section": "Birds"}))
    service.run("publish", "--wait", str(file))
    forgiving = service.run("search", '"gannet skerry', "--facets")
    strict = service.run("search", '"gannet skerry', "--strict")

    assert (forgiving.returncode, strict.returncode) == (0, 65)
    assert "read as gannet skerry" in forgiving.stdout
    assert "(unbalanced_quote)" in forgiving.stdout
    assert "section: Birds 1" in forgiving.stdout
    assert '  "gannet skerry' in strict.stderr.splitlines()
    assert "  ^" in strict.stderr.splitlines()


def test_a_search_shows_what_is_promoted_and_what_scores_are_made_of(service: Service, tmp_path: Path) -> None:
    articles = {"promoted-guide": "Guide to seabirds", "promoted-1": "A tern", "promoted-2": "A skua"}
    file = tmp_path / "articles.jsonl"
    file.write_text("\n".join(json.dumps({"id": id_, "title": title}) for id_, title in articles.items()))
    service.run("publish", "--wait", str(file))
    promoted = [line.rstrip() for line in service.run("search", "tern", "--recency", "0").stdout.splitlines()]
    explained = service.run("search", "tern skua", "--most", "--explain").stdout

    assert ["★ Guide to seabirds", "1 A tern"] == [line for line in promoted if line[:1] in "★1" and line][:2]
    assert "“skua”: skua once in the title; in 1 of " in explained
    assert "“tern”: tern once in the title; in 1 of " in explained


def test_all_pages_are_asked_for_one_behind_the_other(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl"
    names = [f"page-{n:03}" for n in range(130)]
    file.write_text("\n".join(json.dumps({"id": name, "title": "Puffins of Vesterholm"}) for name in names))
    service.run("publish", "--wait", str(file))
    pages = [json.loads(line) for line in service.run("search", "vesterholm", "--all", "--json").stdout.splitlines()]
    first = service.search("vesterholm", "--size", "70")
    second = service.search("vesterholm", "--size", "70", "--cursor", first["next_cursor"])

    assert names == [hit["id"] for page in pages for hit in page["hits"]]
    assert names == [hit["id"] for page in (first, second) for hit in page["hits"]]


def test_a_foreign_cursor_is_refused(service: Service) -> None:
    done = service.run("search", "vesterholm", "--cursor", "garbage")

    assert done.returncode == 65
    assert "(invalid_cursor)" in done.stderr


def test_why_tells_the_history_of_an_article_in_order(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "article.json"
    for version, title in ((2, "Second"), (1, "First"), (3, "Third")):
        file.write_text(json.dumps({"id": "why-1", "title": title, "version": version}))
        service.run("publish", "--wait", str(file))
    file.write_text(json.dumps({"id": "why-1", "title": "Third", "version": 4, "published_at": "yesterday"}))
    story = service.run("why", "why-1").stdout.splitlines()

    assert [line.split()[2] for line in story[:-1]] == ["accepted:", "stale:", "accepted:"]
    assert story[-1].startswith("now found by search, since change ")


def test_why_of_an_unknown_article_says_so(service: Service) -> None:
    done = service.run("why", "nobody-wrote-this")

    assert (done.returncode, done.stdout) == (1, "")
    assert "(unknown_article)" in done.stderr


def test_why_of_bytes_that_are_no_text_says_so(service: Service) -> None:
    done = service.run("why", "\udcff")

    assert (1, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
    assert "(unknown_article)" in done.stderr


def test_a_wrong_setting_is_named(own: Service) -> None:
    class Wrong(Service):
        @property
        def environment(self) -> dict[str, str]:
            return {**super().environment, "NEWSDEX_BROKER_URL": "http://127.0.0.1:1"}

    done = Wrong(data_dir=own.data_dir).run("status")

    assert done.returncode == 78
    assert "NEWSDEX_BROKER_URL" in done.stderr


def test_a_second_up_or_indexer_on_a_data_folder_is_refused(service: Service) -> None:
    codes = {command: service.run(command).returncode for command in ("up", "indexer")}

    assert codes == {"up": 78, "indexer": 78}

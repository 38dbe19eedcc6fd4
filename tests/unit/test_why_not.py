"""`newsdex why-not` names what stands between an article and a search, for each kind of reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from tests.scenarios.corpus import Corpus
from typer.testing import CliRunner

from newsdex.cli import app
from newsdex_schemas import channels

WIRE = " ".join(f"sentence{number}" for number in range(60))
ARTICLES = [
    {"id": "a", "title": "Ferries strike", "body": "The ferries lie in the harbour.", "section": "City"},
    {"id": "b", "title": "A museum", "body": "It opens at the harbour.", "published_at": "2026-01-02T00:00:00Z"},
    {"id": "c", "title": "The ferry museum", "body": "It closed."},
    {"id": "embargoed", "title": "The ferry budget", "embargoed_until": "2199-01-01T00:00:00Z"},
    {"id": "expired", "title": "The ferry timetable", "expires_at": "2001-01-01T00:00:00Z"},
    {"id": "withdrawn", "title": "The ferry is sold"},
    {"id": "wire-1", "title": "Orchard", "body": WIRE, "published_at": "2026-01-02T00:00:00Z"},
    {"id": "wire-2", "title": "Orchard", "body": WIRE, "published_at": "2026-01-03T00:00:00Z"},
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("why-not")) as made:
        made.publish(*ARTICLES)
        made.withdraw("withdrawn")
        made.index()
        made.publish({"id": "pending", "title": "The ferry returns"}, {**ARTICLES[1], "title": "Two museums"})
        made.handle(made.delivery(channels.ARTICLES_PUBLISHED, b'{"id": "parked", "title": 1}'))
        yield made
    structlog.reset_defaults()  # the command sends its log to its own stderr


def told(folder: Path, *arguments: str) -> list[str]:
    """Return the lines that the command prints."""
    done = CliRunner().invoke(app, ["why-not", *arguments], env={"NEWSDEX_DATA_DIR": str(folder)})

    assert done.exit_code == 0, done.output
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("a", "ferry strike"), "yes found rank 1 of 1, page 1"),
        (("a", "ferry strike"), "yes with ferry: “ferry”: ferri once in the title"),
        (("a", "ferry museum"), "no with museum: the article does not have it"),
        (("a", "ferry museum"), "no found no; the search finds 1 others"),
        (("a", "of ferry"), "with of: the article does not have it; it need not"),
        (("a", "ferry -harbour"), "no without harbour: “harbour”: harbour once in the text"),
        (("a", "ferry -museum"), "yes without museum: the article does not have it"),
        (("a", '"harbour ferry"'), 'no with "harbour ferry": the article does not have it'),
        (("a", "ferry (museum OR opera)"), "no with museum OR opera: the article does not have it"),
        (("a", "ferry (museum OR opera)"), "no with museum: the article does not have it"),
        (("a", "ferr*"), "yes with ferr*: “title:ferr*” matches"),
        (("a", "", "--section", "Stage"), "no filter section: the article has City"),
        (("a", "", "--section", "city"), "yes filter section: the article has City"),
        (("a", "", "--author", "Ann Lee"), "no filter authors: the article has none"),
        (("a", "", "--from", "2026"), "no filter published: the article has no date"),
        (("b", "harbour", "--to", "2026"), "no filter published: the article has 2026-01-02 00:00 +0000"),
        (("embargoed", "ferry"), "no visible embargoed until 2199-01-01 00:00:00"),
        (("embargoed", "ferry"), "yes with ferry: “ferry”: ferri once in the title"),
        (("expired", "ferry"), "no visible expired since 2001-01-01 00:00:00"),
        (("withdrawn", "ferry"), "no archived the archive has no text of it, change 9"),
        (("withdrawn", "ferry"), "no visible withdrawn: a publication without a version"),
        (("pending", "ferry"), "no indexed the index is at change 9, the article at 10: it does not have it yet"),
        (("pending", "returns"), "yes with returns: “returns”: return once in the title"),
        (("b", "museum"), "no indexed the index is at change 9, the article at 11: it has an earlier version of it"),
        (("wire-1", "orchard"), "no found not by itself: it is a version of wire-2, which is shown in its stead"),
        (("wire-1", "orchard", "--repeats", "show"), "yes found rank 2 of 2, page 1"),
        (("wire-2", "orchard"), "yes found rank 1 of 2, page 1"),
        (("parked", "ferry"), "no archived its event was parked (wrong_type) as 1: newsdex parked show 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_reason_is_named(corpus: Corpus, arguments: tuple[str, ...], expected: str) -> None:
    lines = told(corpus.folder, *arguments)

    assert any(line.startswith(expected) for line in lines), "\n".join(lines)


def test_an_article_that_no_event_named_is_not_known(corpus: Corpus) -> None:
    done = CliRunner().invoke(app, ["why-not", "nobody", "ferry"], env={"NEWSDEX_DATA_DIR": str(corpus.folder)})

    assert "unknown_article" == getattr(done.exception, "code", None)


def test_the_lack_of_most_words_is_no_reason_where_some_are_enough(corpus: Corpus) -> None:
    lines = told(corpus.folder, "a", "ferries strike zebra opera", "--most")

    assert "with zebra: the article does not have it; it need not" in lines
    assert any(line.startswith("yes found rank 1") for line in lines)

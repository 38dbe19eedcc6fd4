"""Every example on the grammar's page is read as the page says."""

import re
from datetime import UTC, datetime

import pytest
from tests.conftest import ROOT

from newsdex.errors import Invalid
from newsdex.records.moments import microseconds
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parsed_query import parse_query, refuse_notes

PAGE = (ROOT / "schemas" / "QUERY.md").read_text(encoding="utf-8")
WHEN = QueryClock(now_us=microseconds(datetime(2026, 11, 24, 12, tzinfo=UTC)))


def rows(heading: str) -> list[list[str]]:
    """Return the cells of a section's table."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line] for line in lines]


def code(cell: str) -> str:
    (text,) = re.findall(r"^`(.*)`$", cell)
    return text


EXAMPLES = [(code(row[0]), code(row[2])) for name in ("Words", "Joining them", "Fields", "Dates") for row in rows(name)]
MENDED = [tuple(map(code, row)) for row in rows("What breaks the grammar")]


@pytest.mark.parametrize(("query", "as_read"), EXAMPLES)
def test_an_example_is_read_as_the_page_says(query: str, as_read: str) -> None:
    read = parse_query(query)

    assert (as_read, ()) == (read.as_text(WHEN), read.notes)


@pytest.mark.parametrize(("query", "note", "as_read"), MENDED)
def test_what_breaks_the_grammar_is_noted_and_read_as_the_page_says(query: str, note: str, as_read: str) -> None:
    read = parse_query(query)

    assert ([note], as_read) == ([one.code for one in read.notes], read.as_text(WHEN))


@pytest.mark.parametrize("query", [row[0] for row in MENDED])
def test_what_breaks_the_grammar_is_refused_where_asked_for(query: str) -> None:
    read = parse_query(query)
    with pytest.raises(Invalid) as raised:
        refuse_notes(read)

    (note,) = read.notes
    assert (note.code, f"{note.start}-{note.end}") == (raised.value.code, raised.value.place)


def test_every_note_has_an_example() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "service" / "newsdex" / "search").rglob("*.py")]
    given = {name for source in sources for name in re.findall(r'_note\(\s*"([a-z_]+)"', source)}

    assert {row[1] for row in MENDED} == given


def test_every_note_is_documented_for_operators() -> None:
    operating = (ROOT / "deploy" / "OPERATING.md").read_text(encoding="utf-8")

    assert [] == [row[1] for row in MENDED if f"`{row[1]}`" not in operating]


def test_every_other_note_on_how_a_query_was_read_is_documented() -> None:
    folder = ROOT / "service" / "newsdex" / "search"
    sources = [
        path.read_text(encoding="utf-8") for path in (*(folder / "language").glob("*.py"), folder / "request.py")
    ]
    given = {
        name for source in sources for name in re.findall(r'(?:Note\(|code=|yield |notes=\(\()"([a-z_]+)"', source)
    }

    told = set(re.findall(r"^\| `([a-z_]+)` \| [A-Z]", PAGE, re.MULTILINE))

    assert {"most_words", "related_words", "spelling"} | told == given

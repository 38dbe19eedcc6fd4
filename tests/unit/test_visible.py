"""No command and no log line prints what a publisher sent as an order to the terminal: it is shown instead."""

import io
import json
import os
import subprocess
import sys
import unicodedata

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from newsdex.cli.console import VisibleConsole
from newsdex.cli.json_lines import write_lines
from newsdex.cli.searching.reply import marked_text
from newsdex.visible import visible, visible_json

HOSTILE = "a\x1b[2Jb\x07c\x08d\x7fe\x9b31mf\x85g\u202eh\u2066i\u2028j\x00k"
"""Clears the screen, rings, goes back, deletes, colours, breaks the line, turns the direction around, ends a text."""


def orders(text: str) -> list[str]:
    """Return the characters of a text that a terminal takes for orders, or that turn it around."""
    own = {"\n", "\t"}
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        one
        for one in text
        if one not in own
        and (unicodedata.category(one) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(one) in turning)
    ]


def printed(*what: object, terminal: bool) -> str:
    file = io.StringIO()
    VisibleConsole(file=file, highlight=False, width=200, force_terminal=terminal, color_system=None).print(*what)
    return file.getvalue()


@given(st.text())
def test_no_text_keeps_a_character_that_is_an_order(text: str) -> None:

    assert [] == orders(visible(text))


@given(st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp", "Cf", "Cs"])))
def test_a_text_without_them_stays_as_it_is(text: str) -> None:

    assert text == visible(text)


def test_marks_of_direction_that_arabic_and_hebrew_need_stay() -> None:

    assert "\u200f\u200e\u061c\u200d" == visible("\u200f\u200e\u061c\u200d")


def test_what_is_hidden_otherwise_is_shown() -> None:

    assert "a␛[2Jb␇c␈d␡e\\u009b31mf\\u0085g\\u202eh\\u2066i\\u2028j␀k" == visible(HOSTILE)


@given(st.dictionaries(st.text(), st.text()))
def test_json_has_the_same_values_and_no_order(values: dict[str, str]) -> None:
    text = visible_json(orjson.dumps(values).decode())

    assert (values, []) == (json.loads(text), orders(text))


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("kind", ["text", "markup", "table", "rich text"])
def test_the_console_of_the_commands_shows_them_in_whatever_is_printed(kind: str, terminal: bool) -> None:
    table = Table("title", box=None)
    table.add_row(HOSTILE)
    what = {"text": HOSTILE, "markup": f"[bold]{HOSTILE}[/]", "table": table, "rich text": Text(HOSTILE)}[kind]
    shown = printed(what, terminal=terminal)

    assert [] == orders(shown)
    assert "\\u202eh" in shown


def test_the_console_still_colours_by_itself() -> None:
    file = io.StringIO()
    VisibleConsole(file=file, force_terminal=True, color_system="standard").print("[bold]x[/]")

    assert "\x1b[1mx\x1b[0m" in file.getvalue()


@pytest.mark.parametrize("log_format", ["pretty", "json"])
def test_log_lines_show_them(log_format: str) -> None:
    script = (
        "import structlog, sys\n"
        "from newsdex.log import configure_logging\n"
        "from newsdex.settings import load_settings\n"
        "configure_logging(load_settings(), 'tests')\n"
        f"structlog.get_logger().info('event.parked', article_id={HOSTILE!r})\n"
    )
    environment = os.environ | {"NEWSDEX_LOG_FORMAT": log_format, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    line = done.stdout.decode()

    assert [] == [one for one in orders(line) if one != "\x1b"]
    assert "\x1b[2J" not in line
    assert "u202eh" in line


def test_a_title_in_a_table_is_shown_to_its_end() -> None:
    table = Table(box=None, show_header=False)
    table.add_row(marked_text("<mark>Heron</mark> \u202ereturns\x9b to the wall"))

    assert "Heron \\u202ereturns\\u009b to the wall" == printed(table, terminal=False).strip()


def test_exported_lines_are_escaped_and_mean_the_same(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    line = orjson.dumps({"title": HOSTILE})
    assert 2 == write_lines(None, [line, line])
    sys.stdout.flush()
    shown = capfdbinary.readouterr().out.decode()

    assert [] == orders(shown)
    assert [{"title": HOSTILE}] * 2 == [json.loads(one) for one in shown.splitlines()]

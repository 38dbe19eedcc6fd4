"""Dates on the command line are read as `published:` reads them, and what is wrong is said of the option."""

import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from newsdex.cli.options import first_moment, name_option, refuse_options
from newsdex.errors import Invalid, Refused
from newsdex.records.moments import microseconds
from newsdex.search.language.dates import QueryClock, read_date, time_range
from newsdex_schemas import Place, Problem, SearchRequest

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOW_US = microseconds(NOW)


def read(text: str | None, timezone: str = "UTC") -> str | None:
    moment = first_moment(text, "--from", timezone=timezone, now_us=NOW_US)
    return moment.isoformat() if moment else None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1987", "1987-01-01T00:00:00+00:00"),
        ("1987-03", "1987-03-01T00:00:00+00:00"),
        ("1987-03-14", "1987-03-14T00:00:00+00:00"),
        ("14 March 1987", "1987-03-14T00:00:00+00:00"),
        ("March 1987", "1987-03-01T00:00:00+00:00"),
        ("yesterday", "2026-11-23T00:00:00+00:00"),
        ("Monday", "2026-11-23T00:00:00+00:00"),
        ("last month", "2026-10-01T00:00:00+00:00"),
        ("last 2 hours", "2026-11-24T10:00:00+00:00"),
        ("3 days ago", "2026-11-21T00:00:00+00:00"),
        ("1987-03-14T10:30", "1987-03-14T10:30:00+00:00"),
        ("1987-03-14T10:30:00.1234567+05:00", "1987-03-14T10:30:00.123456+05:00"),
        ("1987-03-14 10:30:00Z", "1987-03-14T10:30:00+00:00"),
        ("", None),
        (None, None),
    ],
)
def test_a_date_stands_for_its_first_moment(text: str | None, moment: str | None) -> None:
    assert moment == read(text)


@pytest.mark.parametrize("text", ["1987-03", "yesterday", "last 7 days", "this week", "2024-06-01"])
def test_an_option_means_what_the_query_means_in_any_zone(text: str) -> None:
    for timezone in ("UTC", "Asia/Karachi"):
        moment = first_moment(text, "--from", timezone=timezone, now_us=NOW_US)
        date = read_date(text)

        assert moment is not None
        assert date is not None
        assert time_range(date, QueryClock(now_us=NOW_US, zone=ZoneInfo(timezone)))[0] == microseconds(moment)


@pytest.mark.parametrize("text", ["soon", "1987-13", "1987-02-30", "87", "0999", "yesterday morning"])
def test_what_is_no_date_is_refused_with_the_options_name(text: str) -> None:
    with pytest.raises(Invalid, match=r"^--from: ") as raised:
        read(text)

    assert ("unreadable_date", "--from") == (raised.value.code, raised.value.place)


def test_an_unknown_zone_is_told_by_its_option() -> None:
    with pytest.raises(Invalid, match=r"^--timezone: "):
        read("yesterday", timezone="Mars/Olympus")


def test_faults_of_a_request_name_the_options_it_was_made_of() -> None:
    with pytest.raises(ValidationError) as error:
        SearchRequest.model_validate(
            {"filters": {"section": ["City", ""], "language": ["e n"]}, "recency": {"weight": 11}, "size": 101}
        )
    with pytest.raises(Invalid) as raised:
        refuse_options(error.value)
    named = [part.partition(":")[0] for part in raised.value.message.split("; ")]

    assert ["--section", "--language", "--size", "--recency"] == named
    assert ("empty_text", "--section") == (raised.value.code, raised.value.place)


def test_what_a_searcher_says_of_a_field_is_said_of_its_option() -> None:
    place = Place(field="filters.published_to")
    refused = Refused(Problem(code="x", message="it must lie later", retryable=False, place=place))
    name_option(refused)

    assert "--to: it must lie later" == refused.message


@pytest.mark.parametrize("command", [["search", "ferry"], ["similar", "a-1"]])
def test_a_command_ends_with_65_before_it_asks_anybody(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "newsdex", *command, "--to", "1987-3"], capture_output=True, text=True, check=False
    )

    assert (65, "") == (done.returncode, done.stdout)
    assert "newsdex: --to: no date" in done.stderr

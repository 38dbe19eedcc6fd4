"""Pages in the shapes that scrapers leave, seven of them in twelve languages: nothing lost or invented."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from newsdex.normalise.page import normalise_page
from newsdex_schemas import ScrapedPage

LANGUAGES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "page_shapes" / "languages.yaml").read_text(encoding="utf-8")
)
FETCHED = datetime(2025, 1, 2, 3, 4, tzinfo=UTC)
URL = "https://news.example/ferry"


def _blank(*lines: str) -> str:
    return "\n\n".join(lines)


def reader_view(told: dict[str, Any]) -> str:
    return _blank(
        told["title"], f"{told['by']} {told['name']}", f"{told['published']} {told['written']}", *told["story"]
    )


def one_credit_line(told: dict[str, Any]) -> str:
    return _blank(told["title"], f"{told['by']} {told['name']} | {told['published']} {told['written']}", *told["story"])


def like_the_seed(told: dict[str, Any]) -> str:
    credit = f"{told['name']} {told['published']} {told['written']}"
    return _blank(" date 2024-11-03 \nPrint Print 2024-11-03", told["title"], credit, *told["story"])


def whole_page(told: dict[str, Any]) -> str:
    menu = [told["site"], *told["menu"]]
    return "\n".join(
        (*menu, told["title"], told["name"], f"{told['published']} {told['written']}", "Facebook", *told["story"])
    )


def of_markdown(told: dict[str, Any]) -> str:
    menu = [f"* [{entry}](/{number})" for number, entry in enumerate(told["menu"])]
    credit = f"{told['by']} [{told['name']}](/authors/1)"
    picture = "![](https://news.example/ferry.jpg)"
    return _blank(
        *menu, f"# {told['title']}", picture, credit, f"{told['published']} {told['written']}", *told["story"]
    )


def with_the_sites_name(told: dict[str, Any]) -> str:
    title = f"{told['title']} - {told['site']}"
    return _blank(title, told["title"], told["nobody"], f"{told['published']} {told['written']}", *told["story"])


def without_a_title(told: dict[str, Any]) -> str:
    return _blank(*told["story"])


SHAPES: dict[str, tuple[Callable[[dict[str, Any]], str], set[str]]] = {
    "reader view": (reader_view, {"title", "authors", "date"}),
    "one credit line": (one_credit_line, {"title", "authors", "date"}),
    "like the seed": (like_the_seed, {"title", "date"}),
    "a whole page": (whole_page, {"title", "date"}),
    "Markdown": (of_markdown, {"title", "authors", "date"}),
    "with the site's name": (with_the_sites_name, {"title", "date"}),
    "without a title": (without_a_title, set()),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_of_a_usual_shape_is_read(shape: str, language: str) -> None:
    told = LANGUAGES[language]
    make, known = SHAPES[shape]
    text = make(told)
    article = normalise_page(ScrapedPage(url=URL, text=text, fetched_at=FETCHED, timezone="UTC"))
    day = datetime(2024, 11, 3, *(() if told.get("no_clock") else (18, 41)), tzinfo=UTC)
    # the seed's first line says the day once more, and cannot be misread
    is_known = "date" in known and (not told.get("ambiguous") or shape == "like the seed")
    expected_date = day if is_known else None

    assert (told["title"] if "title" in known else "") == article.title
    assert expected_date == article.published_at
    assert all(paragraph in article.body for paragraph in told["story"])
    assert set(article.authors) <= {told["name"]}
    assert "authors" not in known or (told["name"],) == article.authors
    assert article.agency is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shape", sorted(SHAPES.keys() - {"a whole page", "Markdown", "like the seed"}))
def test_nothing_but_the_story_is_in_the_body_where_every_line_of_the_head_is_understood(
    shape: str, language: str
) -> None:
    told = LANGUAGES[language]
    text = SHAPES[shape][0](told)
    article = normalise_page(ScrapedPage(url=URL, text=text, fetched_at=FETCHED))

    assert "\n\n".join(told["story"]) == article.body


NOT_THE_ARTICLES = [
    "We use cookies to improve your experience. Accept all cookies",
    "Diese Website verwendet Cookies.",
    "Share on Facebook",
    "Please enable JavaScript to read this page",
]


@pytest.mark.parametrize("line", NOT_THE_ARTICLES)
def test_a_notice_above_the_headline_is_no_headline(line: str) -> None:
    text = _blank(line, "Ferry returns", "It came back at noon.")

    assert "Ferry returns" == normalise_page(ScrapedPage(url=URL, text=text, fetched_at=FETCHED)).title


@pytest.mark.parametrize(
    "credit",
    [
        "By Web Desk",
        "By Press Release",
        "By Recorder Report",
        "By STAFF",
        "By Our Correspondent",
        "Von Redaktion",
        "Photo: Jane Doe",
    ],
)
def test_a_credit_of_no_person_is_no_author(credit: str) -> None:
    text = _blank("Ferry returns", credit, "Published 3 May 2024", "It came back at noon.")
    article = normalise_page(ScrapedPage(url=URL, text=text, fetched_at=FETCHED))

    assert ("Ferry returns", (), "It came back at noon.") == (article.title, article.authors, article.body)
    assert datetime(2024, 5, 3, tzinfo=UTC) == article.published_at


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("5. November 2021 admin News 0", "2021-11-05"),
        ("July 24, 2019 by Amy Motroni 5 Comments", "2019-07-24"),
        ("mh 15. Oktober 2023", "2023-10-15"),
        ("News vom 23.01.2020", "2020-01-23"),
        ("03.04.2024", "2024-04-03"),
    ],
)
def test_a_date_is_taken_from_a_line_that_is_understood_in_part(line: str, day: str) -> None:
    text = _blank("Ferry returns", line, "It came back at noon.")
    article = normalise_page(ScrapedPage(url=URL, text=text, fetched_at=FETCHED))

    assert day == (article.published_at and article.published_at.date().isoformat())


@pytest.mark.parametrize(
    "line",
    [
        "The ferry of 3 May 2024 came back.",
        "- 3 May 2024: it sank",
        "It had left the old quay of the island on 3 May 2024",
    ],
)
def test_a_date_in_the_story_is_no_date_of_publication(line: str) -> None:
    text = _blank("Ferry returns", "It came back at noon.", line)

    assert normalise_page(ScrapedPage(url=URL, text=text, fetched_at=FETCHED)).published_at is None


def test_a_role_that_stands_against_the_link_of_a_name_is_no_part_of_it() -> None:
    text = _blank("# Ferry returns", "By [Jane Doe](https://news.example/jane)Staff Writer", "It came back at noon.")

    assert ("Jane Doe",) == normalise_page(ScrapedPage(url=URL, text=text, fetched_at=FETCHED)).authors

"""What the normaliser promises: the article that a page holds, nothing invented and nothing lost.

The pages in `pages/` are written for these tests; a field that `expected` does not name must be empty.
"""

import os
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from newsdex.normalise.page import NORMALISER_VERSION, NoTitle, UnknownTimezone, normalise_page
from newsdex_schemas import Article, RelatedLink, ScrapedPage
from newsdex_schemas.article import MAX_BODY_CHARS
from newsdex_schemas.events import MAX_PAGE_CHARS

HERE = Path(__file__).parent
PAGES = sorted(HERE.glob("pages/*.yaml"))
SEED = Path(os.environ.get("NEWSDEX_DATA", HERE.parents[2] / "shared" / "data")) / "seed"
URL = "https://news.example/story/1"
FETCHED = datetime(2025, 1, 2, 3, 4, tzinfo=UTC)
GENEROUS_TIME_S = 20


def article_of(text: str, **fields: Any) -> Article:
    return normalise_page(ScrapedPage(**{"url": URL, "text": text, "fetched_at": FETCHED} | fields))


def expected_article(page: dict[str, Any]) -> Article:
    expected = dict(page["expected"])
    body = "\n\n".join(expected.pop("paragraphs", []))
    related = tuple(RelatedLink(title=title) for title in expected.pop("related", []))
    url = page.get("url", URL)
    return Article(id=page.get("id", url), url=url, body=body, related=related, **expected)


def words(*texts: str) -> Counter[str]:
    return Counter(word for text in texts for word in text.split())


# Whole pages


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_gives_exactly_the_expected_article(path: Path) -> None:
    page = yaml.safe_load(path.read_text(encoding="utf-8"))
    given_fields = {name: page[name] for name in ("url", "timezone", "fetched_at", "id") if name in page}

    found = article_of(page["text"], **given_fields)

    assert expected_article(page).model_dump() == found.model_dump() | {"origins": None}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_kind_of_line_end_makes_no_difference(path: Path) -> None:
    page = yaml.safe_load(path.read_text(encoding="utf-8"))
    text = page["text"].replace("\r\n", "\n").replace("\r", "\n")
    with_lf = article_of(text)

    assert [with_lf, with_lf] == [article_of(text.replace("\n", end)) for end in ("\r\n", "\r")]


@pytest.mark.skipif(not SEED.is_dir(), reason=f"the test data is not at {SEED}; NEWSDEX_DATA names its folder")
def test_the_seed_page_becomes_a_clean_article() -> None:
    (path,) = SEED.glob("*.txt")
    _, _, title, credit, *story = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    story[0] = story[0].removeprefix("NEW YORK: ")
    related = story.pop(3)
    article = article_of("\n".join(path.read_text(encoding="utf-8").splitlines()), timezone="Asia/Karachi")
    expected = Article(
        id=URL,
        url=URL,
        title=title,
        body="\n\n".join(story),
        agency=credit.split()[0],
        dateline="NEW YORK",
        published_at=datetime.fromisoformat("2024-06-30T02:58:00+05:00"),
        related=(RelatedLink(title=related),),
    )

    assert expected.model_dump() == article.model_dump() | {"origins": None}
    assert (article.agency, article.title[:34]) == ("INP", "Operation Azm-e-Istehkam: Pakistan")


# Dates

ZONE = "Asia/Karachi"
JUNE_30 = "2024-06-30T00:00:00+05:00"
JUNE_30_AFTERNOON = "2024-06-30T14:05:00+05:00"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Published 30 Jun, 2024 02:58am", "2024-06-30T02:58:00+05:00"),
        ("Published June 30, 2024", JUNE_30),
        ("Sunday, 30th of June 2024", JUNE_30),
        ("30-Jun-2024", JUNE_30),
        ("30.06.2024", JUNE_30),
        ("06/30/2024", JUNE_30),
        ("2024/06/30 14:05", JUNE_30_AFTERNOON),
        ("30 June 2024 14:05 GMT", "2024-06-30T14:05:00+00:00"),
        ("30 June 2024 14:05 (GMT+3)", "2024-06-30T14:05:00+03:00"),
        ("2024-06-30T14:05:00Z", "2024-06-30T14:05:00+00:00"),
        ("2024-06-30T14:05:09.123+0530", "2024-06-30T14:05:09+05:30"),
        ("14:05, 30 June 2024", JUNE_30_AFTERNOON),
        ("June 30, 2024 at 12:05 a.m.", "2024-06-30T00:05:00+05:00"),
        ("le 30 juin 2024 à 14h05", JUNE_30_AFTERNOON),
        ("30 de junio de 2024 a las 14:05", JUNE_30_AFTERNOON),
        ("2024年6月30日（星期日）下午2:05", JUNE_30_AFTERNOON),
        ("2024년 6월 30일 오후 2:05", JUNE_30_AFTERNOON),
        ("30 جون 2024", JUNE_30),
        ("30 जून 2024 14:05", JUNE_30_AFTERNOON),
        ("04/04/2024", "2024-04-04T00:00:00+05:00"),
        ("03/04/2024", None),
        ("31 February 2024", None),
        ("30 June 2024 25:05", None),
        ("30 June 2024 14:05 pm", None),
        ("30 June 2024 14:05 IST", None),
        ("30 June 2024 14:05 +99:00", None),
        ("30 June 0024", None),
        ("31 December 9999 23:59 EST", None),
    ],
)
def test_a_date_is_read_only_where_it_means_one_moment(line: str, expected: str | None) -> None:
    article = article_of(f"Ferry returns\n\n{line}\n\nIt came back at noon.", timezone=ZONE)

    assert (expected and datetime.fromisoformat(expected), "It came back at noon.") == (
        article.published_at,
        article.body,
    )


@pytest.mark.parametrize(
    ("line", "precision", "zone"),
    [
        ("Published 30 June 2024 14:05", "minute", "assumed"),
        ("Published 30 June 2024 14:05 GMT", "minute", "stated"),
        ("Published 30 June 2024", "day", "assumed"),
    ],
)
def test_a_clock_time_without_a_zone_is_marked_as_assumed(line: str, precision: str, zone: str) -> None:
    origins = article_of(f"Ferry returns\n\n{line}\n\nIt came back at noon.").origins

    assert {"published_at": {"origin": "page", "precision": precision, "zone": zone}} == {
        name: origin.model_dump() for name, origin in (origins or {}).items()
    }


def test_an_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    article = article_of("Clocks\n\nPublished 27 October 2024 02:30\n\nTick.", timezone="Europe/Berlin")

    assert datetime.fromisoformat("2024-10-27T02:30:00+02:00") == article.published_at


def test_a_date_may_lie_at_the_moment_of_the_fetch_but_not_after_it() -> None:
    text = "Ferry returns\n\nPublished 2024-06-30 14:05:01"
    moments = [datetime(2024, 6, 30, 14, 5, second, tzinfo=UTC) for second in (0, 1)]

    assert [None, moments[1]] == [article_of(text, fetched_at=fetched).published_at for fetched in moments]


# Credits, datelines and furniture


@pytest.mark.parametrize(
    ("line", "agency", "authors"),
    [
        ("By Ada Bell", None, ["Ada Bell"]),
        ("BY ADA BELL, BO ÅS AND J. K. ORR", None, ["ADA BELL", "BO ÅS", "J. K. ORR"]),
        ("By Ada Bell in Paris and Bo Ås in New Delhi", None, ["Ada Bell", "Bo Ås"]),
        ("By Ada Bell, Reuters", "Reuters", ["Ada Bell"]),
        ("Ada Bell, Political Correspondent", None, ["Ada Bell"]),
        ("Ada Bell Published 30 Jun, 2024 02:58am", None, ["Ada Bell"]),
        ("By Agence France-Presse", "AFP", []),
        ("Source: The Associated Press", "AP", []),
        ("作者：王小明", None, ["王小明"]),
    ],
)
def test_a_credit_line_names_agency_and_authors(line: str, agency: str | None, authors: list[str]) -> None:
    article = article_of(f"Ferry returns\n\n{line}\n\nIt came back at noon.")

    assert (agency, tuple(authors), "It came back at noon.") == (article.agency, article.authors, article.body)


@pytest.mark.parametrize(
    "line",
    [
        "By Friday",
        "By the river, all was quiet",
        "Ada Bell",
        "Reuters said that it came back",
        "Published in spring 2024",
        "The ferry came on 30 June 2024",
        "- DATE : 30/06/2024",
        "Updated 30 June 2024 by the ferryman's wife",
        "Turnout 45.2 +3.1 (2.0%)",
        "Telegram",
        "Share of the market",
        "Read more about it in the harbour office",
        "Read: he will be back.",
    ],
)
def test_a_line_that_is_not_understood_whole_stays_in_the_body(line: str) -> None:
    body = f"It came back at noon.\n\n{line}\n\nIt will stay."

    assert Article(id=URL, url=URL, title="Ferry returns", body=body) == article_of(f"Ferry returns\n\n{body}")


@pytest.mark.parametrize(
    ("start", "dateline", "agency"),
    [
        ("NEW YORK: ", "NEW YORK", None),
        ("PARIS — ", "PARIS", None),
        ("PARIS—", "PARIS", None),
        ("PORT-AU-PRINCE, Haiti (AP) — ", "PORT-AU-PRINCE, Haiti", "AP"),
        ("ST. JOHN’S - ", "ST. JOHN’S", None),
        ("KABUL (AFP) – ", "KABUL", "AFP"),
        ("Rio de Janeiro (EFE).- ", "Rio de Janeiro", "EFE"),
        ("MOSCOW, June 30. /TASS/. ", "MOSCOW", "TASS"),
        ("New Delhi [India], June 30 (ANI): ", "New Delhi [India]", "ANI"),
        ("OPEC: ", None, None),
        ("FACT CHECK: ", None, None),
        ("Paris: ", None, None),
        ("LONDON–PARIS ", None, None),
        ("President Bell (right) – ", None, None),
        ("On Sunday, June 30 - ", None, None),
        ("LONDON GOLD - APRIL 7 421.90 DLRS AN OUNCE ", None, None),
        ("LONDON GOLD - 421.90 DLRS AN OUNCE, FIX ", None, None),
    ],
)
def test_a_dateline_is_taken_off_only_where_it_is_plausible(
    start: str, dateline: str | None, agency: str | None
) -> None:
    story = "The ferry came back at noon on Sunday."
    article = article_of(f"Ferry returns\n\n{start}{story}")

    assert (dateline, agency, story if dateline else start + story) == (
        article.dateline,
        article.agency,
        article.body,
    )


def test_a_ticker_and_buttons_are_left_out_wherever_they_stand() -> None:
    furniture = [
        "BRX 1,204.10 Decreased By ▼ -4.20 (-0.35%) KSE 100 78,444.96 Increased By ▲ 90.11 (0.12%)",
        "Share on Facebook",
        "ADVERTISEMENT",
        "0 Comments",
    ]
    text = "\n\n".join(["Ferry returns", "It came back.", *furniture, "It will stay."])

    assert article_of(text).body == "It came back.\n\nIt will stay."


# Names and failures


def test_the_id_is_the_given_one_else_the_url_else_the_digest_of_a_long_url() -> None:
    long_url = "https://news.example/" + "a" * 600
    ids = [
        article_of("Ferry returns", id="f-1").id,
        article_of("Ferry returns").id,
        article_of("Ferry returns", url=long_url).id,
        article_of("Ferry returns", url=long_url + "b").id,
        article_of("Ferry returns", url="https://news.example/\x7f").id,
    ]

    assert ids[:2] == ["f-1", URL]
    assert [len(id_) for id_ in ids[2:]] == [71, 71, 71]
    assert len(ids) == len(set(ids))


def test_a_page_with_an_id_needs_no_url() -> None:
    assert Article(id="f-1", title="Ferry returns") == article_of("Ferry returns", url=None, id="f-1")


@pytest.mark.parametrize("text", ["\n \ufeff\r\n", "***", "Share", "Print 2024-06-30"])
def test_a_page_without_a_word_of_its_own_is_refused_by_name(text: str) -> None:
    with pytest.raises(NoTitle):
        article_of(text)


@pytest.mark.parametrize(
    "story",
    [
        "Word " * 100,
        "The ferry came back at noon on Sunday, and the goats that it carried were all counted on the quay. " * 2,
    ],
    ids=["a long line", "sentences"],
)
def test_a_story_without_a_title_keeps_its_first_paragraph(story: str) -> None:
    assert Article(id=URL, url=URL, body=story.strip()) == article_of(story)


@pytest.mark.parametrize("name", ["Mars/Olympus", "Europe", "../etc/passwd", "/etc/passwd", "a" * 64])
def test_a_zone_that_iana_does_not_know_is_refused_by_name(name: str) -> None:
    page = ScrapedPage(url=URL, text="Ferry returns", fetched_at=FETCHED).model_copy(update={"timezone": name})

    with pytest.raises(UnknownTimezone):
        normalise_page(page)


def test_a_body_beyond_the_contract_is_refused_by_the_contract() -> None:
    with pytest.raises(ValidationError, match="body"):
        article_of("Ferry returns\n\n" + "a" * (MAX_BODY_CHARS + 1))


def test_more_related_titles_than_an_article_holds_stay_in_the_body() -> None:
    lines = [f"Read more: Ferry number {number} returns" for number in range(101)]

    assert Article(id=URL, url=URL, title="Ferry returns", body="\n\n".join(lines)) == article_of(
        "\n\n".join(["Ferry returns", *lines])
    )


def test_more_credits_than_an_article_holds_do_no_harm() -> None:
    names = [f"A{chr(97 + number // 26)} B{chr(97 + number % 26)}" for number in range(200)]
    agencies = ["AFP", "ANI", "ANSA", "AP", "APP", "EFE", "IANS", "INP", "PTI", "TASS", "UPI"]
    lines = [*("By " + ", ".join(names[at : at + 20]) for at in range(0, 200, 20)), *agencies]
    article = article_of("\n".join(["Ferry returns", *lines]))

    assert (len(article.authors), len((article.agency or "").split("/"))) == (100, 5)


# Any text

FRAGMENTS = [
    "NEW YORK: ",
    "(Reuters) - ",
    "Published ",
    "30 Jun, 2024 02:58am",
    "30/06/2024",
    "By ",
    "Ada Bell",
    "RELATED STORIES",
    "Read more: ",
    "Share",
    "AIRLINK 88.00 Increased By ▲ 0.90 (1.03%)",
    "World",
    "He went out, and never came back to the shop.",
    "\n",
    "\n\n",
    "\r\n",
    "\u2028",
    " ",
    "\ufeff",
    "”",
    ":",
    "ſept",
    "9999",
]
texts = st.one_of(
    st.text(min_size=1, max_size=400).filter(lambda text: "\x00" not in text),
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), min_size=1, max_size=40)
    .map("".join)
    .map(lambda text: text.replace("\x00", "") or "x"),
)


@given(text=texts, zone=st.sampled_from(["UTC", ZONE, "Europe/Berlin", "No/Where"]))
def test_any_text_gives_an_article_or_a_named_error_and_no_word_of_it_is_invented(text: str, zone: str) -> None:
    try:
        article = article_of(text, timezone=zone)
    except (NoTitle, UnknownTimezone):
        return
    in_article = words(article.title, article.body, *(link.title for link in article.related))

    assert not in_article - words(text.replace("\ufeff", "").replace("\u200b", ""))


sentences = st.lists(
    st.sampled_from(["the", "old", "ferry", "came", "back", "home", "Tom", "“quietly”", "(again)", "3"]),
    min_size=3,
    max_size=12,
).map(lambda chosen: "So " + " ".join(chosen) + ".")


@given(story=st.lists(sentences, min_size=1, max_size=8))
def test_a_plain_story_is_kept_paragraph_by_paragraph(story: list[str]) -> None:
    expected = Article(id=URL, url=URL, title="Ferry returns", body="\n\n".join(story))

    assert [expected, expected] == [article_of(between.join(["Ferry returns", *story])) for between in ("\n\n", "\r\r")]


BESIDE_THE_STORY = {
    "Read more: How a ferry is painted": "How a ferry is painted",
    "Also read: Who paints the ferries?": "Who paints the ferries?",
    "Advertisement": None,
    "Share on Facebook": None,
    "AIRLINK 88.00 Increased By ▲ 0.90 (1.03%)": None,
}


@given(parts=st.lists(sentences | st.sampled_from(sorted(BESIDE_THE_STORY)), max_size=12))
def test_every_paragraph_of_a_page_ends_in_the_body_among_the_related_or_is_furniture(parts: list[str]) -> None:
    article = article_of("\n\n".join(["Ferry returns", "AFP Published 30 Jun, 2024 02:58am", *parts]))
    titles = [title for part in parts if (title := BESIDE_THE_STORY.get(part))]

    assert "\n\n".join(part for part in parts if part not in BESIDE_THE_STORY) == article.body
    assert list(dict.fromkeys(titles)) == [link.title for link in article.related]


HOSTILE = {
    "one line": "a" * MAX_PAGE_CHARS,
    "blank": " " * MAX_PAGE_CHARS,
    "short lines": "A\n" * (MAX_PAGE_CHARS // 2),
    "ticker that breaks off": ("AIRLINK 88.00 Increased By ▲ 0.90 (1.03%) " * 110 + "x\n") * 300,
    "dates": ("1 May 2024 12:30 " * 17 + "\n") * 5_000,
    "hours": ("12 " * 99 + "\n") * 5_000,
    "names": ("By Ab And " * 29 + "\n") * 5_000,
    "lists": "RELATED STORIES\nOne two three four\n\n" * 40_000,
    "capitals": ("NEW YORK " * 30 + "\n\n") * 5_000,
    "quotes": "”" * MAX_PAGE_CHARS,
    "bare headlines": "The old ferry comes home today again\n\n"
    + "The ferry that comes home today is as old\n\nIt came back when nobody was looking for it.\n\n" * 16_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_of_the_largest_size_takes_a_bounded_time(text: str) -> None:
    start = time.process_time()
    with suppress(NoTitle, ValidationError):
        article_of(text[:MAX_PAGE_CHARS])

    assert time.process_time() - start < GENEROUS_TIME_S


def test_the_version_is_a_number_to_compare() -> None:
    assert NORMALISER_VERSION >= 1

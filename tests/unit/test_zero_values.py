"""What plain objects of other languages hold where nothing was set is no fault, and costs no article."""

import base64
import gzip
import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events import article, delivery, event, page, to_body

from newsdex.errors import Invalid
from newsdex.ingest.identity import claim
from newsdex.ingest.read import read_event
from newsdex.records.parked import NONE_STATED
from newsdex_schemas import Article, ScrapedPage, SearchFilters, SearchRequest, channels

PLAIN_GO = article(
    body="The tide turns.",
    summary="",
    section="",
    authors=None,
    tags=[""],
    agency="",
    dateline="",
    language="",
    url="",
    published_at="0001-01-01T00:00:00Z",
    updated_at="0001-01-01T00:00:00Z",
    version=0,
    embargoed_until="0001-01-01T00:00:00Z",
    expires_at="0001-01-01T00:00:00Z",
    related=None,
)
"""As encoding/json writes a struct without `omitempty`."""
PLAIN_JAVA = dict.fromkeys(Article.model_fields) | article(body="The tide turns.", version=0)
"""As Jackson writes a class whose other fields were never set."""
PLAIN_DOTNET = PLAIN_GO | dict.fromkeys(["published_at", "updated_at", "embargoed_until"], "0001-01-01T00:00:00")
"""As System.Text.Json writes DateTime.MinValue: without a zone."""
PLAIN_PHP = PLAIN_GO | {"authors": {}, "related": [], "section": [], "published_at": "-0001-11-30T00:00:00+00:00"}
"""As json_encode writes SimpleXML's empty elements, and DateTime the zero date of MySQL."""
MINIMAL = Article(**article(body="The tide turns.", version=0))


def read_article(**fields: Any) -> Article:
    read = read_event(delivery(event(article(**fields)))).article
    assert read is not None
    return read


def faults(value: Any, channel: str = channels.ARTICLES_PUBLISHED, **fields: Any) -> Invalid:
    with pytest.raises(Invalid) as raised:
        read_event(delivery(value, channel, **fields))
    return raised.value


@pytest.mark.parametrize("plain", [PLAIN_GO, PLAIN_JAVA, PLAIN_DOTNET, PLAIN_PHP], ids=["Go", "Java", ".NET", "PHP"])
def test_a_plain_object_is_the_article_that_was_meant_in_an_event_and_bare(plain: dict[str, Any]) -> None:
    got = [read_event(delivery(value)).article for value in (event(plain), plain)]

    assert [MINIMAL, MINIMAL] == got


OPTIONAL = sorted(Article.model_fields.keys() - {"id", "title"})


@given(st.sampled_from(OPTIONAL), st.sampled_from([None, "", "  ", "\n", [], {}]))
def test_whatever_optional_field_is_empty_is_absent(field: str, empty: object) -> None:
    assert Article(**article()) == Article.from_json(json.dumps(article(**{field: empty})))


@pytest.mark.parametrize("empty", ["", " ", None, {}])
@pytest.mark.parametrize("field", ["authors", "tags", "related"])
def test_empty_items_of_a_list_are_left_out(field: str, empty: object) -> None:
    item: Any = {"title": "Mooring fees"} if field == "related" else "Mooring"

    assert read_article(**{field: [item]}) == read_article(**{field: [empty, item, empty]})


def test_a_related_link_with_nothing_in_it_is_left_out() -> None:
    assert read_article(related=[{"title": "", "url": ""}]).related == ()


@pytest.mark.parametrize("id_", ["", None])
def test_an_empty_id_stays_a_fault(id_: str | None) -> None:
    assert faults(article(id=id_)).place == "id"
    assert faults(event(article(id=id_))).place == "data.id"


# Dates

ZEROS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00",
    "0001-01-01T00:00:00+00:00",
    "0000-12-31T19:03:58-04:56",  # Go's zero in New York
    "0000-00-00 00:00:00",  # MySQL
    "-0001-11-30T00:00:00+00:00",  # PHP, of MySQL's
    "-1000000000-01-01T00:00:00Z",  # java.time.Instant.MIN
    "1/1/0001 12:00:00 AM",  # DateTime.MinValue.ToString()
    "01/01/0001 00:00:00",
    "0002-11-30T00:00:00.000Z",  # Java's lenient calendar, of MySQL's
    "0001-01-01 00:00:00 +0000 UTC",  # Go's Time.String
    "-infinity",  # PostgreSQL
    "0",
    0,
]


@pytest.mark.parametrize("zero", ZEROS)
@pytest.mark.parametrize("field", ["published_at", "updated_at", "embargoed_until", "expires_at"])
def test_a_zero_date_is_absent(field: str, zero: object) -> None:
    assert read_article() == read_article(**{field: zero})


@pytest.mark.parametrize(
    "zero",
    [
        "1970-01-01",
        "1970-01-01 00:00:00",
        "1970-01-01T00:00:00.000",
        "1969-12-31T23:00:00Z",  # the first of 1970 where clocks were an hour ahead
        "1900-01-01T00:00:00Z",  # SQL Server
        "1899-12-30T00:00:00Z",  # OLE Automation
        "1753-01-01T00:00:00Z",
        "1601-01-01T00:00:00Z",  # Windows' files
    ],
)
def test_the_first_day_of_a_softwares_calendar_does_not_hide_a_story(zero: str) -> None:
    dated = read_article(updated_at=zero, embargoed_until=zero, expires_at=zero)

    assert [None] * 3 == [dated.updated_at, dated.embargoed_until, dated.expires_at]


@pytest.mark.parametrize("day", ["1965-03-01T00:00:00Z", "1969-07-20T20:17:40Z", "1901-02-03T04:05:06+01:00"])
def test_other_days_of_long_ago_are_what_they_say(day: str) -> None:
    dated = read_article(updated_at=day, expires_at=day)

    assert [datetime.fromisoformat(day)] * 2 == [dated.updated_at, dated.expires_at]


def test_a_story_may_be_older_than_every_softwares_calendar() -> None:
    assert datetime(1900, 1, 1, tzinfo=UTC) == read_article(published_at="1900-01-01T00:00:00Z").published_at


@pytest.mark.parametrize("epoch", ["1970-01-01T00:00:00Z", "1970-01-01T01:00:00.000+01:00", "1969-12-31 19:00:00-05"])
def test_the_zero_of_clocks_that_count_from_1970_is_absent_where_no_story_can_have_it(epoch: str) -> None:
    dated = read_article(published_at=epoch, updated_at=epoch, embargoed_until=epoch, expires_at=epoch)

    assert read_article(published_at="1970-01-01T00:00:00Z").published_at == dated.published_at
    assert [None] * 3 == [dated.updated_at, dated.embargoed_until, dated.expires_at]


@pytest.mark.parametrize(
    "never", ["9999-12-31T23:59:59.9999999", "9999-12-31T00:00:00Z", "+1000000000-12-31T23:59:59.999999999Z",
     "292278994-08-17T07:12:55.807Z", "infinity"],
)  # fmt: skip
def test_an_end_at_the_end_of_the_calendar_is_none_and_such_an_embargo_is_a_fault(never: str) -> None:
    """What is kept back for ever must not be shown at once."""
    assert read_article() == read_article(expires_at=never)
    assert faults(article(embargoed_until=never)).place == "embargoed_until"
    assert SearchFilters() == SearchFilters.from_json(json.dumps({"published_to": never}))


def test_zeros_of_pythons_own_are_absent() -> None:
    """`datetime.min` and `datetime.max` stand for none as well."""
    first, last = datetime(1, 1, 1), datetime(9999, 12, 31, tzinfo=UTC)  # noqa: DTZ001 - as `datetime.min`

    assert Article(**article()) == Article(**article(published_at=first, expires_at=last))


def test_an_event_with_a_zero_time_states_none_handled_or_parked() -> None:
    value = event(article(), time="0001-01-01T00:00:00Z")
    parked = delivery(event(article(url="x"), time="1970-01-01T00:00:00Z"))

    assert read_event(delivery(value)).stated_us is None
    assert NONE_STATED == claim(parked).stated_us


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-30T02:58:00Z",
        "2024-06-30T02:58:00.0000000Z",  # .NET
        "2024-06-30T02:58:00.000000000Z",  # java.time
        "2024-06-30T02:58Z",  # OffsetDateTime.toString leaves zero seconds out
        "2024-06-30T04:58:00+02:00[Europe/Paris]",  # ZonedDateTime.toString
        "2024-06-30T04:58:00.000+0200",  # Jackson before 2.11
        "2024-06-30 02:58:00 UTC",  # Ruby's Time#to_s
        "2024-06-30 07:58:00 +0500",
        "2024-06-30 02:58:00 +0000 UTC",  # Go's Time.String
        "2024-06-30 04:58:00.000000001 +0200 CEST m=+0.000012",
        "2024-06-30 07:58:00 +0500 +05",
        "2024-06-30 02:58:00+00",  # PostgreSQL
        "2024-06-30t02:58:00z",
        " 2024-06-30T02:58:00Z ",
    ],
)
def test_a_moment_is_read_as_serializers_write_it(text: str) -> None:
    assert datetime(2024, 6, 30, 2, 58, tzinfo=UTC) == read_article(published_at=text).published_at


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2016-12-31T18:59:60.5-05:00", "2017-01-01T08:59:60+09:00"])
def test_a_leap_second_is_the_last_moment_of_its_day(text: str) -> None:
    assert datetime(2016, 12, 31, 23, 59, 59, 999_999, UTC) == read_article(published_at=text).published_at


@pytest.mark.parametrize("text", ["2016-12-31T12:00:60Z", "2016-12-31T23:59:61Z", "2024-06-30T02:58:00+05:00:00"])
def test_other_seconds_and_offsets_that_no_clock_has_are_refused(text: str) -> None:
    assert faults(article(published_at=text)).code == "invalid_datetime"


# Languages


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("en_US", "en-US"),
        ("EN", "en"),
        ("pt-br", "pt-BR"),
        ("zh_hans_cn", "zh-Hans-CN"),
        ("de_DE.UTF-8", "de-DE"),
        ("ca_ES@valencia", "ca-ES"),
        ("zh_CN_#Hans", "zh-Hans-CN"),  # java.util.Locale.toString
        ("sr__#Latn", "sr-Latn"),
        ("th_TH_TH_#u-nu-thai", "th-TH-TH"),
        ("iw", "he"),  # Java before 17
        ("in_ID", "id-ID"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH-1996"),
        ("en-US-u-CA-gregory", "en-US-u-ca-gregory"),
        (" fr ", "fr"),
        ("deu", "de"),
        ("ger_DE", "de-DE"),
        ("zho-Hans", "zh-Hans"),
        ("English", "en"),
        ("cmn", "cmn"),
        ("und", None),
        ("und-US", None),
        ("zxx", None),
        ("mul", None),
        ("posix", None),
        ("unknown", None),
    ],
)
def test_a_language_is_written_as_bcp_47_has_it(written: str, tag: str | None) -> None:
    assert tag == read_article(language=written).language


def test_a_filter_names_languages_in_the_same_ways() -> None:
    assert SearchFilters(language=("en-US",)) == SearchFilters(language=("en_us",))


@pytest.mark.parametrize("url", ["HTTPS://courier.example/1", "Http://courier.example/1"])
def test_an_address_is_one_whatever_the_case_of_its_scheme(url: str) -> None:
    assert url == read_article(url=url).url


# Numbers and texts


@pytest.mark.parametrize("version", ["3", "3.0", "3e0", "3.000"])
def test_a_whole_number_may_have_a_fraction_of_zero(version: str) -> None:
    body = to_body(event(article(version=-7))).replace(b"-7", version.encode())

    assert 3 == read_event(delivery(body)).version


def test_requests_take_such_numbers_too() -> None:
    assert SearchRequest(size=20, timeout_ms=500) == SearchRequest.from_json('{"size": 20.0, "timeout_ms": 5e2}')


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"a \ud83d z", "a \ufffd z"),
        (rb"\ude00", "\ufffd"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\uD83D\uDE00", "😀"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "😀"),  # CESU-8, of old Java and Oracle
        (b"\xed\xa0\xbd", "\ufffd"),
    ],
)
def test_half_a_surrogate_pair_is_one_unreadable_character(escaped: bytes, text: str) -> None:
    """A text cut in the middle of an emoji; JavaScript, Java and .NET cut by UTF-16."""
    half = b"" if b"\\u" in escaped and text == "😀" else rb" \ud800"
    body = to_body(event(article(title="TITLE"))).replace(b"TITLE", escaped + half)

    assert text + (" \ufffd" if half else "") == read_event(delivery(body)).article.title  # type: ignore[union-attr]  # it is published


@pytest.mark.parametrize("value", [event(), article()])
def test_a_byte_order_mark_before_the_json_says_nothing(value: dict[str, Any]) -> None:
    assert read_event(delivery(value)) == read_event(delivery(b"\xef\xbb\xbf" + to_body(value)))


def test_other_bytes_that_are_no_utf_8_stay_a_fault_with_their_place() -> None:
    fault = faults(b'{"id": "\xe9t\xe9"}')

    assert ("invalid_utf8", "byte 8") == (fault.code, fault.place)


# Texts without a title


def test_an_article_without_a_title_and_with_a_body_is_taken() -> None:
    got = read_article(title="", body="The ferry returned.")

    assert ("", "The ferry returned.") == (got.title, got.body)


@pytest.mark.parametrize("fields", [{"title": ""}, {"title": None, "body": " \n"}, {"title": " ", "summary": "Ferry"}])
def test_an_article_without_a_title_and_a_body_is_refused_for_its_title(fields: dict[str, Any]) -> None:
    assert faults(article(**fields)).place == "title"


@pytest.mark.parametrize("name", ["multilingual_800", "reuters21578"])
def test_every_real_article_that_has_any_text_is_taken(shared_data: Path, name: str) -> None:
    """Wire stories and news in five languages, with empty titles, empty bodies and nulls."""
    taken = empty = 0
    with gzip.open(shared_data / "articles" / f"{name}.jsonl.gz") as lines:
        for line in islice(lines, 3_000):
            if any(json.loads(line)[field].strip() for field in ("title", "body")):
                taken += read_event(delivery(line)).article is not None
            else:
                empty += faults(line).place == "title"

    assert taken >= 800
    assert empty <= 1


@pytest.mark.parametrize("empty", ["", None])
def test_data_that_is_there_twice_counts_where_it_is_not_empty(empty: object) -> None:
    """A plain class of events has a field for each of the two ways to write it."""
    encoded = base64.b64encode(to_body(article())).decode()

    assert read_event(delivery(event(article()))).article == read_event(delivery(event(data_base64=empty))).article
    assert read_event(delivery(event(article()))).article == (
        read_event(delivery({**event(data_base64=encoded), "data": empty})).article
    )


# All faults at once


def test_all_faults_are_told_at_once_in_the_order_of_the_fields_and_the_first_is_the_code() -> None:
    data = article(expires_at="soon", id="", url="x", tags=["a", 7], version=-1, related=[{"url": "y"}])
    fault = faults({**event(data), "time": "noon", "subject": "\n\x00"})
    places = [part.partition(": ")[0] for part in fault.message.split("; ")]

    assert ("invalid_datetime", "time") == (fault.code, fault.place)
    assert [
        "time", "subject", "data.id", "data.tags.1", "data.url", "data.version", "data.expires_at",
        "data.related.0.title", "data.related.0.url",
    ] == places  # fmt: skip
    assert "data.version: Input should be greater than or equal to 0 (out_of_range)" in fault.message


def test_faults_of_the_envelope_stand_among_them() -> None:
    data = article(url="x", embargoed_until="2024-06-12T00:00:00Z", expires_at="2024-06-11T00:00:00Z")
    value = {"type": "article.published.v1", "specversion": "0.3", "data": data}
    fault = faults(value)

    assert "unsupported_specversion" == fault.code
    assert ["missing_attribute", "missing_attribute", "invalid_url", "reversed_range"] == [
        part.rpartition("(")[2].rstrip(")") for part in fault.message.split("; ")[1:]
    ]


def test_data_of_an_unknown_type_is_not_compared_with_a_type_it_does_not_have() -> None:
    fault = faults(event({"number": 7}, type="invoice.paid.v1", id=""))

    assert ["empty_text", "unknown_type"] == [fault.code, fault.message.rpartition("(")[2].rstrip(")")]


def test_two_hundred_equal_faults_are_not_told_one_by_one() -> None:
    fault = faults(article(tags=[7] * 200))

    assert fault.message.endswith("; and 180 more")


def test_a_scraped_page_without_a_name_has_its_other_faults_told_with_it() -> None:
    fault = faults(event(page(url="", text="", timezone=" "), channels.ARTICLES_SCRAPED), channels.ARTICLES_SCRAPED)

    assert ("empty_text", "data.text") == (fault.code, fault.place)
    assert "data.id: a page needs its url or an id (page_without_name)" in fault.message


def test_a_page_may_have_its_optional_fields_empty() -> None:
    written = page(id="", timezone=None)

    assert ScrapedPage(**page()) == ScrapedPage.from_json(json.dumps(written))


@pytest.mark.parametrize("field", ["embargoed_until", "expires_at", "updated_at"])
@pytest.mark.parametrize("garbage", ["-garbage", "+1", "-", "0001", "0000x", "946684800000", "9999", "9xyz"])
def test_what_only_begins_like_the_end_of_the_calendar_is_a_fault(field: str, garbage: str) -> None:
    """An embargo must not end because of a slip of the pen."""
    fault = faults(event(article(**{field: garbage})))

    assert f"data.{field}" == fault.place


def test_a_language_of_any_length_is_refused_at_once() -> None:
    fault = faults(event(article(language="en" + "-ab" * 1_000_000)))

    assert "data.language" == fault.place

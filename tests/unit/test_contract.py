"""What the models of the contract promise to publishers and readers."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from newsdex_schemas import (
    Article,
    ArticlePublished,
    ArticleWithdrawn,
    OutcomeRequest,
    RelatedLink,
    ScrapedPage,
    SearchRequest,
    Withdrawal,
)
from newsdex_schemas.article import MAX_BODY_CHARS
from newsdex_schemas.channels import EVENT_CHANNELS, MAX_MESSAGE_BYTES
from newsdex_schemas.events import EVENT_MODELS, MAX_PAGE_CHARS, event_type
from newsdex_schemas.model import ContractModel
from newsdex_schemas.operations import ParkedRequest
from newsdex_schemas.outcomes import MAX_EVENTS_PER_REQUEST
from newsdex_schemas.search import MAX_OFFSET, MAX_QUERY_CHARS, MAX_SIZE

REQUIRED: dict[str, Any] = {"id": "a-1", "title": "Ferry returns"}


def article(**fields: Any) -> Article:
    return Article(**(REQUIRED | fields))


def article_from_json(**fields: Any) -> Article:
    return Article.from_json(json.dumps(REQUIRED | fields))


def fault_of(model: type[ContractModel], fields: dict[str, Any]) -> tuple[str, str]:
    """Return the type and the place of the one fault; Python and JSON must agree on it."""
    with pytest.raises(ValidationError) as from_json:
        model.from_json(json.dumps(fields))
    with pytest.raises(ValidationError) as in_python:
        model(**fields)
    (fault,) = from_json.value.errors()

    assert [fault["type"]] == [error["type"] for error in in_python.value.errors()]
    return fault["type"], ".".join(str(part) for part in fault["loc"])


def fault_in_article(**fields: Any) -> tuple[str, str]:
    return fault_of(Article, REQUIRED | fields)


# Dates


@pytest.mark.parametrize("text", ["2024-06-30T02:58:00", "2024-06-30 02:58", "2024-06-30"])
def test_a_date_without_a_zone_is_refused(text: str) -> None:
    assert fault_in_article(published_at=text) == ("timezone_aware", "published_at")


def test_a_naive_datetime_is_refused_in_python() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        article(published_at=datetime(2024, 6, 30))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("value", [1_719_715_080, 1_719_715_080_000, 1, -1, 1.5, True, "1719715080", "1719715080.5"])
def test_a_number_is_no_date_quoted_or_not(value: object) -> None:
    assert fault_in_article(published_at=value) == ("datetime_type", "published_at")


@pytest.mark.parametrize(
    "text",
    [
        "0999-12-31T23:59:59Z",
        "0002-01-01T00:00:00Z",
        "9000-01-01T00:00:01Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_date_outside_the_years_1000_to_9000_is_refused(text: str) -> None:
    assert fault_in_article(published_at=text) == ("datetime_out_of_range", "published_at")


@pytest.mark.parametrize("text", ["2024-06-30T02:58:00Z", "2024-06-30T07:58:00+05:00", "2024-06-29T22:58:00.000-04:00"])
def test_the_same_moment_in_any_zone_is_the_same_value(text: str) -> None:
    expected = article(published_at=datetime(2024, 6, 30, 2, 58, tzinfo=UTC))

    assert expected == article_from_json(published_at=text)


def test_a_moment_keeps_its_offset() -> None:
    written = article_from_json(published_at="2024-06-30T07:58:00+05:00").to_json()

    assert b'"published_at":"2024-06-30T07:58:00+05:00"' in written


def test_a_moment_is_kept_where_its_zone_had_an_offset_with_seconds() -> None:
    published = datetime(1900, 1, 1, tzinfo=ZoneInfo("Asia/Karachi"))  # 4 h 28 min 12 s ahead
    value = article(published_at=published)

    assert value == Article.from_json(value.to_json())
    assert value.published_at == published


def test_an_article_must_not_expire_before_its_embargo_ends() -> None:
    moment, later = "2024-06-30T02:58:00Z", "2024-06-30T02:58:01Z"

    assert fault_in_article(embargoed_until=moment, expires_at=moment) == ("reversed_range", "expires_at")
    assert fault_in_article(embargoed_until=later, expires_at=moment) == ("reversed_range", "expires_at")
    assert article_from_json(embargoed_until=moment, expires_at=later).expires_at


# Unknown fields


def test_an_unknown_field_is_tolerated_from_json_at_any_depth() -> None:
    related = [{"title": "Levy", "weight": 3}]
    event = {
        "id": "e-1",
        "source": "desk",
        "traceparent": "00",
        "data": REQUIRED | {"mood": "calm", "related": related},
    }

    read = ArticlePublished.from_json(json.dumps(event))

    assert article(related=(RelatedLink(title="Levy"),)) == read.data


def test_a_misspelt_field_is_refused_in_python_and_named() -> None:
    with pytest.raises(ValidationError, match="unknown field: titel"):
        article(titel="Ferry returns")
    with pytest.raises(ValidationError, match="unknown field: verison"):
        ArticleWithdrawn(id="e-1", source="desk", data={"id": "a-1", "verison": 2})


def test_a_value_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        article().title = "Ferry sinks"  # type: ignore[misc]  # what is refused


# Limits


@pytest.mark.parametrize(
    ("field", "most"), [("id", 512), ("title", 1000), ("body", MAX_BODY_CHARS), ("summary", 10_000), ("section", 200)]
)
def test_a_text_has_a_limit_in_characters_not_bytes(field: str, most: int) -> None:
    assert article_from_json(**{field: "é" * most})
    assert ("string_too_long", field) == fault_in_article(**{field: "é" * (most + 1)})


@pytest.mark.parametrize(("field", "most"), [("authors", 100), ("tags", 200)])
def test_a_list_has_a_limit(field: str, most: int) -> None:
    assert article_from_json(**{field: ["a"] * most})
    assert ("too_long", field) == fault_in_article(**{field: ["a"] * (most + 1)})


def test_the_limits_of_requests_and_pages() -> None:
    page = {"url": "https://a.example/", "fetched_at": "2024-06-30T02:58:00Z"}
    names = [{"source": "desk", "id": "e-1"}] * (MAX_EVENTS_PER_REQUEST + 1)

    assert fault_of(ScrapedPage, page | {"text": "a" * (MAX_PAGE_CHARS + 1)}) == ("string_too_long", "text")
    assert fault_of(SearchRequest, {"q": "a" * (MAX_QUERY_CHARS + 1)}) == ("string_too_long", "q")
    assert fault_of(SearchRequest, {"size": MAX_SIZE + 1}) == ("less_than_equal", "size")
    assert fault_of(SearchRequest, {"offset": MAX_OFFSET + 1}) == ("less_than_equal", "offset")
    assert fault_of(OutcomeRequest, {"events": names}) == ("too_long", "events")
    assert fault_of(OutcomeRequest, {"events": []}) == ("too_short", "events")


def test_the_longest_body_fits_into_the_largest_message_even_when_escaped() -> None:
    body = json.dumps("é" * MAX_BODY_CHARS)

    assert len(body) < MAX_MESSAGE_BYTES


@pytest.mark.parametrize("version", [0, 2**53 - 1])
def test_a_version_is_any_integer_that_json_readers_keep_exact(version: int) -> None:
    assert version == article_from_json(version=version).version


@pytest.mark.parametrize(
    ("version", "fault"),
    [(-1, "greater_than_equal"), (2**53, "less_than_equal"), ("2", "int_type"), (True, "int_type")],
)
def test_a_version_that_is_none_is_refused(version: object, fault: str) -> None:
    assert (fault, "version") == fault_in_article(version=version)


@pytest.mark.parametrize("id_", [True, "17", 17.5, -1, 2**63])
def test_a_parked_id_is_a_number_and_nothing_that_resembles_one(id_: object) -> None:
    with pytest.raises(ValidationError, match=r"ids\.0"):
        ParkedRequest.from_json(json.dumps({"ids": [id_]}))


# Texts


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hans", "sr-Latn-RS", "de-1996", None])
def test_a_bcp_47_tag_is_a_language(tag: str | None) -> None:
    assert tag == article_from_json(language=tag).language


@pytest.mark.parametrize("tag", ["e", "en-", "-en", "_", "C", "english please", "12"])
def test_what_is_no_bcp_47_tag_is_refused(tag: str) -> None:
    assert fault_in_article(language=tag) == ("string_pattern_mismatch", "language")


@pytest.mark.parametrize(
    "url", ["https://a.example", "http://a.example:81/ä?q=1#top", "https://[::1]/", "https://a.example/%20"]
)
def test_an_absolute_http_url_is_kept_as_it_is(url: str) -> None:
    assert url == article_from_json(url=url).url


@pytest.mark.parametrize(
    "url",
    [
        "a.example/x",
        "/x",
        "ftp://a.example/",
        "javascript:alert(1)",
        "https://",
        "https://a.example/a b",
        "http://a\n",
    ],
)
def test_what_is_no_absolute_http_url_is_refused(url: str) -> None:
    assert fault_in_article(url=url) == ("invalid_url", "url")


@pytest.mark.parametrize("field", ["title", "body", "summary", "section"])
def test_the_nul_character_is_refused(field: str) -> None:
    assert ("control_character", field) == fault_in_article(**{field: "a\x00b"})


@pytest.mark.parametrize("id_", ["", "a\nb", "a\n", "a\x00", "\x7f"])
def test_an_identifier_has_no_control_characters_and_is_not_empty(id_: str) -> None:
    assert fault_in_article(id=id_)[0] in {"string_pattern_mismatch", "string_too_short"}


def test_space_around_a_name_is_taken_off() -> None:
    assert article_from_json(tags=[" ferries\n"]).tags == ("ferries",)


def test_only_an_id_and_a_title_or_a_body_are_required() -> None:
    assert article() == article_from_json()
    assert Article(id="a-1", body="The ferry returned.") == Article.from_json(
        '{"id": "a-1", "body": "The ferry returned."}'
    )
    assert fault_of(Article, {"id": "a-1"}) == ("missing", "title")
    assert fault_of(Article, {"id": "a-1", "title": "", "body": " "}) == ("string_too_short", "title")
    assert fault_of(Article, {"title": "Ferry returns"}) == ("missing", "id")


# Events


def test_every_channel_takes_one_type_of_its_own() -> None:
    assert set(EVENT_CHANNELS) == set(EVENT_MODELS)
    assert len({event_type(model) for model in EVENT_MODELS.values()}) == 4


def test_an_event_of_another_type_or_specversion_is_refused() -> None:
    event = {"id": "e-1", "source": "desk", "data": REQUIRED}

    assert fault_of(ArticlePublished, event | {"type": "article.updated.v1"}) == ("literal_error", "type")
    assert fault_of(ArticlePublished, event | {"specversion": "0.3"}) == ("literal_error", "specversion")


def test_an_event_is_written_with_its_type_and_without_unset_fields() -> None:
    event = ArticleWithdrawn(id="e-1", source="desk", data=Withdrawal(id="a-1"))

    expected = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "desk",
        "type": "article.withdrawn.v1",
        "datacontenttype": "application/json",
        "data": {"id": "a-1"},
    }
    assert expected == json.loads(event.to_json())


# Round trips

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
names = texts.filter(lambda text: bool(text.strip()))
identifiers = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
zones = st.one_of(
    st.timezones(),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
moments = st.datetimes(datetime(1001, 1, 1), datetime(8999, 1, 1), timezones=zones)  # noqa: DTZ001 - zones are added
urls = st.builds(
    "https://{}.example/{}".format,
    st.from_regex("[a-z]{1,9}", fullmatch=True),
    st.from_regex(r"[\w/%]{0,9}", fullmatch=True),
)
articles = st.builds(
    Article,
    id=identifiers,
    title=names,
    body=texts,
    summary=st.none() | texts,
    section=st.none() | names,
    authors=st.lists(names, max_size=3).map(tuple),
    tags=st.lists(names, max_size=3).map(tuple),
    agency=st.none() | names,
    dateline=st.none() | names,
    language=st.sampled_from([None, "en", "pt-BR", "zh-Hans"]),
    url=st.none() | urls,
    published_at=st.none() | moments,
    updated_at=st.none() | moments,
    version=st.none() | st.integers(0, 2**53 - 1),
    embargoed_until=st.none() | moments,
    related=st.lists(st.builds(RelatedLink, title=names, url=st.none() | urls), max_size=2).map(tuple),
)


@given(articles)
def test_an_article_survives_writing_and_reading(value: Article) -> None:
    assert value == Article.from_json(value.to_json())
    assert value.to_json() == Article.from_json(value.to_json()).to_json()


@given(identifiers, identifiers, st.none() | moments, articles)
def test_an_event_survives_writing_and_reading(id_: str, source: str, time: datetime | None, data: Article) -> None:
    event = ArticlePublished(id=id_, source=source, time=time, data=data)

    assert event == ArticlePublished.from_json(event.to_json())


@given(moments)
def test_a_moment_is_the_same_moment_after_reading(moment: datetime) -> None:
    read = Article.from_json(article(published_at=moment).to_json()).published_at

    assert read is not None
    assert moment.astimezone(UTC) == read.astimezone(UTC)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_an_article_or_a_validation_error(content: bytes) -> None:
    try:
        value = Article.from_json(content)
    except ValidationError:
        return

    assert value == Article.from_json(value.to_json())

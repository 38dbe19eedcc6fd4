"""Every entrance makes several events of several articles, but for a message, which has one outcome."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.events import delivery

from newsdex.errors import Invalid
from newsdex.formats import Context, Item, Refused, read
from newsdex.gateway.api.event_bodies import split_body
from newsdex.ingest.identity import claim, identity
from newsdex.ingest.read import read_event
from newsdex_schemas import Article, channels

CONTEXT = Context(fetched_at=datetime(2024, 6, 11, tzinfo=UTC))
EVENT = {"specversion": "1.0", "id": "e", "source": "s", "type": "article.published.v1"}
CRUMBS = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": []}


def bare(number: int) -> dict[str, Any]:
    return {"id": f"a-{number}", "title": f"Ferry {number}"}


def ninjs(number: int) -> dict[str, Any]:
    return {"uri": f"urn:courier:{number}", "headline": f"Ferry {number}", "body_text": "It sails.", "type": "text"}


def json_ld(number: int) -> dict[str, Any]:
    return {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": f"Ferry {number}",
        "articleBody": "It sails.", "url": f"https://courier.example/{number}",
    }  # fmt: skip


def wordpress(number: int) -> dict[str, Any]:
    return {
        "id": number, "type": "post", "title": {"rendered": f"Ferry {number}"}, "content": {"rendered": "<p>It sails."},
        "guid": {"rendered": f"https://w.example/?p={number}"}, "link": f"https://w.example/{number}",
        "date_gmt": "2024-06-10T08:00:00",
    }  # fmt: skip


NEWS_ITEM = """<newsItem guid="urn:courier:%d" version="1"><itemMeta>
<versionCreated>2024-06-10T08:00:00Z</versionCreated></itemMeta><contentMeta><headline>Ferry</headline></contentMeta>
<contentSet><inlineData contenttype="text/plain">It sails.</inlineData></contentSet></newsItem>"""
NEWS_MESSAGE = (
    '<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><itemSet>'
    f"{NEWS_ITEM % 1}{NEWS_ITEM % 2}</itemSet></newsMessage>"
)
RSS = '<rss version="2.0"><channel><title>t</title>{}</channel></rss>'.format(
    "".join(f"<item><title>Ferry</title><guid>g-{number}</guid></item>" for number in (1, 2))
)
SEVERAL: dict[str, tuple[object, str]] = {
    "articles": ([bare(1), bare(2)], "application/json"),
    "ninjs": ([ninjs(1), ninjs(2)], "application/json"),
    "JSON-LD": ([json_ld(1), json_ld(2)], "application/ld+json"),
    "a graph": ({"@context": "https://schema.org", "@graph": [json_ld(1), json_ld(2)]}, "application/ld+json"),
    "posts": ([wordpress(1), wordpress(2)], "application/json"),
    "JSON Feed": (
        {"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "A"}, {"id": "2", "title": "B"}]},
        "application/feed+json",
    ),
    "JSON Lines": (f"{json.dumps(bare(1))}\n{json.dumps(bare(2))}\n", "application/json"),
    "a news message": (NEWS_MESSAGE, "application/xml"),
    "RSS": (RSS, "application/rss+xml"),
}
ONE: dict[str, tuple[list[dict[str, Any]], str]] = {
    "an article": ([bare(1)], "a-1"),
    "ninjs": ([ninjs(1)], "urn:courier:1"),
    "JSON-LD of a page": ([CRUMBS, json_ld(1)], "https://courier.example/1"),
}


def received(body: object) -> Any:
    return read_event(delivery(body, channels.ARTICLES_PUBLISHED))


def as_bytes(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.mark.parametrize(("body", "media_type"), SEVERAL.values(), ids=SEVERAL)
def test_files_and_http_make_events_of_them_and_a_message_says_how_to_send_them(body: object, media_type: str) -> None:
    content = as_bytes(body)
    bodies = split_body(content, {"content-type": media_type}, CONTEXT).bodies

    assert [False, False] == [isinstance(one, Refused) for one in read(content, CONTEXT)]
    assert [False, False] == [isinstance(one, Invalid) for one in bodies]
    with pytest.raises(Invalid, match="POST /api/events") as fault:
        received(content)
    assert "several_items" == fault.value.code


@pytest.mark.parametrize("kind", ["a news message", "RSS", "JSON Lines", "articles"])
def test_a_byte_order_mark_before_them_changes_nothing(kind: str) -> None:
    assert "several_items" == fault_of(b"\xef\xbb\xbf" + as_bytes(SEVERAL[kind][0]))


@pytest.mark.parametrize("body", [one for one, _ in SEVERAL.values() if not isinstance(one, str)])
def test_the_data_of_an_event_is_one_article_too(body: object) -> None:
    with pytest.raises(Invalid, match="POST /api/events") as fault:
        received(EVENT | {"data": body})

    assert ("several_items", "data") == (fault.value.code, fault.value.place)


@pytest.mark.parametrize(("body", "article_id"), ONE.values(), ids=ONE)
def test_a_list_of_one_article_is_that_article(body: list[dict[str, Any]], article_id: str) -> None:
    content = as_bytes(body)

    assert article_id == received(content).article_id == received(EVENT | {"data": body}).article_id
    assert 1 == len(split_body(content, {"content-type": "application/json"}, CONTEXT).bodies)


@pytest.mark.parametrize("body", [[], ["a"], [1, bare(1)], [[bare(1)]]])
def test_a_list_of_anything_else_is_no_article(body: list[object]) -> None:
    with pytest.raises(Invalid) as fault:
        received(as_bytes(body))

    assert "not_an_object" == fault.value.code


def test_a_live_blog_is_one_article_with_the_texts_of_its_posts() -> None:
    """Its posts have its own address with a fragment: each for itself would take the place of the others."""
    posts = [
        {"@type": "BlogPosting", "headline": f"Gate {number}", "articleBody": f"<p>Sluice {number} opens.</p>",
         "url": f"https://courier.example/live#{number}"}
        for number in (1, 2)
    ]  # fmt: skip
    blog = json_ld(1) | {"@type": "LiveBlogPosting", "liveBlogUpdate": posts, "url": "https://courier.example/live"}
    (item,) = read(as_bytes(blog), CONTEXT)

    assert isinstance(item, Item)
    assert isinstance(item.data, Article)
    assert "It sails.\n\nGate 1\n\nSluice 1 opens.\n\nGate 2\n\nSluice 2 opens." == item.data.body
    assert () == item.unkept
    assert item.data.body == received(as_bytes(blog)).article.body


BROKEN = [
    '{\n  "id": "a",\n  "title": "T",\n  "related": [\n    {"id": "x", "title": "Y"}\n  ]\n  "body": "b"\n}',
    '[\n{"id": "a", "title": "A"},\n{"id": "b", "title": "B"}\n{"id": "c", "title": "C"}\n]',
    '{\n"related":\n{"id": "x", "title": "Y"}\n"body": "b"\n}',
]


@pytest.mark.parametrize("body", BROKEN)
def test_a_broken_value_on_several_lines_is_refused_whole_and_no_part_of_it_is_an_article(body: str) -> None:
    content = as_bytes(body)
    (refused,) = read(content, CONTEXT)

    assert [content] == split_body(content, {"content-type": "application/json"}, CONTEXT).bodies
    assert isinstance(refused, Refused)
    for code in (refused.error.code, fault_of(content)):
        assert "invalid_json" == code


@pytest.mark.parametrize("faulty", [b"oops, no JSON", b"{oops}", b'{"id": "b", "ti', b'\xef\xbb\xbf{"id": ', b"{ "])
def test_of_json_lines_each_stands_for_itself_wherever_one_is_broken(faulty: bytes) -> None:
    whole = json.dumps(bare(1)).encode()
    for lines in ([faulty, whole], [whole, faulty]):
        bodies = split_body(b"\r\n".join(lines), {"content-type": "application/json"}, CONTEXT).bodies

        assert [one == whole for one in lines] == [one == whole for one in bodies]
        assert ["invalid_json"] == [one.code for one in bodies if isinstance(one, Invalid)]


def test_objects_of_a_page_without_an_article_are_none() -> None:
    site = {"@context": "https://schema.org", "@type": "WebSite"}

    assert "no_items" == fault_of(as_bytes([CRUMBS, site]))


def test_the_only_article_of_an_events_list_names_an_event_that_is_parked_as_well() -> None:
    """An erasure finds it by that name."""
    parked = delivery(EVENT | {"data": [{"id": "a-1", "version": 7}]}, channels.ARTICLES_PUBLISHED)

    assert ("a-1", 7) == (identity(parked).article_id, claim(parked).version)


def test_an_event_in_headers_has_its_only_article_in_a_list_too() -> None:
    headers = {"content-type": "application/json", **{f"ce-{name}": value for name, value in EVENT.items()}}
    (event,) = split_body(as_bytes([bare(1)]), headers, CONTEXT).bodies

    assert "a-1" == received(event).article_id


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([{"@type": "Organization"}] * 100_000, "several_items"),
        (EVENT | {"data": [{"@type": "Organization"}] * 100_000}, "several_items"),
        ({"@context": "https://schema.org", "@graph": [0] * 1_000_000}, "no_items"),
        (json_ld(1) | {"@type": "LiveBlogPosting", "liveBlogUpdate": [{"headline": "x"}] * 100_000}, "too_many"),
    ],
    ids=["a list", "data", "a graph", "posts"],
)
def test_a_message_of_very_many_objects_holds_up_no_other(body: object, code: str) -> None:
    content = as_bytes(body)
    began = time.process_time()

    assert code == fault_of(content)
    assert time.process_time() - began < 2.0


def fault_of(body: bytes) -> str:
    with pytest.raises(Invalid) as fault:
        received(body)
    return fault.value.code

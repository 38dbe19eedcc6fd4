# ruff: noqa: E501 - samples of formats keep their own lines
"""What was made to hurt is refused in time, and any bytes or values give readings."""

import io
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.format_samples import FETCHED, article, readings, refusal

from newsdex.formats import Context, Given, Item, Refused, read

IN_TIME_S = 10


LAUGHS = '<!DOCTYPE l [<!ENTITY a "lol">' + "".join(f'<!ENTITY a{n} "{"&a;" * 10}">' for n in range(9)) + "]>"
HOSTILE: dict[str, tuple[str, str]] = {
    "billion laughs": (
        f'<?xml version="1.0"?>{LAUGHS}<rss><channel><item><title>&a8;</title></item></channel></rss>',
        "",
    ),
    "an external entity": ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><newsItem>&x;</newsItem>', ""),
    "deep JSON": ("[" * 100_000, ""),
    "deep NewsML": ('<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/">' + "<a>" * 100_000, ""),
    "a deep feed": ('<rss version="2.0"><channel><item>' + "<a>" * 100_000, ""),
    "a huge field": ('id,title,body\n1,T,"' + "x" * 20_000_000 + '"\n', ".csv"),
    "a quote without end": ('id,title,body\n1,T,"' + "x\n" * 1_000_000, ".csv"),
    "nothing but brackets": ('{"uri":"a","headline":"T","body_html":"' + "<" * 3_000_000 + '"}', ""),
    "tags without end": ('{"uri":"a","headline":"T","body_html":"' + "<a href='x" * 300_000 + '"}', ""),
}


@pytest.mark.parametrize(("content", "suffix"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_was_made_to_hurt_is_refused_in_time(content: str, suffix: str) -> None:
    start = time.process_time()
    error = refusal(content, suffix)

    assert error.code
    assert time.process_time() - start < IN_TIME_S
    assert "root:" not in error.message


def test_no_file_of_the_machine_gets_into_an_article() -> None:
    body = (
        '<!DOCTYPE newsItem SYSTEM "file:///etc/passwd"><newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="a">'
    )
    found = article(f"{body}<contentMeta><headline>Ferry</headline></contentMeta></newsItem>")

    assert {"id": "a", "title": "Ferry"} == found


STARTS = [
    b"",
    b"{",
    b"[",
    b"<rss>",
    b"<feed",
    b'{"uri": "a", ',
    b'<newsItem guid="',
    b"id,title\n",
    b"\xef\xbb\xbf",
    b"PK\x03\x04",
]


@given(st.sampled_from(STARTS), st.binary(max_size=200), st.sampled_from(["", ".csv", ".json", ".xml", ".html"]))
def test_any_bytes_give_readings(start: bytes, rest: bytes, suffix: str) -> None:
    for found in read(io.BytesIO(start + rest).getvalue(), Context(fetched_at=FETCHED, name="a"), suffix):
        assert isinstance(found, Item | Given | Refused)


FIELDS = st.sampled_from(["headline", "body_html", "headlines", "bodies", "type", "version", "subject", "associations",
                          "versioncreated", "@type", "author", "title", "content", "items", "place"])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS | st.just("value"), inner, max_size=2),
    max_leaves=5,
)


@given(
    st.sampled_from([{"uri": "a"}, {"@context": "https://schema.org", "@type": "Article"}, {"id": 1, "title": {"rendered": "a"}},
                     {"version": "https://jsonfeed.org/version/1.1", "items": [{}]}]),
    st.dictionaries(FIELDS, VALUES, max_size=4),
)  # fmt: skip
def test_any_values_in_an_item_give_readings(known: dict[str, Any], drawn: dict[str, Any]) -> None:
    assert all(isinstance(found, Item | Given | Refused) for found in readings({**known, **drawn}))

"""HTML in the texts of an article becomes plain text, and what only looks like it stays."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import Corpus
from tests.unit.events import delivery

from newsdex.errors import Invalid
from newsdex.ingest.markup import without_markup
from newsdex.ingest.read import read_event
from newsdex_schemas import Article, SearchRequest


def article(**fields: Any) -> Article:
    return Article(**({"id": "a-1", "title": "The pier"} | fields))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("He jum<b>ped</b> over", "He jumped over"),
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("<div class='x'>Fish &amp; chips</div>", "Fish & chips"),
        ("Fish &amp; chips", "Fish & chips"),
        ("Salt<script>var tide = 1</script> water<br/>rises", "Salt water\nrises"),
        ('A <a href="https://news.example/?q=heron">link</a>', "A link"),
        ("<ul><li>red</li><li>green</li></ul>", "red\n\ngreen"),
        ("caf&eacute; &#8211; open", "café – open"),
        ("Before<!-- hidden note -->after", "Beforeafter"),
        ("<p>Intro</p><video-js id=x></video-js><p>The rest</p>", "Intro\n\nThe rest"),
        ("<p>a</p><iframe src='x' /><p>rest</p>", "a\n\nrest"),
        ("<p>x <input type=hidden value=secret> <label>y</label></p>", "x y"),
        ('<p title="a < b">shown</p>', "shown"),
        ('<img data-caption="<p>Hidden</p>" src=x>After', "After"),
        ('<div class="teaser">Cut off', "Cut off"),
        ('<a href="https://news.example/">only open', "only open"),
        ("<p>caf&eacute au lait &copy 2020</p>", "café au lait © 2020"),
        ("jum&lt;b&gt;ped&lt;/b&gt;", "jumped"),
        ("salt&nbsp;water", "salt water"),
        ("<p>漢<ruby>字<rt>じ</rt></ruby></p>", "漢字"),
        ("<P>LOUD</P>", "LOUD"),
        ("<figure><img src=x alt='a boat'><figcaption>Boats.</figcaption></figure>Text.", "Boats.\n\nText."),
    ],
)
def test_markup_becomes_the_text_that_a_browser_shows(given: str, shown: str) -> None:
    made = without_markup(article(body=given))

    assert shown == made.body
    assert {"body": given} == made.markup
    assert "text/plain" == made.content_type


@pytest.mark.parametrize(
    "text",
    ["5 < 6 and 7 > 6", "R&D", "a<b and c>d", "I <3 the pier", "a List<String> of Map<K, V>", "AT&T & Co",
     "x << 2 >> 1", "<jones@news.example> wrote", "if (a<b && c>d) return;",
     "fish &chips; salt", "<- back | next ->", "&c.",
     "a <b x=5 but c>d", "the comment starts with <!-- and goes on", "Map<Section>, List<Address>", "[b]bold[/b]"],
)  # fmt: skip
def test_what_only_looks_like_markup_stays(text: str) -> None:
    given = article(body=text, title=text, tags=(text,))
    assert given is without_markup(given)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("The HTML tags <button> and <br> differ. The end of the story", "The end of the story"),
        ("How to use <style> and <br>: words", ": words"),
        ("Use </div> to close a div element, <script> and all the rest", "and all the rest"),
    ],
)
def test_a_text_about_html_is_read_to_its_end(given: str, kept: str) -> None:
    assert kept in without_markup(article(body=given)).body


@pytest.mark.parametrize(
    "piece",
    [
        "<b" + " " * 50,
        "<br\t",
        "<script>",
        "<!--",
        '<b a="',
        "<b a='x",
        "</script ",
        "<b ",
        "&#1",
        "<a-",
        "<!doctype ",
        "<",
    ],
)
@pytest.mark.parametrize("content_type", [None, "text/html"])
def test_no_text_takes_longer_than_its_length(piece: str, content_type: str | None) -> None:
    body = "</b>" + piece * (900_000 // len(piece)) + " " * 90_000
    began = time.process_time()
    without_markup(article(body=body, content_type=content_type))

    assert time.process_time() - began < 30, "reading anew from each sign takes hours"


def test_each_field_is_read_and_names_have_one_line() -> None:
    made = without_markup(
        article(
            title="<h1>The\n pier</h1>", summary="<p>Short</p>", section="Food &amp; Drink",
            authors=("<b>Ann Ray</b>", "Bo"), tags=("R&amp;D", "<i></i>"), agency="A&amp;B",
        )
    )  # fmt: skip

    assert ("The pier", "Short", "Food & Drink", "A&B") == (made.title, made.summary, made.section, made.agency)
    assert (("Ann Ray", "Bo"), ("R&D",)) == (made.authors, made.tags)
    assert {
        "title": "<h1>The\n pier</h1>", "summary": "<p>Short</p>", "section": "Food &amp; Drink", "agency": "A&amp;B",
        "authors": ("<b>Ann Ray</b>", "Bo"), "tags": ("R&amp;D", "<i></i>"),
    } == made.markup  # fmt: skip


def test_the_publisher_may_say_what_the_texts_are() -> None:
    shown = "Write <b>bold</b> so"
    assert shown == without_markup(article(body=shown, content_type="text/plain")).body
    assert "Lines joined" == without_markup(article(body="Lines\njoined<hr>", content_type="text/html")).body


def test_what_was_archived_may_be_published_again() -> None:
    once = without_markup(article(body="<p>5 &lt; 6, says &lt;b&gt;</p>"))
    again = Article.model_validate_json(once.to_json())

    assert "5 < 6, says <b>" == once.body
    assert once == without_markup(again)


def test_an_article_of_tags_alone_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        without_markup(article(title="<b></b>", body="<p> </p>"))
    assert ("empty_text", "title") == (refused.value.code, refused.value.place)


@pytest.mark.parametrize("event", [True, False])
def test_events_and_bare_articles_are_read_so(event: bool) -> None:
    data: dict[str, Any] = {"id": "a-1", "title": "T", "body": "He jum<b>ped</b>"}
    if event:
        data = {"specversion": "1.0", "id": "e", "source": "/cms", "type": "article.published.v1", "data": data}
    read = read_event(delivery(body=json.dumps(data).encode()))
    assert read.article
    assert "He jumped" == read.article.body


def test_the_words_are_found_and_tags_are_not(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish({"id": "a-1", "title": "Leap", "body": "He jum<b>ped</b> <span class='zebra'>far</span>"})
        corpus.index()
        found = {q: corpus.answer(SearchRequest(q=q)).total for q in ("jumped", "zebra", "span")}
    assert {"jumped": 1, "zebra": 0, "span": 0} == found

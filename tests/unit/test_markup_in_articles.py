"""HTML in the texts of an article becomes plain text, and what only looks like it stays."""

import json
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
     "fish &chips; salt", "<- back | next ->", "&c."],
)  # fmt: skip
def test_what_only_looks_like_markup_stays(text: str) -> None:
    given = article(body=text, title=text, tags=(text,))
    assert given is without_markup(given)


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

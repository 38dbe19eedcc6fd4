"""How words of a query are ranked and replaced, asked of a small index as a client would."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.scenarios.corpus import NOW, Corpus

from newsdex.editors.wordlists import watched_wordlists
from newsdex.search.plan.curation import Curation, shipped
from newsdex_schemas import Recency, SearchReply, SearchRequest

ARTICLES = [
    {"id": "film", "title": "Evening", "body": "The new film opens tonight beside the quay."},
    {"id": "movie", "title": "Evening", "body": "The new movie opens tonight beside the quay."},
    {"id": "states", "title": "Abroad", "body": "Ministers of the United States met in the capital."},
    {"id": "apart", "title": "Abroad", "body": "The united front and other states met in the capital."},
    {"id": "usa", "title": "Abroad", "body": "Ministers of the USA met in the old capital."},
    {"id": "runs", "title": "Sports", "body": "She runs along the long river today."},
    {"id": "run", "title": "Sports", "body": "They run along the long river today."},
    {"id": "running", "title": "Sports", "body": "For running along the long river today."},
    {"id": "electric", "title": "Physics", "body": "The electric lamp stood at the harbour."},
    {"id": "electron", "title": "Physics", "body": "An electron moved through the harbour."},
    {"id": "who", "title": "Health", "body": "The WHO warned of measles."},
    {"id": "measles", "title": "Health", "body": "A school warned of measles."},
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("ranking")) as corpus:
        corpus.publish(*ARTICLES)
        corpus.index()
        yield corpus


def answer(corpus: Corpus, q: str, curation: Curation | None = None, **fields: Any) -> SearchReply:
    request = SearchRequest.model_validate({"q": q, "timeout_ms": 10_000} | fields)
    return corpus.answer(request, curation=curation)


def ids(reply: SearchReply) -> list[str]:
    return [hit.id for hit in reply.hits]


def notes(reply: SearchReply) -> list[str]:
    return [note.code for note in reply.interpretation.notes]


@pytest.mark.parametrize("word", ["run", "runs", "running"])
def test_the_exact_form_stands_above_other_forms_of_a_word(corpus: Corpus, word: str) -> None:
    found = ids(answer(corpus, word))

    assert (word, {"run", "runs", "running"}) == (found[0], set(found))


def test_stop_words_do_not_count_and_are_not_marked(corpus: Corpus) -> None:
    reply = answer(corpus, "what of the measles")

    assert {"who", "measles"} == set(ids(reply))
    assert not any("<mark>of</mark>" in snippet for hit in reply.hits for snippet in hit.snippets)


def test_a_query_of_nothing_but_stop_words_is_asked_as_it_is(corpus: Corpus) -> None:
    assert ["running"] == ids(answer(corpus, "for the"))


def test_a_name_in_capitals_is_no_stop_word(corpus: Corpus) -> None:
    assert (["who"], {"who", "measles"}) == (
        ids(answer(corpus, "WHO measles")),
        set(ids(answer(corpus, "who measles"))),
    )


def test_synonyms_are_found_and_stand_below_the_word_itself(corpus: Corpus) -> None:
    assert ["film", "movie"] == ids(answer(corpus, "film"))
    assert ["movie", "film"] == ids(answer(corpus, "movies"))


@pytest.mark.parametrize("text", ["USA", "united states"])
def test_a_synonym_of_several_words_is_found_as_a_phrase(corpus: Corpus, text: str) -> None:
    found = set(ids(answer(corpus, text)))

    assert {"states", "usa"} <= found
    assert ("apart" in found) == (text == "united states")  # there, both words stand apart


def test_a_word_that_no_article_has_is_looked_for_as_it_is_nearest_spelt(corpus: Corpus) -> None:
    reply = answer(corpus, "harbour electrno")
    note = reply.interpretation.notes[0]

    assert (["electron"], ["spelling"]) == (ids(reply), notes(reply))
    assert ("electrno", True) == ("harbour electrno"[note.start : note.end], "“electron”" in note.message)


def test_words_that_begin_alike_raise_what_matches_and_find_nothing_themselves(corpus: Corpus) -> None:
    alone, beside = (answer(corpus, q, words="most") for q in ("electric lamp", "electric harbour"))

    assert (["electric"], ["electric", "electron"]) == (ids(alone), ids(beside))
    assert beside.hits[1].score > answer(corpus, "harbour").hits[1].score


def test_a_note_names_the_words_that_begin_alike(corpus: Corpus) -> None:
    reply = answer(corpus, "electric harbour", words="most")

    assert ["most_words", "related_words"] == notes(reply)
    assert "“electron” (as “electric”)" in reply.interpretation.notes[1].message


def test_a_word_that_is_repeated_counts_more_but_not_as_often(corpus: Corpus) -> None:
    once, twice, four = (
        {hit.id: hit.score for hit in answer(corpus, f"{'measles ' * times}school", words="most").hits}["who"]
        for times in (1, 2, 4)
    )

    assert once < twice < four < 4 * once


def test_a_description_is_asked_by_most_of_its_words_where_few_articles_have_all(corpus: Corpus) -> None:
    reply = answer(corpus, "the new film that opens tonight nowhere")

    assert ("most", ["most_words"], ["film", "movie"]) == (reply.words, notes(reply), ids(reply)[:2])


def test_a_list_of_three_words_is_not_where_any_article_has_all(corpus: Corpus) -> None:
    reply = answer(corpus, "school warned measles")

    assert ("all", [], ["measles"]) == (reply.words, notes(reply), ids(reply))


@pytest.mark.parametrize(
    "q", ["film tonight", "the film beside a quay", "the new film of the quay tonight", "the harbour electrons shine"]
)
def test_each_hit_is_explained_in_words_that_add_up(corpus: Corpus, q: str) -> None:
    hits = answer(corpus, q, explain=True).hits

    assert [pytest.approx(sum(reason.score for reason in hit.reasons), rel=1e-3) for hit in hits] == [
        hit.score for hit in hits
    ]
    assert len(hits) > 0


def test_an_explanation_names_words_places_and_what_comes_first(corpus: Corpus) -> None:
    first, *_ = answer(corpus, "the ministers united met capital", explain=True).hits
    said = [reason.text for reason in first.reasons]

    assert "states" == first.id
    assert "“met”: met once in the text; in 3 of 12 articles" in said
    assert {"every word is there: before articles without", "“the” is there: before articles without"} <= set(said)


def test_a_synonym_shows_in_the_explanation(corpus: Corpus) -> None:
    reasons = {hit.id: hit.reasons[0].text for hit in answer(corpus, "film", explain=True).hits}

    assert "“film”: movi (synonym) once in the text; in 2 of 12 articles" == reasons["movie"]


def test_nothing_is_explained_unasked_or_by_date(corpus: Corpus) -> None:
    hits = (*answer(corpus, "film").hits, *answer(corpus, "film", explain=True, sort="newest").hits)

    assert {()} == {hit.reasons for hit in hits}


def test_newer_articles_stand_higher_as_a_request_wants_it(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        dates = {"old": "2026-09-25T12:00:00Z", "new": "2026-11-24T11:00:00Z"}
        texts = {"old": "ferry ferry quay", "new": "ferry quay quay"}
        corpus.publish(*({"id": id_, "title": "T", "body": texts[id_], "published_at": dates[id_]} for id_ in dates))
        corpus.index()
        found = {weight: ids(answer(corpus, "ferry", recency={"weight": weight})) for weight in (0, 1)}
        (hit, *_) = answer(corpus, "ferry", recency={"weight": 1}, explain=True).hits

        assert {0: ["old", "new"], 1: ["new", "old"]} == found
        assert "published 0 days ago" in [reason.text for reason in hit.reasons]


def test_pages_agree_though_articles_age_between_them(tmp_path: Path) -> None:
    """The clock of a further page is that of the first one: ten months later the order is another."""
    with Corpus(tmp_path) as corpus:
        texts = {"a": "ferry ferry ferry", "b": "ferry ferry quay", "c": "ferry quay quay"}
        dates = {"a": "2024-01-01T00:00:00Z", "b": "2026-01-01T00:00:00Z", "c": "2026-11-24T00:00:00Z"}
        corpus.publish(*({"id": id_, "title": "T", "body": texts[id_], "published_at": dates[id_]} for id_ in texts))
        corpus.index()
        fields: dict[str, Any] = {"q": "ferry", "recency": {"weight": 2, "half_life_days": 10}, "timeout_ms": 10_000}
        request = SearchRequest.model_validate({**fields, "size": 1})
        later = NOW + timedelta(days=300)
        first = corpus.answer(request)
        second = corpus.answer(request.model_copy(update={"cursor": first.next_cursor}), now=later)
        third = corpus.answer(request.model_copy(update={"cursor": second.next_cursor}), now=later)

        assert ["c", "a", "b"] == [*ids(first), *ids(second), *ids(third)]
        assert ["a", "b", "c"] == ids(corpus.answer(SearchRequest.model_validate(fields), now=later))


def test_a_wordlist_that_is_wrong_leaves_the_old_one_in_use_and_is_logged_once(corpus: Corpus, tmp_path: Path) -> None:
    file = tmp_path / "synonyms.en.txt"
    file.write_text("film, measles\n", encoding="utf-8")
    curation = replace(shipped(), wordlists=watched_wordlists(tmp_path, look_every_s=0), recency=Recency(weight=0))
    before = ids(answer(corpus, "film", curation))
    file.write_text("film, river\nfilm\n", encoding="utf-8")
    with capture_logs() as logs:
        after = [ids(answer(corpus, "film", curation)) for _ in range(2)]
    (refused,) = [log for log in logs if log["event"] == "files.refused"]

    assert [before, before] == after
    assert ("wordlist", "invalid_wordlist", True) == (refused["kind"], refused["code"], "line 2" in refused["reason"])


def test_pages_agree_where_those_with_all_words_come_first(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        every = "quay pier lamp rope"
        bodies = {f"some{n}": " ".join(["quay", "pier", "lamp"] * n) for n in range(1, 7)}
        bodies |= {f"all{n}": every + " sand" * 20 * n + " the" * (n % 2) for n in range(1, 4)}
        corpus.publish(*({"id": id_, "title": "T", "body": body} for id_, body in bodies.items()))
        corpus.index()
        whole = ids(answer(corpus, f"the {every}", size=50))
        shown: list[str] = []
        cursor = None
        while len(shown) < len(whole):
            reply = answer(corpus, f"the {every}", size=2, cursor=cursor)
            shown += ids(reply)
            cursor = reply.next_cursor

        assert ["all1", "all3", "all2"] == whole[:3]
        assert (whole, None) == (shown, cursor)


def test_synonyms_that_change_hold_from_the_next_look_on(corpus: Corpus, tmp_path: Path) -> None:
    file = tmp_path / "synonyms.en.txt"
    file.write_text("film, measles\n", encoding="utf-8")
    curation = replace(shipped(), wordlists=watched_wordlists(tmp_path, look_every_s=0), recency=Recency(weight=0))
    before = set(ids(answer(corpus, "film", curation)))
    stamp = file.stat().st_mtime_ns + 1_000_000_000
    file.write_text("film, river\n", encoding="utf-8")
    os.utime(file, ns=(stamp, stamp))

    assert {"film", "measles", "who"} == before
    assert {"film", "runs", "run", "running"} == set(ids(answer(corpus, "film", curation)))


def test_pages_agree_though_new_words_come_between_them(tmp_path: Path) -> None:
    """Relatives and spellings are those of the first page."""
    with Corpus(tmp_path) as corpus:
        corpus.publish(
            *({"id": f"a{n}", "title": "T", "body": "harbours " * n + "quay " * (9 - n)} for n in range(1, 9))
        )
        corpus.index()
        whole = ids(answer(corpus, "harbour quays ships cranes", words="most", size=50))
        shown: list[str] = []
        cursor = None
        while len(shown) < len(whole):
            reply = answer(corpus, "harbour quays ships cranes", words="most", size=3, cursor=cursor)
            shown += ids(reply)
            cursor = reply.next_cursor
            corpus.publish({"id": f"b{len(shown)}", "title": "T", "body": "harbouring shipping quayside cranes " * 5})
            corpus.index()

        assert whole == [id_ for id_ in shown if id_.startswith("a")]


def test_another_words_stem_is_no_form_of_a_word(tmp_path: Path) -> None:
    """`earli`, the stem of `early`, has the stem `ear`."""
    with Corpus(tmp_path) as corpus:
        corpus.publish(
            {"id": "early", "title": "Morning", "body": "They left early."},
            {"id": "ears", "title": "Health", "body": "Both ears."},
        )
        corpus.index()

        assert ["ears"] == ids(answer(corpus, "ear"))


def test_the_note_on_a_spelling_names_the_word_and_not_a_part_of_another(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish({"id": "vote", "title": "Vote", "body": "The reelection and election were held."})
        corpus.index()
        reply = answer(corpus, "reelectoin electoin")

        assert [(0, 10), (11, 19)] == [(note.start, note.end) for note in reply.interpretation.notes]


# articles in several languages


WAR = "Ukraine said on {day} that its forces held the bridge, and Ukraine asked its allies for more."
LANGUAGES = {
    "fr": ("La guerre continue", "Selon le ministre, la guerre en Ukraine continue dans la région depuis deux ans."),
    "de": ("Der Krieg geht weiter", "Der Krieg in der Ukraine geht nach den Worten des Ministers weiter."),
    "es": ("La guerra continúa", "La guerra en Ucrania continúa, y Ukraine es su nombre en inglés."),
}


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("languages")) as corpus:
        corpus.publish(
            *(
                {"id": f"en{n}", "title": f"Ukraine asks {n}", "body": WAR.format(day=f"day {n}"), "language": "en"}
                for n in range(50)
            ),
            *(
                {"id": code, "title": title, "body": body, "language": code}
                for code, (title, body) in LANGUAGES.items()
            ),
            {"id": "none", "title": "Weather", "body": "Rain on the hills.", "language": "en"},
        )
        corpus.index()
        yield corpus


@pytest.mark.parametrize("q", ["Ukraine", "ukraine allies", '"Ukraine"'])
@pytest.mark.parametrize("words", ["all", "most"])
def test_an_article_is_worth_no_more_for_being_in_a_language_that_is_rare_here(
    languages: Corpus, q: str, words: str
) -> None:
    found = {hit.id: hit.score for hit in answer(languages, q, words=words, size=100).hits}

    assert [] == [code for code in LANGUAGES if found.get(code, 0) > min(found[f"en{n}"] for n in range(50))]


def test_half_of_the_words_are_asked_for_and_fewer_where_few_articles_have_half(languages: Corpus) -> None:
    half, fewer = (
        answer(languages, f"{q} walrus teapot lantern chimney")
        for q in ("ukraine forces held bridge allies", "ukraine")
    )

    assert [(50, "at least 5"), (53, "at least 1")] == [
        (reply.total, reply.interpretation.notes[0].message.partition("with ")[2][:10]) for reply in (half, fewer)
    ]


def test_an_explanation_counts_the_articles_of_a_word_once_over_all_languages(languages: Corpus) -> None:
    french = answer(languages, "Ukraine", filters={"language": ["fr"]}, explain=True).hits[0]

    assert ["“Ukraine”: ukrain once in the text, as ukraine once of these; in 53 of 54 articles"] == [
        reason.text for reason in french.reasons
    ]


def test_an_article_whose_language_is_taken_for_another_stands_where_it_would_otherwise(tmp_path: Path) -> None:
    """Norwegian news of which two articles are detected as Danish."""
    texts = ["Regjeringen vil bygge nye ferger", "Fergene går hver time", "Fiskerne i nord venter på nye ferger"]
    with Corpus(tmp_path) as corpus:
        corpus.publish(
            *(
                {"id": f"{code}{n}", "title": "Nyheter", "body": text, "language": code}
                for n, text in enumerate(texts)
                for code in ("no", *(["da"] if n != 1 else []))
            ),
            *(
                {"id": f"o{n}", "title": "Nyheter", "body": "Været blir fint i dag", "language": "no"}
                for n in range(20)
            ),
        )
        corpus.index()
        found = {hit.id: hit.score for hit in answer(corpus, "nye ferger", size=100).hits}

        assert (found["no0"], found["no2"]) == (pytest.approx(found["da0"]), pytest.approx(found["da2"]))

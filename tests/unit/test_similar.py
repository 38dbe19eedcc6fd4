"""Similar articles have an article's significant words; the article itself and hidden ones are not among them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import NOW, Corpus

from newsdex.errors import Invalid, Unavailable

FERRY = "The night ferry crosses the estuary, and the mooring fees of the ferry rise."
ARTICLES: dict[str, dict[str, Any]] = {
    "ferry": {"title": "Night ferry returns", "body": FERRY},
    "ferry too": {"title": "Ferries and fees", "body": "A ferry waits in the estuary.", "section": "City"},
    "fees": {"title": "Fees rise", "body": "The parking fees rise on the market square.", "section": "Money"},
    "tale": {"title": "A fairy tale", "body": "The theatre plays on the market square."},
    "later": {"title": "Night ferry", "body": FERRY, "embargoed_until": "2027-01-01T00:00:00Z"},
    "over": {"title": "Night ferry", "body": FERRY, "expires_at": "2026-01-01T00:00:00Z"},
    "gone": {"title": "Night ferry", "body": FERRY},
    "alone": {"title": "Zyzzyva", "body": "Zyzzyvas nestle."},
    "empty": {"title": "…"},
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("similar")) as corpus:
        corpus.publish(*({"id": id_, **fields} for id_, fields in ARTICLES.items()))
        corpus.publish(
            *({"id": f"o{n}", "title": f"Notice {n}", "body": "The square is on the map."} for n in range(9))
        )
        corpus.index()
        corpus.withdraw("gone")
        yield corpus


def similar(corpus: Corpus, id_: str, **fields: Any) -> list[str]:
    return [hit.id for hit in corpus.similar(id_, **fields).hits]


def test_the_most_similar_article_comes_first_and_the_article_itself_not_at_all(corpus: Corpus) -> None:
    found = similar(corpus, "ferry")

    assert ["ferry too", "fees"] == found[:2]
    assert "ferry" not in found


def test_hidden_articles_are_not_among_the_similar_ones(corpus: Corpus) -> None:

    assert set() == {"later", "over", "gone"} & set(similar(corpus, "ferry", size=100))


def test_significant_words_are_shown_as_they_are_written_and_rare_ones_go_first(corpus: Corpus) -> None:
    reply = corpus.similar("ferry")

    assert ("ferry", "night") == reply.terms[:2]
    assert reply.terms.index("night") < reply.terms.index("estuary")
    assert "the" not in reply.terms  # a stop word tells nothing of an article
    assert any("<mark>ferry</mark>" in snippet for snippet in reply.hits[0].snippets)


def test_filters_and_size_are_kept(corpus: Corpus) -> None:

    assert ["fees"] == similar(corpus, "ferry", filters={"section": ("Money",)})
    assert ["ferry too"] == similar(corpus, "ferry", size=1)


@pytest.mark.parametrize("id_", ["alone", "empty"])
def test_an_article_that_shares_no_word_has_no_similar_ones(corpus: Corpus, id_: str) -> None:

    assert [] == similar(corpus, id_)


@pytest.mark.parametrize("id_", ["nobody-wrote-this", "gone", "later", "over"])
def test_an_article_that_is_unknown_or_hidden_is_refused_with_the_same_code(corpus: Corpus, id_: str) -> None:
    with pytest.raises(Invalid) as raised:
        corpus.similar(id_)

    assert ("unknown_article", "id") == (raised.value.code, raised.value.place)


def test_an_article_that_is_not_yet_indexed_has_similar_ones(corpus: Corpus) -> None:
    corpus.publish({"id": "pending", "title": "Ferry fees", "body": "The ferry and the fees."})

    assert ["ferry too"] == similar(corpus, "pending", size=1)


def test_without_an_index_the_answer_is_that_it_is_being_built(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Corpus(tmp_path_factory.mktemp("none")) as empty:
        empty.publish({"id": "a", "title": "Ferry"})
        with pytest.raises(Unavailable) as raised:
            empty.similar("a")

    assert "index_rebuilding" == raised.value.code


def test_an_article_is_among_the_similar_ones_once_its_embargo_is_over(corpus: Corpus) -> None:
    later = NOW.replace(year=2028)
    with corpus.at(later):
        shown = similar(corpus, "ferry", size=100, now=later)

    assert "later" in shown


def test_small_words_of_a_language_without_a_list_are_told_by_its_own_articles(tmp_path: Path) -> None:
    """Few as they are among all, most Spanish articles have them."""
    ports = ["Vigo", "Cádiz", "Málaga"]
    spanish = [
        {
            "id": f"es{n}",
            "title": f"Ella llegó a {ports[n % 3]}",
            "body": f"Ella dijo que el barco de {ports[n % 3]} no salió.",
            "language": "es",
        }
        for n in range(30)
    ]
    english = [{"id": f"en{n}", "title": f"Notice {n}", "body": "The square is on the map."} for n in range(200)]
    with Corpus(tmp_path) as corpus:
        corpus.publish(*spanish, *english)
        corpus.index()
        reply = corpus.similar("es0", size=5)

        assert ("vigo",) == reply.terms
        assert {"Ella llegó a Vigo"} == {hit.title for hit in reply.hits}


def test_an_article_in_another_language_with_the_same_name_is_similar(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(
            {"id": "en", "title": "Zelenskyy speaks", "body": "Zelenskyy spoke in Kherson.", "language": "en"},
            {"id": "fr", "title": "Zelenskyy parle", "body": "Zelenskyy est venu à Kherson.", "language": "fr"},
            {"id": "de", "title": "Zelenskyy", "body": "Zelenskyy war in Kherson.", "language": "de"},
            *({"id": f"o{n}", "title": f"Notice {n}", "body": "The square is on the map."} for n in range(9)),
        )
        corpus.index()

        assert {"fr", "de"} == set(similar(corpus, "en"))

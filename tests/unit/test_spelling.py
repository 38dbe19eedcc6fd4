"""The speller's first word is the right one for misspellings as people make them."""

from collections.abc import Mapping

import numpy as np
import pytest

from newsdex.index.lexicon.current import Lexicon, LexiconPart
from newsdex.index.lexicon.table import WordTable
from newsdex.search.spelling.candidates import candidates, parted

COUNTS = {
    "harbour": 90, "harbours": 20, "labour": 60, "harvest": 40, "ferry": 120, "ferries": 50, "merry": 3, "berry": 8,
    "lighthouse": 15, "lightning": 9, "light": 70, "house": 80, "council": 200, "counsel": 20, "councils": 30,
    "government": 300, "environment": 80, "receive": 60, "received": 90, "believe": 70, "separate": 40,
    "necessary": 50, "bridge": 110, "bridges": 30, "fridge": 4, "minister": 150, "ministry": 90, "president": 140,
    "resident": 60, "residents": 80, "weather": 70, "whether": 90, "leather": 10, "neighbour": 25, "neighbours": 30,
    "island": 60, "islands": 40, "inland": 8, "february": 60, "wednesday": 70, "tomorrow": 40, "mayor": 90, "major": 80,
    "fishing": 50, "fisher": 12, "finishing": 9, "estuary": 20, "lantern": 15, "latern": 1, "schedule": 30, "g20": 40,
}  # fmt: skip
MISSPELT = {
    "harbor": "harbour", "harbuor": "harbour", "harbur": "harbour", "fery": "ferry", "ferrry": "ferry",
    "ferrys": "ferry", "lighthose": "lighthouse", "litehouse": "lighthouse", "counsil": "council", "councel": "council",
    "goverment": "government", "govermnent": "government", "enviroment": "environment", "recieve": "receive",
    "recieved": "received", "beleive": "believe", "seperate": "separate", "neccessary": "necessary",
    "necesary": "necessary", "brige": "bridge", "brigde": "bridge", "minster": "minister", "presidant": "president",
    "wether": "weather", "neigbour": "neighbour", "iland": "island", "febuary": "february", "wensday": "wednesday",
    "tommorow": "tomorrow", "tommorrow": "tomorrow", "estury": "estuary", "lantren": "lantern", "shedule": "schedule",
    "skedule": "schedule", "mayer": "mayor",
}  # fmt: skip


def any_word(_: str) -> bool:
    """Tell that any word may be told."""
    return True


def lexicon(*counts: Mapping[str, int], documents: int = 1_000) -> Lexicon:
    none = WordTable([], np.zeros(0, np.uint32))
    tables = [WordTable(sorted(one), np.array([one[word] for word in sorted(one)], np.uint32)) for one in counts]
    return Lexicon(parts=[LexiconPart(documents=documents, words=words, authors=none, tags=none) for words in tables])


def proposed(word: str, limit: int = 3) -> list[str]:
    return [one.text for one in candidates(word, lexicon(COUNTS), limit, any_word)]


def test_of_our_misspellings_nine_in_ten_lead_to_the_right_word_first_and_all_among_three() -> None:
    found = {wrong: proposed(wrong) for wrong in MISSPELT}
    first = [wrong for wrong, right in MISSPELT.items() if found[wrong][:1] == [right]]

    assert [] == [(wrong, found[wrong]) for wrong, right in MISSPELT.items() if right not in found[wrong]]
    assert len(first) >= 0.9 * len(MISSPELT), {w: found[w] for w in MISSPELT.keys() - set(first)}


def test_a_word_is_not_proposed_for_itself() -> None:

    assert "ferry" not in proposed("ferry", 50)


@pytest.mark.parametrize("word", ["fe", "2024", "g21", "x" * 41, "zzzzzzzz"])
def test_for_what_is_no_word_and_like_none_nothing_is_proposed(word: str) -> None:

    assert [] == proposed(word)


def test_a_word_with_a_digit_is_not_proposed() -> None:

    assert "g20" not in proposed("goo", 50)


def test_counts_of_several_segments_add_up() -> None:
    split = [{"ferry": 1, "berry": 50}, {"ferry": 40}, {"ferry": 60}]

    assert ["ferry", "berry"] == [one.text for one in candidates("cerry", lexicon(*split), 2, any_word)]


def test_a_word_that_stands_once_among_many_articles_is_not_proposed() -> None:
    counts = {"lantern": 30, "latern": 1}
    small, large = (lexicon(counts, documents=number) for number in (1_000, 100_000))

    assert {"latern", "lantern"} == {one.text for one in candidates("laterm", small, 2, any_word)}
    assert ["lantern"] == [one.text for one in candidates("laterm", large, 2, any_word)]


def test_a_misspelling_that_stands_in_the_texts_does_not_go_before_the_right_word() -> None:

    assert ["seperated", "separated"] == [
        one.text for one in candidates("seperatd", lexicon({"separated": 5, "seperated": 1}), 2, any_word)
    ]
    assert ["separated", "seperated"] == [
        one.text for one in candidates("seperatd", lexicon({"separated": 500, "seperated": 1}), 2, any_word)
    ]


def test_a_missing_space_is_found_between_two_words() -> None:

    assert ["harbour bridge"] == [one.text for one in parted("harbourbridge", lexicon(COUNTS), any_word)]
    assert [] == parted("harbourbrxdge", lexicon(COUNTS), any_word)
    assert [] == parted("ferry", lexicon(COUNTS), any_word)


def test_words_that_may_not_be_told_are_not_proposed_and_keep_no_place_from_others() -> None:
    def told(word: str) -> bool:
        return word not in {"ferry", "bridge"}

    known = lexicon({"ferry": 9, "berry": 1})
    proposed = [one.text for allowed in (any_word, told) for one in candidates("cerry", known, 1, allowed)]

    assert ["ferry", "berry"] == proposed
    assert [] == parted("harbourbridge", lexicon({"harbour": 5, "bridge": 5}), told)

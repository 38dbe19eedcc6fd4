"""What a misspelling costs: nothing where there is none, less for the likelier of two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from newsdex.search.spelling import edit_costs as typos
from newsdex.search.spelling.edit_costs import costs

WORDS = st.text("abcehxyzéж", min_size=1, max_size=8)
CHEAPEST = min(typos.DOUBLING, typos.SILENT, typos.LEFT_OUT_VOWEL, typos.SWAPPED)


def cost(written: str, meant: str) -> float:
    return float(costs(written, [meant])[0])


@given(written=WORDS, words=st.lists(WORDS, min_size=1, max_size=6))
def test_a_word_costs_the_same_alone_and_among_others(written: str, words: list[str]) -> None:

    assert [cost(written, word) for word in words] == costs(written, words).tolist()


@given(written=WORDS, meant=WORDS)
def test_a_cost_lies_between_those_of_the_cheapest_and_the_dearest_edits(written: str, meant: str) -> None:
    edits = OSA.distance(written, meant)

    assert edits * CHEAPEST <= cost(written, meant) + 1e-5
    assert cost(written, meant) <= edits * typos.WRONG + 2 * typos.FIRST_LETTER + 1e-5


@pytest.mark.parametrize(
    ("likelier", "than"),
    [
        (("harber", "harbor"), ("harbxr", "harbor")),  # a vowel for another
        (("feryr", "ferry"), ("feray", "ferry")),  # neighbours swapped
        (("ferrry", "ferry"), ("ferrwy", "ferry")),  # a letter doubled
        (("fery", "ferry"), ("fety", "ferry")),
        (("anker", "anchor"), ("anwer", "anchor")),
        (("brigde", "bridge"), ("bridxx", "bridge")),
        (("harbot", "harbor"), ("harbok", "harbor")),  # keys side by side
        (("hrbor", "harbor"), ("arbor", "harbor")),  # the first letter is seldom wrong
        (("lantrn", "lantern"), ("laneern", "lantern")),  # left out rather than wrong
    ],
)
def test_people_make_some_mistakes_more_often(likelier: tuple[str, str], than: tuple[str, str]) -> None:

    assert cost(*likelier) < cost(*than)

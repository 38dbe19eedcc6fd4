"""What is promised of the words of an index: they are those that the analyzer of Whoosh reads, emoji among them.

Emoji take no place of their own.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenarios.corpus import Corpus

from newsdex.index.columnar.indexing.analysis_cache import AnalysisCache
from newsdex.index.text.analysis import NewsAnalyzer
from newsdex.index.text.emoji import is_emoji, plain_emoji
from newsdex.index.text.languages import stemmers
from newsdex_schemas import SearchRequest

WHOLE = ("🎉", "⚽", "☔", "❤️", "🇺🇦", "👍🏽", "👩‍👩‍👧", "🏴\U000e0067\U000e0062\U000e007f", "🤷🏿‍♀️", "🏳️‍🌈", "✅", "☀")
LETTERS = (
    *"abIİıĞßΣςǅŉЇЁ①²_.-'’ʻ  ",
    *("Ph.D.", "Bi.I.", "U.S.", "\u00ad", "\u200b", "ᄒᆞᆫ", "\u1100\u1161\u11a8"),
    "J\u030c",
    "ابة",
    "שׁ",
    "हिन्दी",
    "ड़",
    "가",
    "ำ",
    "々",
    "カ",
    "ｶ",
    "ﾞ",
    "ﾟ",
    "東京",
    "한국",
    "𠮷",
)
NONE = ("a", "1", "№", "€", "★", "①", "❶", "“", "❝", "の", "𠮷", "½", "°", "🇺", "")


@pytest.mark.parametrize("sign", WHOLE)
def test_an_emoji_is_one_word_with_all_that_belongs_to_it(sign: str) -> None:
    (token,) = NewsAnalyzer()(f"“{sign}”", positions=True, chars=True)

    assert (plain_emoji(sign), 0, 1) == (token.text, token.pos, token.startchar)
    assert 1 + len(sign) - sign.endswith("\ufe0f") <= token.endchar <= 1 + len(sign)


@pytest.mark.parametrize("sign", NONE)
def test_other_signs_are_none(sign: str) -> None:
    assert not is_emoji(sign)


def indexed(text: str, language: str) -> list[tuple[str, int]]:
    """Return the terms of a text and their places, as the index has them."""
    cache = AnalysisCache()
    found = cache.read([text], [language])
    terms, numbers = cache.ranked(found.term) if len(found.term) else ([], [])
    return sorted(
        (terms[number].decode(), place) for number, place in zip(numbers, found.position.tolist(), strict=True)
    )


def analysed(text: str, language: str) -> list[tuple[str, int]]:
    """Return the same as Whoosh is told them."""
    return sorted({(token.text, token.pos) for token in NewsAnalyzer(language)(text, positions=True)})


READ_OTHERWISE_BEFORE = (
    *("'Ph.D. thesis'", "🎓Ph.D.", "Ph.D.x", "\u200bPh.D.", "M.Sc.É", "Mc.I.ſ"),
    *("ｶﾞ\u200cำ", "ｶ\u3099", "ﾊﾟ\u200c〇", "가\u200b々", "カ\u00adカ", "か\u200d\u3099き", "東ᄒᆞᆫ글"),
)


@pytest.mark.parametrize("text", READ_OTHERWISE_BEFORE)
@pytest.mark.parametrize("language", ["en", "tr"])
def test_words_between_dots_and_invisible_signs_are_those_of_the_analyzer(text: str, language: str) -> None:
    assert analysed(text, language) == indexed(text, language)


@given(
    text=st.lists(st.sampled_from([*WHOLE, *LETTERS]), max_size=12).map("".join), language=st.sampled_from([*stemmers])
)
def test_texts_are_indexed_as_the_analyzer_of_whoosh_reads_them(text: str, language: str) -> None:
    """An index of which a title is read otherwise does not pass its verification."""
    assert analysed(text, language) == indexed(text, language)


def test_a_text_of_many_emoji_is_indexed_and_found(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish({"id": "a", "title": "🎉 " * 300, "body": "🎉 ⚽ " * 20_000 + "end"})
        corpus.index()
        found = [corpus.answer(SearchRequest(q=q, timeout_ms=10_000)).total for q in ("🎉", "⚽", '"end"', "☔")]

    assert [1, 1, 1, 0] == found

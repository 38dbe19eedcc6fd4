"""What analysis promises: the index and a query give matching forms of any word, at right places, in bounded time."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.text.analysis import (
    LONGEST_WORD,
    MARK,
    NewsAnalyzer,
    alternatives,
    certain_part,
    folded_lines,
    indexed_as,
    phrase_words,
    terms,
    words,
)
from newsdex.index.text.folding import fold
from newsdex.index.text.languages import DEFAULT, stemmers

GENEROUS_TIME_S = 20
ENDINGS = ["", "s", "ed", "ing", "ly", "ies", "ied", "y", "ational", "ization", "ousness", "fulness", "iviti", "ities"]
ENDINGS += ["ably", "ence", "ement", "alism", "eedly", "'s", "’S"]

LANGUAGES = (DEFAULT, *sorted(stemmers.keys() - {DEFAULT}))

languages = st.sampled_from(LANGUAGES)
texts = st.text(max_size=200) | st.text(alphabet="aé\u0301ʼ’'-_. 北京カﾅﬁＴßİ1٣ไทйї\u200c\u093f\u0915\n", max_size=60)
english = st.builds(str.__add__, st.text(alphabet="aeioulnstry", min_size=1, max_size=6), st.sampled_from(ENDINGS))


def indexed(text: str, language: str = DEFAULT) -> list[str]:
    return [token.text for token in NewsAnalyzer(language)(text, mode="index", positions=True)]


def asked(text: str, language: str = DEFAULT) -> list[str]:
    return [terms(word, language)[0] for word in phrase_words(text)]


def finds(query: str, text: str, language: str, among: tuple[str, ...] = LANGUAGES) -> bool:
    """Tell whether a query that names no language finds a text, in an index that has some languages."""
    known = set(indexed(text, language))
    series = alternatives(tuple(phrase_words(query)), among)
    return any(known.issuperset(one) for one in series)


# Matching


@given(texts, languages)
def test_any_word_of_a_text_finds_it_whatever_its_language(text: str, language: str) -> None:

    assert [] == [word for word, _, _ in words(text) if not finds(word, text, language)]


@given(texts, languages)
def test_the_words_of_a_whole_text_find_it(text: str, language: str) -> None:

    assert set(asked(text, language)) <= set(indexed(text, language))
    assert finds(text, text, language)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("running", "run"),
        ("Runs", "RUNNING"),
        ("Riverton’s", "riverton"),
        ("RIVERTON'S", "Riverton"),
        ("O’Neil", "O'Neil"),
        ("OʼNeil", "oneil"),
        ("“so”", "so"),
        ("@RiverDesk", "riverdesk"),
        ("Straße", "STRASSE"),
        ("Ｔｏｋｙｏ", "tokyo"),
        ("ﬁnal", "final"),
        ("cafe\u0301", "café"),
        ("ПОЕЗД", "поезд"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("café", "cafe"),
        ("Kraków", "krakow"),
        ("Łódź", "lodz"),
        ("Ærø", "aero"),
        ("İstanbul", "istanbul"),
        ("Diyarbakır", "diyarbakir"),
        ("Ёлка", "елка"),
        ("Σίσυφος", "Σισυφος"),
        ("U.S.", "US"),
        ("J.R.R.", "JRR"),
        ("U.S.’s", "U.S"),
        ("co\u00adoperate", "cooperate"),
        ("שָׁלוֹם", "שלום"),
        ("أحمد", "احمد"),
        ("مدرسة", "مدرسه"),
        ("کتاب", "كتاب"),
        ("مُحَمَّد", "محمد"),
        ("العـــراق", "العراق"),
        ("می\u200cخواهم", "میخواهم"),
        ("٢٠٢٤", "2024"),
        ("۱۴۰۳", "1403"),
    ],
)
def test_forms_that_readers_call_one_word_match(text: str, query: str) -> None:

    assert set(asked(query)) <= set(indexed(text))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("tide", "tidal"),
        ("US", "use"),
        *[("commissioner", word) for word in ("commission", "commissions")],
        *[("environmental", word) for word in ("environment", "environments")],
        *[("commission", "commissioner"), ("provisional", "provision"), ("willingness", "willing")],
        ("北京", "京北"),
        ("мой", "мои"),
        ("か", "が"),
        ("ไป", "ไม"),
    ],
)
def test_other_words_do_not_match(text: str, query: str) -> None:

    assert not set(asked(query)) & set(indexed(text))


def test_a_word_is_indexed_as_it_stands_and_by_its_stem_at_one_place() -> None:
    tokens = [(token.text, token.pos) for token in NewsAnalyzer()("Boats were running", mode="index", positions=True)]

    assert [("boat", 0), ("boats", 0), ("were", 1), ("run", 2), ("running", 2)] == tokens


def test_a_query_asks_for_the_stem_only() -> None:

    assert ["boat", "run"] == asked("boats running")


# Languages


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("de", "Häuser", "Haus"),
        ("de", "Häuser", "hauser"),
        ("de", "Müller", "Mueller"),
        ("de", "Straßen", "Strasse"),
        ("fr", "publiée", "publier"),
        ("fr", "publiée", "publiee"),
        ("fr", "élections", "election"),
        ("fr", "l’élection", "élections"),
        ("fr", "L'ÉLECTION", "l’élection"),
        ("fr", "jusqu’aujourd’hui", "aujourd'hui"),
        ("it", "dell’università", "universita"),
        ("es", "canciones", "cancion"),
        ("pt", "eleição", "eleicao"),
        ("ru", "поезда", "поезд"),
        ("ar", "والمدينة", "والمدينه"),
        ("ar", "القطار", "قطار"),
        ("ar", "الأردنية", "الاردنيه"),
        ("ar", "Microsoft announced", "announce"),
        ("fa", "کتاب\u200cها", "کتاب"),
        ("fa", "کتابها", "كتاب"),
        ("fa", "می\u200cخواهم", "می‌خواهم"),
        ("tr", "evler", "ev"),
        ("el", "ανθρώπους", "άνθρωπος"),
        ("hi", "लड़के", "लड़का"),
        ("ta", "மரங்கள்", "மரங்கள்"),
        ("tr", "Ankara'da", "Ankara"),
        ("tr", "ERDOĞAN'IN", "Erdoğan"),
        ("tr", "Diyarbakır’a", "DİYARBAKIR"),
        ("tr", "Kur'an'ın", "Kur'an"),
        ("tr", "IŞIK", "ışık"),
        ("tr", "İzmir‘den", "izmir"),
        ("tr", "Ayşe'nin", "ayşe"),
        ("tr", "TBMM'ye", "TBMM"),
        ("en", "Bakı'dan", "Bakı"),
        ("en", "Toshkent'ning", "Toshkent"),
        ("en", "İstanbul’daki", "İstanbul"),
        ("ar", "والمدينة", "المدينة"),
        ("ar", "والقطار", "قطار"),
        ("ar", "فالقطار", "القطار"),
        ("ar", "وقال", "قال"),
        ("hi", "हिन्दी", "हिंदी"),
        ("hi", "हिंदी", "हिन्दी"),
        ("hi", "चाँद", "चांद"),
        ("hi", "लड़की", "लडकी"),
        ("hi", "सम्बन्ध", "संबंध"),
        ("hi", "गङ्गा", "गंगा"),
        ("en", "ಕನ್ನಡ", "ಕನ್ನಡ"),
        ("en", "અમ્બાલાલ", "અંબાલાલ"),
        ("en", "ਪੰਜਾਬ", "ਪਂਜਾਬ"),
        ("en", "הבית", "בית"),
        ("en", "בבית", "הבית"),
        ("en", "כשהמלחמה", "המלחמה"),
        ("en", "L’Oréal", "oreal"),
        ("en", "Val d’Isère", "isere"),
        ("de", "D'Antonio", "antonio"),
        ("en", "qu’Isabelle", "isabelle"),
        ("en", "Müller", "Mueller"),
        ("en", "Mueller", "Müller"),
        ("da", "København", "Koebenhavn"),
        ("da", "Århus", "Aarhus"),
        ("no", "Aasgaard", "Åsgård"),
        ("sv", "Malmö", "Malmoe"),
        ("fi", "Jyväskylä", "Jyvaeskylae"),
        ("en", "#Save_The_Pier", "save the pier"),
        ("en", "#Save_The_Pier", "#Save_The_Pier"),
        ("ar", "#غزة_تحت_النار", "غزة"),
        ("en", "Ph.D.", "PhD"),
        ("es", "EE.UU.", "EEUU"),
        ("en", "O`Neil O´Neil OʻNeil OʿNeil OʾNeil O′Neil O＇Neil", "ONeil"),
        ("en", "har\u200bbour \u200fharbour\u200e \ufeffharbour", "harbour"),
    ],
)
def test_a_word_is_found_in_the_forms_of_its_language_though_the_query_names_none(
    language: str, text: str, query: str
) -> None:

    assert finds(query, text, language)
    assert finds(query, text, language, (DEFAULT, language))


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [("en", "new", "news"), ("en", "tide", "tidal"), ("de", "Gas", "Gasse"), ("fr", "été", "est")],
)
def test_the_stems_of_one_language_find_no_other_words_in_another(language: str, text: str, query: str) -> None:
    """French knows `new` and `news` as one word, and English does not."""

    assert not finds(query, text, language)


def test_where_all_is_english_a_query_asks_for_one_term() -> None:

    assert (("boat",),) == alternatives(("Boats",), (DEFAULT,))


@given(texts, languages)
def test_stems_of_other_languages_can_be_told_from_words(text: str, language: str) -> None:
    mark = MARK + language
    stems = [term for term in indexed(text, language) if term.startswith(MARK)]

    assert all(stem.startswith(mark) and len(stem) > len(mark) for stem in stems)
    assert all(term.startswith(MARK + DEFAULT) for term in indexed(text) if MARK in term)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Ferry", "ferry"), ("running", "running"), ("B?NK", "b?nk"), ("*MAN", "*man"), ("TO’*", "to*")],
)
def test_a_part_of_a_word_is_taken_whole(text: str, expected: str) -> None:
    """Whoosh asks so for prefixes, patterns and fuzzy words: folded, but neither split nor stemmed."""

    assert [expected] == [token.text for token in NewsAnalyzer(None)(text, mode="query", tokenize=False)]


def test_scripts_without_spaces_are_taken_two_by_two() -> None:

    assert [("北京", 0, 2), ("京天", 1, 3), ("天气", 2, 4), ("气", 3, 4)] == list(words("北京天气"))
    assert [("ok", 0, 2), ("京", 2, 3), ("ok", 3, 5)] == list(words("ok京ok"))
    assert ["รถ", "ถไ", "ไฟ", "ฟ"] == [word for word, _, _ in words("รถไฟ")]
    assert ["서울", "울시", "시장"] == phrase_words("서울시장")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("9月23日电", "9月23日"),
        ("今年3月份", "3月"),
        ("2024年度", "2024年"),
        ("第3届奥运会", "第3届"),
        ("T恤衫", "T恤"),
        ("可爱的猫咪", "猫"),
        ("養猫", "猫"),
        ("佐々木さん", "佐々木"),
        ("〆切は明日", "〆切"),
        ("二〇二四年", "二〇二四年"),
        ("ﾄﾖﾀの車", "トヨタ"),
        ("トヨタの車", "ﾄﾖﾀ"),
        ("ｶﾞｽ会社", "ガス"),
        ("か\u3099んた\u3099", "がんだ"),
        ("パリ", "ハ\u309aリ"),
        ("𠮷野家の牛丼", "𠮷野家"),
        ("店は𠮷野家", "野家"),
        ("서울시장이", "시장"),
        ("\u1109\u1165\u110b\u116e\u11af", "서울"),
        ("ภาษา\u200bไทย", "ภาษาไทย"),
        ("๒๕๖๗", "2567"),
        ("葛\U000e0100飾区", "葛飾区"),
        ("レオナルド・ダ・ヴィンチ", "ヴィンチ"),
        ("ភាសា\u200bខ្មែរ", "ភាសាខ្មែរ"),
        ("မြန်မာ", "မြန်မာ"),
    ],
)
def test_what_stands_in_a_script_without_spaces_is_found_as_it_is_written(text: str, query: str) -> None:
    found = [tuple(forms) for forms in (indexed_as(word, DEFAULT) for word, _, _ in words(text))]
    wanted = [terms(word, DEFAULT)[0] for word in phrase_words(query)]
    starts = range(len(found) - len(wanted) + 1)

    assert any(all(word in found[at + i] for i, word in enumerate(wanted)) for at in starts)


# Places


@given(texts)
def test_offsets_are_those_of_the_word_in_the_text(text: str) -> None:
    found = list(words(text))

    assert [word for word, _, _ in found] == [text[start:end] for _, start, end in found]
    assert all(0 <= start < end <= len(text) for _, start, end in found)
    assert all(before[1] < after[1] for before, after in pairwise(found))


@given(st.text(alphabet="abcXYZ ", max_size=100))
def test_plain_words_casefold_to_what_is_indexed(text: str) -> None:

    assert text.casefold().split() == [terms(word, DEFAULT)[-1] for word, _, _ in words(text)]


@given(texts)
def test_positions_rise_by_one_from_word_to_word(text: str) -> None:
    positions = {token.pos for token in NewsAnalyzer()(text, mode="index", positions=True, start_pos=7)}

    assert set(range(7, 7 + len(list(words(text))))) == positions


# Bounds


@given(st.text(min_size=LONGEST_WORD, max_size=400) | st.text(alphabet="aßﷺ", min_size=90, max_size=200))
def test_no_term_is_longer_than_the_bound(text: str) -> None:

    assert all(len(term) <= LONGEST_WORD for term in indexed(text))


def test_a_word_longer_than_the_bound_finds_its_text() -> None:
    word = "running" * 40

    assert asked(word) == [term for term in indexed(word) if term in asked(word)]


@given(st.text())
def test_any_text_gives_words(text: str) -> None:

    assert all(all(terms(word, language)) for word, _, _ in words(text) for language in LANGUAGES)


@given(english | texts)
def test_the_certain_part_of_a_stem_is_in_every_line_with_such_a_word(text: str) -> None:
    """What passes over lines without matches must not pass over one with a match."""
    for line, folded in zip(text.split("\n"), folded_lines(text), strict=True):
        stems = [terms(word, DEFAULT)[0] for word, _, _ in words(line)]

        assert [] == [stem for stem in stems if certain_part(stem) not in folded]


@pytest.mark.parametrize(
    "word",
    ["skies", "dying", "lying", "tying", "vying", "gently", "ugly", "early", "only", "singly", "hoping", "ability"],
)
def test_the_certain_part_holds_for_the_stemmers_exceptions(word: str) -> None:

    assert certain_part(terms(word, DEFAULT)[0]) in fold(word)


@pytest.mark.parametrize("piece", ["a", "a'", "a\u0301", "\u0915\u093f", "京", "a ", "’", "_-", "ﷺ", "a京"])
def test_a_long_text_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    number = sum(1 for _ in words(piece * (1_000_000 // len(piece))))

    assert number <= 1_000_000
    assert time.process_time() - start < GENEROUS_TIME_S

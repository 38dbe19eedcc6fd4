"""Stop words and synonyms are read from files, a language at a time, and what is wrong in one is named."""

from pathlib import Path

import pytest

from newsdex.editors.wordlists import SHIPPED, WordList, read_wordlists, wordlist_files
from newsdex.errors import Misconfigured


def read(folder: Path, **files: str) -> WordList:
    for name, text in files.items():
        (folder / f"{name}.en.txt").write_text(text, encoding="utf-8")
    return read_wordlists(sorted(folder.glob("*.txt"))).by_language["en"]


def test_every_file_that_is_shipped_can_be_read() -> None:
    assert {path.name for path in SHIPPED.glob("*.txt")} == {path.name for path in wordlist_files(None)}
    assert {"ar", "de", "en", "fa", "fr"} == read_wordlists(wordlist_files(None)).by_language.keys()


def test_stop_words_are_folded_and_comments_left_out(tmp_path: Path) -> None:
    assert {"the", "an"} == read(tmp_path, stopwords="The  # and An\nan\n\n").stop_words


def test_synonyms_of_a_line_find_each_other_in_every_form(tmp_path: Path) -> None:
    wordlist = read(tmp_path, synonyms="film, movies, motion picture")

    assert (("film",), ("movies",)) == wordlist.synonyms["motion", "pictur"]
    assert (("film",), ("motion", "picture")) == wordlist.synonyms[("movi",)]
    assert 2 == wordlist.longest


def test_an_arrow_leads_one_way(tmp_path: Path) -> None:
    assert {("telli",): (("television",),)} == read(tmp_path, synonyms="telly => television").synonyms


def test_groups_that_share_an_entry_add_up(tmp_path: Path) -> None:
    assert (("cab",), ("hansom",)) == read(tmp_path, synonyms="taxi, cab\ntaxi, hansom").synonyms[("taxi",)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("synonyms.en.txt", "film, movie\nalone\n", "line 2"),
        ("synonyms.en.txt", "=> television", "line 1"),
        ("synonyms.en.txt", "telly =>", "line 1"),
        ("synonyms.en.txt", ", ".join(f"word{n}" for n in range(21)), "line 1"),
        ("words.txt", "film", "the name must be"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match=said) as refused:
        read_wordlists([tmp_path / name])

    assert "invalid_wordlist" == refused.value.code


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stopwords.en.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="UTF-8"):
        read_wordlists([tmp_path / "stopwords.en.txt"])


def test_a_file_of_the_operator_stands_in_for_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "stopwords.de.txt").write_text("nix", encoding="utf-8")
    wordlists = read_wordlists(wordlist_files(tmp_path))

    assert {"nix"} == wordlists.by_language["de"].stop_words
    assert "the" in wordlists.by_language["en"].stop_words


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("die Wirtschaft in der Schweiz", (), "de"),
        ("the price of oil", (), "en"),
        ("glacier", (), "en"),
        ("le prix du pétrole", (), "fr"),
        ("die hard", ("de-AT",), "de"),
        ("die hard", ("de", "en"), "en"),
        ("the price", ("zh",), "en"),
    ],
)
def test_a_query_s_small_words_tell_its_language(text: str, languages: tuple[str, ...], expected: str) -> None:
    wordlists = read_wordlists(wordlist_files(None))

    assert wordlists.by_language[expected] is wordlists.of_query(text, languages)

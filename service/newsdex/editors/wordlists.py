"""Reads stop words and synonyms, a file each for each language, and tells what they say of a query's words.

`stopwords.LANG.txt` has words, parted by white space. `synonyms.LANG.txt` has a group on each line: `film, movie` are
the same both ways; `telly => television` finds `television` for `telly` only. An entry may be several words. What
follows a `#` is a comment.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from newsdex.editors.watched import LOOK_EVERY_S, Watched
from newsdex.errors import Misconfigured
from newsdex.index.text.analysis import phrase_words, plain_form, stem_of, words

SHIPPED = Path(__file__).parent / "shipped"
NAME = re.compile(r"(?P<kind>stopwords|synonyms)\.(?P<language>[a-z]{2,3})\.txt")
DEFAULT_LANGUAGE = "en"
TELLING = 2
MAX_ALTERNATIVES = 20
"""Each is looked for: a group with more is a mistake."""

Words = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WordList:
    """What one language's files say."""

    stop_words: frozenset[str] = frozenset()
    """Folded."""
    synonyms: Mapping[Words, tuple[Words, ...]] = field(default_factory=dict)
    """Stems of an entry → the other entries of its groups, in words as they stand in the file."""
    longest: int = 0
    """The most words in an entry that has synonyms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WordLists:
    """The wordlists by language."""

    by_language: Mapping[str, WordList] = field(default_factory=dict)

    def of_query(self, text: str, languages: Sequence[str] = ()) -> WordList:
        """Return the wordlist for a query: of the language asked for, or else of the one that its small words speak.

        Two of its words must be small words of another language than English: `die hard` is English.
        """
        asked = [self.by_language[code] for tag in languages if (code := tag.split("-")[0].lower()) in self.by_language]
        if len(asked) == 1:
            return asked[0]
        folded = {plain_form(word) for word, *_ in words(text)}
        spoken = {code: len(folded & wordlist.stop_words) for code, wordlist in sorted(self.by_language.items())}
        usual = max(spoken.pop(DEFAULT_LANGUAGE, 0), TELLING - 1)
        best = max(spoken, key=spoken.__getitem__, default=None)
        if best is not None and spoken[best] > usual:
            return self.by_language[best]
        return self.by_language.get(DEFAULT_LANGUAGE, WordList())


def watched_wordlists(folder: Path | None, *, look_every_s: float = LOOK_EVERY_S) -> Watched[WordLists]:
    """Return the word lists in use, as their files change; see `wordlist_files`."""
    files = partial(wordlist_files, folder)
    return Watched("wordlist", files, read_wordlists, WordLists(), look_every_s=look_every_s)


def wordlist_files(folder: Path | None) -> list[Path]:
    """Return the files in use: those that are shipped, and in place of one of the same name, the operator's."""
    chosen = {path.name: path for path in sorted(SHIPPED.glob("*.txt"))}
    if folder is not None:
        chosen |= {path.name: path for path in sorted(folder.glob("*.txt"))}
    return list(chosen.values())


def read_wordlists(paths: Iterable[Path]) -> WordLists:
    """Read the files; raise `Misconfigured` with the file and line of what is wrong."""
    stop_words: dict[str, frozenset[str]] = {}
    synonyms: dict[str, dict[Words, tuple[Words, ...]]] = {}
    for path in paths:
        named = NAME.fullmatch(path.name)
        if named is None:
            raise Misconfigured(
                "invalid_wordlist", f"{path}: the name must be like stopwords.en.txt or synonyms.en.txt"
            )
        lines = _lines(path)
        if named["kind"] == "stopwords":
            stop_words[named["language"]] = frozenset(plain_form(word) for _, line in lines for word, *_ in words(line))
        else:
            synonyms[named["language"]] = _synonyms(path, lines)
    return WordLists(
        by_language={
            language: WordList(
                stop_words=stop_words.get(language, frozenset()),
                synonyms=synonyms.get(language, {}),
                longest=max(map(len, synonyms.get(language, {})), default=0),
            )
            for language in stop_words.keys() | synonyms.keys()
        }
    )


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines with something on them, and their numbers."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("invalid_wordlist", f"{path}: it cannot be read as UTF-8 text: {error}") from error
    stripped = ((number, line.split("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in stripped if line]


def _synonyms(path: Path, lines: Sequence[tuple[int, str]]) -> dict[Words, tuple[Words, ...]]:
    found: dict[Words, tuple[Words, ...]] = {}
    for number, line in lines:
        left, arrow, right = line.partition("=>")
        sources, targets = _entries(left), _entries(right if arrow else left)
        if not sources or not targets or (not arrow and len(sources) == 1):
            message = f"{path}, line {number}: a group is `film, movie` or `telly => television`"
            raise Misconfigured("invalid_wordlist", message)
        if len(targets) > MAX_ALTERNATIVES:
            raise Misconfigured("invalid_wordlist", f"{path}, line {number}: more than {MAX_ALTERNATIVES} entries")
        for source in sources:
            key = tuple(stem for _, stem in source)
            others = [tuple(word for word, _ in entry) for entry in targets if entry != source]
            found[key] = tuple(dict.fromkeys([*found.get(key, ()), *others]))
    return found


def _entries(text: str) -> list[tuple[tuple[str, str], ...]]:
    """Return the entries between commas, each as its words, folded, with their stems."""
    folded = (list(map(plain_form, phrase_words(part))) for part in text.split(","))
    read = (tuple((word, stem_of(word)) for word in entry) for entry in folded)
    return [entry for entry in read if entry]

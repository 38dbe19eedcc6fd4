"""What must not be shown tells nobody anything: two archives that differ in it only give the same replies.

Both are asked the same drawn requests of every kind. `HIDDEN_REQUESTS` sets how many; 500 are drawn in an ordinary run.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import NOW, Corpus

from newsdex.errors import NewsdexError
from newsdex.index.columnar.indexing.merge_policy import MAX_HIDDEN_US
from newsdex_schemas import SearchRequest

REQUESTS = int(os.environ.get("HIDDEN_REQUESTS", "500"))
SEED = 20261127
MINUTE = timedelta(minutes=1)
PURGED = NOW + MINUTE + timedelta(microseconds=MAX_HIDDEN_US)

WORDS = [
    *("ferry", "ferries", "harbour", "harbours", "bridge", "bridges", "council", "councils", "election", "elections"),
    *("minister", "ministers", "river", "rivers", "flood", "floods", "market", "markets", "bank", "banks", "union"),
    *("strike", "strikes", "museum", "theatre", "opera", "orchard", "orchards", "quarter", "quarrel", "zinc"),
    *("windmill", "hydrology", "hydrogen"),
]
NAMES = ["Ann Lee", "Bo Quist", "Zoe Drake"]
TAGS = ["ships", "money", "zinc trade"]
SECTIONS = ["City", "Stage"]
SECRET_WORDS = ["quorvalex", "zindrathor", "zindrathors", "orcharding", "hydrologists"]
SECRETS = [
    "quorvalex",
    "zindrat",
    "hydrologists",
    "orcharding",
    "quentin quor",
    "takeover bids",
    "secret desk",
    "hidden-",
    "reuters secret",
]
"""What only hidden articles have; none may be in any reply."""


COMPOUNDS = ["wind-mill", "harbourbridge", "bank-market", "1,250,000", "zinc-16", "bridgebankriver", "save the union"]
"""Words in parts or as one that only hidden articles write so; others have the parts, or the whole."""
WIRE = random.Random(SEED).choices(WORDS, k=60)
"""A story of which the hidden articles are versions."""


def version(number: int) -> dict[str, Any]:
    """Return an article that is a version of the hidden ones, but not of each other such article."""
    words = [f"word{number}" if at % 12 == 3 * number else word for at, word in enumerate(WIRE)]
    return {"id": f"v{number}", "title": "Wire", "body": " ".join(words), "language": "en"}


def article(draw: random.Random, id_: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": id_,
        "title": " ".join(draw.sample(WORDS, 3)).title(),
        "body": " ".join(draw.choices(WORDS, k=draw.randrange(5, 60))) + ".",
        "authors": draw.sample(NAMES, draw.randrange(3)),
        "tags": draw.sample(TAGS, draw.randrange(3)),
        "section": draw.choice(SECTIONS),
        "language": "en",
    }
    if draw.random() < 0.9:
        made["published_at"] = f"202{draw.randrange(4, 7)}-0{draw.randrange(1, 10)}-1{draw.randrange(10)}T08:00:00Z"
    if draw.random() < 0.3:
        made["summary"] = " ".join(draw.sample(WORDS, 4))
    return made


def secret(number: int) -> dict[str, Any]:
    """Return an article that differs from the others in everything that a reply may tell."""
    text = " ".join([*SECRET_WORDS, *COMPOUNDS, "ferry", "harbour"] * (number + 1))
    return {
        "id": f"hidden-{number}",
        "title": "Quorvalex to buy Zindrathor",
        "summary": "Quorvalex ferry",
        "body": f"{text}. " * 20 + " ".join(WIRE),
        "authors": ["Quentin Quor", "Ann Lee"],
        "tags": ["takeover bids", "ships"],
        "section": "Secret desk",
        "agency": "Reuters Secret",
        "language": "en",
        "published_at": "1971-02-03T04:05:06Z" if number % 2 else "2026-11-24T11:59:59Z",
        "version": 1,
    }


# What happens to the hidden articles: what is published with the others, and what happens afterwards


def embargoed(_: Corpus) -> None:
    """Nothing: its hour is years ahead."""


def withdrawn(corpus: Corpus) -> None:
    for number in range(3):
        corpus.withdraw(f"hidden-{number}")


def embargoed_again(corpus: Corpus) -> None:
    until = "2030-01-01T00:00:00Z"
    corpus.publish(*(secret(number) | {"version": 2, "embargoed_until": until} for number in range(3)))


LIVES: dict[str, tuple[dict[str, Any], Callable[[Corpus], None]]] = {
    "embargoed": ({"embargoed_until": "2030-01-01T00:00:00Z"}, embargoed),
    "embargoed and withdrawn": ({"embargoed_until": "2030-01-01T00:00:00Z"}, withdrawn),
    "expired before it came": ({"expires_at": "2026-11-01T00:00:00Z"}, embargoed),
    "withdrawn": ({}, withdrawn),
    "expired": ({"expires_at": NOW + MINUTE}, embargoed),
    "embargoed again": ({}, embargoed_again),
}
NEVER_INDEXED = ("embargoed", "embargoed and withdrawn", "expired before it came")
ONCE_INDEXED = ("withdrawn", "expired", "embargoed again")


def pair(folder: Path, life: str) -> tuple[Corpus, Corpus]:
    """Return two archives, indexed; the second one has hidden articles, too, of which searches have seen some."""
    fields, afterwards = LIVES[life]
    made = []
    for hides in (False, True):
        draw, corpus = random.Random(SEED), Corpus(folder / str(hides))
        for batch in range(4):
            articles = [article(draw, f"a{batch}{number:02}") for number in range(25)]
            corpus.publish(*articles[:12], article(draw, f"l{batch}") | {"title": "Lighthouse"})
            if hides and batch < 3:
                corpus.publish(secret(batch) | fields)
            corpus.publish(*articles[12:], version(batch))
            corpus.index()
        corpus.suggest("quo")  # the lexicon of this moment is in memory from now on
        if hides:
            afterwards(corpus)
        corpus.withdraw("a003")
        corpus.index(now=NOW + MINUTE)
        made.append(corpus)
    return made[0], made[1]


# Drawn requests


class Requests:
    """Draws requests; a word may be visible or hidden, whole, cut off, or misspelt."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)

    def word(self) -> str:
        draw = self._draw
        word = draw.choice([*WORDS, *SECRET_WORDS, *SECRET_WORDS, "absent", "the"])
        return self._misspelt(word) if draw.random() < 0.4 else word

    def _misspelt(self, word: str) -> str:
        draw = self._draw
        at, letter = draw.randrange(1, len(word)), draw.choice("abeiklnorstuvxz")
        return draw.choice([
            word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :],
            word + letter,
        ])  # fmt: skip

    def clause(self) -> str:
        draw, word, other = self._draw, self.word(), self.word()
        author, tag = draw.choice([*NAMES, "Quentin Quor"]), draw.choice([*TAGS, "takeover bids"])
        section, end = draw.choice([*SECTIONS, "Secret desk"]), draw.randrange(1, len(word))
        return draw.choice([
            word, word, word, word.upper(), f"{word[:end]}*", f"{word}~", f"{word}~2", f"*{word[2:]}",
            f"{word[0]}?{word[2:]}", f'"{word} {other}"', f'"{word} {other}"~3', f"title:{word}", f"body:{word}",
            f'author:"{author}"', f'tag:"{tag}"', f'section:"{section}"', f"-{word}", f"+{word}", f"NOT {word}",
            f"[{word} TO z]", "published:1971", "published:>2026-01-01", word + other,
            draw.choice(["windmill", "harbour bridge", "harbour-bridge", "bankmarket", "1250000", "zinc16", "zinc 16"]),
            draw.choice(["bridge bank river", "bridgebankriver", "savetheunion", "marketriverflood", "Re: river"]),
        ])  # fmt: skip

    def query(self) -> str:
        draw = self._draw
        clauses = [self.clause() for _ in range(draw.choice([0, 1, 1, 1, 1, 2, 2, 3, 5]))]
        return draw.choice([" ", " ", " OR ", " AND "]).join(clauses)

    def filters(self) -> dict[str, Any]:
        draw = self._draw
        some = {
            "authors": [draw.choice([*NAMES, "Quentin Quor"])],
            "tags": [draw.choice([*TAGS, "takeover bids"])],
            "section": [draw.choice([*SECTIONS, "Secret desk"])],
            "published_to": "2026-01-01T00:00:00Z",
        }
        return {name: some[name] for name in draw.sample(sorted(some), draw.choice([0, 0, 0, 1, 2]))}

    def search(self) -> dict[str, Any]:
        draw = self._draw
        facets = draw.sample(["section", "authors", "tags", "agency", "language"], draw.randrange(6))
        return {
            "q": self.query(),
            "sort": draw.choice(["relevance", "relevance", "newest", "oldest"]),
            "size": draw.choice([0, 1, 3, 10, 100]),
            "offset": draw.choice([0, 0, 0, 5]),
            "facets": facets,
            "facet_size": draw.choice([1, 10]),
            "histogram": draw.random() < 0.3,
            "filters": self.filters(),
            "words": draw.choice(["all", "most"]),
            "explain": draw.random() < 0.4,
            "marks": draw.choice(["html", "offsets"]),
            "timezone": draw.choice(["UTC", "Asia/Karachi"]),
            "repeats": draw.choice([None, None, "collapse", "show"]),
            "versions_of": draw.choice([*[None] * 9, "hidden-0", "v1", "a102"]),
        }

    def ask(self) -> Callable[[Corpus], list[Any]]:
        """Return what asks one request, and those that follow from it."""
        draw, kind = self._draw, self._draw.random()
        if kind < 0.6:
            fields = self.search()
            return lambda corpus: searched(corpus, fields)
        if kind < 0.9:
            beginning = self.word()[: draw.randrange(1, 9)]
            typed = draw.choice([beginning, f"{self.word()} {beginning}", "quentin q", "take"])
            size = draw.choice([1, 5, 20])
            return lambda corpus: [reply_of(lambda: corpus.suggest(typed, now=corpus.now, size=size))]
        id_ = draw.choice(["hidden-0", "hidden-1", "unknown", *(f"a{n}{m:02}" for n in range(4) for m in range(25))])
        return lambda corpus: [reply_of(lambda: corpus.similar(id_, now=corpus.now, size=20))]


def searched(corpus: Corpus, fields: Mapping[str, Any]) -> list[Any]:
    """Return the reply to a search, and those to its next two pages."""
    replies: list[Any] = []
    cursor = None
    for _ in range(3):
        own = {"offset": 0, "cursor": cursor} if cursor else {}
        request = SearchRequest.model_validate({"timeout_ms": 10_000} | dict(fields) | own)
        replies.append(reply_of(lambda request=request: corpus.answer(request, now=corpus.now)))  # type: ignore[misc]  # binds the loop's value
        cursor = replies[-1].get("next_cursor")
        if cursor is None:
            break
    return replies


def reply_of(ask: Callable[[], Any]) -> dict[str, Any]:
    """Return a reply without its position and times, or the error."""
    try:
        reply: dict[str, Any] = ask().model_dump(mode="json")
    except NewsdexError as error:
        return {"code": error.code, "message": error.message, "place": getattr(error, "place", None)}
    return without(reply, "position", "took_ms", "index_ms")


def rounded(value: Any) -> Any:
    """Return replies with scores as precise as sums are that were added up in another order; cursors hold such sums."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items() if name != "next_cursor"}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def without(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name not in names}


def told(replies: list[Any]) -> list[Any]:
    """Return what replies tell besides scores and the order that these lead to."""
    kept = []
    for reply in replies:
        whole = {name: value for name, value in reply.items() if name not in {"next_cursor", "hits", "terms"}}
        hits = [
            {name: one for name, one in hit.items() if name not in {"score", "reasons"}}
            for hit in reply.get("hits", ())
        ]
        kept.append((whole, sorted(hits, key=lambda hit: hit["id"])))
    return kept


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[Corpus, Corpus]]]:
    """Return what gives the two archives of a life, which stay as they are."""
    with ExitStack() as stack:

        @cache
        def made(life: str) -> tuple[Corpus, Corpus]:
            one, other = pair(tmp_path_factory.mktemp("archives"), life)
            return stack.enter_context(one), stack.enter_context(other)

        yield made


def differences(
    one: Corpus, other: Corpus, number: int, seed: int, shape: Callable[[list[Any]], Any] = lambda replies: replies
) -> list[Any]:
    """Return the first replies in which two archives differ; empty where none do."""
    requests = Requests(seed)
    for _ in range(number):
        ask = requests.ask()
        mine, theirs = shape(ask(one)), shape(ask(other))
        if mine != theirs:
            return [mine, theirs]
    return []


@pytest.mark.parametrize("life", NEVER_INDEXED)
def test_archives_that_differ_in_an_article_that_was_never_to_be_seen_reply_alike(
    corpora: Callable[[str], tuple[Corpus, Corpus]], life: str
) -> None:
    """Every byte is the same, cursors too, but for the position and times."""
    one, other = corpora(life)

    assert [] == differences(one, other, REQUESTS // len(NEVER_INDEXED), SEED)


@pytest.mark.parametrize("life", ONCE_INDEXED)
def test_archives_that_differ_in_an_article_that_was_hidden_reply_alike_within_an_hour(
    tmp_path: Path, life: str
) -> None:
    one, other = pair(tmp_path, life)
    with one, other:
        for corpus in (one, other):
            corpus.index(now=PURGED)
            corpus.suggest("quo")
            if corpus.lexicons._working:
                corpus.lexicons._working.join()

        assert PURGED < NOW + timedelta(hours=1)
        assert [] == differences(one, other, REQUESTS // len(LIVES), SEED + 1, rounded)


@pytest.mark.parametrize("life", ONCE_INDEXED)
def test_from_the_next_commit_on_a_hidden_article_shows_in_scores_only(
    corpora: Callable[[str], tuple[Corpus, Corpus]], life: str
) -> None:
    one, other = corpora(life)
    requests = Requests(SEED + 2)
    for _ in range(REQUESTS // len(LIVES)):
        ask = requests.ask()
        text = str(ask(other)).casefold()

        assert [] == [part for part in SECRETS if part in text and part not in str(ask(one)).casefold()]


# The examples by name


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize(
    "typed",
    ["quorvalez", "Quorvalec", "zindrathox", "zindratho", "quorvalez OR ferry", "quorvalez OR lighthose", "quorv*"],
)
def test_a_typing_error_of_a_hidden_word_is_answered_as_one_of_no_word(
    corpora: Callable[[str], tuple[Corpus, Corpus]], life: str, typed: str
) -> None:
    one, other = corpora(life)
    replies = [told(searched(corpus, {"q": typed, "size": 100})) for corpus in (one, other)]

    assert replies[0] == replies[1]


@pytest.mark.parametrize("life", NEVER_INDEXED)
def test_the_cursor_of_a_hidden_word_is_that_of_no_word(
    corpora: Callable[[str], tuple[Corpus, Corpus]], life: str
) -> None:
    one, other = corpora(life)
    cursors = [
        [reply["next_cursor"] for reply in searched(corpus, {"q": "quorvalex OR ferry", "size": 3})]
        for corpus in (one, other)
    ]

    assert cursors[0]
    assert cursors[0] == cursors[1]


@pytest.mark.parametrize("life", ONCE_INDEXED)
def test_explanations_count_what_may_be_seen(corpora: Callable[[str], tuple[Corpus, Corpus]], life: str) -> None:
    one, other = corpora(life)
    asked = {"q": "ferry", "size": 100, "explain": True}
    hits = [searched(corpus, asked)[0]["hits"] for corpus in (one, other)]
    texts = [sorted(reason["text"] for hit in found for reason in hit["reasons"]) for found in hits]

    assert any("articles" in text for text in texts[0])
    assert texts[0] == texts[1]


def test_a_page_does_not_repeat_a_word_that_was_withdrawn_since_the_first(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*({"id": f"a{n}", "title": "Quorvalex"} for n in range(3)), {"id": "b", "title": "Ferry"})
        corpus.index()
        request = SearchRequest(q="quorvalez OR ferry", size=1, timeout_ms=10_000)
        first = corpus.answer(request)
        for number in range(3):
            corpus.withdraw(f"a{number}")
        corpus.index()
        second = corpus.answer(
            SearchRequest(q="quorvalez OR ferry", size=1, timeout_ms=10_000, cursor=first.next_cursor)
        )

    assert "quorvalex" in str(first.interpretation)
    assert "quorvalex" not in str(second.model_dump(mode="json"))


@pytest.mark.parametrize("hide", ["withdraw", "expire"])
def test_a_word_is_not_found_in_parts_that_only_a_hidden_article_has(tmp_path: Path, hide: str) -> None:
    """Nor from the moment on in which it is hidden, before the index has followed."""
    with Corpus(tmp_path) as corpus:
        expires = {"expires_at": NOW + MINUTE} if hide == "expire" else {}
        corpus.publish({"id": "hidden", "title": "Firm house"} | expires, {"id": "shown", "title": "Farmhouse"})
        corpus.index()
        before = corpus.answer(SearchRequest(q="firmhouse", timeout_ms=10_000))
        if hide == "withdraw":
            corpus.withdraw("hidden")
        after = corpus.answer(SearchRequest(q="firmhouse", timeout_ms=10_000), now=NOW + 2 * MINUTE)

    assert (["hidden"], []) == ([hit.id for hit in before.hits], list(before.interpretation.notes))
    assert (["shown"], ["spelling"]) == ([hit.id for hit in after.hits], [n.code for n in after.interpretation.notes])


def test_asking_for_what_is_hidden_is_refused_as_what_is_unknown(
    corpora: Callable[[str], tuple[Corpus, Corpus]],
) -> None:
    _, other = corpora("embargoed")
    refusals = [reply_of(lambda id_=id_: other.similar(id_)) for id_ in ("hidden-0", "unknown")]  # type: ignore[misc]  # as above

    assert "unknown_article" == refusals[0]["code"]
    assert refusals[0] == refusals[1]


def test_words_of_deleted_documents_are_neither_forms_nor_relatives_of_others(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*({"id": f"a{n}", "title": "Orchard"} for n in range(9)))
        corpus.publish({"id": "gone", "title": "Orcharding orchardists"})
        corpus.index()
        before = corpus.reader.view().known
        corpus.withdraw("gone")
        corpus.index()
        after = corpus.reader.view().known
        relatives = [one.stem for one in before.relatives("orchard")]

        assert (("orcharding",), ["orchardist"]) == (before.inflections("orchard"), relatives)
        assert ((), (), 0) == (
            after.inflections("orchard"),
            after.relatives("orchard"),
            after.frequency("orcharding"),
        )


@pytest.mark.parametrize("typed", ["orchardi", "orchardin", "orchadring"])
def test_no_form_of_a_hidden_article_is_suggested_for_a_stem_that_others_have(
    corpora: Callable[[str], tuple[Corpus, Corpus]], typed: str
) -> None:
    suggested = [corpus.suggest(typed, size=20).model_dump_json() for corpus in corpora("withdrawn")]

    assert [False, False] == ["orcharding" in one for one in suggested]

"""Note, did-you-mean and hits of one reply agree on what a word was meant to be, whatever words there are."""

import math
import re
import tempfile
from itertools import islice, permutations
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.scenarios.corpus import Corpus

from newsdex.index.scope import SearchScope
from newsdex.search.language.parsed_query import parse_query
from newsdex.search.plan.filters import hidden_query
from newsdex.search.spelling.candidates import Candidate
from newsdex.search.spelling.speller import MAX_CORRECTED, Speller
from newsdex_schemas import SearchReply, SearchRequest

lax = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
INSTEAD = re.compile("“([^”]+)” was looked for")
STEMS = ["banket", "bucket", "bunker", "ferry", "fairy", "harbour", "council", "lantern", "estuary", "minister"]


@st.composite
def misspelt(draw: st.DrawFn, word: str) -> str:
    """Return a word with one letter changed, added, left out or swapped with its neighbour."""
    at, letter = draw(st.integers(1, len(word) - 1)), draw(st.sampled_from("aeiknrst"))
    changes = [word[:at] + letter + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + word[at + 1 :]]
    changes.append(word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :])
    return draw(st.sampled_from(changes))


@st.composite
def vocabularies(draw: st.DrawFn) -> tuple[list[dict[str, Any]], str]:
    """Return articles made of some words that are spelt alike, and a query with one or two of them misspelt."""
    words = draw(st.lists(st.sampled_from(STEMS), min_size=2, max_size=6, unique=True))
    words += [draw(misspelt(word)) for word in words[: draw(st.integers(0, 3))]]
    bodies = draw(st.lists(st.lists(st.sampled_from(words), min_size=1, max_size=8), min_size=2, max_size=12))
    articles = [{"id": f"a{number}", "title": "T", "body": " ".join(body)} for number, body in enumerate(bodies)]
    q = [draw(misspelt(draw(st.sampled_from(words))))]
    q += draw(st.lists(st.sampled_from(words) | misspelt(draw(st.sampled_from(words))), max_size=2))
    return articles, " ".join(draw(st.permutations(q)))


def answer(corpus: Corpus, q: str) -> SearchReply:
    return corpus.answer(SearchRequest(q=q, size=50, timeout_ms=10_000))


def replaced(reply: SearchReply, q: str) -> dict[str, str]:
    """Return what the notes say was looked for, by the word as it was typed."""
    notes = [note for note in reply.interpretation.notes if note.code == "spelling"]
    return {q[note.start or 0 : note.end]: found[1] for note in notes if (found := INSTEAD.search(note.message))}


@lax
@given(vocabularies())
def test_note_and_correction_and_hits_agree(drawn: tuple[list[dict[str, Any]], str]) -> None:
    articles, q = drawn
    with tempfile.TemporaryDirectory() as folder, Corpus(Path(folder)) as corpus:
        corpus.publish(*articles)
        corpus.index()
        reply = answer(corpus, q)
        notes = replaced(reply, q)
        as_noted = " ".join(notes.get(word, word) for word in q.split())
        meant = reply.did_you_mean

        if notes and reply.words == "all":
            assert {hit.id for hit in answer(corpus, as_noted).hits} == {hit.id for hit in reply.hits}
        if meant is not None:
            proposed = dict(zip(q.split(), meant.text.split(), strict=False))
            assert notes == {word: proposed[word] for word in notes}
            assert meant.total == answer(corpus, meant.text).total


def test_one_word_is_chosen_for_the_note_the_correction_and_the_hits(tmp_path: Path) -> None:
    """`bunket` is one letter from three words; the one of which articles have most need not be the likeliest."""
    with Corpus(tmp_path) as corpus:
        counts = {"bucket": 4, "banket": 2, "bunker": 3}
        corpus.publish(
            *(
                {"id": f"{word}{number}", "title": "T", "body": f"A {word} " * (1 + 3 * (word == "bunker"))}
                for word, count in counts.items()
                for number in range(count)
            )
        )
        corpus.index()
        reply = answer(corpus, "bunket")
        (instead,) = replaced(reply, "bunket").values()

        assert reply.did_you_mean is not None
        assert (instead, counts[instead]) == (reply.did_you_mean.text, reply.did_you_mean.total)
        assert {f"{instead}{number}" for number in range(counts[instead])} == {hit.id for hit in reply.hits}


def test_which_word_is_chosen_does_not_depend_on_their_order(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(
            {"id": "ferry", "title": "T", "body": "The night ferry left."},
            {"id": "fairy", "title": "T", "body": "A fairy tale."},
        )
        corpus.index()
        found = {
            q: [hit.id for hit in answer(corpus, q).hits]
            for q in ("night AND feiry", "feiry AND night", "feiry AND tale")
        }

        assert {"night AND feiry": ["ferry"], "feiry AND night": ["ferry"], "feiry AND tale": ["fairy"]} == found


class CountingSpeller(Speller):
    """A speller that counts how often it weighs the words that are spelt alike."""

    weighed = 0

    def options(self, folded: str) -> list[Candidate]:
        self.weighed += 1
        return super().options(folded)


def speller(corpus: Corpus, q: str, deadline: float) -> CountingSpeller:
    scope = SearchScope(hidden=hidden_query(0, []), deadline=deadline)
    return CountingSpeller(corpus.lexicons, corpus.reader.view(), scope, q, parse_query(q).tree)


def test_unknown_words_are_weighed_once_each_no_more_than_a_few_and_none_when_the_time_is_over(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish({"id": "a", "title": "Ferry", "body": "The lantern bridge stays closed."})
        corpus.index()
        unknown = ["".join(letters) for letters in islice(permutations("qwzxvkj", 6), 200)]
        many, late = speller(corpus, " ".join(unknown), math.inf), speller(corpus, "lantren", -math.inf)
        found = [many.correction(word) for word in unknown * 2]

        assert ([None] * 400, MAX_CORRECTED) == (found, many.weighed)
        assert (None, 0) == (late.correction("lantren"), late.weighed)
        assert "lantern" == speller(corpus, "lantren", math.inf).correction("lantren")


def test_two_hundred_unknown_words_are_answered_in_time(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        known = ["".join(letters) for letters in islice(permutations("aeionstr", 7), 2_000)]
        corpus.publish(*({"id": word, "title": "T", "body": f"The {word} left."} for word in known))
        corpus.index()
        q = " ".join(word[:3] + "x" + word[3:] for word in known[:200])
        corpus.answer(SearchRequest(q="ferry", timeout_ms=10_000))
        reply = corpus.answer(SearchRequest(q=q, timeout_ms=1_000))

        assert reply.took_ms < 3_000

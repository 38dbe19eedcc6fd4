"""What the writer promises of texts: the same terms at the same places as Whoosh's analysis finds, for any texts."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.columnar.indexing.analysis_cache import AnalysisCache
from newsdex.index.columnar.indexing.inversion import COUNTED, invert_texts
from newsdex.index.columnar.indexing.text_runs import is_ideograph_pair
from newsdex.index.columnar.storage.postings import Postings
from newsdex.index.text.analysis import NewsAnalyzer, terms
from newsdex.index.text.languages import DEFAULT

PIECES = ["U.S.", "J.R.R. Vance", "e.g", "O’Neil's", "l’été", "Pak-US", "3.5", "北京天气", "رسالة", "کتاب‌ها", "x.y"]
PIECES += [".", "..", "'", "’", " ", "\n", "_", "é.à.", "a\u0301.b", "a.b.cd", "Running", "words", "ǅ", "ﷺ", "\ud800"]
PIECES += [
    "。",
    "“",
    "–",
    "«",
    "\u00a0",
    "「東京」",
    "カ・タ",
    "ไทย",
    "ກາ",
    "U.S北京",
    "北U.S.",
    "ab北京cd",
    "𠀀𠀁",
    "😀",
    "天",
]
PIECES += ["天", "\u200d", "北\u200d京", "北’京", "l’北", "\ufeff"]
texts = st.text(alphabet=st.characters(exclude_characters="\0"), max_size=80) | st.lists(
    st.sampled_from(PIECES), max_size=12
).map("".join)
batches = st.lists(st.tuples(texts, st.sampled_from([DEFAULT, "fr", "ar", "de"])), min_size=1, max_size=5)

Places = dict[str, dict[int, list[int]]]
"""Term → document → positions."""


def analysed(batch: list[tuple[str, str]]) -> tuple[Places, list[int]]:
    places: Places = defaultdict(lambda: defaultdict(list))
    lengths = []
    for document, (text, language) in enumerate(batch):
        tokens = [
            (token.text.encode(errors="replace").decode(), token.pos)
            for token in NewsAnalyzer(language)(text.encode(errors="replace").decode(), positions=True, mode="index")
        ]
        lengths.append(len(tokens))
        for term, position in tokens:
            places[term][document].append(position)
    return places, lengths


def inverted(terms: list[bytes], postings: Postings) -> Places:
    places: Places = defaultdict(lambda: defaultdict(list))
    assert postings.positions is not None
    documents, frequencies = postings.documents.tolist(), postings.frequencies.tolist()
    positions = iter(postings.positions.tolist())
    posting = 0
    for term, size in zip(terms, postings.sizes.tolist(), strict=True):
        for at in range(posting, posting + size):
            places[term.decode()][documents[at]] = [next(positions) for _ in range(frequencies[at])]
        posting += size
    return places


@given(st.lists(batches, min_size=1, max_size=3))
def test_a_batch_has_the_terms_and_places_of_whooshs_analysis(series: list[list[tuple[str, str]]]) -> None:
    """Batches share what is known of words, so a later one must not depend on an earlier one."""
    vocabulary = AnalysisCache()
    for batch in series:
        terms, postings, found = invert_texts([t for t, _ in batch], [code for _, code in batch], vocabulary)
        places, wanted = analysed(batch)

        assert sorted(terms) == terms
        assert places == inverted(terms, postings)
        assert wanted == found.lengths.tolist()


def test_a_batch_may_have_more_terms_than_are_sorted_at_once() -> None:
    words = [f"{number}" for number in range(COUNTED + 2_000)]
    texts = [" ".join(words), " ".join(reversed(words))]
    terms, postings, _ = invert_texts(texts, [DEFAULT, DEFAULT], AnalysisCache())
    last = len(words) - 1
    wanted = [place for term in terms for place in (int(term), last - int(term))]
    assert postings.positions is not None

    assert sorted(word.encode() for word in words) == terms
    assert [0, 1] * len(words) == postings.documents.tolist()
    assert wanted == postings.positions.tolist()


def test_every_ideograph_is_a_term_as_it_stands() -> None:
    """So pairs of them need no analysis, of which a long article has a million."""
    ideographs = [chr(code) for code in range(0x4E00, 0xA000)]

    assert [] == [one for one in ideographs if not is_ideograph_pair((one * 2).encode())]
    assert [] == [
        one for one in ideographs if {(one * 2,)} != {terms(one * 2, code) for code in (DEFAULT, "zh", "ja", "de")}
    ]
    assert not any(is_ideograph_pair(text.encode()) for text in ("北", "北京天", "北か", "ab京", "한글", "aabbcc"))

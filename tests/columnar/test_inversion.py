"""What the writer promises of texts: the same terms at the same places as Whoosh's analysis finds, for any texts."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.analysis import NewsAnalyzer
from newsdex.index.columnar.inversion import invert_texts
from newsdex.index.columnar.postings import InvertedField
from newsdex.index.columnar.vocabulary import Vocabulary
from newsdex.index.languages import DEFAULT

PIECES = ["U.S.", "J.R.R. Vance", "e.g", "O’Neil's", "l’été", "Pak-US", "3.5", "@desk_1", "北京天气", "رسالة"]
PIECES += [
    "کتاب‌ها",
    "x.y",
    ".",
    "..",
    "'",
    "’",
    " ",
    "\n",
    "_",
    "é.à.",
    "a\u0301.b",
    "a.b.cd",
    "Running",
    "words",
    "ǅ",
    "ﷺ",
    "\ud800",
]
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


def inverted(field: InvertedField) -> Places:
    places: Places = defaultdict(lambda: defaultdict(list))
    assert field.frequencies is not None
    assert field.positions is not None
    documents, frequencies = field.documents.tolist(), field.frequencies.tolist()
    positions = iter(field.positions.tolist())
    for number, term in enumerate(field.terms):
        for posting in range(int(field.starts[number]), int(field.starts[number + 1])):
            places[term.decode()][documents[posting]] = [next(positions) for _ in range(frequencies[posting])]
    return places


@given(st.lists(batches, min_size=1, max_size=3))
def test_a_batch_has_the_terms_and_places_of_whooshs_analysis(series: list[list[tuple[str, str]]]) -> None:
    """Batches share what is known of words, so a later one must not depend on an earlier one."""
    vocabulary = Vocabulary()
    for batch in series:
        field, lengths = invert_texts("body", [t for t, _ in batch], [code for _, code in batch], vocabulary)
        places, wanted = analysed(batch)

        assert sorted(field.terms) == list(field.terms)
        assert places == inverted(field)
        assert wanted == lengths.tolist()

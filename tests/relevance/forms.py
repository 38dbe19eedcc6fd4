"""Measures by how many of the forms that readers type the words of real articles are found, language by language.

Words are drawn from the articles of a collection at run time, and typed otherwise than they are written there: without
an ending, an accent or an article, with another apostrophe, in capitals, two words without a space. Where there are no
articles, pairs of a text and a query stand here. Prints a table: `python -m tests.relevance.forms`.
"""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from tests.relevance import collections
from tests.relevance.measure import quiet
from tests.scenarios.corpus import Corpus

from newsdex_schemas import SearchRequest

QUERIES = 50
SEED = 14
HITS = 100
Typed = Callable[[re.Match[str]], str]

_PLAIN = str.maketrans("áéíóúñü", "aeiounu")
_DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
DRAWN: dict[str, list[tuple[str, Typed]]] = {
    "tr": [
        (r"\b([A-ZÇĞİÖŞÜ]\w{2,})['’]\w+", lambda found: found[1]),
        (r"\b([A-ZÇĞİÖŞÜ]\w{2,})['’]\w+", lambda found: found[1].replace("i", "İ").upper()),
    ],
    "zh": [
        (r"([\u4e00-\u9fff]{2})[\u4e00-\u9fff]{1,4}([\u4e00-\u9fff]{2})", lambda found: found[1] + found[2]),
        (r"\d+[年月日号人]", lambda found: found[0]),
        (r"(?<=，)[\u4e00-\u9fff]{4,6}(?=，)", lambda found: found[0]),
    ],
    "th": [(r"\b[\u0e01-\u0e4e]{6,12}\b", lambda found: found[0])],
    "ar": [(r"\bو(ال\w{3,})", lambda found: found[1]), (r"\bال(\w{4,})", lambda found: found[1])],
    "hi": [
        (
            r"(?<![\u0900-\u097f])[\u0900-\u097f]{4,}(?![\u0900-\u097f])",
            lambda found: re.sub("[नम]्(?=[त-धप-भ])", "ं", found[0].replace("\u093c", "").replace("ँ", "ं")),
        ),
    ],
    "de": [
        (r"\b\w*[äöüß]\w*\b", lambda found: found[0].translate(_DIGRAPHS)),
        (r"\b[A-Z]\w{4,}", lambda found: found[0].upper()),
    ],
    "es": [(r"\b\w*[áéíóúñ]\w*\b", lambda found: found[0].translate(_PLAIN))],
    "ru": [(r"\b\w{5,}\b", lambda found: found[0].upper().replace("Ё", "Е"))],
}
"""By language, what in a text is typed, and how."""
PAIRS: dict[str, list[tuple[str, str]]] = {
    "ja": [
        ("東京で大きな地震があった", "東京の地震"),
        ("ﾄﾖﾀの新型車が発表された", "トヨタ"),
        ("佐々木選手が優勝した", "佐々木"),
        ("会議は9月23日開催", "9月23日"),
        ("黒い猫を見つけた", "猫"),
        ("大阪府知事が会見した", "大阪知事"),
        ("新しい法律が国会で成立", "法律成立"),
        ("𠮷野家が値上げ", "𠮷野家"),
        ("ｶﾞｿﾘﾝ価格が上昇", "ガソリン"),
        ("首相が中国を訪問した", "首相訪問"),
        ("〆切は来週だ", "〆切"),
        ("二〇二四年の選挙", "二〇二四年"),
    ],
    "ko": [
        ("서울에서 열린 회의", "서울"),
        ("대통령이 말했다", "대통령"),
        ("부산시장은 사임했다", "부산"),
        ("서울시장이 말했다", "서울 시장"),
        ("경제 성장을 위해", "경제성장"),
        ("학교에 갔다", "학교"),
        ("정부는 발표했다", "정부의"),
        ("북한의 미사일", "북한"),
        ("국회의원과 만났다", "국회"),
        ("전기차가 늘었다", "전기차는"),
        ("올림픽에서 우승", "올림픽"),
    ],
    "he": [
        ("הממשלה החליטה אתמול", "ממשלה"),
        ("בירושלים נפתח מוזיאון", "ירושלים"),
        ('צה"ל הודיע', "צהל"),
        ("ראש הממשלה", "ממשלה"),
        ("לכנסת הוגשה הצעה", "כנסת"),
        ("מתל אביב יצאו", "תל אביב"),
        ("והמשטרה עצרה", "משטרה"),
        ("שהנשיא אמר", "נשיא"),
        ("ג׳ירפה בגן החיות", "ג'ירפה"),
        ("בבית הספר", "הבית"),
        ("כשהמלחמה נגמרה", "מלחמה"),
    ],
    "ur": [
        ("وزیرِ اعظم نے کہا", "وزیر اعظم"),
        ("پاکستان كی حکومت", "کی"),
        ("عوام کے لئے", "لیے"),
        ("کراچی میں بارش", "كراچي"),
        ("۲۰۲۴ کے انتخابات", "2024"),
        ("بھارت اور چین", "بهارت"),
        ("مسئلۂ کشمیر", "مسئلہ"),
        ("زلزلہ آیا", "زلزله"),
        ("علاقائی امن", "علاقائي"),
        ("سڑکیں بند", "سڑکیں"),
        ("آزادی مارچ", "ازادی"),
    ],
    "it": [
        ("l’università di Roma", "università"),
        ("dell'economia italiana", "economia"),
        ("perché no", "perche"),
        ("D'Antonio parla", "antonio"),
        ("all’ospedale civile", "ospedale"),
        ("un’inchiesta nuova", "inchiesta"),
        ("Val d’Isère", "isere"),
        ("i ministri", "ministro"),
        ("le elezioni", "elezione"),
        ("città aperta", "citta"),
        ("quest'anno", "anno"),
    ],
    "fr": [
        ("l’élection du maire", "election"),
        ("L’Oréal investit", "oreal"),
        ("qu’Isabelle arrive", "isabelle"),
        ("les œufs", "oeufs"),
        ("jusqu’aujourd’hui", "aujourd'hui"),
        ("d’Estaing parle", "estaing"),
        ("Val d‘Isère", "val d'isère"),
        ("à l´hôpital", "hopital"),
        ("les journaux", "journal"),
        ("Noël arrive", "noel"),
        ("C.G.T. en grève", "CGT"),
    ],
    "fa": [
        ("می‌خواهم بروم", "میخواهم"),
        ("کتاب‌های تازه", "کتاب"),
        ("علي آمد", "علی"),
        ("دانشگاه تهران", "دانشگاه"),
        ("سال ۱۴۰۳", "1403"),
        ("خانه‌ها سوخت", "خانه"),
        ("مسئول دولت", "مسئول"),
        ("مدرسهٔ نو", "مدرسه"),
        ("شهرهای بزرگ", "شهر"),
        ("كشور بزرگ", "کشور"),
        ("رئیس جمهور", "رييس"),
    ],
}
"""By language, what an article says and what is typed; written for this measurement."""


def drawn(language: str) -> Iterator[tuple[str, str]]:
    """Yield (id, query): words of articles, typed in another form."""
    documents = list(collections.read(f"xquad_{language}").documents)
    chance = random.Random(SEED)
    chance.shuffle(documents)
    for number, row in enumerate(documents):
        pattern, typed = DRAWN[language][number % len(DRAWN[language])]
        if found := list(re.finditer(pattern, row["body"])):
            yield row["id"], typed(chance.choice(found))


def share(corpus: Corpus, asked: list[tuple[str, str]]) -> float:
    """Return the share of queries that find the article that they were drawn from."""
    replies = [(id_, corpus.answer(SearchRequest(q=q, size=HITS, timeout_ms=10_000))) for id_, q in asked]
    return sum(id_ in [hit.id for hit in reply.hits] for id_, reply in replies) / len(asked)


def measured(language: str) -> tuple[int, float]:
    """Return how many queries were asked in a language, and the share that found their article."""
    if language in PAIRS:
        asked = [(str(number), q) for number, (_, q) in enumerate(PAIRS[language])]
        articles = [
            {"id": str(number), "title": "—", "body": text, "language": language}
            for number, (text, _) in enumerate(PAIRS[language])
        ]
    else:
        asked = list(drawn(language))[:QUERIES]
        rows = collections.read(f"xquad_{language}").documents
        articles = [{"id": row["id"], "title": "—", "body": row["body"], "language": language} for row in rows]
    with TemporaryDirectory(prefix="newsdex-forms-") as folder, Corpus(Path(folder)) as corpus:
        corpus.publish(*articles)
        corpus.index()
        return len(asked), share(corpus, asked)


def main() -> None:
    """Measure every language and print the shares."""
    quiet()
    table = Table("language", "queries", "found", box=None)
    for language in sorted({*DRAWN, *PAIRS}):
        number, found = measured(language)
        table.add_row(language, str(number), f"{found:.0%}")
    Console().print(table)


if __name__ == "__main__":
    main()

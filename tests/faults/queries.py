"""Requests that hurt: drawn from a seed, made of pieces of query languages, and of requests gone wrong.

They know of no grammar but what any has: words, operators, brackets, quotes, wildcards. So they ask as much of the next
query language as of this one.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

LONG = 2_000
"""As many characters as a query may have."""
SEEDS = [
    "a*", "*a*", "*", "?*", "*?*?*", "a?b*c?d*", " OR ".join(f"word{n}" for n in range(500)),
    "(" * 100 + "a" + ")" * 100,
    "(" * LONG, ")" * LONG, '"' * LONG, "\x00", "\x01\x02\x1b[2J\x7f", "\u202eabc\u202c \u200f\u200e\u2066x\u2069",
    "\ufeff",
    "/a.*b/", "/(a+)+$/", "^(a|a)*$", "(?<=x)y", "[b TO a]", "published_at:[2030 TO 1990]", "[* TO *]", "{a TO b]",
    "title:[TO]",
    "99999999999999999999999999", "a^1e308", "a^-1", "a^NaN", "a~99999999", "a~2/99", '"a b"~99999999',
    '"a b c d e f g"~1000',
    '"' + "a " * 900 + '"', "x" * LONG, "ab" * 1_000, "é" * LONG, "𝒳" * 900, "a" + "\u0301" * 1_900, "北京" * 900,
    " ANDNOT ".join("abcdefgh"), "a ANDMAYBE b REQUIRE c ANDNOT d", "NOT " * 400 + "a", "-a " * 600, "+a " * 600,
    "NOT NOT NOT a", "a AND", "OR", "AND OR NOT", "()", "title:", ":", "::", "title:title:title:a", "title:(" * 50,
    "a\\", "\\" * 900,
    "a* OR b* OR c* OR d* OR e*", "*a* AND *e* AND *i*", "a~ b~ c~ d~ e~ f~", "word1~2 " * 150, "w*d1* " * 200,
    "?" * LONG, "*" * LONG,
    " ".join(f"{chr(97 + n)}*" for n in range(26)), "'" * 900, "a'b" * 600, "%s%n{0}${x}", "../../etc/passwd",
    "'; DROP TABLE x; --",
]  # fmt: skip
PIECES = [
    "AND", "OR", "NOT", "ANDNOT", "ANDMAYBE", "REQUIRE", "NEAR", "TO", "(", ")", "((", "))", '"', "'", "[", "]", "{",
    "}", "~", "~2",
    "~2/3", '"~5', "^2", "^", ":", "*", "?", "-", "+", "\\", "/", "|", "&&", "||", "!", "<", ">=", "=", "title:",
    "body:", "summary:",
    "section:", "authors:", "tags:", "id:", "published:", "published_at:", "_:", "word1", "word17", "word2*", "*ord3",
    "w?rd4", "wrod5~",
    "the", "a", "1e999", "2024-01-01", "\n", "\t", "\x01", "\u202e", "“so”", "O’Neil", "北京天气", "ﬁ", "ß", "İ",
    "\U0001f600", " ",
]  # fmt: skip
VALUES = [None, True, -1, 0, 1, 2**31, 2**53, 2**70, -(2**70), 1.5, "", "x", [], ["x"], {}, {"x": 1}]
FIELDS = ["q", "filters", "sort", "size", "offset", "timeout_ms", "facets", "highlight", "cursor", "wait_for"]
FILTERS = ["section", "authors", "tags", "agency", "language", "published_from", "published_to", "nothing"]
DATES = [
    "1000-01-01T00:00:00Z",
    "2024-06-01T00:00:00Z",
    "2024-06-30T12:00:00+05:00",
    "9000-01-01T00:00:00Z",
    "yesterday",
]
TIMEOUTS_MS = [10, 50, 100, 100, 250]


def requests(seed: int, number: int) -> Iterator[bytes]:
    """Return some requests, the same for the same seed; the seeds of queries come first."""
    drawn = random.Random(seed)
    for at in range(number):
        text = SEEDS[at] if at < len(SEEDS) else _query(drawn)
        yield _request(drawn, text)


def _query(drawn: random.Random) -> str:
    kind = drawn.random()
    if kind < 0.45:
        glue = drawn.choice(["", " ", " "])
        return glue.join(drawn.choices(PIECES, k=drawn.choice([3, 8, 20, 100])))[:LONG]
    if kind < 0.85:
        return _mutated(drawn, drawn.choice(SEEDS))[:LONG]
    if kind < 0.95:
        return "".join(chr(_character(drawn)) for _ in range(drawn.choice([3, 30, 300])))
    return drawn.choice(PIECES) * drawn.choice([50, 400])


def _character(drawn: random.Random) -> int:
    return drawn.choice([drawn.randrange(1, 128), drawn.randrange(1, 0x800), drawn.randrange(0xE000, 0x20000)])


def _mutated(drawn: random.Random, text: str) -> str:
    for _ in range(drawn.randrange(1, 5)):
        start, end = sorted(drawn.choices(range(len(text) + 1), k=2))
        change = drawn.randrange(4)
        if change == 0:
            text = text[:start] + drawn.choice(PIECES) + text[start:]
        elif change == 1:
            text = text[:start] + text[end:]
        elif change == 2:
            text = text[:end] + text[start:end] + text[end:]
        else:
            text = text[:start] + drawn.choice(SEEDS)[:200] + text[end:]
    return text


def _request(drawn: random.Random, text: str) -> bytes:
    request: dict[str, Any] = {"q": text, "timeout_ms": drawn.choice(TIMEOUTS_MS)}
    if drawn.random() < 0.3:
        request |= {"size": drawn.choice([0, 1, 100]), "offset": drawn.choice([0, 10, 10_000])}
        request["sort"] = drawn.choice(["relevance", "newest", "oldest"])
    if drawn.random() < 0.2:
        names = drawn.choices(FILTERS, k=drawn.randrange(1, 4))
        values = [drawn.choice(DATES), ["s1"], ["x"] * 60, text[:9]]
        request["filters"] = {name: drawn.choice(values) for name in names}
    if drawn.random() < 0.1:
        request[drawn.choice(FIELDS)] = drawn.choice(VALUES)
    body = json.dumps(request, ensure_ascii=drawn.random() < 0.5).encode("utf-8", "surrogatepass")
    return _bytes(drawn, body) if drawn.random() < 0.05 else body


def _bytes(drawn: random.Random, body: bytes) -> bytes:
    place = drawn.randrange(len(body) + 1)
    return drawn.choice([
        b"", b"null", b"[]", b'"a"', body[:place], body[:place] + bytes([drawn.randrange(256)]) + body[place:],
        b'{"q": "\\ud800"}', b'{"q": "a", "q": "b"}', b"[" * 10_000, b'{"size": 1e400}',
        b'{"q": "' + b"a " * 500_000 + b'"}', b'{"q": "' + b"a " * 30_000 + b'"}',
    ])  # fmt: skip

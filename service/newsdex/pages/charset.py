"""Decodes the bytes of a page, for which its own word is the weakest evidence after the bytes themselves."""

import codecs
import re

from charset_normalizer import from_bytes

HEAD_BYTES = 4_096
"""Where a page may declare its charset; HTML says 1,024, and pages do so later."""
DETECTED_BYTES = 200_000
MAX_BROKEN_SHARE = 0.002
"""Of the bytes of a page that are not of its charset, from cut strings and foreign snippets."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""<(?:meta[^>]{0,200}?|\?xml[^>]{0,100}?en)(?:charset|coding)\s*=\s*["']?\s*([\w.:-]{2,30})""", re.IGNORECASE
)
_READ_AS = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874", "gb2312": "gb18030",
    "gb_2312-80": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "sjis": "cp932", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "big5": "big5hkscs",
    "x-user-defined": "cp1252", "windows-31j": "cp932",
}  # fmt: skip
"""What browsers read for the names of smaller charsets."""


def decode_page(page: bytes) -> str:
    """Return the text of a page; bytes that are in no charset are replaced, so that any page has one.

    By its byte-order mark, as UTF-8 where it is, as it declares, and as it looks.
    """
    for mark, name in _MARKS:
        if page.startswith(mark):
            return page.decode(name, "replace")
    declared = _declared(page)
    try:
        if not (declared or "").startswith("iso-2022"):  # which is in ASCII
            return page.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for name in filter(None, (declared, "utf-8")):
        text = page.decode(name, "replace")
        if text.count("\ufffd") <= MAX_BROKEN_SHARE * len(text):
            return text
    best = from_bytes(page[:DETECTED_BYTES]).best()
    return page.decode(best.encoding if best is not None else "cp1252", "replace")


def _declared(page: bytes) -> str | None:
    found = _DECLARED.search(page, 0, HEAD_BYTES)
    if found is None:
        return None
    name = found[1].decode("ascii").lower()
    try:
        return codecs.lookup(_READ_AS.get(name, name)).name
    except LookupError:
        return None

"""Recognises formats by their content, so that each is read as what it is, or refused by its name: pure."""

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

from pydantic_core import from_json

from newsdex_schemas import Article, Event

HEAD_BYTES = 64 * 1024
"""As much of a file as is looked at."""
BOM = b"\xef\xbb\xbf"
JSON, JSON_LINES, TEXT = "JSON", "JSON Lines", "plain text"
HTML, FEED, NEWSML_G2, CSV, TABS = "HTML", "an RSS or Atom feed", "NewsML-G2", "CSV", "CSV, separated by tabs"
JSON_START = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[\]{\"])")
"""A page may begin with a word in square brackets."""
_KEY, _QUOTED = rb"[\w.$-]++", rb"[bru]{0,2}(?:'[^'\n]*+'|\"[^\"\n]*+\")"
DATA_START = re.compile(
    rb"\{\s*+(?:%(quoted)s\s*+:|%(key)s\s*+(?:=|:\s*+(?:[\"'\[{\d]|[^{}\n]*,\s*+%(key)s\s*+:)))"
    rb"|\[\s*+(?:%(quoted)s\s*+(?:,\s*+[bru]{0,2}[\"'\[({\d]|\]\s*+\Z)|\(\s*+%(quoted)s\s*+,|%(key)s\(\w+=)"
    % {b"key": _KEY, b"quoted": _QUOTED}
)
"""Values as Python or a script prints them, which are no text: an embargo that stands in them would be lost."""

SIGNATURES: Sequence[tuple[int, bytes, str]] = (
    (0, b"%PDF-", "PDF"),
    (0, b"{\\rtf", "RTF"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document of the old kind"),
    (0, b"%!PS", "PostScript"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"BM\0", "a bitmap image"),
    (0, b"RIFF", "an image, a sound or a film"),
    (4, b"ftyp", "an image or a film"),
    (0, b"ID3", "a sound"),
    (0, b"OggS", "a sound or a film"),
    (0, b"fLaC", "a sound"),
    (0, b"\x1aE\xdf\xa3", "a film"),
    (0, b"\x1f\x8b", "compressed with gzip more than once"),
    (0, b"BZh", "compressed with bzip2"),
    (0, b"\xfd7zXZ\0", "compressed with xz"),
    (0, b"(\xb5/\xfd", "compressed with zstd"),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4"),
    (0, b"7z\xbc\xaf'\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90", "a program"),
    (0, b"\0asm", "a program"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"PAR1", "Parquet"),
    (0, b"ARROW1", "Arrow"),
    (0, b"Obj\x01", "Avro"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\x80\x04\x95", "a Python pickle"),
    (0, b"\xff\xfe\0\0", "UTF-32 text"),
    (0, b"\0\0\xfe\xff", "UTF-32 text"),
    (0, b"\xff\xfe", "UTF-16 text"),
    (0, b"\xfe\xff", "UTF-16 text"),
    (0, b"#!", "a script"),
    (0, b"-----BEGIN ", "PEM"),
    (0, b"BEGIN:VCALENDAR", "a calendar"),
    (0, b"BEGIN:VCARD", "a card"),
    (0, b"WEBVTT", "subtitles"),
    (0, b"WARC/", "a web archive, WARC"),
    (0, b"\x1e{", "a JSON text sequence"),
    (0, b"bplist", "a property list"),
)
"""Where a format shows itself, by which bytes, and its name."""
ZIPPED: Sequence[tuple[bytes, str]] = (
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file"),
    (b"mimetypeapplication/epub", "EPUB"),
    (b"word/", "a Word document"),
    (b"xl/", "an Excel workbook"),
    (b"ppt/", "a PowerPoint presentation"),
)
JSON_SUFFIXES = {
    **dict.fromkeys((".json", ".jsonld", ".ninjs"), JSON),
    **dict.fromkeys((".jsonl", ".ndjson"), JSON_LINES),
}
SUFFIXES = {
    **dict.fromkeys((".csv", ".tsv"), CSV),
    **dict.fromkeys((".html", ".htm", ".xhtml"), HTML),
    **dict.fromkeys((".xml", ".rss", ".atom", ".nitf"), "XML"),
    **dict.fromkeys((".yaml", ".yml"), "YAML"),
    **dict.fromkeys((".json5", ".jsonc"), "JSON with comments"),
    **dict.fromkeys((".py", ".js", ".ts", ".css", ".rb", ".go", ".java", ".cs", ".sh", ".sql"), "a program's text"),
    **dict.fromkeys((".srt", ".vtt"), "subtitles"),
    ".toml": "TOML",
    **dict.fromkeys((".ini", ".cfg", ".conf", ".properties"), "INI"),
    ".log": "a log",
    ".tex": "TeX",
    ".eml": "e-mail",
    ".mbox": "e-mail",
}
"""Formats that their name betrays where their content may not."""

MARKUP = re.compile(r"<(?:[a-z!?/])", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)\s*", re.DOTALL)
DECLARATION = re.compile(
    r"<\?xml\b.*?\?>\s*|<!doctype\s+(?P<root>[\w:-]+)[^>\[]*(?:\[.*?\]\s*)?>\s*", re.DOTALL | re.IGNORECASE
)
ELEMENT = re.compile(r"<(?:[\w.-]+:)?([a-z][\w.-]*)", re.IGNORECASE)
CLOSED = re.compile(r"</[a-z][\w:.-]*\s*>|/>", re.IGNORECASE)
HTML_TAG = re.compile(
    r"</?(?:a|article|b|blockquote|body|br|div|em|figure|footer|h[1-6]|head|header|html|i|iframe|img|li|link|main|meta|nav|"
    r"ol|p|script|section|span|strong|style|table|tbody|td|th|title|tr|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
MIN_TAGS, CHARS_PER_TAG = 4, 400
"""Text with so many tags, or with one in so many characters, is a piece of a page and no text about pages."""
ROOTS = {
    **dict.fromkeys(("rss", "feed", "rdf"), FEED),
    **dict.fromkeys(("newsitem", "newsmessage", "packageitem"), NEWSML_G2),
    **dict.fromkeys(("knowledgeitem", "planningitem", "conceptitem"), NEWSML_G2),
    "nitf": "NITF",
    "newsml": "NewsML 1",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap",
    "opml": "a list of feeds, OPML",
    "svg": "an SVG image",
}
"""What an XML document is by the name of its root."""
WXR = re.compile(r"xmlns:wp\s*=|<wp:wxr_version>")

MAIL_HEADER = re.compile(
    r"^(?:return-path|received|message-id|mime-version|content-type|content-transfer-encoding|delivered-to|"
    r"dkim-signature|x-[\w-]+):\s",
    re.IGNORECASE | re.MULTILINE,
)
MBOX = re.compile(r"From \S+@\S+ +\w{3} \w{3} ")

YAML_KEY = re.compile(r"(?:- +)*([a-z_][\w-]*):(?:\s|$)")
YAML_ITEM = re.compile(r"-(?:\s|$)")
CONTRACT_NAMES = frozenset(Article.model_fields) | frozenset(Event.model_fields) | {"specversion", "type", "data"}

HEADER_CELL = re.compile(r"[^\W\d_][\w .:/()#%-]{0,59}")
PLAIN_CELL = re.compile(r"\S+")
MIN_ROWS, MANY_COLUMNS, ROWS = 2, 3, 50
MOST_ROWS = 0.9
"""Rows of a table may be broken, but not many."""


def recognise(head: bytes, suffix: str = "") -> str:
    """Return the name of the format of content that begins with `head`; JSON, JSON Lines and plain text are three.

    `head` is all of the content, or its first HEAD_BYTES; `suffix` is that of a file's name, with the dot.
    """
    if signed := _signed(head):
        return signed
    content = head.removeprefix(BOM).lstrip()
    suffix = suffix.lower()
    if suffix in JSON_SUFFIXES:
        return JSON_LINES if _begins_with_lines(content) else JSON_SUFFIXES[suffix]
    if JSON_START.match(content):
        return JSON_LINES if _begins_with_lines(content) else JSON
    if content[:1] in (b"{", b"["):
        return SUFFIXES.get(suffix, JSON if DATA_START.match(content) else TEXT)
    text = content.decode("utf-8", "ignore")
    return _binary(head) or _of_text(text, whole=len(head) < HEAD_BYTES) or SUFFIXES.get(suffix) or TEXT


def _of_text(text: str, *, whole: bool) -> str | None:
    return _markup(text) or _mail(text) or _yaml(text) or _table(text, whole=whole)


def _signed(head: bytes) -> str | None:
    for place, signature, name in SIGNATURES:
        if head.startswith(signature, place):
            return name
    if head.startswith(b"PK\x03\x04"):
        return next((name for part, name in ZIPPED if part in head), "a ZIP archive")
    return None


def _begins_with_lines(content: bytes) -> bool:
    """Tell JSON Lines, whose first line is a value and which has a second one; they are not read into memory."""
    first, end, rest = content.partition(b"\n")
    if not (end and JSON_START.match(first) and JSON_START.match(rest)):
        return False
    try:
        from_json(first)
    except ValueError:
        return False
    return True


def _binary(head: bytes) -> str | None:
    zeros = head.count(0)
    if zeros and zeros * 3 >= len(head):
        fewer, more = sorted((head[::2].count(0), head[1::2].count(0)))
        return "UTF-16 text" if fewer * 3 < more else "binary data"
    try:
        head[: HEAD_BYTES - 3].decode()
    except UnicodeDecodeError as error:
        cut_off = len(head) - error.start <= len(BOM) + 1
        return "binary data" if zeros and not cut_off else None
    return None


def _markup(text: str) -> str | None:
    """Recognise XML and HTML: a document, or text with so many tags that it is a piece of one."""
    if not MARKUP.match(text):
        tags = len(HTML_TAG.findall(text))
        return HTML if tags >= MIN_TAGS and tags * CHARS_PER_TAG >= len(text) else None
    rest, declared = COMMENT.sub("", text), False
    while declaration := DECLARATION.match(rest):
        if (declaration["root"] or "").lower() == "html":
            return HTML
        rest, declared = rest[declaration.end() :], True
    element = ELEMENT.match(rest)
    root = element[1].lower() if element else ""
    if element is None or not (declared or root in ROOTS or CLOSED.search(rest) or HTML_TAG.match(rest)):
        return "XML" if declared else None
    if root in ROOTS:
        return "WXR, an export of WordPress" if root == "rss" and WXR.search(rest) else ROOTS[root]
    return HTML if root == "html" or (HTML_TAG.match(rest) and not declared) else "XML"


def _mail(text: str) -> str | None:
    headers = text.partition("\n\n")[0]
    return "e-mail" if MBOX.match(text) or len(MAIL_HEADER.findall(headers)) > 1 else None


def _yaml(text: str) -> str | None:
    """Recognise YAML by its marker, or by names of the contract as keys, with nothing but keys beside them."""
    lines = [line for line in text.splitlines()[:ROWS] if line.strip() and not line.startswith("#")]
    if not lines:
        return None
    if lines[0].startswith("%YAML"):
        return "YAML"
    if lines[0].rstrip() == "---":
        return "YAML" if len(lines) > 1 and (YAML_KEY.match(lines[1]) or YAML_ITEM.match(lines[1])) else None
    listed = YAML_ITEM.match(lines[0])
    top = [line.lstrip() for line in lines if listed or not (line[0].isspace() or YAML_ITEM.match(line))]
    keys = [YAML_KEY.match(line) for line in top]
    names = {key[1] for key in keys if key}
    return "YAML" if all(keys) and len(names & CONTRACT_NAMES) > 1 else None


def _table(text: str, *, whole: bool) -> str | None:
    return next((name for mark, name in _DELIMITERS.items() if _is_table(text, mark, whole=whole)), None)


_DELIMITERS = {",": CSV, ";": CSV, "\t": TABS, "|": CSV}


def _is_table(text: str, mark: str, *, whole: bool) -> bool:
    """Tell whether the lines have equally many cells, as no prose has, where a space follows its commas."""
    rows = _rows(text, mark)
    if not whole:
        rows = rows[:-1]
    columns = len(rows[0]) if rows else 0
    alike = [row for row in rows if len(row) == columns]
    if columns == 1 or len(rows) < MIN_ROWS or len(alike) < len(rows) * MOST_ROWS:
        return False
    header = alike[0]
    if len({cell.strip().lower() for cell in header} & CONTRACT_NAMES) > 1:
        return True
    if any(cell[:1] == " " for row in alike for cell in row[1:]):
        return False
    named = all(HEADER_CELL.fullmatch(cell) for cell in header) and len(set(header)) == columns
    if columns < MANY_COLUMNS:
        return named and all(PLAIN_CELL.fullmatch(cell) for cell in header)
    return named or len(alike) >= MANY_COLUMNS


def _rows(text: str, mark: str) -> list[list[str]]:
    """Return the first rows of a text as a table; none where it cannot be one."""
    if mark not in text.partition("\n")[0]:
        return []
    try:
        return list(islice(filter(None, csv.reader(io.StringIO(text), delimiter=mark)), ROWS))
    except csv.Error:
        return []

"""Formats are recognised by their content, and plain text stays plain text."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.conftest import ROOT

from newsdex.formats.recognition import HEAD_BYTES, JSON, JSON_LINES, TEXT, recognise

ROWS = [
    ("id", "title", "body"),
    ("1", "Ferry returns, at last", "The Marigold carried passengers."),
    ("2", "Bridge", "Shut\nagain"),
]
HTML = "<html lang=en><head><title>Ferry</title></head><body><p>The Marigold carried passengers.</p></body></html>"
FEED = '<rss version="2.0"><channel><title>Harbour</title><item><title>Ferry</title></item></channel></rss>'
YAML = "id: ferry\ntitle: Ferry returns\nbody: |\n  The Marigold carried passengers.\ntags:\n  - ferry\n"


def table(delimiter: str, rows: list[tuple[str, ...]] = ROWS) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue().encode()


def zipped(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "<x/>")
    return written.getvalue()


def tarred() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.json"), io.BytesIO())
    return written.getvalue()


FOREIGN: dict[str, tuple[bytes, str]] = {
    "commas": (table(","), "CSV"),
    "semicolons": (table(";"), "CSV"),
    "tabs": (table("\t"), "CSV, separated by tabs"),
    "two columns": (table(",", [("slug", "headline"), ("a", "Ferry returns, at last"), ("b", "Bridge")]), "CSV"),
    "no header": (table(",", [(str(n), f"Ferry {n}", "Harbour") for n in range(4)]), "CSV"),
    "spaces behind commas": (b"id, title, body\n1, Ferry returns, The Marigold sails\n", "CSV"),
    "a byte order mark": (b"\xef\xbb\xbf" + table(","), "CSV"),
    "HTML": (HTML.encode(), "HTML"),
    "a doctype": (f"<!DOCTYPE html>\n<!-- made by hand -->\n{HTML}".encode(), "HTML"),
    "a comment first": (f"<!-- made by hand -->{HTML}".encode(), "HTML"),
    "a piece of HTML": (b"<div class=story><p>The Marigold sails.</p></div>", "HTML"),
    "text with tags": (b"Ferry returns<br>\n<p>The <b>Marigold</b> sails.</p>", "HTML"),
    "XHTML": (f'<?xml version="1.0"?>\n{HTML}'.encode(), "HTML"),
    "XML": (b'<?xml version="1.0"?><article><title>Ferry</title></article>', "XML"),
    "XML without a declaration": (b"<story><headline>Ferry</headline></story>", "XML"),
    "RSS": (f'<?xml version="1.0"?>\n{FEED}'.encode(), "an RSS or Atom feed"),
    "Atom": (b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>', "an RSS or Atom feed"),
    "NewsML-G2": (b'<?xml version="1.0"?><newsItem guid="a"><contentSet/></newsItem>', "NewsML-G2"),
    "NITF": (b'<!DOCTYPE nitf SYSTEM "nitf.dtd">\n<nitf><head/></nitf>', "NITF"),
    "YAML": (YAML.encode(), "YAML"),
    "a list in YAML": (b"- id: ferry\n  title: Ferry returns\n- id: bridge\n  title: Bridge\n", "YAML"),
    "YAML with its marker": (b"---\nheadline: Ferry returns\n", "YAML"),
    "front matter": (b"---\ntitle: Ferry returns\ndate: 2024-06-11\n---\n\nThe Marigold sails.\n", "YAML"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
    "RTF": (b"{\\rtf1\\ansi Ferry returns}", "RTF"),
    "Word": (zipped("[Content_Types].xml", "word/document.xml"), "a Word document"),
    "Excel": (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
    "PowerPoint": (zipped("[Content_Types].xml", "ppt/presentation.xml"), "a PowerPoint presentation"),
    "OpenDocument": (zipped("mimetype", "content.xml"), "an OpenDocument file"),
    "ZIP": (zipped("a.json"), "a ZIP archive"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an Office document of the old kind"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
    "JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
    "HEIC": (b"\0\0\0\x18ftypheic", "an image or a film"),
    "tar": (tarred(), "a tar archive"),
    "bzip2": (bz2.compress(b"{}"), "compressed with bzip2"),
    "xz": (lzma.compress(b"{}"), "compressed with xz"),
    "zstd": (b"(\xb5/\xfd\x04\0", "compressed with zstd"),
    "Parquet": (b"PAR1\x15\x04", "Parquet"),
    "SQLite": (b"SQLite format 3\0\x10\0", "an SQLite database"),
    "UTF-16": ("Ferry returns".encode("utf-16"), "UTF-16 text"),
    "UTF-16 without a mark": ("Ferry returns".encode("utf-16-le"), "UTF-16 text"),
    "bytes": (bytes(range(256)), "binary data"),
    "zeros": (bytes(300), "binary data"),
    "gzip within gzip": (gzip.compress(b"{}"), "compressed with gzip more than once"),
    "WebAssembly": (b"\0asm\x01\0\0\0", "a program"),
    "a property list": (b"bplist00\xd1\x01\x02", "a property list"),
    "subtitles": (b"WEBVTT\n\n00:01.000 --> 00:04.000\nFerry returns\n", "subtitles"),
    "WARC": (b"WARC/1.1\r\nWARC-Type: response\r\n\r\nHTTP/1.1 200 OK\r\n", "a web archive, WARC"),
    "a JSON text sequence": (b'\x1e{"id": "ferry", "title": "Ferry returns"}\n', "a JSON text sequence"),
    "e-mail": (b"Received: from a\nMessage-ID: <1@a>\nSubject: Ferry\n\nThe Marigold sails.\n", "e-mail"),
    "a mailbox": (b"From desk@courier.example Tue Jun 11 08:30:00 2024\nSubject: Ferry\n\nSails.\n", "e-mail"),
    "a script": (b"#!/bin/sh\necho ferry\n", "a script"),
}


@pytest.mark.parametrize(("content", "name"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_format_is_named(content: bytes, name: str) -> None:
    assert name == recognise(content)


@pytest.mark.parametrize(
    ("suffix", "name"), {".csv": "CSV", ".html": "HTML", ".XML": "XML", ".yml": "YAML", ".eml": "e-mail"}.items()
)
def test_a_name_that_says_so_is_believed(suffix: str, name: str) -> None:
    assert name == recognise(b"Ferry returns\n\nThe Marigold sails.\n", suffix)


@pytest.mark.parametrize(
    ("content", "suffix", "name"),
    [
        (b'[article]\ntitle = "Ferry returns"\n', ".toml", "TOML"),
        (b"[article]\ntitle=Ferry returns\n", ".ini", "INI"),
        (b'// by hand\n{"id": "ferry", "title": "Ferry returns"}\n', ".jsonc", "JSON with comments"),
        (b"{id: 'ferry', title: 'Ferry returns'}\n", ".json5", "JSON with comments"),
        (b"2024-06-11 08:30:00 INFO the Marigold sails\n", ".log", "a log"),
        (b"import marigold\n\nmarigold.sail()\n", ".py", "a program's text"),
        (b"INSERT INTO ferries VALUES (1);\n", ".sql", "a program's text"),
        (b"1\n00:00:01,000 --> 00:00:04,000\nFerry returns\n", ".srt", "subtitles"),
        (rb"\documentclass{article}\begin{document}Ferry\end{document}", ".tex", "TeX"),
        (b"[Update] Ferry returns\n\nThe Marigold sails.\n", ".txt", TEXT),
    ],
)
def test_what_only_its_name_parts_from_a_story_is_no_story(content: bytes, suffix: str, name: str) -> None:
    assert name == recognise(content, suffix)


def test_a_table_larger_than_what_is_looked_at_is_recognised() -> None:
    """The last row may be cut off within a quoted cell."""
    content = table(",", ROWS * 4_000)[:HEAD_BYTES]

    assert "CSV" == recognise(content)


PLAIN = {
    "a story": "Ferry returns\n\nThe Marigold carried passengers, mail and goats, again, on Tuesday.\n",
    "a title and a line with commas": "Ferries, bridges, tunnels\nBy foot, by car, by train\n",
    "a list with commas": "Wind, waves and weather\nRain, sleet and snow\nFog, mist and haze\nSun, stars and moon\n",
    "a masthead": "THE COURIER\nBy: Jane Doe\nPublished: 11 June 2024\n\nFerry returns\n\nThe Marigold sails.\n",
    "a standing line": "---\nFerry returns\n\nThe Marigold sails.\n",
    "a heading of Markdown": "# Ferry returns\n\n* the Marigold sails\n* mail and goats\n\n| day | boat |\n|---|---|\n",
    "less than": "<3 ferries\n\nReaders love < and > alike: a < b, b > c.\n",
    "a tag in a story about tags": "How to write <b>bold</b>\n\n"
    + "A page is made of elements, and nothing else. " * 40,
    "an address in angle brackets": "Ferry returns\n\nWrite to <desk@courier.example> or see <https://courier.example>.\n",
    "Arabic": "عودة العبارة\n\nحملت المراكب الركاب، والبريد، والماعز.\n",
    "Chinese": "渡轮回归\n\n玛丽戈尔德号周二再次运送乘客,邮件,山羊。\n",
    "scores": "Results\n\nHarbour 3, Estuary 1\nCove 2, Sound 2\n",
    "one line": "Ferry returns",
    "a time table": "Crossings\n8:30 north\n9:00 south\n9:30 north\n",
    "a quote in brackets": "['Tis the season]\n\nThe Marigold sails.\n",
    "a plural in brackets": "[Photo(s) by AP]\nFerry returns\n\nThe Marigold sails.\n",
    "an update in brackets": "[Update(d)] Ferry returns\n\nThe Marigold sails.\n",
    "an agency in brackets": "[(Reuters)] Ferry returns\n\nThe Marigold sails.\n",
    "a word in braces": "{Correction} Ferry returns\n\nThe Marigold sails.\n",
    "a sentence in braces": "{Correction: ferry, not bus}\n\nThe Marigold sails.\n",
    "a quoted word in brackets": "['Breaking'] Ferry returns\n\nThe Marigold sails.\n",
    "a from line": "From: Jane Doe\nFerry returns\n\nThe Marigold sails.\n",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN.keys())
def test_plain_text_stays_plain_text(text: str) -> None:
    assert TEXT == recognise(text.encode())


def _pages() -> Iterator[Path]:
    yield ROOT / "deploy" / "demo-page.txt"
    yield from (ROOT / "tests" / "unit" / "pages").glob("*.yaml")


def test_the_pages_that_the_normaliser_is_tested_with_are_plain_text() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in _pages()}
    texts = [text if path.suffix == ".txt" else yaml.safe_load(text)["text"] for path, text in files.items()]

    assert {TEXT} == {recognise(text.encode()) for text in texts}


def test_bodies_of_real_news_are_plain_text(shared_data: Path) -> None:
    """Reuters' bodies hold tables of figures, the others five languages and three scripts."""
    articles = shared_data / "articles"
    wrong = {}
    for name, number in (("reuters21578.jsonl.gz", 4_000), ("multilingual_800.jsonl.gz", 800)):
        with gzip.open(articles / name) as lines:
            for line, _ in zip(lines, range(number), strict=False):
                article = json.loads(line)
                text = f"{article['title'] or ''}\n\n{article['body'] or ''}"
                if (found := recognise(text.encode()[:HEAD_BYTES])) != TEXT:
                    wrong[article["id"]] = found

    assert {} == wrong


@pytest.mark.parametrize(
    "content",
    [
        "{'id': 'ferry', 'title': 'Ferry returns'}",
        "{u'id': u'ferry'}",
        '{"id": "ferry", title}',
        "{\n  id: 'ferry'\n}",
        "{id: ferry, title: Ferry returns}",
        "{id=ferry, title=Ferry returns}",
        "[{'id': 'ferry'}]",
        "['ferry', {'id': 'ferry'}]",
        "[b'ferry']\n",
        "[('ferry', 'Ferry returns')]",
        "[Article(id='ferry')]",
    ],
)
def test_printed_values_are_no_plain_text(content: str) -> None:
    assert JSON == recognise(content.encode())


def test_json_is_no_recognise() -> None:
    values = [b'{"id": "a", "title": "b,c,d"}\n{"id": "e", "title": "f,g,h"}\n', b'  [{"id": 1}]', b"{}"]

    assert [JSON_LINES, JSON, JSON] == [recognise(value) for value in values]

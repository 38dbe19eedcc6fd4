"""Reads a page's text as clean lines and paragraphs, because every later rule looks at one of the two."""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

SENTENCE_ENDS = ".!?…。！？｡؟۔।॥"
CLOSERS = "”’\"'»›)]}」』）】》"
WHOLE_LINES = 0.75
"""The share of whole sentences from which on lines are paragraphs; wrapped text has fewer."""
PARAGRAPH_SEPARATOR = "\u2029"
_HEADING = re.compile(r"\s{0,3}(?P<marks>#{1,6})\s+(?=\S)")
_PICTURE = re.compile(r"!\[[^\[\]]{0,300}\]\([^()\s]{0,2000}\)")
_LINK = re.compile(r"\[(?P<text>[^\[\]]{0,500})\]\((?:https?:|/|#|mailto:|\))[^()\s]{0,2000}(?:\s\"[^\"]{0,300}\")?\)?")
_DENSE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b"))
"""Byte-order mark and zero-width space only: the joiners spell words in Persian, Hindi and emoji."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line that is not blank, its white space made single spaces."""

    text: str
    starts_block: bool
    """Whether a blank line, or an indent after a sentence's end, stands before it."""
    heading: int = 0
    """The level of a heading in Markdown; 0 for any other line."""


def read_lines(text: str) -> list[Line]:
    """Split at every kind of line end; characters are kept as they are, without normalisation."""
    lines: list[Line] = []
    after_blank = True
    for raw in text.replace(PARAGRAPH_SEPARATOR, "\n\n").translate(_INVISIBLE).splitlines():
        level, unmarked = _without_marks(raw)
        clean = " ".join(unmarked.split())
        if not clean:
            after_blank = True
            continue
        indented = raw[:1] in ("\t", "\u3000") or raw[:2].isspace()
        starts = after_blank or (indented and ends_sentence(lines[-1].text))
        lines.append(Line(text=clean, starts_block=starts or level > 0, heading=level))
        after_blank = False
    return lines


def _without_marks(raw: str) -> tuple[int, str]:
    """Return the level of a Markdown heading, and a line without Markdown's marks of headings, links and pictures."""
    heading = _HEADING.match(raw)
    if heading:
        raw = raw[heading.end() :].rstrip("# ")
    if "](" in raw:
        raw = _LINK.sub(_text_of_link, _PICTURE.sub("", raw))
    return (len(heading["marks"]) if heading else 0), raw


def _text_of_link(link: re.Match[str]) -> str:
    """Return a link's text, parted from a word that follows it without a space."""
    is_glued = link.string[link.end() : link.end() + 1].isalnum()
    return f"{link['text']} " if is_glued else link["text"]


def is_dense(text: str) -> bool:
    """Return whether a text is in a script that parts no words, or whose words have few characters."""
    return _DENSE.search(text) is not None


def ends_sentence(text: str) -> bool:
    """Tell whether the text ends as a sentence does; quotes and brackets that close after the stop do not count."""
    return text.rstrip(CLOSERS).endswith(tuple(SENTENCE_ENDS))


def has_word(text: str) -> bool:
    """Tell a line with a letter or digit from a rule or an ornament."""
    return any(character.isalnum() for character in text)


def begins(lines: list[Line], at: int, dropped: Container[int] = ()) -> bool:
    """Tell a line that may stand for itself from one in the middle of a wrapped sentence.

    Beside a line that belongs to the page, and is to be `dropped`, any line may stand for itself.
    """
    return lines[at].starts_block or at - 1 in dropped or ends_sentence(lines[at - 1].text)


def without(lines: Iterable[Line], dropped: Container[int]) -> list[Line]:
    """Leave out the lines with these numbers; what stood around one of them stays parted."""
    kept: list[Line] = []
    after_dropped = False
    for number, line in enumerate(lines):
        if number in dropped:
            after_dropped = True
            continue
        kept.append(replace(line, starts_block=True) if after_dropped else line)
        after_dropped = False
    return kept


def blocks(lines: Iterable[Line]) -> Iterator[list[str]]:
    """Group the lines between two blank ones."""
    block: list[str] = []
    for line in lines:
        if line.starts_block and block:
            yield block
            block = []
        block.append(line.text)
    if block:
        yield block


def paragraphs(lines: Iterable[Line]) -> list[str]:
    """Return the paragraphs; one of several lines keeps its line breaks.

    Some scrapers put each paragraph on a line with no blank line between. So a block most of whose lines end as
    sentences do is a paragraph a line; any other block is one paragraph: wrapped text, verse or a list.
    """
    found: list[str] = []
    for block in blocks(lines):
        if sum(map(ends_sentence, block)) >= WHOLE_LINES * len(block):
            found.extend(block)
        else:
            found.append("\n".join(block))
    return found

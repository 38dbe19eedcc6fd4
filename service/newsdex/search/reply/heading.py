"""Gives an article without a title a heading, so that a reader can tell hits apart: pure."""

HEADING_CHARS = 100
WORD_CHARS = 20
"""A cut moves back to the end of a word over at most this many characters; scripts without spaces are cut in place."""
CUT = "…"


def heading(text: str) -> str:
    """Return the beginning of a text's first line."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    line = next(filter(None, lines), "")
    if len(line) <= HEADING_CHARS:
        return line
    space = line.rfind(" ", HEADING_CHARS - WORD_CHARS, HEADING_CHARS + 1)
    return f"{line[: space if space > 0 else HEADING_CHARS].rstrip()} {CUT}"

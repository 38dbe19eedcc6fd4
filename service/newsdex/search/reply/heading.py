"""Gives an article without a title a heading, so that a reader can tell hits apart: pure."""

from newsdex_schemas import Article

HEADING_CHARS = 100
WORD_CHARS = 20
"""A cut moves back to the end of a word over at most this many characters; scripts without spaces are cut in place."""
CUT = "…"


def heading(article: Article) -> str:
    """Return the article's title, or the beginning of the first line of its summary or body."""
    if article.title:
        return article.title
    lines = (" ".join(line.split()) for line in f"{article.summary or ''}\n{article.body}".splitlines())
    line = next(filter(None, lines), "")
    if len(line) <= HEADING_CHARS:
        return line
    space = line.rfind(" ", HEADING_CHARS - WORD_CHARS, HEADING_CHARS + 1)
    return f"{line[: space if space > 0 else HEADING_CHARS].rstrip()} {CUT}"

"""Finds the headline in the text of a whole page, where menus, teasers and notices stand above it.

No line says that it is the headline. It stands above the story, beside a date or a byline; the page's own title says
it once more; and the story speaks of what it names. The more of these, the likelier.
"""

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from newsdex.normalise.dates import PageClock
from newsdex.normalise.furniture import is_furniture, is_navigation, is_notice
from newsdex.normalise.lines import Line, ends_sentence, has_word, is_dense
from newsdex.normalise.metadata import read_dated, read_metadata

MIN_LINES_ABOVE = 10
"""Fewer lines above the story are the article's own head."""
SEARCHED_LINES = 60
"""As far above the story as the headline is looked for; a picture and its credits may stand between."""
MIN_PARAGRAPH_CHARS, LONG_PARAGRAPH_CHARS, NEXT_LINES = 100, 200, 8
MIN_TITLE_CHARS, MAX_TITLE_CHARS, MAX_TITLE_WORDS = 12, 250, 35
MIN_WORD_CHARS, MIN_TITLE_WORDS, STORY_LINES, NEAR_LINES = 4, 3, 30, 4
SCANNED_LINES, MAX_HEAD_LINES = 3_000, 60
SPEAKS_OF_IT, SAID_BY_PAGE, TOP_HEADING, HEADING, SAID_TWICE, BESIDE_DATE = 3.0, 4.0, 4.0, 1.0, 0.5, 1.5
SENTENCE, ONE_WORD, FARTHER, MOST_SAID = 1.5, 1.5, 0.03, 3
"""Weights, chosen by hand on 250 pages; each could be a third more or less without a change worth telling."""
_WORD = re.compile(r"\w+")


def headline_of_whole_page(lines: list[Line], clock: PageClock) -> int | None:
    """Return the number of the headline's line; None where the text is no whole page."""
    story = _story_start(lines)
    top = [at for at, line in enumerate(lines[:story]) if line.heading == 1]
    if len(top) == 1:
        return top[0]
    if story < MIN_LINES_ABOVE:
        return None
    subject = _words(" ".join(line.text for line in lines[story : story + STORY_LINES]))
    first = next((at for at, line in enumerate(lines[:SEARCHED_LINES]) if _may_be_first(line.text, clock)), 0)
    if _speaks_of(lines[first].text, subject) or _is_head(lines, first, story, clock):
        return None
    searched = range(max(0, story - SEARCHED_LINES), story)
    page = _Page(
        said=Counter(line.text for line in lines[:SCANNED_LINES]),
        page_title=_folded(lines[0].text),
        subject=subject,
        about={at for at in searched if _is_about_article(lines[at].text, clock)},
    )
    candidates = [at for at in searched if at not in page.about and _may_be_title(lines[at], clock)]
    scores = {at: _score(lines[at], at, page) - (story - at) * FARTHER for at in candidates}
    return max(scores, key=lambda at: scores[at], default=None)


def _speaks_of(text: str, subject: set[str]) -> bool:
    """Return whether a line is long enough for a headline, and half of its words stand in the story."""
    words = _words(text)
    return len(words) >= MIN_TITLE_WORDS and len(words & subject) * 2 >= len(words) and len(text) <= MAX_TITLE_CHARS


class _Page(NamedTuple):
    said: Counter[str]
    """How often each line stands on the page."""
    page_title: str
    subject: set[str]
    """The words of the story's beginning."""
    about: set[int]
    """The lines that tell a date or an author."""


def _story_start(lines: list[Line]) -> int:
    """Return where the first paragraph stands that has others near after it; 0 where none does."""
    long = [at for at, line in enumerate(lines[:SCANNED_LINES]) if _is_paragraph(line.text)]
    near = (at for at, later in pairwise(long) if later - at <= NEXT_LINES)
    return next(near, long[0] if long else 0)


def _is_paragraph(text: str) -> bool:
    least = MIN_PARAGRAPH_CHARS // 3 if is_dense(text) else MIN_PARAGRAPH_CHARS
    is_long = len(text) >= LONG_PARAGRAPH_CHARS or (len(text) >= least and ends_sentence(text))
    return is_long and not is_notice(text)


def _is_head(lines: list[Line], first: int, story: int, clock: PageClock) -> bool:
    """Return whether the lines above the story are the article's: mostly what is known as a head's, and few."""
    between = [line.text for line in lines[first + 1 : story]]
    if len(between) > MAX_HEAD_LINES:
        return False
    unknown = sum(not (is_furniture(text, clock) or _is_about_article(text, clock)) for text in between)
    return unknown < MIN_LINES_ABOVE


def _may_be_first(text: str, clock: PageClock) -> bool:
    return has_word(text) and not (is_furniture(text, clock) or is_notice(text) or _is_about_article(text, clock))


def _is_about_article(text: str, clock: PageClock) -> bool:
    return (read_metadata(text, clock) or read_dated(text, clock)) is not None


def _may_be_title(line: Line, clock: PageClock) -> bool:
    text = line.text
    least = MIN_TITLE_CHARS // 2 if is_dense(text) else MIN_TITLE_CHARS
    if not least <= len(text) <= MAX_TITLE_CHARS or len(text.split()) > MAX_TITLE_WORDS:
        return False
    return not (is_furniture(text, clock) or is_navigation(text) or is_notice(text))


def _score(line: Line, at: int, page: _Page) -> float:
    text = line.text
    folded, words = _folded(text), _words(text)
    score = SPEAKS_OF_IT * len(words & page.subject) / max(3, len(words))
    score += SAID_BY_PAGE if folded and at > 0 and folded in page.page_title else 0.0
    score += TOP_HEADING if line.heading == 1 else HEADING if line.heading else 0.0
    score += SAID_TWICE if 1 < page.said[text] <= MOST_SAID else 0.0
    score -= SENTENCE if text.endswith(".") else 0.0
    score -= ONE_WORD if len(words) < 2 and not is_dense(text) else 0.0  # noqa: PLR2004 - one
    if any(below in page.about for below in range(at + 1, at + 1 + NEAR_LINES)):
        score += BESIDE_DATE
    return score


def _words(text: str) -> set[str]:
    if is_dense(text):
        return {text[at : at + 2] for at in range(len(text) - 1)}
    return {word for word in _WORD.findall(text.casefold()) if len(word) >= MIN_WORD_CHARS}


def _folded(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))

"""Finds the title and the lines around it that speak about the article."""

import re
from dataclasses import dataclass

from newsdex.normalise.bylines import BARE_LABELS, is_name, is_nobody
from newsdex.normalise.dates import PageClock
from newsdex.normalise.furniture import is_furniture, is_navigation, is_notice, is_section
from newsdex.normalise.lines import Line, begins, ends_sentence, has_word, is_dense
from newsdex.normalise.metadata import Metadata, read_dated, read_metadata
from newsdex.normalise.whole_page import headline_of_whole_page

MAX_TITLE_CHARS = 300
"""A longer first line is the story's, so the page has no title."""
MIN_SENTENCE_CHARS = 120
"""A first line as long as this that ends as a sentence does is the story's too."""
MAX_STORY_LINES_BETWEEN = 2
"""A standfirst or a caption may stand between the title and the line with agency and date."""
MIN_STORY_CHARS, MAX_SHORT_LINES_BETWEEN = 80, 12
"""Shorter lines are captions, labels and buttons: as many may stand between."""
MAX_METADATA_LINES = 20
MIN_WRAPPED_CHARS = 60
"""Above the story, a line under a shorter one is no rest of a wrapped sentence."""
SAID_AGAIN_WITHIN = 200
"""Lines within which a headline stands once more that stands first with the site's name."""
_SITE = re.compile(r"\s+[|–—·»-]\s+(?P<site>[^|–—·»]{2,60})$")
_SITE_BEHIND_BAR = re.compile(r"\s+\|\s+(?P<site>\S+(?: \S+){0,3})$")
MIN_TITLE_WORDS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The title, what is known about the article, and the numbers of the lines that said so."""

    title: str
    """Empty where the text begins with the story."""
    section: str | None
    metadata: tuple[Metadata, ...]
    lines: frozenset[int]


def read_head(lines: list[Line], clock: PageClock) -> Head | None:
    """Read a page's first lines; None where it has no line with a word in it."""
    start = headline_of_whole_page(lines, clock)
    if start is not None:
        # what stands above a whole page's headline is the site's
        return _head(lines, start, clock, dropped=frozenset(range(start)))
    metadata: list[Metadata] = []
    sections: list[str] = []
    for number, line in enumerate(lines):
        text = line.text
        if not has_word(text) or is_furniture(text, clock) or is_navigation(text) or is_notice(text):
            continue
        if is_section(text) and number + 1 < len(lines):
            sections.append(text)
            continue
        known = _above_title(text, clock)
        if known is None:
            # several names of sections are the site's menu
            section = sections[0] if len(sections) == 1 else None
            above, dropped = tuple(metadata[:MAX_METADATA_LINES]), frozenset(range(number))
            if _is_story(text):
                return Head(title="", section=section, metadata=above, lines=dropped)
            return _head(lines, number, clock, dropped=dropped, section=section, above=above)
        metadata.append(known)
    return None


def _head(  # noqa: PLR0913 - the parts of one value
    lines: list[Line],
    number: int,
    clock: PageClock,
    *,
    dropped: frozenset[int],
    section: str | None = None,
    above: tuple[Metadata, ...] = (),
) -> Head:
    title, repeated = _title(lines, number)
    below, used = _below_title(lines, number, clock, repeated)
    # below first: a date above the title may be the masthead's, today's
    return Head(title=title, section=section, metadata=(*below, *above), lines=dropped | used)


def _is_story(text: str) -> bool:
    least = MIN_SENTENCE_CHARS // 3 if is_dense(text) else MIN_SENTENCE_CHARS
    return len(text) > MAX_TITLE_CHARS or (len(text) >= least and ends_sentence(text))


def _title(lines: list[Line], number: int) -> tuple[str, str]:
    """Return the title without the site's name, and the text by which its repetitions are known.

    The name is the site's where the headline stands once more without it, or a bar parts the two.
    """
    text = lines[number].text
    site = _SITE.search(text)
    if site:
        bare = text[: site.start()]
        for line in lines[number + 1 : number + SAID_AGAIN_WITHIN]:
            if line.text == bare:
                return bare, bare
    behind_bar = _SITE_BEHIND_BAR.search(text)
    if behind_bar and len(text[: behind_bar.start()].split()) >= MIN_TITLE_WORDS:
        return text[: behind_bar.start()], text[: behind_bar.start()]
    return text, text


def _above_title(text: str, clock: PageClock) -> Metadata | None:
    """Read metadata above the title, where a byline alone may as well be a title such as `By George Orwell`."""
    known = read_metadata(text, clock)
    return known if known and (known.dated or (known.agencies and not known.authors)) else None


def _below_title(lines: list[Line], title: int, clock: PageClock, repeated: str) -> tuple[list[Metadata], set[int]]:
    """Read the metadata under the title; give it with the numbers of its lines, of the title and its repetitions."""
    whole: list[Metadata] = []
    in_part: list[Metadata] = []
    used = {title}
    story_lines = short_lines = 0
    in_sentences = False
    for at in range(title + 1, len(lines)):
        text = lines[at].text
        if text.casefold() == repeated.casefold():
            used.add(at)
            continue
        known = (
            _metadata_at(lines, at, clock, used, in_head=not story_lines) if len(whole) < MAX_METADATA_LINES else None
        )
        if known:
            whole.append(known)
            used.add(at)
            continue
        if is_furniture(text, clock) or is_notice(text):
            continue
        if not in_sentences and begins(lines, at, used) and (dated := read_dated(text, clock)):
            in_part.append(dated)
        in_sentences = in_sentences or ends_sentence(text)
        is_short = len(text) < MIN_STORY_CHARS and not ends_sentence(text)
        short_lines, story_lines = short_lines + is_short, story_lines + (not is_short)
        if story_lines > MAX_STORY_LINES_BETWEEN or short_lines > MAX_SHORT_LINES_BETWEEN:
            break
    return [*whole, *in_part[:MAX_METADATA_LINES]], used


def _metadata_at(lines: list[Line], at: int, clock: PageClock, used: set[int], *, in_head: bool) -> Metadata | None:
    """Read a line as metadata; a label may stand on a line of its own, and the name or the date on the next."""
    text = lines[at].text
    if not (begins(lines, at, used) or (in_head and len(lines[at - 1].text) < MIN_WRAPPED_CHARS)):
        return None
    if text.strip(" :").lower() in BARE_LABELS and at + 1 < len(lines) and _is_credit(lines[at + 1].text):
        return Metadata()
    return _name_below(lines, at, used) or read_metadata(text, clock)


def _name_below(lines: list[Line], at: int, used: set[int]) -> Metadata | None:
    """Read the name under a label such as `By`."""
    text = lines[at].text
    if at - 1 not in used or lines[at - 1].text.strip(" :").lower() not in BARE_LABELS or not _is_credit(text):
        return None
    return Metadata(authors=() if is_nobody(text) else (text,))


def _is_credit(text: str) -> bool:
    return is_name(text, labelled=True) or is_nobody(text)

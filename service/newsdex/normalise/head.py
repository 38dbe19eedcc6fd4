"""Finds the title and the lines around it that speak about the article."""

from dataclasses import dataclass

from newsdex.normalise.dates import PageClock
from newsdex.normalise.furniture import is_furniture, is_navigation, is_section
from newsdex.normalise.lines import Line, begins, has_word
from newsdex.normalise.metadata import Metadata, read_metadata

MAX_TITLE_CHARS = 300
"""A longer first line is the story's, so the page has no title."""
MAX_STORY_LINES_BETWEEN = 2
"""A standfirst or a caption may stand between the title and the line with agency and date."""
MAX_METADATA_LINES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The title, what is known about the article, and the numbers of the lines that said so."""

    title: str
    section: str | None
    metadata: tuple[Metadata, ...]
    lines: frozenset[int]


def read_head(lines: list[Line], clock: PageClock) -> Head | None:
    """Read a page's first lines; None where it has no title."""
    metadata: list[Metadata] = []
    sections: list[str] = []
    for number, line in enumerate(lines):
        text = line.text
        if not has_word(text) or is_furniture(text, clock) or is_navigation(text):
            continue
        if is_section(text) and number + 1 < len(lines):
            sections.append(text)
            continue
        known = _above_title(text, clock)
        if known is None:
            if len(text) > MAX_TITLE_CHARS:
                return None
            below, used = _below_title(lines, number, clock)
            return Head(
                title=text,
                # several names of sections are the site's menu
                section=sections[0] if len(sections) == 1 else None,
                # below first: a date above the title may be the masthead's, today's
                metadata=(*below, *metadata[:MAX_METADATA_LINES]),
                lines=frozenset((*range(number), *used)),
            )
        metadata.append(known)
    return None


def _above_title(text: str, clock: PageClock) -> Metadata | None:
    """Read metadata above the title, where a byline alone may as well be a title such as `By George Orwell`."""
    known = read_metadata(text, clock)
    return known if known and (known.dated or not known.authors) else None


def _below_title(lines: list[Line], title: int, clock: PageClock) -> tuple[list[Metadata], set[int]]:
    """Read the metadata under the title; give it with the numbers of its lines, of the title and its repetitions."""
    metadata: list[Metadata] = []
    used = {title}
    story_lines = 0
    for at in range(title + 1, len(lines)):
        text = lines[at].text
        if text == lines[title].text:
            used.add(at)
            continue
        alone = begins(lines, at, used)
        known = read_metadata(text, clock) if alone and len(metadata) < MAX_METADATA_LINES else None
        if known:
            metadata.append(known)
            used.add(at)
        elif not is_furniture(text, clock):
            story_lines += 1
            if story_lines > MAX_STORY_LINES_BETWEEN:
                break
    return metadata, used

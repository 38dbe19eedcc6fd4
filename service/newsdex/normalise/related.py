"""Takes pointers to other articles out of the story."""

import re

from newsdex.normalise.lines import CLOSERS, Line, begins, ends_sentence, has_word

MAX_HEADLINE_CHARS = 300
MIN_LISTED_WORDS = 4
MIN_LISTED_CHARS = 8
MAX_BARE_HEADLINE_CHARS = 200
MIN_BARE_HEADLINE_WORDS = 7
MIN_SHARED_WORDS = 3
MIN_SHARED_BESIDE_TOPIC = 2
MAX_OTHER_HEADINGS = 2
MIN_SHARED_WORD_CHARS = 4
MIN_SENTENCE_CHARS = 40

_MARKER = (
    r"(?:also read|read also|must read|read more(?: on this)?|read|related|more on this|see also|don[’']t miss"
    r"|lesen sie auch|mehr zum thema|lire aussi|à lire aussi|lea también|lee también|leia também|leia mais|leggi anche"
    r"|читайте также|اقرأ أيضا|اقرأ أيضًا|相关阅读|相關閱讀|延伸阅读|यह भी पढ़ें)"
)
_LIST_HEAD = re.compile(
    r"(?:(?:related|more|recommended|similar|latest|top|other) (?:stories|articles|news|posts|reading|topics|coverage)"
    r"|related|see also|also read|read also|read more|you may also like|you might also like|more on this(?: story)?"
    r"|more from [^.:]{1,40}|in case you missed it|相关阅读|相关新闻|читайте также"
    r"|lesen sie auch|mehr zum thema)\s?[:：]?",
    re.IGNORECASE,
)
_MARKED = re.compile(
    rf"(?:{_MARKER}\s?[:：|›»]|(?-i:READ MORE|ALSO READ|READ ALSO|SEE ALSO)(?=\s))\s?(?P<title>\S.*)", re.IGNORECASE
)
_BULLETS = "•·▪◦‣*►▶→»›–—-"
_BULLET = re.compile(rf"[{_BULLETS}]\s+")
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’-])*")
_OPENERS = "“‘\"'«‹„「『("
_NUMBERED = re.compile(r"(?:\w+ )?\d{1,2}[.:)]")
"""`Step 3:` or `2.` begins an item of the article's own."""
_NO_HEADLINE = re.compile(r"@|https?:|www\.|\b(?:photo|image|picture|credit|file photo|getty|caption)\b", re.IGNORECASE)
"""A picture's caption, a post's line or an address."""
_FUNCTION_WORD_LIST = """
about after again against also amid because been before being between could does down during from have here into just
last like make more most much next only over said says some such than that their them then there these they this those
through under until upon very want were what when where which while will with would year years your
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())


def marked_titles(lines: list[Line]) -> dict[int, str | None]:
    """Find the titles behind a marker such as `Read more:`, by line number; a marker alone on its line has no title."""
    found: dict[int, str | None] = {}
    for at, line in enumerate(lines):
        if at in found or len(line.text) > MAX_HEADLINE_CHARS or not begins(lines, at, found):
            continue
        if _LIST_HEAD.fullmatch(line.text):
            items = _listed(lines, at + 1)
            if items:
                found |= {at: None, **items}
        elif (match := _MARKED.fullmatch(line.text)) and _is_headline(match["title"]):
            found[at] = match["title"]
    return found


def _listed(lines: list[Line], start: int) -> dict[int, str]:
    """Return the headlines of a list: the rest of the marker's block or, where it has none, the lines after it."""
    items: dict[int, str] = {}
    same_block = start < len(lines) and not lines[start].starts_block
    for at in range(start, len(lines)):
        text = lines[at].text
        if (same_block and lines[at].starts_block) or not _is_listed(text):
            break
        items[at] = _BULLET.sub("", text, count=1)
    return items


def _is_listed(text: str) -> bool:
    # a shorter line without a bullet is rather the heading with which the story goes on
    long_enough = len(text.split()) >= MIN_LISTED_WORDS or (_is_caseless(text) and len(text) >= MIN_LISTED_CHARS)
    return _is_headline(text) and (long_enough or _BULLET.match(text) is not None)


def _is_headline(text: str) -> bool:
    return (
        len(text) <= MAX_HEADLINE_CHARS
        and has_word(text)
        and not text.rstrip(CLOSERS).endswith((".", "。", "।", "۔", ":", "：", ";", ","))
    )


def _is_caseless(text: str) -> bool:
    return text.lower() == text.upper()


def bare_headlines(body: list[str], title: str) -> set[int]:
    """Find the paragraphs that are headlines of other articles, standing in the story without any marker.

    Such a line looks like a section's heading, which must not leave the story. It is taken for a headline where it is
    as long as one and speaks of the title's subject: with a topic and a colon two shared words are enough, else it
    takes three. A story that is parted by several other headings keeps all of them; and a headline on another subject
    stays in the body.
    """
    subject = _subject_words(title)
    between = [
        at
        for at in range(1, len(body) - 1)
        if _looks_like_heading(body[at]) and _is_sentences(body[at - 1]) and _is_sentences(body[at + 1])
    ]
    found = {at for at in between if _is_bare_headline(body[at], subject)}
    return found if len(between) - len(found) <= MAX_OTHER_HEADINGS else set()


def _looks_like_heading(text: str) -> bool:
    return len(text) <= MAX_BARE_HEADLINE_CHARS and "\n" not in text and not ends_sentence(text)


def _is_bare_headline(text: str, subject: set[str]) -> bool:
    first = text.lstrip(_OPENERS)[:1]
    quoted = text[0] in _OPENERS and text[-1] in CLOSERS
    if not (first.isupper() or first.isdecimal()) or quoted or text[-1] in ":;,":
        return False
    if len(text.split()) < MIN_BARE_HEADLINE_WORDS or _NUMBERED.match(text) or _NO_HEADLINE.search(text):
        return False
    return len(subject & _subject_words(text)) >= (MIN_SHARED_BESIDE_TOPIC if ": " in text else MIN_SHARED_WORDS)


def _subject_words(text: str) -> set[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return {word for word in words if len(word) >= MIN_SHARED_WORD_CHARS and word not in _FUNCTION_WORDS}


def _is_sentences(text: str) -> bool:
    return len(text) >= MIN_SENTENCE_CHARS and ends_sentence(text) and text[0] not in _BULLETS

"""Takes the place a report was filed from off the story's first words.

A capital word and a colon may as well be a label (`UPDATE:`), an organisation (`WHO:`) or a speaker, so a place without
an agency or a date beside it has to pass further checks; what fails them stays in the body.
"""

import re
from dataclasses import dataclass

from newsdex.normalise.agencies import read_agencies
from newsdex.normalise.calendar_names import MONTH_PATTERN

MAX_DATELINE_CHARS = 120
MIN_STORY_CHARS = 20
MAX_PLACE_WORDS = 4
MAX_SMALL_WORD_LETTERS = 3
MIN_PLACE_LETTERS = 5
"""A shorter word in capitals is an abbreviation as often as a place."""

_WORD = r"[^\W\d_](?:[^\W\d_]|[.'’-])*+"
_PLACE = rf"{_WORD}(?:[ /]{_WORD}){{0,4}}(?:, {_WORD}(?: {_WORD}){{0,3}})?(?: \[{_WORD}(?: {_WORD}){{0,2}}\])?"
_DAY = rf"(?:{MONTH_PATTERN}\.? \d{{1,2}}|\d{{1,2}} {MONTH_PATTERN}\.?)(?:,? \d{{4}})?"
_MARK = r"(?::(?= )| ?—| ?(?:--|–|-)(?= ))"
_DATELINE = re.compile(
    rf"(?P<place>{_PLACE})?(?:,? (?P<day>{_DAY}))?\.?"
    rf"(?: ?[(/](?P<agency>[^()/]{{2,40}}(?:/[^()/]{{2,40}})?)[)/]\.?(?P<mark>{_MARK})?|{_MARK}) ?",
    re.IGNORECASE,
)
_STARTS_WITH_DAY = re.compile(rf"{_DAY}\b", re.IGNORECASE)
_SHORT_PLACE_LIST = """
ADEN AGRA APIA BAKU BARI BERN BONN BRNO CALI DILI DOHA FEZ GAZA GIZA GOA GRAZ HAMA HOMS HUE JOS KANO KIEL KIEV KOBE
KYIV LIMA LINZ LODZ LOME LVIV LYON MALE METZ NICE NUUK OMSK ORAN OSLO PUNE QOM RIGA ROME SWAT TAIZ TULA UFA
"""
_SHORT_PLACES = frozenset(_SHORT_PLACE_LIST.split())
_NO_PLACE_LIST = """
A ABOUT ADVICE ALERT ALSO AN ANALYSIS AND ANNOUNCEMENT ANSWER ANSWERS ASEAN AT AUDIO BACKGROUND BACKGROUNDER BREAKING
BRICS BRIEF BRIEFING BULLETIN CAPTION CHAPTER CHART CLARIFICATION COLUMN COMMENT COMMENTARY CONCLUSION CONTEXT
CORRECTED CORRECTION COVERAGE COVID DATA DEVELOPING DISCLAIMER DISCLOSURE EDITOR EDITORIAL EDITORS EPISODE EUROPOL
EXCLUSIVE EXPERT EXPLAINED EXPLAINER FACT FACTBOX FACTS FEATURE FINAL FIRST FOLLOW FOR FREE FROM FRONTEX GALLERY
GRAPHIC GUIDE HEALTH HERE HIGHLIGHTS HOST HOW IF IN INFOGRAPHIC INSIGHT INTERPOL INTERVIEW INTERVIEWER INTRODUCTION IT
KEY LATEST LETTER LETTERS LISTEN LIVE MARKETS MERCOSUR MODERATOR MORE MUST NAFTA NASCAR NASDAQ NEWS NOTE NOTES NOW
OBITUARY OF ON OPINION OR OVERVIEW PART PHOTO PHOTOS PICTURES PLUS PODCAST POLL POST PRESS PREVIEW PROFILE PUBLISHED
QUESTION QUIZ RANKED READ RECAP RELATED RELEASE REPORT REPORTER RESULT RESULTS REVEALED REVIEW SAARC SCORE SCORES
SOURCE SPECIAL SPOILER SPONSORED SPORT STORY SUMMARY TAKE THE THIS TIMELINE TIP TIPS TO TOP TRANSCRIPT TRIGGER UNESCO
UNHCR UNICEF UNRWA UPDATE UPDATED UPDATES URGENT USAID VERDICT VIDEO VIDEOS VIEW VIEWS VOICE WARNING WATCH WEATHER
WHAT WHEN WHERE WHO WHY WITH WORLD YOU YOUR
"""
_NO_PLACES = frozenset(_NO_PLACE_LIST.split())
_LABEL = re.compile(r"[A-Z][A-Z .’'-]{0,40}:\s")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dateline:
    """The words before the story; `story` is what remains."""

    place: str | None
    agencies: tuple[str, ...]
    story: str


def read_dateline(paragraph: str) -> Dateline | None:
    """Read `NEW YORK: `, `LONDON, March 3 (Reuters) - `, `KYIV, Ukraine (AP) — ` or `(Reuters) - `."""
    match = _DATELINE.match(paragraph[:MAX_DATELINE_CHARS])
    if match is None or len(paragraph) - match.end() < MIN_STORY_CHARS:
        return None
    place, day, mark = match["place"], match["day"], match["mark"]
    agencies = read_agencies(match["agency"]) if match["agency"] else ()
    if agencies is None:
        return None
    story = paragraph[match.end() :]
    if agencies:
        plausible = (mark is not None or not story[0].islower()) and (
            _is_place_beside_agency(place) if place else not day
        )
    else:
        plausible = bool(place) and _is_place(place, beside_day=bool(day)) and _is_story(story)
    if not plausible:
        return None
    return Dateline(place=place, agencies=agencies, story=story)


def is_labelled(paragraph: str) -> bool:
    """Tell whether the paragraph begins with capitals and a colon, as an interview's speakers do."""
    return _LABEL.match(paragraph) is not None


def _is_place_beside_agency(place: str) -> bool:
    # a small word may be small: `Rio de Janeiro`
    return all(word[0].isupper() or len(word) <= MAX_SMALL_WORD_LETTERS for word in _words(place))


def _is_place(place: str, *, beside_day: bool) -> bool:
    words = _words(place)
    if len(words) > MAX_PLACE_WORDS or any(not word.isupper() or word.strip(".") in _NO_PLACES for word in words):
        return False
    letters = sum(character.isalpha() for word in words for character in word)
    return beside_day or letters >= MIN_PLACE_LETTERS or words[0] in _SHORT_PLACES


def _words(place: str) -> list[str]:
    """Return the words of the town, or the towns, without country or state."""
    return re.split(r"[ /]", re.split(r",| \[", place, maxsplit=1)[0])


def _is_story(text: str) -> bool:
    """Tell a sentence: a table goes on with a date, and beside more capitals, capitals are no sign of a place."""
    return not (text[0].islower() or _STARTS_WITH_DAY.match(text) or text[:20] == text[:20].upper())

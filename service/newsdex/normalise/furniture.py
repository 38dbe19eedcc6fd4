"""Recognises the lines that belong to the page and not to the article: tickers, buttons and advertisements.

A line is furniture only where every word of it is. Anything less certain stays in the article.
"""

import re

from newsdex.normalise.dates import PageClock, find_dates
from newsdex.normalise.lines import Line, begins

MAX_FURNITURE_CHARS = 300
MAX_TICKER_CHARS = 5_000

_ACTIONS_LIST = "bookmark comment comments print save share shares tweet"
_ACTIONS = frozenset(_ACTIONS_LIST.split())
_NETWORKS_LIST = """
copy email e-mail facebook flipboard instagram linkedin mail messenger pinterest pocket reddit telegram threads
twitter viber whatsapp wechat weibo youtube
"""
_NETWORKS = frozenset(_NETWORKS_LIST.split())
MIN_NETWORKS = 3
"""Fewer names of networks may be a heading of an article about them."""
_BESIDE_BUTTONS_LIST = "a article by click here link on or story the this to via x with"
_BESIDE_BUTTONS = frozenset(_BESIDE_BUTTONS_LIST.split())
_NOTICES_LIST = """
advertisement, advertisement - scroll to continue, anzeige, article continues below
article continues below advertisement, back to top, continue reading, follow us, loading, loading..., publicidad
publicité, read full story, read more, scroll to continue, show more, skip advertisement, sponsored
story continues below advertisement, subscribe, subscribe now, listen to article, listen to this article, text size
реклама, إعلان, 广告
"""
_NOTICES = frozenset(re.split(r",\s|\n", _NOTICES_LIST.strip()))
_NAVIGATION_LIST = """
about us, advertise, breaking, breaking news, contact us, e-paper, epaper, exclusive, home, latest, latest news, live
log in, login, main menu, menu, my account, newsletter, newsletters, register, search, sections, sign in, sign up
skip to content, skip to main content, trending, just in, top stories
"""
_NAVIGATION = frozenset(re.split(r",\s|\n", _NAVIGATION_LIST.strip()))
_SECTIONS_LIST = """
africa, americas, arts, asia, australia, business, business & finance, climate, culture, economy, education
entertainment, environment, europe, finance, health, international, life & style, lifestyle, local, markets
middle east, national, news, opinion, pakistan, politics, science, society, sport, sports, tech, technology, travel
uk, us, uk news, us news, world, world news
"""
_SECTIONS = frozenset(re.split(r",\s|\n", _SECTIONS_LIST.strip()))
MAX_NOTICE_CHARS = 600
_NOTICE = re.compile(
    r"""\b(?:we|(?:this|our)\ (?:web)?site|our\ partners)\ uses?\ cookies\b
      | \bcookie\ (?:policy|settings|preferences|consent)\b | \baccept\ (?:all\ )?cookies\b | \bcookie-einstellungen\b
      | \benable\ javascript\b | \bjavascript\ is\ (?:disabled|not\ enabled)\b
      | \b(?:wir|diese\ (?:web)?(?:seite|site))\ (?:verwende[tn]|nutz(?:t|en))\ cookies\b
      | \b(?:nous|ce\ site)\ utilis(?:ons|e)\ des\ cookies\b | \b(?:utilizamos|usamos|este\ sitio\ utiliza)\ cookies\b
      | \b(?:utilizziamo|questo\ sito\ utilizza)\ (?:i\ )?cookie\b | \bgebruik(?:en|t)\ cookies\b
      | \bużywa(?:my)?\ (?:plików\ )?cookies\b | \bçerez(?:ler)?\ kullan | \bиспользу(?:ем|ет)\ (?:файлы\ )?cookie
      | \ball\ rights\ reserved\b | \balle\ rechte\ vorbehalten\b | \btous\ droits\ réservés\b
      | \btodos\ (?:los\ derechos|os\ direitos)\ reservados\b | \btutti\ i\ diritti\ riservati\b
      | \balle\ rechten\ voorbehouden\b | \btüm\ hakları\ saklıdır\b | \bвсе\ права\ защищены\b
      | جميع\ الحقوق\ محفوظة | 版权所有 | 無断転載 | 무단\ ?전재""",
    re.IGNORECASE | re.VERBOSE,
)
_IN_NOTICES_LIST = """
cookie javascript rights rechte droits derechos direitos diritti çerez hakları права الحقوق 版权 転載 전재
"""
_IN_NOTICES = _IN_NOTICES_LIST.split()
"""One of these stands in every notice; most lines are done with here."""
_CRUMB = re.compile(r"\s*[>»›]\s*")
_EDGES = " …:|-–—*[]()"

# One quote of a market: a symbol, a price and a change. The groups are atomic, so a long line is read once.
_TICKER = re.compile(
    r"""(?:date\ \d{4}-\d\d-\d\d\ ?)?+
    (?>[A-Z][\w.&/^-]*+(?:\ [A-Z][\w.&/^-]*+|\ \d{2,3}(?=\ \d)){0,3}\ [\d,]++(?:\.\d++)?
       (?:\ (?:Increased\ By|Decreased\ By|No\ Change|Unchanged)(?:\ ?[▲▼▴▾△▽↑↓])?+|\ ?[▲▼▴▾△▽↑↓])
       \ ?[+−-]?[\d,]++(?:\.\d++)?+\ ?\(?[+−-]?[\d.]++\ ?%\)?
       [\ |,;]*+)++""",
    re.VERBOSE,
)


def is_furniture(line: str, clock: PageClock) -> bool:
    """Tell whether the line is furniture wherever on the page it stands."""
    if len(line) <= MAX_TICKER_CHARS and _TICKER.fullmatch(line):
        return True
    return len(line) <= MAX_FURNITURE_CHARS and (line.strip(_EDGES).lower() in _NOTICES or _is_buttons(line, clock))


def furniture_lines(lines: list[Line], clock: PageClock) -> set[int]:
    """Return the numbers of the lines that are furniture; a wrapped sentence's last word may look like a button."""
    found: set[int] = set()
    for at, line in enumerate(lines):
        if is_furniture(line.text, clock) and begins(lines, at, found):
            found.add(at)
    return found


def _is_buttons(line: str, clock: PageClock) -> bool:
    """Read `Print Print 2024-06-30` or `Share on Facebook`: buttons, the words around them and a date."""
    words = _words(line)
    if not (_ACTIONS.intersection(words) or len(_NETWORKS.intersection(words)) >= MIN_NETWORKS):
        return False
    for date in reversed(find_dates(line, clock)):
        line = f"{line[: date.start]} {line[date.end :]}"
    return all(word in _ACTIONS | _NETWORKS | _BESIDE_BUTTONS or word.isdecimal() for word in _words(line))


def _words(line: str) -> list[str]:
    return [bare for word in line.lower().split() if (bare := word.strip(_EDGES + ",/•·"))]


def is_navigation(line: str) -> bool:
    """Tell a menu entry or a breadcrumb trail; only above the title, since below it the words may be the article's."""
    if len(line) > MAX_FURNITURE_CHARS:
        return False
    entry, *further = _CRUMB.split(line)
    entry = entry.strip(_EDGES).lower()
    return entry in _NAVIGATION or (bool(further) and entry in _SECTIONS) or (not further and entry in _NETWORKS)


def is_notice(line: str) -> bool:
    """Tell a notice about cookies, consent, scripts or copyright, as sites put above and below their articles."""
    if len(line) > MAX_NOTICE_CHARS:
        return False
    lowered = line.lower()
    return any(part in lowered for part in _IN_NOTICES) and _NOTICE.search(line) is not None


def is_section(line: str) -> bool:
    """Tell the name of a newspaper's section, which above the title is a label and no headline."""
    return line.lower() in _SECTIONS

"""Knows the news agencies by the names that pages give them, so that one agency is one value in the index."""

import re

_ALIASES = {
    "AAP": ("Australian Associated Press",),
    "AFP": ("Agence France-Presse", "Agence France Presse", "أ ف ب", "أ.ف.ب", "法新社"),
    "AKI": (),
    "ANI": (),
    "ANP": (),
    "ANSA": (),
    "AP": ("Associated Press", "The Associated Press", "أ ب", "美联社"),
    "APP": ("Associated Press of Pakistan",),
    "Anadolu": ("Anadolu Agency", "Anadolu Ajansı"),
    "Antara": (),
    "BSS": (),
    "Belga": (),
    "Bernama": (),
    "Bloomberg": ("Bloomberg News",),
    "CTK": ("ČTK",),
    "Canadian Press": ("The Canadian Press",),
    "Dow Jones": ("Dow Jones Newswires",),
    "EFE": (),
    "IANS": (),
    "INA": (),
    "INP": (),
    "IRNA": ("ایرنا",),
    "Interfax": ("Интерфакс",),
    "Jiji": ("Jiji Press",),
    "KCNA": (),
    "KUNA": (),
    "Kyodo": ("Kyodo News",),
    "Lusa": (),
    "MTI": (),
    "NAN": (),
    "NNI": (),
    "NTB": (),
    "PA Media": ("Press Association",),
    "PAP": (),
    "PPI": (),
    "PTI": ("Press Trust of India",),
    "Pajhwok": (),
    "QNA": (),
    "RIA Novosti": ("РИА Новости",),
    "Reuters": ("Thomson Reuters", "رويترز", "رویترز", "路透社", "Рейтер"),
    "Ritzau": (),
    "SANA": (),
    "TASS": ("ТАСС", "ITAR-TASS"),
    "UNI": (),
    "UPI": ("United Press International",),
    "WAM": (),
    "Xinhua": ("Xinhua News Agency", "新华社", "新華社", "شينخوا"),
    "Yonhap": ("Yonhap News Agency", "연합뉴스"),
    "dpa": (),
}
"""Our name → other names. Ours is the one that stands in the article, whatever the page's spelling."""


def _spellings() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, others in _ALIASES.items():
        for spelling in (name, *others):
            found |= {spelling: name, spelling.upper(): name}
    return found


_SPELLINGS = _spellings()
"""Exact, in the usual or in capital letters: `Ap` or `pap` in a sentence is no agency."""
_BETWEEN = re.compile(r"\s*[,/&、]\s*|\s+and\s+")


def read_agencies(text: str) -> tuple[str, ...] | None:
    """Read a text that names agencies and nothing else, such as `REUTERS` or `AFP/AP`; None for any other."""
    found: list[str] = []
    for part in _BETWEEN.split(text.strip()):
        name = _SPELLINGS.get(part)
        if name is None:
            return None
        found.append(name)
    return tuple(found)

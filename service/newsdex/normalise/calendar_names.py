"""Names of months, weekdays and time zones in the languages whose dates are read."""

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_MONTHS = """
january jan janvier janv januar jänner enero ene janeiro gennaio gen января янв يناير جنوری ژانویه जनवरी
february feb février févr fevrier februar febrero fevereiro fev febbraio февраля фев فبراير فروری فوریه फरवरी
march mar mars märz maerz marzo março marco марта мар مارس مارچ मार्च
april apr avril avr abril abr aprile апреля апр أبريل ابريل اپریل آوریل अप्रैल
may mai mayo maio maggio mag мая مايو مئی مه मई
june jun juin juni junio junho giugno giu июня июн يونيو جون ژوئن जून
july jul juillet juil juli julio julho luglio lug июля июл يوليو جولائی ژوئیه जुलाई
august aug août aout agosto ago августа авг أغسطس اگست اوت अगस्त
september sep sept septembre septiembre setembro settembre set сентября сен сент سبتمبر ستمبر سپتامبر सितंबर सितम्बर
october oct octobre oktober okt octubre outubro out ottobre ott октября окт أكتوبر اكتوبر اکتوبر اکتبر अक्टूबर
november nov novembre noviembre novembro ноября ноя нояб نوفمبر نومبر نوامبر नवंबर नवम्बर
december dec décembre déc decembre dezember dez diciembre dic dezembro dicembre декабря дек ديسمبر دسمبر دسامبر दिसंबर
"""
"""One month a line; no name means two months in any two of these languages."""

MONTHS = {name: number for number, line in enumerate(_MONTHS.strip().splitlines(), start=1) for name in line.split()}

_WEEKDAYS = """
monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun
montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche
lunes martes miércoles jueves viernes sábado domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira
lunedì martedì mercoledì giovedì venerdì sabato domenica
понедельник вторник среда четверг пятница суббота воскресенье
الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد
"""


def _one_of(names: list[str]) -> str:
    return "(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + ")"


MONTH_PATTERN = _one_of(list(MONTHS))
WEEKDAY_PATTERN = _one_of(_WEEKDAYS.split())


def _hours(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


ZONES: dict[str, tzinfo] = {
    "Z": _hours(0), "UTC": _hours(0), "GMT": _hours(0), "WET": _hours(0),
    "CET": _hours(1), "WAT": _hours(1), "WEST": _hours(1), "CEST": _hours(2), "EET": _hours(2), "SAST": _hours(2),
    "EEST": _hours(3), "MSK": _hours(3), "EAT": _hours(3), "PKT": _hours(5), "NPT": _hours(5.75),
    "WIB": _hours(7), "HKT": _hours(8), "SGT": _hours(8), "AWST": _hours(8),
    "JST": _hours(9), "KST": _hours(9), "ACST": _hours(9.5), "AEST": _hours(10), "AEDT": _hours(11),
    "NZST": _hours(12), "NZDT": _hours(13), "EST": _hours(-5), "EDT": _hours(-4), "MDT": _hours(-6), "PDT": _hours(-7),
}  # fmt: skip
"""Abbreviations with one meaning in the news."""

REGIONS = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}
"""Abbreviations without a season, as the American press writes them."""

AMBIGUOUS_ZONES = ("ADT", "AMT", "AST", "BST", "CDT", "CST", "GST", "IST", "MST", "PST", "SST", "WST")
"""Abbreviations that more than one country uses: read only where the publisher's own zone calls itself so."""

ZONE_PATTERN = _one_of([*ZONES, *REGIONS, *AMBIGUOUS_ZONES])


def named_zone(name: str) -> tzinfo | None:
    """Return the zone that an abbreviation means everywhere; None where it depends on the country."""
    return ZoneInfo(REGIONS[name]) if name in REGIONS else ZONES.get(name)

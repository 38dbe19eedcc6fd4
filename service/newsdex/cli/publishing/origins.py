"""Tells for people where the values of a scraped page were read."""

from collections.abc import Iterator, Mapping

from newsdex_schemas.article import Origin, ValueOrigin

PARTS: Mapping[Origin, str] = {
    "hint": "stated by the scraper",
    "json_ld": "from the page's JSON-LD",
    "microdata": "from the page's microdata",
    "meta": "from the page's meta elements",
    "address": "from the page's address",
    "page": "from what the page shows",
    "guess": "a guess, stated nowhere",
}


def origin_lines(origins: Mapping[str, ValueOrigin]) -> Iterator[str]:
    """Return a line for each value, such as `published_at: from the page's JSON-LD, to the day, …`."""
    for name, value in origins.items():
        told = [PARTS[value.origin]]
        if value.precision:
            told.append(f"to the {value.precision}")
        if value.zone:
            told.append(f"time zone {value.zone}")
        yield f"{name}: {', '.join(told)}"

"""What a scraper knows of a page by itself, and how a value's origin is written down."""

from newsdex.normalise.dates import PageClock
from newsdex.pages.fields import StatedDate, StatedFields
from newsdex.pages.stated_dates import read_date
from newsdex_schemas import ScrapedPage
from newsdex_schemas.article import Origin, ValueOrigin


def hints_of(page: ScrapedPage, clock: PageClock) -> StatedFields:
    """Return what the scraper knows by itself."""
    return StatedFields(
        title=page.title,
        section=page.section,
        authors=page.authors,
        language=page.language,
        published_at=read_date(page.published_at, clock),
    )


def value_origin(origin: Origin, value: object) -> ValueOrigin:
    """Return where a value came from and, of a date, how exactly it was stated."""
    if isinstance(value, StatedDate):
        return ValueOrigin(origin=origin, precision=value.precision, zone=value.zone)
    return ValueOrigin(origin=origin)

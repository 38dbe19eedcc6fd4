"""Makes an article of a scraped page: pure, so that the same page gives the same article on every run."""

from newsdex.normalise.page import NORMALISER_VERSION, NoTitle, UnknownTimezone, normalise_page, page_id

__all__ = ["NORMALISER_VERSION", "NoTitle", "UnknownTimezone", "normalise_page", "page_id"]

"""The address of a search: one for each state of the page, with the contract's names and in one order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self, get_args
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from newsdex.gateway.api.parameters import read_pairs
from newsdex.gateway.pages.moments import bare_day, day_after, start_of, zone_of
from newsdex_schemas import SearchRequest
from newsdex_schemas.query_string import write_parameters
from newsdex_schemas.search import FacetName

FACETS: tuple[FacetName, ...] = get_args(FacetName)
PAGE_SIZE = 10
FACET_SIZE = 12
USUAL_TIMEOUT_MS: int = SearchRequest.model_fields["timeout_ms"].default
_SHORT_NUMBER = re.compile("[0-9]{1,5}")
"""As `int` reads it: other scripts have digits that it refuses, and there are numbers too long for it."""
LAST_DAY = "published_until"
"""A form's last day, itself included; an address has the moment before which an article was published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchAddress:
    """What an address asks for. Values are texts as they stand there: the contract says whether they are allowed."""

    q: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By field, those of its values that a hit may have."""
    published_from: str = ""
    published_to: str = ""
    sort: str = ""
    """Empty: by relevance where there is a query, else the newest first."""
    words: str = ""
    versions_of: str = ""
    """An article's id, where only it and its versions are looked for."""
    timezone: str = "UTC"
    timeout_ms: str = ""
    page: int = 1

    @classmethod
    def read(cls, parameters: QueryParams) -> Self:
        """Return what some parameters ask for; unknown ones are ignored."""
        named = {name: parameters.get(name, "").strip() for name in ("q", "published_from", "published_to", "sort")}
        until = bare_day(parameters.get(LAST_DAY, ""))
        if until is not None:
            named["published_to"] = day_after(until).isoformat()
        values = {name: _each_once(parameters.getlist(name)) for name in FACETS}
        page = parameters.get("page", "")
        return cls(
            **named,
            values={name: several for name, several in values.items() if several},
            versions_of=parameters.get("versions_of", ""),
            words=parameters.get("words", "") if parameters.get("words") != "all" else "",
            timezone=parameters.get("timezone") or "UTC",
            timeout_ms=parameters.get("timeout_ms", ""),
            page=max(1, int(page)) if _SHORT_NUMBER.fullmatch(page) else 1,
        )

    @property
    def query(self) -> str:
        """Return the parameters, defaults left out."""
        pairs = [("q", self.q), *self._conditions(), ("sort", self._sort_written), ("words", self.words)]
        pairs += [
            ("versions_of", self.versions_of),
            ("timezone", "" if self.timezone == "UTC" else self.timezone),
            ("timeout_ms", self.timeout_ms if self.takes_longer else ""),
            ("page", str(self.page) if self.page > 1 else ""),
        ]
        return _encoded([(name, value) for name, value in pairs if value])

    @property
    def href(self) -> str:
        """Return the address."""
        return f"/?{self.query}" if self.query else "/"

    @property
    def order(self) -> str:
        """Return how hits are sorted."""
        return self.sort or self.usual_order

    @property
    def usual_order(self) -> str:
        """Return how hits are sorted where the address does not say."""
        return "relevance" if self.q else "newest"

    @property
    def takes_longer(self) -> bool:
        """Return whether there is more time than usual, which links keep; what is typed has less."""
        return _SHORT_NUMBER.fullmatch(self.timeout_ms) is not None and int(self.timeout_ms) > USUAL_TIMEOUT_MS

    @property
    def filters(self) -> list[tuple[str, str]]:
        """Return each value that is filtered by, with its field."""
        return [(name, value) for name in FACETS for value in self.values.get(name, ())]

    @property
    def has_dates(self) -> bool:
        """Return whether the date of publication is filtered by."""
        return bool(self.published_from or self.published_to)

    @property
    def first_day(self) -> str:
        """Return the first day of the dates, as a date field has it."""
        return self._local_day(self.published_from, timedelta())

    @property
    def last_day(self) -> str:
        """Return the last day of the dates, itself included."""
        return self._local_day(self.published_to, timedelta(microseconds=1))

    def changed(self, **changes: object) -> "SearchAddress":
        """Return the address of the first page of another search."""
        return replace(self, **{"page": 1, "timeout_ms": "", **changes})  # type: ignore[arg-type]  # names of fields

    def without(self, name: str, value: str) -> "SearchAddress":
        """Return the same search without a value that it filters by."""
        left = tuple(one for one in self.values.get(name, ()) if one != value)
        return self.changed(values={**self.values, name: left})

    def without_dates(self) -> "SearchAddress":
        """Return the same search among all dates."""
        return self.changed(published_from="", published_to="")

    def without_filters(self) -> "SearchAddress":
        """Return the same search among all articles."""
        return self.changed(values={}, published_from="", published_to="", versions_of="")

    def article(self, id_: str) -> str:
        """Return the address of an article, which keeps this search as the way back."""
        path = f"/articles/{quote(id_, safe='')}"
        return f"{path}?{self.query}" if self.query else path

    def request(self, **more: str | int) -> SearchRequest:
        """Return the request; raise `Invalid` with the parameter that is wrong."""
        zone = zone_of(self.timezone)
        dated = [
            (name, start_of(value, zone) if name.startswith("published") else value)
            for name, value in self._conditions()
        ]
        pairs = [("q", self.q), *dated, ("sort", self.order), ("words", self.words), ("timezone", self.timezone)]
        pairs += [("versions_of", self.versions_of), ("timeout_ms", self.timeout_ms)]
        pairs += [(name, str(value)) for name, value in more.items()]
        return read_pairs(SearchRequest, [(name, value) for name, value in pairs if value])

    def page_request(self) -> SearchRequest:
        """Return the request for a page's hits and everything that is counted beside them."""
        request = self.request(size=PAGE_SIZE, offset=(self.page - 1) * PAGE_SIZE, histogram="true")
        return request.model_copy(update={"facets": FACETS, "facet_size": FACET_SIZE, "marks": "offsets"})

    @property
    def json_href(self) -> str:
        """Return the address of the same search in the API."""
        twin = self if self.takes_longer else replace(self, timeout_ms="")
        request = twin.request(offset=(self.page - 1) * PAGE_SIZE)
        return f"/api/search?{_encoded(write_parameters(request))}"

    @property
    def _sort_written(self) -> str:
        return "" if self.sort == self.usual_order else self.sort

    def _conditions(self) -> list[tuple[str, str]]:
        return [*self.filters, ("published_from", self.published_from), ("published_to", self.published_to)]

    def _local_day(self, text: str, before: timedelta) -> str:
        zone = zone_of(self.timezone)
        try:
            moment = datetime.fromisoformat(start_of(text, zone))
            return (moment.astimezone(zone) - before).date().isoformat()
        except (ValueError, OverflowError):
            return ""


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))


def _encoded(pairs: Iterable[tuple[str, str]]) -> str:
    return urlencode(list(pairs), quote_via=quote, safe="")

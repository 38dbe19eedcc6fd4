"""Did-you-mean: another query, for one whose words nothing or little has together."""

from newsdex_schemas.model import ContractModel


class DidYouMean(ContractModel):
    """The query as it may have been meant; more articles have all of it, under the same filters."""

    text: str
    """Ready to be sent as `q`."""
    marked: str
    """The same for people: escaped for HTML, changed words between `<mark>` and `</mark>`."""
    total: int
    """How many articles have all of it."""

"""Knows by which addresses pages go: a takedown of one of them is one of each article that the page is made into."""

from collections.abc import Iterable, Mapping


class PageNames:
    """The articles whose page was met at an address, beside the one that has the address as its id."""

    def __init__(self, articles_at: Mapping[str, set[str]]) -> None:
        self._articles_at = {address: set(articles) for address, articles in articles_at.items()}

    def add(self, article_id: str, addresses: Iterable[str]) -> None:
        """Remember at which addresses the page of an article was met."""
        for address in addresses:
            self._articles_at.setdefault(address, set()).add(article_id)

    def others(self, name: str) -> list[str]:
        """Return the articles that a name stands for besides its own.

        An article's page may say that it is another one's, whose page says so again: a name stands for all of them, so
        that nothing depends on which of the pages is handled first.
        """
        found = {name}
        wanted = [name]
        while wanted:
            new = self._articles_at.get(wanted.pop(), set()) - found
            found |= new
            wanted += new
        return sorted(found - {name})

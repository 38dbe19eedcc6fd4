"""One article by its id: a request and its answer."""

from newsdex_schemas.article import Article
from newsdex_schemas.model import ContractModel, Identifier, RequestModel


class ArticleRequest(RequestModel):
    """Asks for the text of an article that may be shown now."""

    id: Identifier
    """The article's id, or an address at which its page was met."""


class ArticleReply(ContractModel):
    """The article as newsdex has it: of a scraped page, what was made of it."""

    article: Article
    """All of it, as the archive has it."""
    sequence: int
    """The number of its last change in the archive."""

"""What newsdex tells other services of articles: that they were changed, and never a text."""

from typing import Annotated, Literal

from pydantic import Field

from newsdex_schemas.article import Url
from newsdex_schemas.events import Event
from newsdex_schemas.model import ContractModel, Identifier, Version
from newsdex_schemas.values.timestamps import OptionalDate, OptionalMoment

WhatHappened = Literal["published", "updated", "withdrawn", "erased", "hidden", "embargo_ended", "expired"]


class ArticleChange(ContractModel):
    """What has become of an article.

    `published`, `updated` and `embargo_ended` say that it is shown, and the others that it is not. What changes several
    times at once is told once, as it is then: `updated` may be the first that is told of an article.
    """

    id: Identifier
    sequence: Annotated[int, Field(ge=1)]
    """The number of the article's last change: a higher one is later, and stands for all before it."""
    change: WhatHappened
    """`hidden` is a new embargo of what was there before; `embargo_ended` and `expired` come by the clock."""
    version: Version | None = None
    """This and what follows only of an article that is shown."""
    url: Url | None = None
    published_at: OptionalDate = None
    updated_at: OptionalMoment = None


class ArticleChanged(Event):
    """An article was changed, or began or ceased to be shown; for services that follow newsdex.

    Events come at least once: `id` is the same each time. An article that is under embargo when it comes is not told of
    before its hour.
    """

    type: Literal["article.changed.v1"] = "article.changed.v1"
    data: ArticleChange

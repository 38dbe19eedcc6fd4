"""Renders templates: what they are given is escaped, and what they are not given is an error."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from newsdex.gateway.pages.assets import Assets
from newsdex.gateway.responses import REVALIDATED, revalidated

HTML = "text/html"


class Pages:
    """The templates, compiled once, and the files that they name."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self.environment = Environment(
            loader=PackageLoader("newsdex.gateway"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.globals["asset"] = assets.address

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        cache: str = REVALIDATED,
        **values: Any,
    ) -> Response:
        """Answer with a page; every name that the template uses must be given."""
        body = self.environment.get_template(template).render(request=request, **values).encode()
        response = revalidated(request, body, HTML, cache=cache, status=status)
        response.headers.update(headers or {})
        return response

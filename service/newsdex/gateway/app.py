"""Puts the routes of the gateway together with what surrounds each of them."""

from itertools import chain

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from newsdex.gateway.access import Access, guarded
from newsdex.gateway.api import articles, events, openapi, outcomes, parked, search, similar, status, suggest
from newsdex.gateway.door import Door
from newsdex.gateway.pages import article_page, asset_files, docs, search_page, status_page
from newsdex.gateway.problems import ErrorResponses, answer_error
from newsdex.gateway.reception import REQUEST_ID, Reception
from newsdex.gateway.security_headers import SecurityHeaders
from newsdex.gateway.sessions import Sessions
from newsdex.tracing import Tracer

API = (search, suggest, similar, articles, events, outcomes, status, parked, openapi)
PAGES = (search_page, article_page, asset_files, docs, status_page)
"""Modules with `routes`."""
GZIP_FROM_BYTES = 1024
GZIP_LEVEL = 1
"""A reply of 2.5 kB takes 15 µs and gets 0.96 kB; level 6 takes 31 µs for 0.88."""


def make_app(door: Door, tracer: Tracer | None = None) -> Starlette:
    """Return the application; with a tracer, each request has a span."""
    app = Starlette(
        routes=[_guarded(route) for route in chain.from_iterable(module.routes for module in (*API, *PAGES))],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL),
            Middleware(Reception, settings=door.settings, tracer=tracer),
            *_cross_origin(door.settings.gateway_cors_origins),
            Middleware(ErrorResponses),
        ],
        # else Starlette answers these by itself, in plain text
        exception_handlers={HTTPException: answer_error},
    )
    app.router.redirect_slashes = False  # it would lead to whatever host a request names
    app.state.door, app.state.access, app.state.sessions = door, Access(door.settings), Sessions()
    return app


def _guarded(route: Route) -> Route:
    return Route(route.path, guarded(route.endpoint, route.path), methods=list(route.methods or ["GET"]))


def _cross_origin(origins: tuple[str, ...]) -> list[Middleware]:
    """Return what lets pages of other origins read replies: nothing, unless some are set."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "Prefer", REQUEST_ID],
            expose_headers=["ETag", "Retry-After", REQUEST_ID],
        )
    ]

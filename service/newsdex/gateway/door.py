"""What the routes of the gateway work with."""

from dataclasses import dataclass

from starlette.requests import Request

from newsdex.apps.client import Client
from newsdex.gateway.pages.rendering import Pages
from newsdex.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """Made once for a process."""

    settings: Settings
    client: Client
    """Asks the service over the broker."""
    pages: Pages


def door_of(request: Request) -> Door:
    """Return the door that a request came in by."""
    door = request.app.state.door
    assert isinstance(door, Door)
    return door

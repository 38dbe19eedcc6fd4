"""What the routes of the gateway work with."""

from dataclasses import dataclass

from starlette.requests import Request

from newsdex.apps.client import Client
from newsdex.gateway.pages.assets import Assets
from newsdex.gateway.pages.rendering import Pages
from newsdex.gateway.watching import Watching
from newsdex.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """Made once for a process."""

    settings: Settings
    client: Client
    """Asks the service over the broker."""
    pages: Pages
    watching: Watching


def make_door(settings: Settings, client: Client) -> Door:
    """Return the door of a gateway that asks by a client."""
    return Door(settings=settings, client=client, pages=Pages(Assets()), watching=Watching(client))


def door_of(request: Request) -> Door:
    """Return the door that a request came in by."""
    door = request.app.state.door
    assert isinstance(door, Door)
    return door

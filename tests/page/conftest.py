"""The gateway's application over a service of a few articles."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from tests.page.fake_service import FakeService

from newsdex.gateway.app import make_app
from newsdex.gateway.door import Door
from newsdex.gateway.pages.assets import Assets
from newsdex.gateway.pages.rendering import Pages
from newsdex.settings import Settings


@dataclass
class Reader:
    """Gets pages, and runs no script."""

    app: Starlette

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Get a page; redirects are not followed."""

        async def get() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.get(address, headers=headers)

        return asyncio.run(get())


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def door(service: FakeService, tmp_path: Path) -> Door:
    settings = Settings(data_dir=tmp_path)
    return Door(settings=settings, client=service, pages=Pages(Assets()))  # type: ignore[arg-type]  # its stand-in


@pytest.fixture
def page(door: Door) -> Reader:
    return Reader(make_app(door))

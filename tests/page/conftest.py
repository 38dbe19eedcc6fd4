"""The gateway's application over a service of a few articles."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.applications import Starlette
from tests.page.browser import CHROMIUM, served
from tests.page.fake_service import FakeService

from newsdex.gateway.app import make_app
from newsdex.gateway.door import Door, make_door
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
    return make_door(settings, service)  # type: ignore[arg-type]  # its stand-in


@pytest.fixture
def page(door: Door) -> Reader:
    return Reader(make_app(door))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def address(door: Door) -> Iterator[str]:
    with served(make_app(door)) as url:
        yield url


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def tab(context: BrowserContext, address: str) -> Iterator[Page]:
    """Return a tab; what it complains of, and what it asks of others, fails the test."""
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith(address) else complaints.append(asked.url))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    yield page

    assert not complaints

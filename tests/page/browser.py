"""A browser on this machine, and the gateway's application in a thread for it."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page
from starlette.types import ASGIApp
from tests.conftest import ROOT

from newsdex.gateway.server import make_server

CHROMIUM = next(filter(None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))), None)

AXE = ROOT / ".contract-tools" / "node_modules" / "axe-core" / "axe.min.js"


def axe_core() -> str:
    """Return the script of axe-core; empty where it is not there."""
    return AXE.read_text(encoding="utf-8") if AXE.exists() else ""


def check_barriers(tab: Page, axe: str, where: tuple[str, int]) -> None:
    """Have axe-core look at a page in both themes; without it, do nothing."""
    if axe:
        tab.evaluate(axe)
        for theme in ("light", "dark"):
            tab.emulate_media(color_scheme=theme)
            found = tab.evaluate("axe.run().then((done) => done.violations.map((one) => [one.id, one.nodes[0].html]))")

            assert [] == found, (theme, *where)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port; give its address."""
    server, listening = make_server(app), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()

"""The operators' page in a real browser: what its script draws, and that axe-core finds nothing."""

import gzip
import re

import pytest
from playwright.sync_api import Page, expect
from tests.page.browser import CHROMIUM, axe_core, check_barriers
from tests.page.fake_service import FakeService, parked

from newsdex.api_keys import add_key, keys_file
from newsdex.gateway.door import Door

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
MAX_SCRIPT_BYTES = 12_000


@pytest.fixture
def signed_in(tab: Page, door: Door, service: FakeService) -> Page:
    service.parked_events = [parked(7), parked(8, message="a" * 300)]
    key = add_key(keys_file(door.settings), "desk", ["operate"])
    tab.goto("/status")
    tab.fill("#key", key)
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("/status$"))
    return tab


def test_the_page_is_drawn_live_and_what_the_focus_is_in_stays(signed_in: Page, service: FakeService) -> None:
    expect(signed_in.locator("#liveness")).to_have_text("Live,")
    signed_in.locator("#retry-8").focus()
    service.parked_events = [parked(9)]
    service.waiting_s = 99.0
    expect(signed_in.locator("h1")).to_have_text("New articles are not searchable yet")

    assert "retry-8" == signed_in.evaluate("document.activeElement.id")
    signed_in.locator("#pause").focus()
    expect(signed_in.locator("#retry-9")).to_be_visible()


def test_a_page_that_is_paused_stays_and_says_so(signed_in: Page, service: FakeService) -> None:
    expect(signed_in.locator("#liveness")).to_have_text("Live,")
    signed_in.get_by_role("button", name="Pause").click()
    expect(signed_in.locator("#liveness")).to_have_text("Paused at")
    service.waiting_s = 99.0
    signed_in.get_by_role("button", name="Go on").click()
    expect(signed_in.locator("h1")).to_have_text("New articles are not searchable yet")


def test_buttons_retry_and_drop_after_a_look(signed_in: Page, service: FakeService) -> None:
    signed_in.locator("#retry-7").click()
    expect(signed_in.locator("#done")).to_have_text("Event 7: accepted")
    signed_in.get_by_role("link", name="Drop event 8").click()
    signed_in.get_by_role("button", name="Drop it").click()
    expect(signed_in.locator("#done")).to_have_text("Event 8: dropped")

    assert {7: "accepted", 8: "dropped"} == service.redriven


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_scrolls_sideways_and_axe_finds_nothing(signed_in: Page, service: FakeService, width: int) -> None:
    axe, tab = axe_core(), signed_in
    tab.set_viewport_size({"width": width, "height": 700})
    for address, broken in (("/status", False), ("/status/parked/8", False), ("/status", True)):
        service.broken, service.waiting_s = broken, 72.0
        tab.goto(address)

        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
        check_barriers(tab, axe, (address, width))
    tab.context.clear_cookies()
    tab.goto("/status")
    check_barriers(tab, axe, ("sign in", width))
    if not axe:
        pytest.skip("no axe-core: make contract-tools; the rest held")


def test_both_scripts_together_are_small(door: Door) -> None:
    assets = door.pages.assets
    files = [assets.named(assets.address(name).rpartition("/")[2]) for name in ("search.js", "status.js")]

    assert MAX_SCRIPT_BYTES >= sum(len(gzip.compress(file.content)) for file in files if file)

"""Model performance and a machine's page in a real Chromium, against a server that is stopped."""

import re
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.stack import PASSWORD, Stack, eventually
from tests.web.test_browser import ENDS_MS, SMALL, WIDE, Tab, browser

__all__ = ["browser"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

START_S = 1_767_225_600  # 2026-01-01 00:00 UTC
SCROLL = """() => {
    const next = document.querySelector('.machine-section[aria-busy="true"]');
    next?.scrollIntoView();
    return !next;
}"""
JOB = re.compile(r"Retraining triggered: job [0-9a-f-]{36}")
REFUSED = "net::ERR_CONNECTION_REFUSED"


@pytest.fixture(scope="module")
def own() -> Iterator[Stack]:
    """Return a server with a machine that was read for 40 days, and one that never was."""
    with Stack() as stack:
        stack.cli("user", "add", "mira", "--group", "DRH", "--password", PASSWORD)
        token = stack.token("admin")
        for name in ("Press 4", "Oven"):
            body = {"name": name, "energy_price_per_kwh": 0.25}
            made = stack.request("POST", "/api/v1/machines/", token, json=body)
            assert made.status_code == 201, made.text
            if name == "Press 4":
                read(stack, token, made.json()["id"])
        yield stack


def read(stack: Stack, token: str, machine: str) -> None:
    """Send hourly readings with a day in them."""
    rng = np.random.default_rng(1)
    rows = []
    for hour in range(24 * 40):
        warmth = 12 + 6 * np.sin(hour / 24 * 2 * np.pi) + rng.normal()
        stamp = np.datetime64(START_S + 3600 * hour, "s")
        rows.append(
            {
                "timestamp": f"{stamp}Z",
                "energy_kwh": 20 + 0.5 * warmth + rng.normal(0, 0.5),
                "outdoor_temp_c": warmth,
            }
        )
    answer = stack.request("POST", f"/api/v1/machines/{machine}/readings", token, json=rows)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def mine(browser: Browser, own: Stack) -> Iterator[Tab]:
    """Return a tab of somebody who may train; nothing may go wrong in it."""
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    context.set_default_timeout(20_000)
    tab = Tab(context.new_page(), own.url)
    tab.sign_in()
    yield tab
    context.close()
    assert tab.wrong == []


def toast(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.locator("#toasts .toast").filter(has_text=text)


def trigger(page: Page) -> float:
    """Ask for a training, say yes, and return for how many seconds the spinner is to be seen."""
    button = page.locator("[data-retrain-button]")
    button.click()
    dialog = page.locator("#retrain-dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Train it").click()
    busy = page.locator('[data-retrain-button][aria-busy="true"]')
    expect(busy).to_be_visible()
    began = time.monotonic()
    expect(busy).to_be_disabled()
    expect(busy).to_have_count(0)
    return time.monotonic() - began


def test_a_training_is_triggered_watched_and_refused(mine: Tab, own: Stack) -> None:
    page = mine.open("/ui/model-performance")
    expect(page.locator("[data-empty]")).to_contain_text("No metrics yet")
    assert trigger(page) > 1.8  # the clock starts when the spinner has been seen
    refused = toast(page, "No data for this machine (Oven)")
    expect(refused).to_have_class(re.compile("tone-bad"))
    refused.get_by_role("button", name="Dismiss").click()
    expect(refused).to_have_count(0)
    assert [line for line in mine.wrong if "422" not in line] == []
    mine.wrong.clear()  # the browser says of its own that this was refused

    page.get_by_label("Machine").select_option(label="Press 4")
    expect(page.locator("#performance h2").first).to_have_text("Baseline · Press 4")
    assert "machine=" in page.url
    for part in ("pool", "worker"):
        own.kill(part, signal.SIGSTOP)
    try:
        assert trigger(page) > 1.8
        told = toast(page, JOB)
        expect(told).to_have_class(re.compile("tone-good"))
        seen = time.monotonic()
        expect(page.locator("[data-job-events] h2")).to_have_text("Run 1")
        expect(told).to_have_count(0, timeout=12_000)
        assert 6 < time.monotonic() - seen < 10
        trigger(page)
        busy = toast(page, "Another training job is running for this model")
        expect(busy).to_have_class(re.compile("tone-bad"))
        busy.get_by_role("link", name="Show it").click()
        assert page.url.endswith("#jobs")
        mine.fits()
    finally:
        for part in ("worker", "pool"):
            own.kill(part, signal.SIGCONT)
    expect(page.locator('[data-version="1"]')).to_be_visible(timeout=ENDS_MS)
    expect(page.locator("[data-job-events]")).to_have_count(0)
    expect(page.locator("#jobs tbody tr").first).to_contain_text("Completed")
    expect(toast(page, "Run 1 completed")).to_be_visible()
    expect(page.locator('[data-metric="rmse"]')).to_have_text(re.compile(r"^\d+\.\d{3}$"))
    mine.fits()


def test_a_machine_in_sections_wide_and_small_light_and_dark(mine: Tab) -> None:
    page = mine.open("/ui/machines")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/ui/machines/[0-9a-f-]{36}"))
    for size, theme in ((WIDE, "light"), (SMALL, "dark")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.reload()
        eventually(lambda: page.evaluate(SCROLL), seconds=60, what="all sections are there")
        expect(page.locator('.figure-plot[aria-busy="true"]')).to_have_count(0)
        mine.fits()
    page.get_by_role("link", name="The same as a table").first.click()
    expect(page.locator("#readings-table")).to_be_visible()


def test_a_server_that_is_stopped_is_said_to_be(mine: Tab, own: Stack) -> None:
    page = mine.open("/ui/model-performance")
    page.get_by_label("Machine").select_option(label="Press 4")
    expect(page.locator('[data-version="1"]')).to_be_visible()
    own.stop()
    assert trigger(page) > 1.8
    told = toast(page, "Could not connect to the server")
    expect(told).to_have_class(re.compile("tone-bad"))
    assert all(REFUSED in line for line in mine.wrong), mine.wrong
    mine.wrong.clear()

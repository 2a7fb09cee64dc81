"""The pages in a real Chromium, against a real server and worker: by mouse, by keyboard, small."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.stack import PASSWORD, Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WIDE, SMALL = (1280, 900), (390, 844)
RUN_PAGE = re.compile(r"/ui/runs/\d+$")
ENDS_MS = 90_000  # a machine that does other things besides
LARGE_COPIES = 250


def chromium() -> str | None:
    """Return the browser to use; None: the one that playwright installed."""
    told = os.environ.get("MODELWRIGHT_CHROMIUM")
    return told or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def place(stack: Stack) -> Stack:
    """Return a server with people, and a data set for each story, so that none waits in line."""
    for name, group in (("mira", "DRH"), ("vic", "MANAGER")):  # there already in a later module
        stack.cli("user", "add", name, "--group", group, "--password", PASSWORD, check=False)
    stack.cli("sample", "load", "--only", "table")
    folder = stack.home / "artifacts/datasets"
    head, *rows = (folder / "future_skills_dataset.csv").read_text().splitlines()
    for name in ("clicks", "keys", "small", "list"):
        stack.put_dataset(f"{name}.csv", "\n".join([head, *rows]).encode())
    stack.put_dataset("large.csv", "\n".join([head, *rows * LARGE_COPIES]).encode())
    train(stack, 30)
    return stack


def train(place: Stack, trees: int) -> None:
    """Train over REST, so that lists are not empty."""
    body = {
        "dataset_path": "artifacts/datasets/list.csv",
        "hyperparameters": {"n_estimators": trees},
    }
    answer = place.request("POST", "/api/training/train/", place.token("admin"), json=body)
    assert answer.status_code == 201, answer.text


class Tab:
    """A tab that remembers all that went wrong in it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.wrong: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("requestfailed", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # leaving a page ends its stream and its downloads: that is as it should be
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"request: {request.url} {request.failure}")

    def open(self, path: str) -> Page:
        """Open a page and look that nothing sticks out."""
        self.page.goto(self.url + path)
        self.fits()
        return self.page

    def fits(self) -> None:
        """Fail where the page is wider than the window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.page.url} sticks out by {wide} px"

    def sign_in(self, name: str = "mira") -> None:
        """Sign in by keyboard, as people do."""
        self.open("/login")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/ui/runs")

    def completes(self) -> None:
        """Wait until the run that is shown has completed, without loading the page again."""
        badge = self.page.locator("h1 .status")
        expect(badge).to_have_text("Completed", timeout=ENDS_MS)
        expect(self.page.locator('[data-metric="accuracy"]')).to_have_text(re.compile(r"0\.\d{4}"))


OpenTab = Callable[..., Tab]


@pytest.fixture
def tab(browser: Browser, place: Stack) -> Iterator[OpenTab]:
    """Return a function that opens a tab; at the end nothing may have gone wrong in any."""
    tabs: list[Tab] = []
    contexts = []

    def open_tab(size: tuple[int, int] = WIDE, theme: str = "light") -> Tab:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=size == SMALL,
            accept_downloads=True,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        tabs.append(Tab(context.new_page(), place.url))
        return tabs[-1]

    yield open_tab
    for context in contexts:
        context.close()
    assert [line for one in tabs for line in one.wrong] == []


def test_from_login_to_metrics_in_less_than_three_clicks(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.page
    clicks = 0
    page.get_by_role("link", name=re.compile("Train (a|the first) model")).last.click()
    clicks += 1
    page.get_by_role("button", name="Start training").click()
    clicks += 1
    page.wait_for_url(RUN_PAGE)
    mine.completes()
    assert clicks < 3
    expect(page.get_by_role("heading", name="Confusion matrix")).to_be_visible()
    expect(page.get_by_role("heading", name="Feature importance")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text(["submitted"])
    mine.fits()


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=re.compile(name)).check()


def test_the_same_by_keyboard_alone(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.page
    press = page.keyboard.press
    press("n")
    page.wait_for_url("**/ui/runs/new")
    page.locator('input[name="dataset"]:checked').focus()
    for _ in range(10):
        if page.evaluate("document.activeElement.value").endswith("keys.csv"):
            break
        press("ArrowDown")
    press("Tab")  # the path of another file: passing by doesn't choose it
    press("Tab")
    assert page.evaluate("document.activeElement.id") == "id_hp_n_estimators"
    press("Control+a")
    page.keyboard.type("40")
    press("Enter")
    page.wait_for_url(RUN_PAGE)
    mine.completes()
    expect(page.locator("aside[aria-label=Facts]")).to_contain_text("40 default 100")
    number = page.url.rsplit("/", 1)[1]

    mine.open("/ui/runs")
    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next and previous row")
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press("/")
    page.keyboard.type(f"run {number}")
    expect(page.locator("[data-row]")).to_have_count(1)
    assert page.url.endswith(f"?search=run+{number}")
    press("Escape")
    press("j")
    press("Enter")
    page.wait_for_url(f"**/ui/runs/{number}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_story_on_a_small_screen(tab: OpenTab, theme: str) -> None:
    mine = tab(SMALL, theme)
    mine.sign_in()
    page = mine.page
    mine.fits()
    page.get_by_label("Menu").click()
    expect(page.locator(".topbar-sheet").get_by_role("link", name="Compare")).to_be_visible()
    mine.fits()
    page.keyboard.press("Escape")
    page.locator(".topbar").get_by_role("link", name="Train").click()
    choose(page, "small.csv")
    mine.fits()
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(RUN_PAGE)
    mine.completes()
    mine.fits()


def test_a_long_run_is_followed_live_and_cancelled(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.open("/ui/runs/new")
    choose(page, "large.csv")
    page.locator("#id_hp_n_estimators").fill("1000")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(RUN_PAGE)
    number = page.url.rsplit("/", 1)[1]
    expect(page.locator("[data-step]")).to_contain_text("trees", timeout=ENDS_MS)
    expect(page.locator("h1 .status")).to_have_text("Running", timeout=ENDS_MS)

    other = page.context.new_page()
    other.goto(mine.url + "/ui/runs")
    row = other.locator(f"#run-{number}")
    expect(row).to_contain_text("Running")
    before = row.locator(".table-status").inner_text()
    expect(row.locator(".table-status")).not_to_have_text(before, timeout=ENDS_MS)

    other.goto(mine.url + f"/ui/runs/new?from={number}")
    other.get_by_role("button", name="Start training").click()
    expect(other.get_by_role("alert")).to_contain_text("being trained on already")
    expect(other.get_by_role("link", name=f"Run {number}")).to_be_visible()
    other.goto(mine.url + "/ui/runs")

    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Cancel this run?")
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("h1 .status")).to_have_text("Cancelled", timeout=10_000)
    expect(row.locator(".table-status")).to_have_text("Cancelled", timeout=10_000)
    expect(other.locator("#status-tabs")).to_contain_text("Running 0")
    other.close()


def test_wrong_fields_are_explained_beside_them(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.open("/ui/runs/new")
    page.locator("#id_hp_n_estimators").fill("0")
    page.locator("#id_test_split").fill("0,2")
    page.get_by_role("button", name="Start training").click()
    trees = page.locator(".field", has=page.locator("#id_hp_n_estimators"))
    expect(trees).to_contain_text("n_estimators must be between 1 and 1000")
    expect(page.locator("#id_hp_n_estimators")).to_have_value("0")
    expect(page.locator("#id_hp_n_estimators")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_test_split")).to_have_value("0,2")
    mine.fits()


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["1280", "390"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_fits_and_is_quiet(
    tab: OpenTab, place: Stack, size: tuple[int, int], theme: str
) -> None:
    token = place.token("admin")
    train(place, 10)
    train(place, 20)
    runs = place.request("GET", "/api/training/runs/?status=COMPLETED", token).json()["results"]
    first, second = runs[1]["id"], runs[0]["id"]
    mine = tab(size, theme)
    mine.sign_in("admin")
    for path in (
        "/ui/runs",
        "/ui/runs?status=failed&search=nothing",
        f"/ui/runs/{first}",
        f"/ui/runs/new?from={first}",
        "/ui/compare",
        "/ui/audit",
        "/ui/account",
    ):
        mine.open(path)
    for path in (f"/ui/compare?runs={first},{second}", "/ui/design"):
        page = mine.open(path)
        expect(page.locator(".figure-plot .bars .point").first).to_be_attached()
        mine.fits()


def test_a_chart_takes_the_colours_of_the_theme(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.open("/ui/design")
    bar = page.locator(".figure-plot .bars .point path").first
    light = bar.evaluate("e => getComputedStyle(e).fill")
    page.locator(".sidebar").get_by_label("Dark theme").click()
    page.wait_for_function(
        "old => getComputedStyle(document.querySelector('.figure-plot .bars .point path')).fill"
        " !== old",
        arg=light,
    )
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_runs_are_picked_by_keyboard_and_compared(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.open("/ui/runs?status=completed")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#selection")).to_contain_text("2 runs selected")
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"/ui/compare\?runs=\d+,\d+$"))
    hidden = page.locator("tr.differs-not").first
    expect(hidden).to_be_hidden()
    page.get_by_label("Only what differs").uncheck()
    expect(hidden).to_be_visible()


def test_filters_go_into_the_address_and_come_back(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.page
    page.locator("#status-tabs").get_by_role("link", name="Failed").click()
    page.wait_for_url("**/ui/runs?status=failed")
    expect(page.locator(".empty, [data-row]").first).to_be_visible()
    page.get_by_label("Clear the filter Status failed").first.click()
    page.wait_for_url("**/ui/runs")
    page.get_by_role("link", name="Accuracy").click()
    page.wait_for_url("**/ui/runs?sort=-accuracy")
    expect(page.locator('th[aria-sort="descending"]')).to_contain_text("Accuracy")
    page.go_back()
    page.wait_for_url("**/ui/runs")
    expect(page.locator('th[aria-sort="descending"]')).to_contain_text("Run")


def test_columns_are_chosen_and_remembered(tab: OpenTab) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.page
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("link", name=re.compile("Trees")).click()
    expect(page.get_by_role("columnheader", name="Trees")).to_be_visible()
    mine.open("/ui/runs")
    expect(page.get_by_role("columnheader", name="Trees")).to_be_visible()


def test_the_model_and_the_run_are_downloaded(tab: OpenTab, tmp_path: Path) -> None:
    mine = tab()
    mine.sign_in("vic")
    page = mine.open("/ui/runs?status=completed")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(RUN_PAGE)
    for name, ending in ((r"Model \(", ".pkl"), ("The whole run", ".json")):
        page.get_by_text("Download", exact=True).click()
        with page.expect_download() as started:
            page.get_by_role("link", name=re.compile(name)).click()
        file = tmp_path / started.value.suggested_filename
        started.value.save_as(file)
        assert file.suffix == ending
        assert file.stat().st_size > 500
        page.keyboard.press("Escape")


def test_times_are_shown_in_the_zone_of_the_reader(browser: Browser, place: Stack) -> None:
    texts = []
    for zone in ("Asia/Tokyo", "America/New_York"):
        context = browser.new_context(timezone_id=zone)
        mine = Tab(context.new_page(), place.url)
        mine.sign_in()
        mine.open("/ui/runs?status=completed&sort=run")
        texts.append(mine.page.locator("[data-row] time").first.inner_text())
        context.close()
    assert texts[0] != texts[1]
    assert not any("UTC" in text for text in texts)

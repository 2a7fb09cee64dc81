"""From a table to its best model in a real Chromium, against a real server and worker."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.stack import Stack
from tests.web.test_browser import ENDS_MS, OpenTab, browser, place, tab

__all__ = ["browser", "place", "tab"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
ID = "[0-9a-f-]{36}$"


def test_upload_experiment_train_search_watch_results_train_best(
    tab: OpenTab,
    place: Stack,
) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.open("/ui/datasets/new")
    page.set_input_files("#upload-file", place.home / "artifacts/datasets/list.csv")
    page.locator("#upload-name").fill("Skills")
    page.get_by_role("button", name="Add the data set").click()
    page.wait_for_url(re.compile(f"/ui/datasets/{ID}"), timeout=ENDS_MS)
    page.locator("#target").select_option("future_need_level")
    page.wait_for_url(re.compile("target=future_need_level"))
    expect(page.get_by_role("columnheader", name="Tells of")).to_be_visible()
    mine.fits()
    page.get_by_role("link", name="New experiment").click()
    page.get_by_label("Name").fill("Which skills")
    expect(page.get_by_label("Column to predict")).to_have_value("future_need_level")
    page.get_by_role("button", name="Make the experiment").click()
    page.wait_for_url(re.compile(f"/ui/experiments/{ID}"))

    page.get_by_role("link", name="Train the first model").click()
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(re.compile(f"/ui/models/{ID}"))
    mine.completes()
    page.get_by_role("link", name="Search for better settings").click()
    expect(page.locator('[data-total="36"]')).to_be_visible()
    page.get_by_label("n_estimators").fill("10, 20")
    expect(page.locator('[data-total="24"]')).to_be_visible()
    page.get_by_label("max_depth").fill("5, many")
    expect(page.locator("#fault_max_depth")).to_contain_text("choice 2")
    page.get_by_label("max_depth").fill("5, none")
    expect(page.locator('[data-total="16"]')).to_be_visible()
    mine.fits()
    page.get_by_role("button", name="Start the search").click()

    page.wait_for_url(re.compile(f"/ui/searches/{ID}"))
    expect(page.locator("h1 .status")).to_have_text("Completed", timeout=ENDS_MS)
    expect(page.locator("[data-best]")).to_have_text(re.compile(r"0\.\d{4}"))
    expect(page.locator("#history-title")).to_be_visible()
    expect(page.locator(".parallel path").first).to_be_attached()
    expect(page.locator("[data-figure=history-data] .points path").first).to_be_attached()
    expect(page.locator("#trials tbody tr")).to_have_count(16)
    mine.fits()
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("link", name="The best as Python code").click()
    assert started.value.suggested_filename.endswith(".py")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Train the best").click()
    page.wait_for_url(re.compile(f"/ui/models/{ID}"))
    mine.completes()


def test_an_upload_goes_on_after_a_lost_connection_and_after_a_stop(
    tab: OpenTab, place: Stack
) -> None:
    mine = tab()
    mine.sign_in()
    page = mine.open("/ui/datasets/new")
    file = place.home / "artifacts/datasets/large.csv"

    def cut(route: Route) -> None:
        route.abort("connectionfailed")

    page.route(re.compile(r"\?offset=[1-9]"), cut)  # the first piece gets through, no other
    page.set_input_files("#upload-file", file)
    page.get_by_role("button", name="Add the data set").click()
    expect(page.locator("[data-step]")).to_contain_text("The connection is lost at")
    with page.expect_request(re.compile(r"\?offset=[1-9]")):
        pass  # it tries again by itself
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("kept for a day")
    mine.fits()
    page.reload()
    expect(page.get_by_text(re.compile(r"\d+ % of"))).to_be_visible()
    page.unroute_all()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.set_input_files("#upload-file", file)
    page.get_by_role("button", name="Add the data set").click()
    page.wait_for_url(re.compile(f"/ui/datasets/{ID}"), timeout=ENDS_MS)
    expect(page.locator("h1")).to_have_text(re.compile("large"))
    assert not any("offset=0" in line for line in asked)  # the first piece was not sent again
    mine.wrong[:] = [w for w in mine.wrong if "ERR_CONNECTION_FAILED" not in w]

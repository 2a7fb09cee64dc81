"""Predictions for a data set in a real Chromium: asked for, watched, fetched, deleted."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.stack import Stack
from tests.web.test_browser import ENDS_MS, SMALL, WIDE, OpenTab, browser, place, tab

__all__ = ["browser", "place", "tab"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
BATCH = re.compile("/ui/predictions/[0-9a-f-]{36}$")


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (SMALL, "dark")])
def test_a_data_set_is_predicted_without_loading_a_page_again(
    tab: OpenTab, place: Stack, size: tuple[int, int], theme: str
) -> None:
    table = (place.home / "artifacts/datasets/list.csv").read_text().splitlines()
    lines = [f"person,{table[0]}", *(f"p{i},{row}" for i, row in enumerate(table[1:]))]
    mine = tab(size, theme)
    mine.sign_in()
    page = mine.open("/ui/datasets/new")
    name = f"Everybody {size[0]}"
    page.set_input_files(
        "#upload-file",
        {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()},
    )
    page.locator("#upload-name").fill(name)
    page.get_by_role("button", name="Add the data set").click()
    page.wait_for_url(re.compile("/ui/datasets/[0-9a-f-]{36}$"), timeout=ENDS_MS)

    page = mine.open("/ui/predictions")
    page.get_by_role("link", name="Predict a data set").first.click()
    page.get_by_label("Model").select_option(index=1)
    page.wait_for_url(re.compile("model="))
    mine.fits()
    page.get_by_label("Data set").select_option(index=0)
    page.get_by_label("Key column").fill("person")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.wait_for_url(BATCH)
    expect(page.locator("h1 .status")).to_have_text("Completed", timeout=ENDS_MS)
    mine.fits()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    with fetched.value.path().open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    assert len(answers) == len(lines) - 1
    assert answers[3]["person"] == "p3"

    mine.open("/ui/predictions")
    expect(page.locator("[data-row]").first).to_contain_text(name)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(BATCH)
    page.get_by_role("button", name="Delete the file").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator(".notice")).to_contain_text("The file was deleted on")
    mine.fits()

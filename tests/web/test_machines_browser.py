"""A machine in a real Chromium: made, its readings handed in, its chart, its end."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.web.test_browser import SMALL, WIDE, OpenTab, browser, place, tab

__all__ = ["browser", "place", "tab"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MACHINE = re.compile("/ui/machines/[0-9a-f-]{36}$")


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (SMALL, "dark")])
def test_a_machine_from_its_name_to_its_chart(
    tab: OpenTab, tmp_path: Path, size: tuple[int, int], theme: str
) -> None:
    name = f"Mill {size[0]}"
    mine = tab(size, theme)
    mine.sign_in()
    page = mine.open("/ui/machines/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Time zone").fill("Mars/Olympus")
    page.get_by_role("button", name="Add the machine").click()
    expect(page.locator(".field-error")).to_contain_text("no time zone")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Add the machine").click()
    page.wait_for_url(MACHINE)
    page.get_by_role("link", name="Add the first readings").click()

    times = np.datetime64("2026-03-01T00:00:00") + np.arange(300) * np.timedelta64(1, "h")
    lines = [f"{at}Z,{20 + i % 24},{i}" for i, at in enumerate(times)]
    file = tmp_path / "march.csv"
    file.write_text("\n".join(["timestamp,power_kw,flow", *lines, "soon,1,1"]))
    page.set_input_files("#readings-file", file)
    page.get_by_role("button", name="Add the readings").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is stored")
    expect(page.get_by_role("row", name=re.compile("301"))).to_contain_text("not an ISO 8601 time")
    page.set_input_files("#readings-file", file)
    page.get_by_label("Leave it out").check()
    page.get_by_role("button", name="Add the readings").click()
    expect(page.locator(".notice[role=status]")).to_contain_text("300 readings added")
    mine.fits()

    page.get_by_role("link", name="See the machine").click()
    expect(page.locator("#readings .js-line").first).to_be_attached()
    expect(page.locator("#quality")).to_be_visible()
    page.get_by_role("link", name="7 days").click()
    page.wait_for_url(re.compile("range=7d"))
    page.locator("select[name=channel]").select_option("flow")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile("channel=flow"))
    expect(page.locator("#readings-figure-title")).to_have_text("flow")
    page.get_by_role("link", name="The same as a table").first.click()
    expect(page.locator("#readings-table tbody tr").first).to_be_visible()
    mine.fits()

    page = mine.open(f"/ui/machines?search={name.replace(' ', '+')}")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(MACHINE)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("300 readings")
    page.get_by_role("button", name="Delete all of this").click()
    page.wait_for_url(re.compile("/ui/machines$"))
    expect(page.locator(".toast")).to_contain_text([f"{name} is deleted."])
    # Chromium notes the two refusals that are part of the story.
    refused = [line for line in mine.wrong if "status of 422" in line]
    assert len(refused) == 2
    mine.wrong = [line for line in mine.wrong if line not in refused]

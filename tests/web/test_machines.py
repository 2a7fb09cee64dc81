"""The pages of machines: the list, one machine in sections, making one, its readings."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Machine, Reading
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.models import Alert

pytestmark = pytest.mark.django_db

MARCH = 1_772_323_200_000  # 2026-03-01 00:00 UTC
LIST = "/ui/machines"


def made(name: str = "Press 4", hours: int = 0, **fields: Any) -> Machine:
    machine = machine_create(user=None, name=name, **fields)
    if hours:
        count = np.arange(hours)
        values = {
            "power_kw": 20.0 + 10 * np.sin(count / 4.0),
            "energy_kwh": np.full(hours, 2.0),
            "flow_m3": count.astype(float),
        }
        rows = Rows(MARCH + count * HOUR_MS, values)
        readings_store(machine=machine, rows=rows, user=None)
    return machine


def page_of(machine: Machine, rest: str = "") -> str:
    return f"{LIST}/{machine.pk}{rest}"


def figure_in(text: str) -> dict[str, Any]:
    found = re.search(r'<script id="readings-figure-data"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found
    figure: dict[str, Any] = json.loads(found[1])
    return figure


# --- the list ------------------------------------------------------------------------------------


def test_without_machines_the_list_says_how_to_make_the_first(
    viewer: Client, trainer: Client
) -> None:
    assert "No machine yet" in viewer.get(LIST).content.decode()
    assert "Add the first machine" not in viewer.get(LIST).content.decode()
    assert "Add the first machine" in trainer.get(LIST).content.decode()


def test_the_list_tells_health_last_days_alerts_and_what_is_not_there(viewer: Client) -> None:
    machine = made("Press 4", hours=100, site="North", machine_type="press")
    made("Oven")
    made("Old mill", is_active=False)
    for severity in ("warning", "critical"):
        Alert.objects.create(
            machine=machine, alert_type="drift", incident=severity, severity=severity, message="m"
        )
    text = viewer.get(LIST).content.decode()
    rows = {
        found[1]: found[0]
        for found in re.findall(r"(<tr data-row>.*?row-link[^>]*>([^<]+)<.*?</tr>)", text, re.S)
    }
    assert list(rows) == ["Old mill", "Oven", "Press 4"]
    assert "Critical" in rows["Press 4"]
    assert "<strong>2</strong>" in rows["Press 4"]
    assert "power_kw of 7 days, kW: 10" in rows["Press 4"]
    assert "No readings" in rows["Oven"]
    assert "Paused" in rows["Old mill"]


def test_the_list_is_narrowed_and_sorted_by_its_address(viewer: Client) -> None:
    made("A", site="North", tags=["x"])
    made("B", site="South")
    made("C", site="South", is_active=False)

    def names(query: str) -> list[str]:
        text = viewer.get(f"{LIST}?{query}", headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in text
        return re.findall(r'row-link"[^>]*>([^<]+)<', text)

    assert names("site=South&sort=-name") == ["C", "B"]
    assert names("tag=x") == ["A"]
    assert names("active=yes&search=south") == ["B"]
    text = viewer.get(f"{LIST}?site=Nowhere").content.decode()
    assert "Nothing fits" in text
    assert f'href="{LIST}"' in text


# --- one machine ---------------------------------------------------------------------------------


def test_the_page_loads_each_section_for_the_range_of_its_address(viewer: Client) -> None:
    machine = made(hours=24 * 40)
    text = viewer.get(page_of(machine, "?range=7d&channel=flow_m3")).content.decode()
    for name in ("readings", "quality"):
        address = f"{page_of(machine)}/sections/{name}?range=7d&amp;channel=flow_m3"
        assert f'hx-get="{address}"' in text
        assert f'href="{address}"' in text
    assert 'value="2026-04-02"' in text  # in its last hour
    assert 'value="2026-04-09"' in text


def test_a_machine_without_readings_says_how_to_send_them(viewer: Client, trainer: Client) -> None:
    machine = made()
    assert "Nothing was read yet" in viewer.get(page_of(machine)).content.decode()
    assert "Add the first readings" in trainer.get(page_of(machine)).content.decode()
    section = viewer.get(page_of(machine, "/sections/quality")).content.decode()
    assert "Nothing was read yet" in section


@pytest.mark.parametrize(
    ("query", "points"),
    [("range=1d", 24), ("", 720), ("range=all", 960), ("start=2026-03-05&end=2026-03-06", 48)],
)
def test_readings_are_drawn_as_read_where_they_are_few(
    viewer: Client, query: str, points: int
) -> None:
    machine = made(hours=24 * 40, timezone="Europe/Berlin")
    text = viewer.get(page_of(machine, f"/sections/readings?{query}")).content.decode()
    (trace,) = figure_in(text)["data"]
    assert len(trace["y"]) == points
    assert "Each reading; times of Europe/Berlin" in text
    if "start" in query:
        assert trace["x"][0] == "2026-03-05T00:00:00"  # the machine's own midnight


def test_readings_are_drawn_together_where_they_are_many(viewer: Client) -> None:
    machine = made(hours=24 * 200)
    text = viewer.get(page_of(machine, "/sections/readings?range=all")).content.decode()
    figure = figure_in(text)
    assert [trace.get("band", False) for trace in figure["data"]] == [True, True, False]
    assert len(figure["data"][2]["y"]) <= 2000
    assert "in the band of least and largest" in text
    energy = viewer.get(
        page_of(machine, "/sections/readings?range=all&channel=energy_kwh")
    ).content.decode()
    (bars,) = figure_in(energy)["data"]
    assert (bars["type"], set(bars["y"])) == ("bar", {6.0})
    assert "kWh in 3 hours" in energy


def test_a_time_without_readings_offers_all_of_them(viewer: Client) -> None:
    machine = made(hours=24)
    text = viewer.get(page_of(machine, "/sections/readings?start=2020-01-01&end=2020-02-01"))
    assert "Nothing was read in this time" in text.content.decode()
    assert f'href="{page_of(machine)}?range=all"' in text.content.decode()


@pytest.mark.parametrize(
    "query", ["range=7y", "start=yesterday", "start=2026-03-05&end=2026-03-01", "channel=x"]
)
def test_an_address_that_can_not_be_meant_shows_the_usual_range(viewer: Client, query: str) -> None:
    machine = made(hours=24 * 40)
    text = viewer.get(page_of(machine, f"/sections/readings?{query}")).content.decode()
    assert len(figure_in(text)["data"][0]["y"]) == 720
    assert viewer.get(page_of(machine, f"?{query}")).status_code == 200


def test_a_section_is_a_page_of_its_own_without_script_and_its_inside_for_htmx(
    viewer: Client,
) -> None:
    machine = made(hours=48)
    whole = viewer.get(page_of(machine, "/sections/quality"))
    part = viewer.get(page_of(machine, "/sections/quality"), headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert whole["Vary"].count("HX-Request") == 1
    assert viewer.get(page_of(machine, "/sections/nothing")).status_code == 404


def test_data_quality_names_what_is_wrong_and_links_to_it(viewer: Client) -> None:
    machine = made(hours=100)
    later = MARCH + np.arange(148, 300) * HOUR_MS
    rows = Rows(later, {"power_kw": 20.0 + np.sin(np.arange(later.size))})
    readings_store(machine=machine, rows=rows, user=None)
    text = viewer.get(page_of(machine, "/sections/quality")).content.decode()
    assert "48 missing" in text
    assert "?start=2026-03-04T04:00Z&amp;end=2026-03-08T03:00Z" in text


# --- making, changing, deleting ------------------------------------------------------------------

FIELDS = {
    "name": "Press 4", "site": "North", "machine_type": "press", "timezone": "Europe/Berlin",
    "rated_power_kw": "120.5", "energy_price_per_kwh": "", "carbon_kg_per_kwh": "0.36",
    "tags": "hall 2, old ,", "is_active": "on",
}  # fmt: skip


def test_a_machine_is_made_changed_and_deleted(trainer: Client) -> None:
    answer = trainer.post(f"{LIST}/new", FIELDS)
    machine = Machine.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(machine))
    assert (machine.rated_power_kw, machine.energy_price_per_kwh) == (120.5, None)
    assert machine.tags == ["hall 2", "old"]
    form = trainer.get(page_of(machine, "/edit")).content.decode()
    assert 'value="120.5"' in form
    assert 'value="hall 2, old"' in form
    trainer.post(page_of(machine, "/edit"), {**FIELDS, "name": "Press 5", "is_active": ""})
    machine.refresh_from_db()
    assert (machine.name, machine.is_active) == ("Press 5", False)
    assert trainer.post(page_of(machine, "/delete")).status_code == 302
    assert not Machine.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "required"),
        ("timezone", "Mars/Olympus", "no time zone"),
        ("rated_power_kw", "-1", "above 0"),
        ("rated_power_kw", "much", "Write a number"),
        ("carbon_kg_per_kwh", "nan", "Write a number"),
        ("tags", "x" * 100, "A tag is a text"),
    ],
)
def test_what_can_not_be_meant_is_said_beside_its_field(
    trainer: Client, field: str, value: str, says: str
) -> None:
    answer = trainer.post(f"{LIST}/new", {**FIELDS, field: value})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Machine.objects.exists()


def test_a_name_that_is_taken_is_said_so(trainer: Client) -> None:
    made("Press 4")
    answer = trainer.post(f"{LIST}/new", FIELDS)
    assert answer.status_code == 422
    assert "choose another name" in answer.content.decode()


def test_deleting_shows_what_goes_with_it_and_needs_that(trainer: Client) -> None:
    machine = made(hours=30)
    text = trainer.get(page_of(machine)).content.decode()
    assert "30 readings" in text
    trainer.post(page_of(machine, "/delete"))
    assert Machine.objects.exists()
    trainer.post(page_of(machine, "/delete"), {"all": "yes"})
    assert not Machine.objects.exists()
    assert not Reading.objects.exists()


# --- readings from a file ------------------------------------------------------------------------

GOOD = b"timestamp,power_kw\n2026-03-01T14:00:00Z,1.5\n2026-03-01T15:00:00Z,2\n"
BAD = GOOD + b"2026-03-01T16:00:00,3\n"


def upload(client: Client, machine: Machine, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile(more.pop("name", "week 9.csv"), content)
    return client.post(page_of(machine, "/readings"), {"file": file, **more})


def test_a_file_of_readings_is_stored_and_twice_it_changes_nothing(trainer: Client) -> None:
    machine = made()
    first = upload(trainer, machine, GOOD).content.decode()
    assert "week 9.csv is stored." in first
    assert "2 readings added, 0 changed" in first
    again = upload(trainer, machine, GOOD).content.decode()
    assert "week 9.csv changes nothing." in again
    assert Reading.objects.count() == 2


def test_a_bad_row_is_named_and_may_be_left_out(trainer: Client) -> None:
    machine = made()
    answer = upload(trainer, machine, BAD)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing is stored." in text
    assert re.search(r">3</th><td[^>]*>timestamp: .* has no zone", text)
    assert not Reading.objects.exists()
    text = upload(trainer, machine, BAD, on_error="skip").content.decode()
    assert "1 row left out" in text
    assert re.search(r">3</th><td[^>]*>timestamp: .* has no zone", text)
    assert Reading.objects.count() == 2


def test_what_is_no_file_of_readings_is_said_so(trainer: Client) -> None:
    machine = made()
    assert "Choose a file first" in trainer.post(page_of(machine, "/readings")).content.decode()
    picture = upload(trainer, machine, b"\x89PNG", name="chart.png").content.decode()
    assert "one that ends in .csv" in picture
    lines = b'{"timestamp": "2026-03-01T14:00:00Z", "power_kw": 1}\n'
    assert "is stored" in upload(trainer, machine, lines, name="a.jsonl").content.decode()


def test_pages_that_change_things_are_closed_to_viewers(
    as_person: Callable[[str], Client],
) -> None:
    machine = made()
    client = as_person("viewer")
    for address in (f"{LIST}/new", page_of(machine, "/edit"), page_of(machine, "/readings")):
        assert client.get(address).status_code == 403
    assert "delete-machine" not in client.get(page_of(machine)).content.decode()

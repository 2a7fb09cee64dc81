"""The sections of a machine's page: what they show, and what they say where there is nothing."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

from modelwright.accounts.models import AuditEntry
from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.models import MachineAnomaly
from modelwright.registry.models import ModelVersion
from modelwright.runs.models import TrainingRun
from modelwright.web.machine_sections import SECTIONS
from tests.abtests.test_ab_tests import train

AsPerson = Callable[[str], Client]

START = 1_735_689_600_000  # 2025-01-01 00:00 UTC
DAYS = 50
NEEDS = {
    "expected": "baseline",
    "savings": "baseline",
    "residuals": "baseline",
    "forecast": "forecast_arima",
    "anomalies": "anomaly",
}
XLSX = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rows_of(first: int, days: int, level: float = 1.0) -> Rows:
    """Return hourly readings with a day, a week, weather and pieces in them."""
    rng = np.random.default_rng(first)
    hours = np.arange(first * 24, (first + days) * 24)
    temperature = 12 + 6 * np.sin(hours / 24 * 2 * np.pi) + rng.normal(0, 1, hours.size)
    pieces = np.where(hours // 24 % 7 < 5, 100.0, 20.0) + rng.normal(2, 1, hours.size)
    energy = level * (10 + 0.4 * temperature + 0.05 * pieces) + rng.normal(0, 0.3, hours.size)
    values = {
        "energy_kwh": energy,
        "production_count": pieces,
        "outdoor_temp_c": temperature,
    }
    return Rows(START + hours * HOUR_MS, values)


@pytest.fixture
def machine(transactional_db: None) -> Machine:
    made = machine_create(
        user=None,
        name="Press 4",
        energy_price_per_kwh=0.25,
        carbon_kg_per_kwh=0.4,
        timezone="Europe/Berlin",
    )
    readings_store(machine=made, rows=rows_of(0, DAYS), user=None)
    made.refresh_from_db()
    return made


def address(machine: Machine, rest: str = "") -> str:
    return f"/ui/machines/{machine.pk}{rest}"


def section(client: Client, machine: Machine, name: str, query: str = "range=all") -> str:
    answer = client.get(
        address(machine, f"/sections/{name}?{query}"), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def figure(text: str, name: str) -> dict[str, Any]:
    found = re.search(rf'<script id="{name}-data"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found, text
    drawn: dict[str, Any] = json.loads(found[1])
    return drawn


def anomaly(machine: Machine, version: ModelVersion | None = None) -> MachineAnomaly:
    at = START + 30 * 24 * HOUR_MS
    return MachineAnomaly.objects.create(
        machine=machine,
        version=version,
        start_at=moment_of(at),
        end_at=moment_of(at + 5 * HOUR_MS),
        severity="warning",
        score=3.2,
        channels=["energy_kwh"],
        message="energy_kwh is <twice> as high",
    )


# --- nothing yet ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "model_type"), NEEDS.items())
def test_without_its_model_a_section_says_which_to_train(
    name: str, model_type: str, machine: Machine, as_person: AsPerson
) -> None:
    text = section(as_person("trainer"), machine, name)
    title = MACHINE_MODEL_TYPES[model_type].title
    assert f"No model yet: {title}</h3>" in text
    assert f"Train: {title}</button>" in text
    assert f'name="model_type" value="{model_type}"' in text
    assert f'action="{address(machine, "/train")}"' in text
    assert "<form" not in section(as_person("viewer"), machine, name)


@pytest.mark.parametrize("name", [name for name in SECTIONS if name != "models"])
def test_a_time_without_readings_is_no_error(
    name: str, machine: Machine, as_person: AsPerson
) -> None:
    viewer = as_person("viewer")
    section(viewer, machine, name, "start=2020-01-01&end=2020-02-01")
    bare = machine_create(user=None, name="Oven")
    section(viewer, bare, name)


def test_the_button_of_an_empty_section_trains_and_shows_how_it_goes(
    machine: Machine, as_person: AsPerson
) -> None:
    trainer = as_person("trainer")
    form = {"model_type": "baseline"}
    answer = trainer.post(address(machine, "/train"), form, follow=True)
    run = TrainingRun.objects.get()
    assert f"Retraining triggered: job {run.pk}" in answer.content.decode()
    assert f"model_type=baseline&machine={machine.pk}" in answer.redirect_chain[0][0]
    again = trainer.post(address(machine, "/train"), form, follow=True).content.decode()
    assert f"Another training job is running for this model: run {run.number}" in again
    assert TrainingRun.objects.count() == 1
    assert "Watch it" in section(trainer, machine, "models")
    nonsense = trainer.post(address(machine, "/train"), {"model_type": "x"}, follow=True)
    assert "must be one of" in nonsense.content.decode()
    bare = machine_create(user=None, name="Oven")
    refused = trainer.post(address(bare, "/train"), form, follow=True).content.decode()
    assert "No data for this machine (Oven)" in refused
    assert as_person("viewer").post(address(machine, "/train"), form).status_code == 403
    assert trainer.get(address(machine, "/train")).status_code == 405


# --- without a model -----------------------------------------------------------------------------


def test_key_figures_are_those_of_the_readings(machine: Machine, as_person: AsPerson) -> None:
    text = section(as_person("viewer"), machine, "kpis")
    energy = rows_of(0, DAYS).channels["energy_kwh"].sum()
    shown = re.search(r'data-kpi="energy">([^<]+)<', text)
    assert shown
    assert shown[1].replace("\u2009", "") == f"{energy:.0f}"
    bars = figure(text, "kpi-energy")["data"][0]
    assert sum(bars["y"]) == pytest.approx(energy, rel=1e-3)
    assert bars["x"][0] == "2025-01-01"  # Berlin's day, though it begins the evening before in UTC


def test_the_load_curve_falls_and_ends_with_the_extremes(
    machine: Machine, as_person: AsPerson
) -> None:
    text = section(as_person("viewer"), machine, "load")
    levels = figure(text, "load-curve")["data"][0]["y"]
    energy = rows_of(0, DAYS).channels["energy_kwh"]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == pytest.approx(energy.max(), rel=1e-4)
    assert levels[-1] == pytest.approx(energy.min(), rel=1e-4)
    cells = figure(text, "load-map")["data"][0]["z"]
    assert len(cells) == 24
    assert cells[0][0] is None  # Berlin is an hour ahead: its first midnight wasn't read
    assert cells[1][0] == pytest.approx(energy[0], rel=1e-4)


def test_the_signature_needs_no_baseline_and_says_what_it_needs(
    machine: Machine, as_person: AsPerson
) -> None:
    viewer = as_person("viewer")
    text = section(viewer, machine, "signature")
    assert [trace["name"] for trace in figure(text, "signature-0")["data"]] == ["actual"]
    assert len(figure(text, "signature-1")["data"][0]["x"]) in (DAYS - 1, DAYS, DAYS + 1)
    hourly = section(viewer, machine, "signature", "range=7d")
    assert len(figure(hourly, "signature-0")["data"][0]["x"]) == 7 * 24
    other = machine_create(user=None, name="Meter")
    rows = Rows(START + np.arange(48) * HOUR_MS, {"energy_kwh": np.ones(48)})
    readings_store(machine=other, rows=rows, user=None)
    other.refresh_from_db()
    assert "It takes energy_kwh or power_kw" in section(viewer, other, "signature")


# --- with models ---------------------------------------------------------------------------------


@pytest.fixture
def trained(machine: Machine) -> Machine:
    train(machine, "baseline")
    readings_store(machine=machine, rows=rows_of(DAYS, 21, level=0.8), user=None)
    machine.refresh_from_db()
    return machine


def test_what_the_baseline_says_of_a_machine_that_saves(
    trained: Machine, as_person: AsPerson
) -> None:
    viewer = as_person("viewer")
    after = "start=2025-02-20"
    drawn = figure(section(viewer, trained, "expected", after), "expected-figure")
    named = {trace["name"]: trace["y"] for trace in drawn["data"]}
    gap = np.array(named["actual"]) / np.array(named["expected"])
    assert 0.7 < gap.mean() < 0.9
    assert all(low < high for low, high in zip(named["lower"], named["upper"], strict=True))

    text = section(viewer, trained, "savings", after)
    amounts = [
        float(value.replace("\u2212", "-"))
        for value in re.findall(r'data-saved="\d">([^<]+)<', text)
    ]
    energy = rows_of(DAYS, 21, level=0.8).channels["energy_kwh"].sum()
    assert amounts[0] == pytest.approx(energy / 0.8 * 0.2, rel=0.1)
    assert amounts[1:] == [pytest.approx(f * amounts[0], abs=0.11) for f in (0.25, 0.4)]
    assert "more than chance" in text
    assert "little that could be saved" not in text
    assert figure(text, "savings-figure")["data"][2]["y"][-1] == pytest.approx(
        -amounts[0], rel=0.01
    )
    assert "little that could be saved" in section(viewer, trained, "savings", "end=2025-02-10")

    whole = section(viewer, trained, "savings")
    turns = [mark["x0"][:10] for mark in figure(whole, "savings-figure")["layout"]["shapes"]]
    assert set(turns) & {"2025-02-19", "2025-02-20", "2025-02-21"}, turns

    means = figure(section(viewer, trained, "residuals", after), "residuals-figure")["data"][0]["z"]
    assert len(means) == 7
    assert all(cell < 0 for row in means for cell in row)
    traces = figure(section(viewer, trained, "signature"), "signature-0")["data"]
    assert [trace["name"] for trace in traces] == ["actual", "expected"]
    listed = section(viewer, trained, "models")
    assert "CV(RMSE)" in listed
    assert "none yet" in listed


def test_the_numbers_can_be_taken_away_unrounded(trained: Machine, as_person: AsPerson) -> None:
    viewer = as_person("viewer")
    answer = viewer.get(address(trained, "/expected.csv?range=7d"))
    assert "attachment" in answer["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(lines) == 7 * 24
    actual = rows_of(DAYS, 21, level=0.8).channels["energy_kwh"][-1]
    last = lines[-1]
    assert float(last["energy_kwh"]) == actual
    assert float(last["residual"]) == float(last["energy_kwh"]) - float(last["expected"])
    assert (last["timestamp"][11:16], last["local_time"][11:16]) == ("23:00", "00:00")

    book = viewer.get(address(trained, "/expected.xlsx?range=7d")).content
    with zipfile.ZipFile(io.BytesIO(book)) as folder:
        sheet = ET.fromstring(folder.read("xl/worksheets/sheet1.xml"))  # noqa: S314  (our own)
    cells = sheet.findall(f".//{XLSX}row")[-1].findall(f"{XLSX}c/{XLSX}v")
    assert [float(cell.text or "") for cell in cells] == [
        float(last[name]) for name in ("energy_kwh", "expected", "lower", "upper", "residual")
    ]
    assert viewer.get(address(trained, "/expected.pdf")).status_code == 404
    bare = machine_create(user=None, name="Oven")
    refused = viewer.get(address(bare, "/expected.csv"), follow=True)
    assert "No readings found for this period" in refused.content.decode()


def test_the_forecast_goes_on_from_the_last_reading_with_its_back_test(
    machine: Machine, as_person: AsPerson
) -> None:
    train(machine, "forecast_arima")
    text = section(as_person("viewer"), machine, "forecast", "start=2025-01-05&end=2025-01-06")
    named = {trace["name"]: trace for trace in figure(text, "forecast-figure")["data"]}
    assert named["forecast"]["x"][0] == "2025-02-20T01:00:00"  # an hour after the last, in Berlin
    assert named["actual"]["x"][-1] == "2025-02-20T00:00:00"
    actual = rows_of(0, DAYS).channels["energy_kwh"][-1]
    assert named["actual"]["y"][-1] == pytest.approx(actual, rel=1e-4)
    assert len(named["lower"]["y"]) == 24
    row = re.search(r"Forecast \(ARIMA\)</a>.*?</tr>", text, re.DOTALL)
    assert row
    errors = [float(n) for n in re.findall(r'data-label="(?:Mean error|Naive)">([\d.]+)', row[0])]
    assert 0 < errors[0] < errors[1]


# --- anomalies -----------------------------------------------------------------------------------


def test_anomalies_are_marked_on_the_readings_and_may_be_false_alarms(
    machine: Machine, as_person: AsPerson
) -> None:
    found = anomaly(machine)
    trainer, viewer = as_person("trainer"), as_person("viewer")
    shapes = figure(section(viewer, machine, "readings"), "readings-figure")["layout"]["shapes"]
    assert [(shape["x0"], shape["tone"]) for shape in shapes] == [("2025-01-31T01:00:00", "warn")]
    text = section(viewer, machine, "anomalies")
    assert "is &lt;twice&gt; as high" in text
    assert "<form" not in text
    url = address(machine, f"/anomalies/{found.pk}?range=all")
    assert viewer.post(url, {"is_false_alarm": "yes"}).status_code == 403
    assert trainer.get(url).status_code == 405
    part = trainer.post(url, {"is_false_alarm": "yes"}, headers={"HX-Request": "true"})
    assert "1 of them false alarm" in part.content.decode()
    assert "<html" not in part.content.decode()
    found.refresh_from_db()
    assert found.is_false_alarm
    assert AuditEntry.objects.filter(verb="anomaly.marked").count() == 1
    after = figure(section(viewer, machine, "readings"), "readings-figure")["layout"]["shapes"]
    assert after == []
    back = trainer.post(url, {"is_false_alarm": "no"})
    assert back["Location"] == f"{address(machine)}?range=all#anomalies"
    other = machine_create(user=None, name="Oven")
    stray = address(other, f"/anomalies/{found.pk}")
    assert trainer.post(stray, {"is_false_alarm": "yes"}).status_code == 404


def test_a_quiet_time_says_whether_there_were_others(machine: Machine, as_person: AsPerson) -> None:
    anomaly(machine, train(machine, "anomaly"))
    text = section(as_person("viewer"), machine, "anomalies", "range=1d")
    assert "Nothing out of the ordinary in this time" in text
    assert "Show all readings" in text

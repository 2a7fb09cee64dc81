"""Jobs that look only at what is new: key figures, anomalies, silent machines."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

from modelwright.catalog.models import Machine, ReadingBatch
from modelwright.core.clock import moment_of, now
from modelwright.engine.machines.base import Anomaly
from modelwright.engine.machines.series import HOUR_MS, Series
from modelwright.monitoring import anomalies, kpis
from modelwright.monitoring.alert_rules import alert_rule_create
from modelwright.monitoring.anomalies import anomalies_detect, anomaly_mark
from modelwright.monitoring.kpis import kpi_totals, kpis_calculate, kpis_of
from modelwright.monitoring.models import Alert, KpiDay, MachineAnomaly, Progress
from modelwright.monitoring.progress import news_done, news_of
from modelwright.monitoring.silence import data_silence_check
from tests.monitoring.conftest import MakeMachine, MakeVersion
from tests.monitoring.plant import END_MS, chiller, moved, readings, store, train

pytestmark = pytest.mark.django_db

MIDNIGHT = 1_740_006_000_000  # 2025-02-20 00:00 in Berlin
DAY = dt.date(2025, 2, 20)


def hours(first: int, values: list[float], channel: str = "energy_kwh") -> Series:
    """Return hourly readings that begin so many hours after MIDNIGHT."""
    times = MIDNIGHT + (first + np.arange(len(values))) * HOUR_MS
    return Series(times, {channel: np.array(values, dtype=np.float64)})


@pytest.fixture
def machine(make_machine: MakeMachine) -> Machine:
    return make_machine(timezone="Europe/Berlin", energy_price_per_kwh=0.25)


def energies(machine: Machine) -> dict[dt.date, float | None]:
    return dict(KpiDay.objects.filter(machine=machine).values_list("day", "energy_kwh"))


def test_key_figures_by_the_machines_own_days(machine: Machine) -> None:
    store(machine, hours(0, [2.0] * 24 + [3.0] * 12))
    assert kpis_calculate(machine) == 2
    tomorrow = DAY + dt.timedelta(days=1)
    assert energies(machine) == {DAY: 48.0, tomorrow: 36.0}
    day = KpiDay.objects.get(day=DAY)
    assert (day.cost, day.peak_kw, day.load_factor, day.coverage) == (12.0, 2.0, 1.0, 1.0)
    assert KpiDay.objects.get(day=tomorrow).coverage == 0.5


def test_only_days_with_news_are_computed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(machine, hours(0, [2.0] * 24 * 6))
    assert kpis_calculate(machine) == 6
    assert kpis_calculate(machine) == 0
    asked: list[dt.date] = []
    some = kpis._some
    monkeypatch.setattr(kpis, "_some", lambda m, days: asked.extend(days) or some(m, days))
    store(machine, hours(30, [9.0]))
    assert kpis_calculate(machine) == 2
    assert asked == [DAY, DAY + dt.timedelta(days=1)], "the day, and that of the reading before"
    assert energies(machine)[DAY + dt.timedelta(days=1)] == 55.0


def test_asked_in_between_they_are_right_all_the_same(machine: Machine) -> None:
    store(machine, hours(0, [2.0] * 24))
    kpis_calculate(machine)
    store(machine, hours(3, [5.0]))
    (day,) = kpis_of(machine, DAY, DAY)
    assert day.energy_kwh == 51.0
    assert energies(machine) == {DAY: 48.0}, "reading them writes nothing"
    kpis_calculate(machine)
    assert energies(machine) == {DAY: 51.0}


def test_a_new_price_holds_after_computing_afresh(machine: Machine) -> None:
    store(machine, hours(0, [2.0] * 24))
    kpis_calculate(machine)
    machine.energy_price_per_kwh = 0.5
    machine.save()
    assert kpis_calculate(machine) == 0
    assert kpis_calculate(machine, afresh=True) == 1
    assert KpiDay.objects.get().cost == 24.0


def test_totals(machine: Machine) -> None:
    store(machine, hours(0, [2.0] * 24 + [4.0] * 24))
    store(machine, hours(0, [1.0] * 24, "production_count"))
    totals = kpi_totals(kpis_of(machine, DAY, DAY + dt.timedelta(days=9)))
    assert (totals.energy_kwh, totals.production_count) == (144.0, 24.0)
    assert totals.specific_energy_kwh == 2.0, "of the day that has both"
    assert (totals.peak_kw, totals.load_factor) == (4.0, 0.75)
    empty = kpi_totals([])
    assert (empty.energy_kwh, empty.load_factor, empty.peak_kw) == (None, None, None)


def test_who_was_slower_writes_nothing(machine: Machine) -> None:
    store(machine, hours(0, [2.0] * 24))
    news = news_of(machine, "kpi")
    assert news is not None
    store(machine, hours(24, [2.0]))
    assert kpis_calculate(machine) == 2
    written: list[str] = []
    assert not news_done(machine, "kpi", news, lambda: written.append("old"))
    assert written == []
    last = ReadingBatch.objects.order_by("-id").first()
    assert last is not None
    assert Progress.objects.get().batch_id == last.pk


class Loud:
    """Finds every stretch above 10, as an anomaly model would."""

    seen: int = 0
    history_needed: int = 0

    def detect(self, series: Series) -> list[Anomaly]:
        self.seen = len(series)
        loud = np.flatnonzero(np.nan_to_num(series.channels["energy_kwh"]) > 10)
        stretches = np.split(loud, np.flatnonzero(np.diff(loud) > 1) + 1) if loud.size else []
        return [
            Anomaly(
                int(series.times[s[0]]), int(series.times[s[-1]]), "warning", 1.5,
                ("energy_kwh",), f"{s.size} hours too loud",
            )
            for s in stretches
        ]  # fmt: skip


@pytest.fixture
def model(machine: Machine, make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch) -> Loud:
    version, model = make_version(machine, "anomaly"), Loud()
    monkeypatch.setattr(anomalies, "champion_of", lambda _: version)
    monkeypatch.setattr(anomalies, "machine_model_of", lambda _: model)
    return model


def found() -> list[tuple[int, int]]:
    """Return the hours at which anomalies start and end."""
    return [
        tuple((moment - moment_of(MIDNIGHT)) // dt.timedelta(hours=1) for moment in pair)
        for pair in MachineAnomaly.objects.order_by("start_at").values_list("start_at", "end_at")
    ]  # type: ignore[misc]


def test_nothing_is_looked_for_without_a_model(machine: Machine) -> None:
    store(machine, hours(0, [99.0]))
    assert anomalies_detect(machine) == 0
    assert not Progress.objects.exists()


def test_anomalies_are_found_once(machine: Machine, model: Loud) -> None:
    store(machine, hours(0, [2, 2, 50, 50, 2, 2]))
    assert anomalies_detect(machine) == 1
    assert anomalies_detect(machine) == 0
    assert found() == [(2, 3)]
    first = MachineAnomaly.objects.get()
    assert (first.severity, first.channels) == ("warning", ["energy_kwh"])
    store(machine, hours(6, [2, 60]))
    anomalies_detect(machine)
    assert found() == [(2, 3), (7, 7)]


def test_an_anomaly_that_goes_on_stays_the_same_one(machine: Machine, model: Loud) -> None:
    store(machine, hours(0, [2, 50]))
    anomalies_detect(machine)
    first = MachineAnomaly.objects.get()
    store(machine, hours(2, [50, 50]))
    anomalies_detect(machine)
    again = MachineAnomaly.objects.get()
    assert (again.pk, again.detected_at) == (first.pk, first.detected_at)
    assert found() == [(1, 3)]


def test_late_readings_change_what_was_found(machine: Machine, model: Loud) -> None:
    store(machine, hours(0, [2, 50, 50, 50, 2, 70]))
    anomalies_detect(machine)
    (kept,) = MachineAnomaly.objects.filter(end_at__lte=moment_of(MIDNIGHT + 4 * HOUR_MS))
    anomaly_mark(anomaly=kept, is_false_alarm=True, user=None)
    store(machine, hours(2, [3]))
    anomalies_detect(machine)
    assert found() == [(1, 1), (3, 3), (5, 5)]
    assert MachineAnomaly.objects.get(is_false_alarm=True).pk == kept.pk
    store(machine, hours(5, [4]))
    anomalies_detect(machine)
    assert found() == [(1, 1), (3, 3)]


def test_only_what_is_new_is_looked_at(machine: Machine, model: Loud) -> None:
    store(machine, hours(0, [2.0] * 24 * 60))
    anomalies_detect(machine)
    store(machine, hours(24 * 60, [2.0]))
    anomalies_detect(machine)
    assert model.seen == 35 * 24 + 1


def test_what_is_out_of_the_ordinary_now_raises_an_alert(machine: Machine, model: Loud) -> None:
    store(machine, hours(0, [50] + [2] * 40))
    anomalies_detect(machine)
    assert not Alert.objects.exists(), "that was two days ago"
    store(machine, hours(41, [50]))
    anomalies_detect(machine)
    alert = Alert.objects.get()
    assert (alert.alert_type, alert.severity, alert.message) == (
        "anomaly", "warning", "1 hours too loud",
    )  # fmt: skip
    last = MachineAnomaly.objects.first()
    assert last is not None
    anomaly_mark(anomaly=last, is_false_alarm=True, user=None)
    alert.refresh_from_db()
    assert alert.status == "resolved"


def test_a_trained_model_finds_a_machine_that_runs_hot() -> None:
    machine = chiller(days=40)
    version = train(machine, "anomaly")
    anomalies_detect(machine)
    known = set(MachineAnomaly.objects.values_list("pk", flat=True))
    store(machine, moved(readings(1, END_MS + 24 * HOUR_MS), "energy_kwh", 4.0))
    assert anomalies_detect(machine) >= 1
    new = MachineAnomaly.objects.exclude(pk__in=known)
    assert new.count() >= 1
    assert {anomaly.version for anomaly in new} == {version}
    assert Alert.objects.get(alert_type="anomaly").status == "firing"
    assert anomalies_detect(machine) == 0


def silent_since(machine: Machine, hours_ago: float) -> None:
    at = now() - dt.timedelta(hours=hours_ago)
    Machine.objects.filter(pk=machine.pk).update(last_reading_at=at, reading_count=1)


def test_a_machine_without_new_data_raises_an_alert(machine: Machine) -> None:
    silent_since(machine, 23)
    assert data_silence_check() == 0
    silent_since(machine, 25)
    assert data_silence_check() == 1
    assert data_silence_check() == 1
    alert = Alert.objects.get()
    assert (alert.alert_type, alert.severity, alert.occurrences) == ("no_data", "warning", 2)
    assert "25 hours" in alert.message
    silent_since(machine, 200)
    data_silence_check()
    alert.refresh_from_db()
    assert alert.severity == "critical"
    silent_since(machine, 1)
    assert data_silence_check() == 0
    alert.refresh_from_db()
    assert (alert.status, alert.resolution) == ("resolved", "Readings come again.")


def test_a_new_reading_ends_the_silence_at_once(machine: Machine) -> None:
    store(machine, hours(0, [2.0] * 4))
    data_silence_check()
    store(machine, hours(2, [5.0]))
    assert Alert.objects.get().status == "firing", "what comes late is no sign of life"
    at = int(now().timestamp()) * 1000
    store(machine, Series(np.array([at]), {"energy_kwh": np.array([1.0])}))
    assert Alert.objects.get().status == "resolved"


def test_a_machine_that_is_read_seldom_is_given_more_time(machine: Machine) -> None:
    newest = int(now().timestamp()) * 1000 - 30 * HOUR_MS
    times = newest - np.arange(5)[::-1] * 24 * HOUR_MS
    store(machine, Series(times, {"energy_kwh": np.ones(5)}))
    assert data_silence_check() == 0
    assert data_silence_check(at=now() + dt.timedelta(hours=60)) == 1


def test_a_machine_that_was_never_read(machine: Machine) -> None:
    assert data_silence_check() == 0
    assert data_silence_check(at=now() + dt.timedelta(hours=25)) == 1
    assert "No reading has ever come" in Alert.objects.get().message


def test_nobody_waits_for_a_machine_that_is_not_looked_after(machine: Machine) -> None:
    silent_since(machine, 25)
    data_silence_check()
    Machine.objects.update(is_active=False)
    assert data_silence_check() == 0
    assert Alert.objects.get().status == "resolved"


def test_a_rule_says_after_how_many_hours(machine: Machine) -> None:
    alert_rule_create(alert_type="no_data", warning_at=2.0, machine=machine, user=None)
    silent_since(machine, 3)
    assert data_silence_check() == 1


def test_batches_that_overlap_are_looked_at_once(machine: Machine, model: Any) -> None:
    for first in (0, 10, 2):
        store(machine, hours(first, [2.0, 50.0]))
    news = news_of(machine, "anomaly")
    assert news is not None
    assert len(news.periods) == 3
    store(machine, hours(0, [3.0] * 12))
    news = news_of(machine, "anomaly")
    assert news is not None
    assert len(news.periods) == 1

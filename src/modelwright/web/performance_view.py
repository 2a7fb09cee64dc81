"""The performance of one model of one machine, as its page shows it."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from modelwright.abtests.models import ABTest
from modelwright.abtests.services import ab_test_look
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.engine.machines import MACHINE_MODEL_TYPES, MachineModelType
from modelwright.monitoring.errors import NoMetricsError
from modelwright.monitoring.models import Alert, DriftProfile, MetricsRecord
from modelwright.monitoring.selectors import alerts_of
from modelwright.monitoring.trends import MetricsTrend, metrics_trend
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_of
from modelwright.runs.machine_jobs import machine_jobs
from modelwright.runs.machine_services import machine_subject
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import job_followed_from
from modelwright.runs.states import OPEN, Status
from modelwright.web.abtest_view import ab_figure
from modelwright.web.address import Address
from modelwright.web.refusal import Refusal, refusal_of

RANGES = (7, 30, 90, 365)
DAYS = 30
JOBS_SHOWN = 15
RECORDS_SHOWN = 200
VERSIONS_SHOWN = 20
LEAST_SPAN = timedelta(days=1)
LEAST_FIT = -1
"""R² below it would press all others into a line."""
FIT_MARGIN = 0.1
EDGE = 0.02
"""Share of the period that stays free beside the last record."""
TILES = (
    ("r_squared", "R²"),
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("mape", "MAPE"),
    ("cv_rmse", "CV(RMSE)"),
)


class PerformanceView:
    """What one request for the page asks for."""

    def __init__(self, request: HttpRequest) -> None:
        self.address = Address.read(
            reverse("model_performance"), ("model_type", "machine", "days"), request.GET
        )
        self.machines = list(
            Machine.objects.filter(is_active=True).order_by("name").values_list("pk", "name")
        )
        asked = self.address.get("model_type")
        self.model_type = asked if asked in MACHINE_MODEL_TYPES else next(iter(MACHINE_MODEL_TYPES))
        days = self.address.get("days")
        self.days = int(days) if days.isdecimal() and int(days) in RANGES else DAYS
        self.machine = self._machine()

    def _machine(self) -> Machine | None:
        try:
            wanted = UUID(self.address.get("machine"))
        except ValueError:
            return Machine.objects.filter(is_active=True).order_by("name").first()
        return Machine.objects.filter(pk=wanted).first()

    @property
    def types(self) -> tuple[MachineModelType, ...]:
        """Return the model types that may be chosen."""
        return tuple(MACHINE_MODEL_TYPES.values())

    @property
    def kind(self) -> MachineModelType:
        """Return the one that is chosen."""
        return MACHINE_MODEL_TYPES[self.model_type]

    @property
    def ranges(self) -> list[tuple[int, str, bool]]:
        """Return days, address and whether it is chosen."""
        return [(d, str(self.address.having(days=str(d))), d == self.days) for d in RANGES]

    @cached_property
    def subject_key(self) -> str:
        """Return what is modelled, as one word."""
        return machine_subject(self.model_type, self.machine) if self.machine else ""

    @cached_property
    def subject(self) -> Subject | None:
        """Return what is modelled; None before the first version."""
        return Subject.objects.filter(key=self.subject_key).first()

    @cached_property
    def champion(self) -> ModelVersion | None:
        """Return the version that answers."""
        return champion_of(self.subject_key) if self.subject_key else None

    @cached_property
    def refusal(self) -> Refusal | None:
        """Return that of the champion's file, where it is refused."""
        return refusal_of(self.subject) if self.subject else None

    @cached_property
    def versions(self) -> list[ModelVersion]:
        """Return the newest versions."""
        found = ModelVersion.objects.filter(subject=self.subject_key).select_related("run")
        return list(found.order_by("-number")[:VERSIONS_SHOWN])

    # --- metrics -----------------------------------------------------------------------------

    @cached_property
    def hold_out(self) -> MetricsRecord | None:
        """Return how the champion did when it was trained."""
        if self.champion is None:
            return None
        return MetricsRecord.objects.filter(
            model_id=self.champion.run_id, source=MetricsRecord.Source.HOLD_OUT
        ).first()

    @property
    def tiles(self) -> list[tuple[str, str, float]]:
        """Return name, title and value of the metrics that there are."""
        record = self.hold_out
        if record is None:
            return []
        values = {name: getattr(record, name, None) for name, _ in TILES} | record.metrics
        return [
            (name, title, values[name]) for name, title in TILES if values.get(name) is not None
        ]

    @cached_property
    def trend(self) -> MetricsTrend | None:
        """Return the records of the chosen days and where they lead; None where there are none."""
        if self.machine is None:
            return None
        try:
            return metrics_trend(self.machine, self.model_type, self.days)
        except NoMetricsError:
            return None

    @property
    def records(self) -> list[MetricsRecord]:
        """Return the newest of them, newest first."""
        return list(reversed(self.trend.records))[:RECORDS_SHOWN] if self.trend else []

    @property
    def may_lead(self) -> bool:
        """Return whether there are enough records for a direction: two lie on any line, and those
        of one day say nothing of a month.
        """
        if self.trend is None or not self.trend.measure:
            return False
        ends = [record.evaluation_end for record in self.trend.records]
        return len(ends) > 2 and max(ends) - min(ends) >= LEAST_SPAN

    @property
    def rate(self) -> float:
        """Return how much the error grows in a month, in per cent."""
        return 100 * 30 * self.trend.degradation_rate if self.trend else 0.0

    @property
    def figures(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Return id, title, note and figure of the charts."""
        if self.trend is None:
            return []
        fit = self._figure(("r_squared",))
        known = [value for value in fit["data"][0]["y"] if value is not None]
        note = ""
        if known:  # never above 1, which Plotly doesn't know: it centres a single value
            lowest = max(min(known) - FIT_MARGIN, LEAST_FIT)
            fit["layout"]["yaxis"] = {"range": [lowest, 1 + FIT_MARGIN / 2]}
        if known and min(known) < LEAST_FIT:  # a quiet day has next to no variance to explain
            note = f"below {LEAST_FIT} in the table only"
        return [
            ("errors", "Errors over time", "", self._figure(("rmse", "mae"))),
            ("fit", "R² over time", note, fit),
        ]

    def _figure(self, names: tuple[str, ...]) -> dict[str, Any]:
        records = self.trend.records[-RECORDS_SHOWN:] if self.trend else []
        titles = dict(TILES)
        begin, end = self._window([r.evaluation_end for r in records])
        return {
            "data": [
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": titles[name],
                    "x": [r.evaluation_end.isoformat() for r in records],
                    "y": [getattr(r, name) for r in records],
                }
                for name in names
            ],
            "layout": {
                "xaxis": {
                    "type": "date",
                    "range": [begin.isoformat(), end.isoformat()],
                },
                "yaxis": {"rangemode": "tozero"} if "rmse" in names else {},
            },
        }

    def _window(self, times: list[datetime]) -> tuple[datetime, datetime]:
        """Return the period that is drawn: the chosen days, back to the oldest record.

        Where all records are about times before (a file of old readings, say), it ends with them.
        """
        end = now()
        begin = end - timedelta(days=self.days)
        if times and max(times) < begin:
            end = max(times) + timedelta(days=self.days * EDGE)
            begin = end - timedelta(days=self.days)
        return min([begin, *times]), end

    # --- drift, alerts -----------------------------------------------------------------------

    @cached_property
    def drift(self) -> dict[str, Any] | None:
        """Return what the last check found; None before the first."""
        if self.champion is None:
            return None
        profile = DriftProfile.objects.filter(version=self.champion).first()
        return profile.checked if profile is not None and profile.checked else None

    @cached_property
    def alerts(self) -> list[Alert]:
        """Return the open alerts of the model."""
        if self.machine is None:
            return []
        found = alerts_of(machine_id=self.machine.pk, is_open=True)
        return [a for a in found[:20] if a.model_type in ("", self.model_type)]

    # --- trainings ---------------------------------------------------------------------------

    @cached_property
    def jobs(self) -> list[TrainingRun]:
        """Return the newest trainings."""
        found = machine_jobs().filter(machine=self.machine, model_type=self.model_type)
        return list(found[:JOBS_SHOWN])

    @cached_property
    def _followed(self) -> tuple[TrainingRun | None, int]:
        job = next((job for job in self.jobs if job.status in OPEN), None)
        return job, 0 if job is None else job_followed_from(job)

    @property
    def open_job(self) -> TrainingRun | None:
        """Return the training that is pending or running."""
        return self._followed[0]

    @property
    def last_event(self) -> int:
        """Return the event after which its stream goes on."""
        return self._followed[1]

    @property
    def failed_last(self) -> TrainingRun | None:
        """Return the newest training, if it failed."""
        newest = next(iter(self.jobs), None)
        return newest if newest is not None and newest.status == Status.FAILED else None

    # --- test --------------------------------------------------------------------------------

    @cached_property
    def test(self) -> ABTest | None:
        """Return the test that is on, else the last one; looking counts what is new."""
        if self.subject is None:
            return None
        tests = ABTest.objects.filter(subject=self.subject)
        found = tests.filter(status=ABTest.Status.ACTIVE).first() or tests.first()
        if found is None:
            return None
        if found.status == ABTest.Status.ACTIVE:
            found = ab_test_look(test=found)
        return ABTest.objects.select_related("version_a", "version_b").get(pk=found.pk)

    @property
    def test_figure(self) -> dict[str, Any] | None:
        """Return the interval of the difference over time."""
        return ab_figure(self.test) if self.test is not None else None

    @property
    def may_test(self) -> bool:
        """Return whether there are two versions and no test is on."""
        on = self.test is not None and self.test.status == ABTest.Status.ACTIVE
        return len(self.versions) > 1 and not on

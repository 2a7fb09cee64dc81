"""The models of a machine: each type, its version, how it does, its last training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from modelwright.engine.machines import MACHINE_MODEL_TYPES, MachineModelType
from modelwright.monitoring.models import MetricsRecord
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import champion_of
from modelwright.runs.machine_jobs import machine_jobs
from modelwright.runs.machine_services import machine_subject
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import OPEN
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section

METRICS = (
    ("r_squared", "R²"),
    ("cv_rmse", "CV(RMSE)"),
    ("mase", "MASE"),
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("false_alarm_rate", "alarms a week"),
)
SHOWN_METRICS = 3


@dataclass(frozen=True)
class Row:
    """A type as the page shows it."""

    kind: MachineModelType
    version: ModelVersion | None
    metrics: list[tuple[str, float]]
    last: TrainingRun | None

    @property
    def busy(self) -> bool:
        """Return whether a training is pending or running."""
        return self.last is not None and self.last.status in OPEN


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return a row for each type."""
    machine = shown.machine
    found = []
    for kind in MACHINE_MODEL_TYPES.values():
        version = champion_of(machine_subject(kind.name, machine))
        last = machine_jobs().filter(machine=machine, model_type=kind.name).first()
        found.append(Row(kind, version, _metrics(version), last))
    return {"rows": found}


def _metrics(version: ModelVersion | None) -> list[tuple[str, float]]:
    if version is None:
        return []
    record = MetricsRecord.objects.filter(
        model_id=version.run_id, source=MetricsRecord.Source.HOLD_OUT
    ).first()
    if record is None:
        return []
    values = {name: getattr(record, name, None) for name, _ in METRICS} | record.metrics
    known = [(title, values[name]) for name, title in METRICS if values.get(name) is not None]
    return known[:SHOWN_METRICS]


SECTION = Section("models", "Models", "machine/_models.html", context)

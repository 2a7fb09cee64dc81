"""How long a test will take: rows from the statistics, days from the traffic there is."""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from modelwright.abtests.losses import Floats, error_of, losses_on_readings
from modelwright.abtests.models import ABTest
from modelwright.core.clock import ms_of, now
from modelwright.core.errors import InvalidInputError
from modelwright.engine.abtest import ABTestError, paired_deviation, plan, split_deviation
from modelwright.registry.models import ModelVersion, Subject
from modelwright.serving.models import Prediction

LATELY = dt.timedelta(days=30)
ROWS_READ = 20_000
FEWEST = 30


@dataclass(frozen=True)
class TestPlan:
    """What a test needs.

    Parameters
    ----------
    mode : str
        Of `ABTest.Mode`.
    mean_loss : float
        Of the champion on what it was asked lately: the error that an effect is to be seen beside.
    effect, deviation, alpha, power : float
        What was planned with.
    deviation_from : str
        `pairs`: both versions on the same rows. `champion`: its errors alone, as if those of the
        challenger had nothing to do with them; a paired test then needs fewer rows than said.
    rows : int
        A budget: by then the effect is found with the wanted power.
    expected_rows, expected_rows_twice : int
        How many it takes on average where the effect is as planned, and twice as large.
    fixed_rows : int
        What a test without looking would need.
    rows_per_day : float
        With actual values, lately.
    days, expected_days : float or None
        None where nothing comes.
    """

    mode: str
    mean_loss: float
    effect: float
    deviation: float
    alpha: float
    power: float
    deviation_from: str
    rows: int
    expected_rows: int
    expected_rows_twice: int
    fixed_rows: int
    rows_per_day: float
    days: float | None
    expected_days: float | None


@dataclass(frozen=True)
class _Past:
    """Errors of the past."""

    champion: Floats
    challenger: Floats | None
    per_day: float


def ab_test_plan(
    *,
    version_a: ModelVersion,
    version_b: ModelVersion,
    mode: str,
    effect: float,
    traffic_split: float = 0.5,
    alpha: float = 0.05,
    power: float = 0.8,
) -> TestPlan:
    """Say how many rows and days a test of two versions needs.

    Parameters
    ----------
    version_a, version_b : ModelVersion
        Champion and challenger of one subject.
    mode : str
        Of `ABTest.Mode`.
    effect : float
        Smallest improvement of the mean error that is to be found, in the error's own unit; for
        labels in shares of rows.
    traffic_split, alpha, power : float

    Raises
    ------
    InvalidInputError
        A value is wrong, or fewer than 30 errors of the champion are known to plan with.
    """
    if mode not in ABTest.Mode.values:
        raise InvalidInputError({"mode": [f"mode must be one of {', '.join(ABTest.Mode.values)}."]})
    if not 0 < traffic_split < 1:
        raise InvalidInputError({"traffic_split": ["traffic_split is above 0 and below 1."]})
    subject = Subject.objects.get(key=version_a.subject)
    if mode == ABTest.Mode.BACK_TEST:
        if subject.machine is None:
            raise InvalidInputError({"mode": ["Only models of machines can be back-tested."]})
        past = _of_readings(version_a, version_b)
    else:
        past = _of_answers(subject, version_a, version_b)
    if len(past.champion) < FEWEST:
        raise InvalidInputError(
            {
                "model_a_id": [
                    f"Only {len(past.champion)} errors of version {version_a.number} are known;"
                    f" planning takes {FEWEST}. Send actual values first."
                ]
            }
        )
    try:
        deviation, source = _deviation(past, mode, traffic_split)
        found = plan(effect, deviation, alpha, power)
    except ABTestError as error:
        raise InvalidInputError({"effect": [str(error)]}) from error
    return TestPlan(
        mode=mode,
        mean_loss=float(past.champion.mean()),
        effect=effect,
        deviation=deviation,
        alpha=alpha,
        power=power,
        deviation_from=source,
        rows=found.rows,
        expected_rows=found.expected_rows,
        expected_rows_twice=found.expected_rows_twice,
        fixed_rows=found.fixed_rows,
        rows_per_day=past.per_day,
        days=_days(found.rows, past.per_day),
        expected_days=_days(found.expected_rows, past.per_day),
    )


def _days(rows: int, per_day: float) -> float | None:
    return rows / per_day if per_day > 0 else None


def _deviation(past: _Past, mode: str, traffic_split: float) -> tuple[float, str]:
    pairs = None
    if past.challenger is not None and len(past.challenger) >= FEWEST:
        pairs = paired_deviation(past.champion, past.challenger)
    if mode == ABTest.Mode.SPLIT:
        dealt = split_deviation(past.champion, traffic_split)
        return (math.hypot(dealt, pairs) if pairs else dealt), "pairs" if pairs else "champion"
    if pairs:
        return pairs, "pairs"
    return math.sqrt(2) * float(past.champion.std(ddof=1)), "champion"


def _of_readings(version_a: ModelVersion, version_b: ModelVersion) -> _Past:
    end = version_a.run.machine.last_reading_at if version_a.run.machine else None
    start = 0 if end is None else ms_of(end - LATELY)
    first, second, days = losses_on_readings(version_a, version_b, start)
    return _Past(first, second, len(first) / days if days else 0.0)


def _of_answers(subject: Subject, version_a: ModelVersion, version_b: ModelVersion) -> _Past:
    """Return errors of answers with actual values; both versions' where rows were in shadow."""
    since = now() - LATELY
    known = Prediction.objects.filter(
        subject=subject, at__gte=since, actual__isnull=False
    ).select_related("actual")
    mine = list(known.filter(version=version_a).order_by("-at")[:ROWS_READ])
    if not mine:
        return _Past(np.empty(0), None, 0.0)
    begun = min(row.at for row in mine)
    days = max((now() - begun) / dt.timedelta(days=1), 1 / 24)
    others = {
        row.request_id: error_of(row)
        for row in known.filter(version=version_b).order_by("-at")[:ROWS_READ]
    }
    pairs, alone = [], []
    for row in reversed(mine):
        error = error_of(row)
        if error is None:
            continue
        alone.append(abs(error))
        other = others.get(row.request_id)
        if other is not None:
            pairs.append((abs(error), abs(other)))
    per_day = len(alone) / days
    if len(pairs) >= FEWEST:
        first, second = np.array(pairs, dtype=float).T
        return _Past(first, second, per_day)
    return _Past(np.array(alone, dtype=float), None, per_day)

"""From answers and truths to losses: what each version's error costs, row by row."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from modelwright.abtests.models import ABTest
from modelwright.catalog.readings import series_of
from modelwright.core.clock import now
from modelwright.engine.machines.series import Series
from modelwright.registry.models import ModelVersion
from modelwright.serving.answering import machine_model_loaded
from modelwright.serving.models import Prediction

Floats = NDArray[np.float64]
HISTORY_DAYS = 60
DAY_MS = 86_400_000
ROWS_AT_ONCE = 5_000
SETTLED = dt.timedelta(seconds=30)
"""So long after an answer was given, the challenger in its shadow has answered, or won't."""
MAX_SEGMENT_CHARS = 100
EMPTY = "(empty)"


@dataclass(frozen=True)
class Side:
    """One version's errors on some rows.

    Parameters
    ----------
    errors : ndarray of float64, shape (n,)
        Predicted less actual; for labels 1 where wrong, else 0.
    unanswered : int
        Rows for which it had no answer: they count for neither side.
    """

    errors: Floats
    unanswered: int = 0

    @property
    def losses(self) -> Floats:
        """Return what each error costs: its size."""
        return np.abs(self.errors)


@dataclass(frozen=True)
class Segmented:
    """Losses with the segment of each row; rows whose inputs were not kept are left out.

    Parameters
    ----------
    names : tuple of str, shape (n,)
    first, second : ndarray of float64, shape (n,)
        Losses of both versions on the same rows; in a split test `first` has those of whoever
        answered, and `second` none.
    arms : tuple of str, shape (n,)
        In a split test: who answered.
    """

    names: tuple[str, ...]
    first: Floats
    second: Floats = field(default_factory=lambda: np.empty(0))
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """New rows of a test, in the order of their time.

    Parameters
    ----------
    a, b : Side
        In a split test each has its own rows; else they are the same rows.
    arms : tuple of str
        In a split test: who answered each row of `losses`.
    losses : ndarray of float64
        In a split test: of each row.
    last : datetime or None
        Time of the last row; None without rows.
    until : int or None
        Readings up to here are counted (ms UTC).
    counted : tuple of int
        Predictions that are counted with them.
    silent_a, silent_b : ndarray of float64
        In a back-test: 1 for each reading that the version has no answer for, else 0.
    segmented : Segmented or None
        The same rows by segment, where the test watches segments.
    """

    a: Side
    b: Side
    arms: tuple[str, ...] = ()
    losses: Floats = field(default_factory=lambda: np.empty(0))
    last: dt.datetime | None = None
    until: int | None = None
    counted: tuple[int, ...] = ()
    silent_a: Floats = field(default_factory=lambda: np.empty(0))
    silent_b: Floats = field(default_factory=lambda: np.empty(0))
    segmented: Segmented | None = None


def rows_new(test: ABTest) -> Rows:
    """Return the rows of a test that it has not counted yet."""
    if test.mode == ABTest.Mode.BACK_TEST:
        return _of_readings(test)
    return _of_shadow(test) if test.mode == ABTest.Mode.SHADOW else _of_split(test)


# --- back-test ----------------------------------------------------------------------------------


def _of_readings(test: ABTest) -> Rows:
    assert test.machine is not None  # noqa: S101  (checked when the test was started)
    start = back_test_start(test.version_a, test.version_b)
    if test.evaluated_until is not None:
        start = max(start, test.evaluated_until + 1)
    history = series_of(test.machine, start=start - HISTORY_DAYS * DAY_MS)
    first = int(np.searchsorted(history.times, start))
    if first >= len(history):
        return Rows(Side(np.empty(0)), Side(np.empty(0)))
    actual, answers = _answers((test.version_a, test.version_b), history, first)
    known = np.isfinite(actual)
    said = [np.isfinite(answer) for answer in answers]
    both = known & said[0] & said[1]
    sides = [
        Side((answer - actual)[both], int((known & ~has).sum()))
        for answer, has in zip(answers, said, strict=True)
    ]
    last = int(history.times[-1])
    silent = [(~has[known]).astype(float) for has in said]
    return Rows(
        sides[0],
        sides[1],
        last=_moment(last),
        until=last,
        silent_a=silent[0],
        silent_b=silent[1],
    )


def losses_on_readings(
    version_a: ModelVersion, version_b: ModelVersion, start: int
) -> tuple[Floats, Floats, float]:
    """Return the losses of two versions on a machine's readings, and the days that these span.

    Parameters
    ----------
    version_a, version_b : ModelVersion
        Of one machine's subject.
    start : int
        From when on (ms UTC).
    """
    nothing = np.empty(0)
    machine = version_a.run.machine
    if machine is None:
        return nothing, nothing, 0.0
    history = series_of(machine, start=start - HISTORY_DAYS * DAY_MS)
    first = int(np.searchsorted(history.times, start))
    if first >= len(history):
        return nothing, nothing, 0.0
    actual, answers = _answers((version_a, version_b), history, first)
    known = np.isfinite(actual) & np.isfinite(answers[0]) & np.isfinite(answers[1])
    losses = [np.abs(answer - actual)[known] for answer in answers]
    return losses[0], losses[1], float(history.times[-1] - history.times[first]) / DAY_MS


def _answers(
    versions: Sequence[ModelVersion], history: Series, first: int
) -> tuple[Floats, list[Floats]]:
    models = [machine_model_loaded(version) for version in versions]
    actual = history.channels.get(models[0].target, np.full(len(history), np.nan))
    return actual[first:], [model.expected(history).mean[first:] for model in models]


def back_test_start(*versions: ModelVersion) -> int:
    """Return the first moment (ms UTC) that none of the versions has learned from."""
    ends = [v.run.period_end for v in versions if v.run.period_end is not None]
    return round(max(ends).timestamp() * 1000) + 1 if ends else 0


def steps_a_day(test: ABTest) -> int | None:
    """Return how many readings make a day, which is the season of most machines; None: unknown."""
    if test.machine is None:
        return None
    history = series_of(test.machine, start=back_test_start(test.version_a) - 30 * DAY_MS)
    if len(history) < 3:
        return None
    step = float(np.median(np.diff(history.times)))
    return max(1, round(DAY_MS / step)) if step < DAY_MS else None


# --- predictions --------------------------------------------------------------------------------


def _uncounted(test: ABTest) -> Any:
    return (
        Prediction.objects.filter(
            test_id=test.pk,
            is_counted=False,
            actual__isnull=False,
            role=Prediction.Role.GIVEN,
        )
        .select_related("actual")
        .order_by("at", "id")
    )


def error_of(prediction: Prediction) -> float | None:
    """Return predicted less actual, or whether the label was wrong; None: can't be compared."""
    actual = prediction.actual
    if actual is None:
        return None
    if prediction.label:
        label = actual.label_beside(prediction.label)
        return float(prediction.label != label) if label else None
    if prediction.value is None or actual.value is None:
        return None
    return prediction.value - actual.value


def _of_shadow(test: ABTest) -> Rows:
    given = list(_uncounted(test)[:ROWS_AT_ONCE])
    shadows = {
        shadow.request_id: shadow
        for shadow in Prediction.objects.filter(
            request_id__in=[p.request_id for p in given], role=Prediction.Role.SHADOW
        ).select_related("actual")
    }
    given = _settled(given, shadows)
    pairs: list[tuple[float, float]] = []
    segments: list[tuple[str, int]] = []
    missing = [0, 0]
    for prediction in given:
        shadow = shadows.get(prediction.request_id)
        first = error_of(prediction)
        second = error_of(shadow) if shadow is not None else None
        missing[0] += first is None
        missing[1] += second is None
        if first is not None and second is not None:
            if (segment := segment_of(prediction, test.segment_column)) is not None:
                segments.append((segment, len(pairs)))
            pairs.append((first, second))
    errors = np.array(pairs, dtype=float).reshape(-1, 2)
    losses = np.abs(errors[[place for _, place in segments]])
    return Rows(
        Side(errors[:, 0], missing[0]),
        Side(errors[:, 1], missing[1]),
        last=given[-1].at if given else None,
        counted=tuple(p.pk for p in given),
        segmented=Segmented(tuple(name for name, _ in segments), losses[:, 0], losses[:, 1]),
    )


def _settled(given: list[Prediction], shadows: Mapping[UUID, Prediction]) -> list[Prediction]:
    """Return the rows before the first whose challenger may still be at it: order matters."""
    settled = now() - SETTLED
    for place, prediction in enumerate(given):
        if prediction.request_id not in shadows and prediction.created_at > settled:
            return given[:place]
    return given


def segment_of(prediction: Prediction, column: str) -> str | None:
    """Return the value that a row has in a column; None: the test has none, or it isn't known."""
    if not column or prediction.inputs is None or column not in prediction.inputs:
        return None
    value = prediction.inputs[column]
    return EMPTY if value is None or value == "" else str(value)[:MAX_SEGMENT_CHARS]


def _of_split(test: ABTest) -> Rows:
    given = list(_uncounted(test)[:ROWS_AT_ONCE])
    errors: dict[str, list[float]] = {"a": [], "b": []}
    missing = {"a": 0, "b": 0}
    # rows of one key depend on each other: their mean counts once
    by_key: dict[tuple[str, str], list[float]] = {}
    by_segment: dict[tuple[str, str, str], list[float]] = {}
    for prediction in given:
        found = error_of(prediction)
        if found is None:
            missing[prediction.arm] += 1
            continue
        errors[prediction.arm].append(found)
        who = (prediction.arm, prediction.key or str(prediction.pk))
        by_key.setdefault(who, []).append(abs(found))
        if (segment := segment_of(prediction, test.segment_column)) is not None:
            by_segment.setdefault((*who, segment), []).append(abs(found))
    return Rows(
        Side(np.array(errors["a"]), missing["a"]),
        Side(np.array(errors["b"]), missing["b"]),
        arms=tuple(arm for arm, _ in by_key),
        losses=np.array([_mean(losses) for losses in by_key.values()]),
        last=given[-1].at if given else None,
        counted=tuple(p.pk for p in given),
        segmented=Segmented(
            tuple(segment for _, _, segment in by_segment),
            np.array([_mean(losses) for losses in by_segment.values()]),
            arms=tuple(arm for arm, _, _ in by_segment),
        ),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _moment(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)

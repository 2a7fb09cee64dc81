"""Guard rails of a test: what may not get worse, whatever the errors say.

Rows are the answers of the test, with or without actual values. They are taken a while after they
were given: by then the answers in shadow are there too, and no transaction is open any more that
would commit an earlier one.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.abtests.losses import SETTLED, Rows
from modelwright.abtests.models import ABTest
from modelwright.core.clock import now
from modelwright.engine.abtest import Guards, Segments
from modelwright.engine.abtest.blocks import MIN_ROWS
from modelwright.registry.models import ModelVersion, Subject
from modelwright.serving.models import MILLISECONDS, Prediction
from modelwright.serving.selectors import serving_settings_of

UNANSWERED = "unanswered"
LATENCY = "latency_ms"
GUARDS = {
    UNANSWERED: "Share of rows without an answer",
    LATENCY: "Milliseconds to an answer",
}
DEFAULT = {UNANSWERED: 0.01}
ROWS_AT_ONCE = 5_000
MOST_MS = 10_000.0
"""A version that is loaded for its first row takes seconds for it; one row must not decide."""

Values = Mapping[str, list[float]]


def guards_wrong(guards: Mapping[str, float], mode: str) -> list[str]:
    """Return what is wrong with the guard rails of a test."""
    faults = [f"{name[:60]!r} can't be guarded: {' and '.join(GUARDS)} can." for name in guards
              if name not in GUARDS]  # fmt: skip
    for name, tolerance in guards.items():
        most = 1.0 if name == UNANSWERED else MOST_MS
        if not (math.isfinite(tolerance) and 0 <= tolerance < most):
            faults.append(f"{name} tolerates from 0 to below {most:g}.")
    if mode == ABTest.Mode.BACK_TEST and LATENCY in guards:
        faults.append(f"Nobody waits for a back-test: leave {LATENCY} out.")
    return faults


def guards_begin(test: ABTest) -> dict[str, Any]:
    """Return the state of a test's guard rails before the first row; empty without any."""
    if not test.guards:
        return {}
    split = test.traffic_split if test.mode == ABTest.Mode.SPLIT else None
    return Guards(test.guards, alpha=test.alpha, shares=(UNANSWERED,), split=split).to_dict()


def segments_begin(test: ABTest) -> dict[str, Any] | None:
    """Return the state of the segments before the first row; None where none are watched."""
    if not test.segment_column or test.segment_tolerance is None:
        return None
    split = test.traffic_split if test.mode == ABTest.Mode.SPLIT else None
    return Segments(test.segment_tolerance, test.alpha, split=split).to_dict()


def segments_wrong(
    column: str, tolerance: float, mode: str, version: ModelVersion, subject: Subject
) -> list[str]:
    """Return what is wrong with the column whose values are watched one by one."""
    faults = []
    if mode == ABTest.Mode.BACK_TEST:
        faults.append("A back-test has no columns: segments need predictions.")
    elif column not in version.run.features_used:
        faults.append(f"The model has no column {column[:60]!r}.")
    if not serving_settings_of(subject).keep_inputs:
        faults.append("Rows are not kept with their answers (keep_inputs): segments are in them.")
    if not (math.isfinite(tolerance) and tolerance >= 0):
        faults.append("A segment may be worse by 0 or more.")
    return faults


def _segments_look(test: ABTest, rows: Rows) -> None:
    if test.segment_state is None or rows.segmented is None:
        return
    segments, new = Segments.from_dict(test.segment_state), rows.segmented
    if test.mode == ABTest.Mode.SPLIT:
        segments.update_split(new.names, new.first, new.arms)
    else:
        segments.update(new.names, new.first, new.second)
    test.segment_state = segments.to_dict()


def segments_results(test: ABTest) -> list[dict[str, Any]]:
    """Return what is known of each segment, the one with the most evidence of harm first."""
    if test.segment_state is None:
        return []
    return [
        {
            "segment": one.name,
            "rows": one.n,
            "has_enough_rows": one.n >= MIN_ROWS,
            "worse_by": one.worse_by,
            "tolerance": one.tolerance,
            "e_value": min(one.e_value, 1e12),
            "harmed": one.harmed,
        }
        for one in Segments.from_dict(test.segment_state).results()
    ]


def guards_look(test: ABTest, rows: Rows) -> None:
    """Take the rows that are new, and note on the test what is known; its row is held."""
    _segments_look(test, rows)
    if not test.guard_state:
        return
    guards = Guards.from_dict(test.guard_state)
    if test.mode == ABTest.Mode.BACK_TEST:
        if UNANSWERED in guards.tolerances and len(rows.silent_a):
            guards.update(UNANSWERED, rows.silent_a, rows.silent_b)
    else:
        given = _next(test)
        if not given:
            return
        if test.mode == ABTest.Mode.SHADOW:
            _take_pairs(guards, given)
        else:
            _take_split(guards, given)
        test.guarded_to = given[-1].pk
    test.guard_state = guards.to_dict()


def guards_results(test: ABTest) -> list[dict[str, Any]]:
    """Return what is known of each guard rail, JSON-safe."""
    if not test.guard_state:
        return []
    return [
        {
            "name": one.name,
            "title": GUARDS.get(one.name, one.name),
            "rows": one.n,
            "worse_by": one.worse_by,
            "tolerance": one.tolerance,
            "e_value": min(one.e_value, 1e12),
            "harmed": one.harmed,
        }
        for one in Guards.from_dict(test.guard_state).results()
    ]


def guards_harmed(test: ABTest) -> str:
    """Say which guard rail was broken; empty: none."""
    segments = [
        {**one, "title": f"Mean error where {test.segment_column} is {one['segment']}"}
        for one in segments_results(test)
    ]
    for one in [*guards_results(test), *segments]:
        if one["harmed"]:
            worse = f"{one['worse_by']:.3g}" if one["worse_by"] is not None else "more"
            return (
                f"{one['title']}: version {test.version_b.number} is worse by {worse}, and"
                f" {one['tolerance']:g} was tolerated."
            )
    return ""


def _next(test: ABTest) -> list[Prediction]:
    found = Prediction.objects.filter(
        test_id=test.pk, pk__gt=test.guarded_to, created_at__lte=now() - SETTLED
    ).exclude(arm="")
    if test.mode == ABTest.Mode.SHADOW:
        found = found.filter(role=Prediction.Role.GIVEN)
    return list(found.order_by("pk")[:ROWS_AT_ONCE])


def _take_pairs(guards: Guards, given: Sequence[Prediction]) -> None:
    shadows = {
        shadow.request_id: shadow
        for shadow in Prediction.objects.filter(
            request_id__in=[row.request_id for row in given], role=Prediction.Role.SHADOW
        )
    }
    silent: list[tuple[float, float]] = []
    times: list[tuple[float, float]] = []
    for row in given:
        shadow = shadows.get(row.request_id)
        silent.append((_silent(row), _silent(shadow)))
        first, second = _milliseconds(row), _milliseconds(shadow)
        if first is not None and second is not None:
            times.append((first, second))
    for name, pairs in ((UNANSWERED, silent), (LATENCY, times)):
        if name in guards.tolerances and pairs:
            values = np.array(pairs)
            guards.update(name, values[:, 0], values[:, 1])


def _take_split(guards: Guards, given: Sequence[Prediction]) -> None:
    for name, value_of in ((UNANSWERED, _silent), (LATENCY, _milliseconds)):
        if name not in guards.tolerances:
            continue
        found = [(value, row.arm) for row in given if (value := value_of(row)) is not None]
        if found:
            guards.update_split(name, [v for v, _ in found], [arm for _, arm in found])


def _silent(row: Prediction | None) -> float:
    return float(row is None or (not row.label and row.value is None))


def _milliseconds(row: Prediction | None) -> float | None:
    found = None if row is None else row.details.get(MILLISECONDS)
    return None if found is None else min(float(found), MOST_MS)

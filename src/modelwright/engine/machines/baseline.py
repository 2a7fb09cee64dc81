"""The baseline: what a machine should use, given weather, production and time of week."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.bands import Band
from modelwright.engine.machines.base import (
    Expected,
    MachineEvaluation,
    MachineModel,
    Report,
)
from modelwright.engine.machines.baseline_inputs import (
    AUTO,
    MONTH,
    Prepared,
    at_resolution,
    prepare,
)
from modelwright.engine.machines.baseline_report import (
    coefficient_table,
    fit_statistics,
    outside_warnings,
    ranges_of,
)
from modelwright.engine.machines.cadence import durations, step_of
from modelwright.engine.machines.candidates import (
    CANDIDATES,
    Candidate,
    Frame,
    Inputs,
    build_frame,
)
from modelwright.engine.machines.candidates.folds import time_folds
from modelwright.engine.machines.candidates.frame import DAY, HOUR
from modelwright.engine.machines.guideline import months_of, sufficiency, verdict
from modelwright.engine.machines.local_time import hour_of_week, local
from modelwright.engine.machines.savings_errors import BlockErrors
from modelwright.engine.machines.scores import machine_evaluation
from modelwright.engine.machines.series import PRODUCTION, TEMPERATURE, Series, Values, is_total
from modelwright.engine.parameters import (
    ChoiceParameter,
    NamesParameter,
    NumberParameter,
    TextParameter,
)

BETTER = 0.99
HOURS_OF_WEEK = 168


class Baseline(MachineModel):
    """Expected energy from its drivers; candidates compete in cross-validation by blocks of time.

    The candidates are linear regression, change-point models, time of week and temperature, and an
    additive model; the easiest to read wins unless another is more than 1 % better. Intervals come
    from the errors on blocks that the fit hadn't seen.

    Examples
    --------
    >>> hours = np.arange(24 * 70)
    >>> warm = 15 + 10 * np.sin(hours / 24) + 5 * np.sin(hours * np.pi / 12)
    >>> load = 20 + 2.0 * np.maximum(warm - 18, 0) + np.random.default_rng(0).normal(size=1680)
    >>> series = Series(hours * 3_600_000, {"energy_kwh": load, "outdoor_temp_c": warm})
    >>> model = Baseline().fit(series)
    >>> model.describe()["model"]["name"]
    'cooling_3p'
    """

    model_type: ClassVar[str] = "baseline"
    minimum_readings: ClassVar[int] = 9  # of a year of bills, the hold-out taken off
    parameters = (
        TextParameter("target", None, "Channel to model; null for energy, else power.", True),
        TextParameter("temperature", TEMPERATURE, "Channel of the outdoor temperature.", True),
        TextParameter("production", PRODUCTION, "Channel of the production.", True),
        NamesParameter("drivers", (), "Further channels that energy depends on."),
        ChoiceParameter(
            "resolution",
            AUTO,
            "Rows of the model: as the readings are (at least hours), or days, or calendar months.",
            choices=(AUTO, HOUR, DAY, MONTH),
        ),
        ChoiceParameter(
            "model", AUTO, "Form of the model; auto compares all.", choices=(AUTO, *CANDIDATES)
        ),
        NumberParameter("coverage", 0.9, "Share of values inside the band.", low=0.5, high=0.99),
        TextParameter(
            "holidays", None, "Country whose holidays count as Sundays: US, DE-BW.", True
        ),
    )

    def __init__(self, options: Mapping[str, Any] | None = None, *, seed: int = 42) -> None:
        super().__init__(options, seed=seed)
        self.inputs = Inputs("")
        self.candidate: Candidate
        self.band: Band
        self.reading_band: Band | None = None
        self.profile: Values | None = None
        self.positive = False
        self.ranges: dict[str, list[float]] = {}
        self.months: list[int] = []
        self.errors: BlockErrors
        self.description: dict[str, Any] = {}

    def fit(self, series: Series, *, report: Report | None = None) -> Self:
        options = self.check_options(self.options)
        prepared = prepare(series, options, minimum=self.minimum_readings)
        self.inputs, self.warnings = prepared.inputs, prepared.warnings
        self.target, self.features = self.inputs.target, self.inputs.features
        self.candidate, unseen, scores = self._choose(prepared, options["model"], report)
        frame, rows = prepared.frame, prepared.rows
        self.candidate.fit(frame, rows)
        self.positive = bool((frame.target[rows] >= 0).all())
        self.ranges = ranges_of(frame, rows, self.inputs)
        self.months = months_of(frame, rows)
        judged = rows & np.isfinite(unseen)
        errors = (frame.target - self._clipped(unseen))[judged]
        self.band = Band.of(
            _cells(frame)[judged], errors, HOURS_OF_WEEK, float(options["coverage"])
        )
        self.errors = BlockErrors.of(
            frame.times[judged],
            frame.hours[judged],
            errors,
            self.inputs.unit_hours if is_total(self.target) else 1.0,
        )
        self._learn_readings(series, prepared, errors)
        self._describe(prepared, unseen, scores)
        return self

    def _choose(
        self, prepared: Prepared, wanted: str, report: Report | None
    ) -> tuple[Candidate, Values, list[dict[str, Any]]]:
        frame, rows = prepared.frame, prepared.rows
        folds = time_folds(frame.times, frame.resolution)
        names = [n for n in CANDIDATES if wanted in (AUTO, n) and CANDIDATES[n].suits(frame, rows)]
        if not names:
            self.warnings.append(
                f"The readings don't bear the model {wanted!r}: all others were compared."
            )
            names = [n for n in CANDIDATES if CANDIDATES[n].suits(frame, rows)]
        best: tuple[float, Candidate, Values] | None = None
        scores = []
        for at, name in enumerate(names):
            if report is not None:
                report(100 * at / len(names), "compare", f"Trying: {CANDIDATES[name].title}")
            candidate = CANDIDATES[name]()
            unseen = candidate.cross_validate(frame, rows, folds)
            score = fit_statistics(frame.target[rows], unseen[rows])
            rmse = score.pop("rmse")
            if rmse is None:
                continue
            scores.append({"name": name, "title": candidate.title, "rmse": rmse, **score})
            if best is None or rmse < BETTER * best[0]:
                best = rmse, candidate, unseen
        if best is None:
            raise DataLoadError(
                "The readings are too few to tell how good a model is: send more of them."
            )
        return best[1], best[2], scores

    def _learn_readings(self, series: Series, prepared: Prepared, errors: Values) -> None:
        """Learn how readings that are finer than the model's rows lie within them."""
        frame = prepared.frame
        if frame.owner is None:
            return
        hours = durations(series.times)
        values = series.channels[self.target]
        actual = values / hours * self.inputs.unit_hours if is_total(self.target) else values
        cell = self._reading_cells(series)
        known = np.isfinite(actual) & prepared.rows[frame.owner]
        if frame.resolution == DAY:
            self.profile = _profile(cell[known], actual[known], frame.target[frame.owner[known]])
        fine = build_frame(series, self.inputs, gather=False)
        mean = self._reading_rates(series, fine)
        fitted = self._clipped(self.candidate.predict(frame))[prepared.rows]
        seen = frame.target[prepared.rows] - fitted
        factor = max(float(np.sqrt((errors**2).mean() / max((seen**2).mean(), 1e-300))), 1.0)
        known &= np.isfinite(mean)
        found = Band.of(cell[known], (actual - mean)[known], HOURS_OF_WEEK, self.band.coverage)
        self.reading_band = found.wider(factor)

    def _clipped(self, rates: Values) -> Values:
        return np.maximum(rates, 0.0) if self.positive else rates

    def _reading_cells(self, series: Series) -> NDArray[np.int64]:
        return hour_of_week(local(series.times, series.timezone))

    def _reading_rates(self, series: Series, frame: Frame) -> Values:
        """Return the expected rate at each reading."""
        rates = self._clipped(self.candidate.predict(frame))
        if frame.owner is None:
            return rates
        if self.profile is None:
            return rates[frame.owner]
        return rates[frame.owner] * self.profile[self._reading_cells(series)]

    def expected(self, series: Series) -> Expected:
        frame = build_frame(series, self.inputs, gather=False)
        rates = self._reading_rates(series, frame)
        step = step_of(series.times)
        finer = self.reading_band is not None and 2 * step <= self.inputs.step
        if finer and self.reading_band is not None:
            band, cell = self.reading_band, self._reading_cells(series)
        else:
            cell = _cells(frame)
            band, cell = self.band, cell if frame.owner is None else cell[frame.owner]
        lower, upper = band.around(cell, rates)
        factor: Values = np.ones(len(series))
        if is_total(self.target):
            factor = durations(series.times) / self.inputs.unit_hours
        return Expected(
            series.times,
            rates * factor,
            self._clipped(lower) * factor,
            upper * factor,
            band.coverage,
            outside_warnings(frame, self.ranges, self.months),
        )

    def evaluate(self, series: Series, *, start: int | None = None) -> MachineEvaluation:
        series = at_resolution(series, self.check_options(self.options))
        frame = build_frame(series, self.inputs, gather=True)
        rates = self._clipped(self.candidate.predict(frame))
        counts = frame.times >= (start if start is not None else frame.times[0])
        lower, upper = self.band.around(_cells(frame), rates)
        inside = (frame.target >= self._clipped(lower)) & (frame.target <= upper)
        known = counts & np.isfinite(frame.target) & np.isfinite(rates)
        coverage = float(inside[known].mean()) if known.any() else None
        more = {"coverage": coverage}
        return machine_evaluation(frame.times[counts], frame.target[counts], rates[counts], more)

    def _describe(self, prepared: Prepared, unseen: Values, scores: list[dict[str, Any]]) -> None:
        frame, rows = prepared.frame, prepared.rows
        fitted = self._clipped(self.candidate.predict(frame))
        target = frame.target[rows]
        new = fit_statistics(target, unseen[rows])
        unit = _unit(self.target, frame.resolution)
        enough = sufficiency(frame, rows, self.months)
        judged = verdict(new["cv_rmse"], new["nmbe"], frame.resolution)
        if not judged["acceptable"]:
            self.warnings.append(judged["message"])
        self.warnings.extend(enough["notes"])
        self.description = {
            "model": {"name": self.candidate.name, "title": self.candidate.title},
            "unit": unit,
            "resolution": frame.resolution,
            "equation": f"{unit} = {self.candidate.equation()}",
            "coefficients": coefficient_table(self.candidate, int(rows.sum())),
            "parameters": self.candidate.parameters,
            "candidates": scores,
            "cross_validated": new,
            "fit": fit_statistics(target, fitted[rows], self.candidate.parameters),
            "guideline_14": judged,
            "sufficiency": enough,
            "ranges": self.ranges,
        }

    def describe(self) -> dict[str, Any]:
        return self.description

    def to_dict(self) -> dict[str, Any]:
        return {
            "options": self.options,
            "seed": self.seed,
            "warnings": self.warnings,
            "inputs": self.inputs.to_dict(),
            "candidate": {"name": self.candidate.name, **self.candidate.to_dict()},
            "band": self.band.to_dict(),
            "reading_band": self.reading_band.to_dict() if self.reading_band else None,
            "profile": self.profile.tolist() if self.profile is not None else None,
            "positive": self.positive,
            "ranges": self.ranges,
            "months": self.months,
            "errors": self.errors.to_dict(),
            "description": self.description,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        model = cls(data["options"], seed=data["seed"])
        model.warnings = list(data["warnings"])
        model.inputs = Inputs.from_dict(data["inputs"])
        model.target, model.features = model.inputs.target, model.inputs.features
        model.candidate = CANDIDATES[data["candidate"]["name"]].from_dict(data["candidate"])
        model.band = Band.from_dict(data["band"])
        if data["reading_band"] is not None:
            model.reading_band = Band.from_dict(data["reading_band"])
        if data["profile"] is not None:
            model.profile = np.array(data["profile"])
        model.positive = bool(data["positive"])
        model.ranges = dict(data["ranges"])
        model.months = list(data["months"])
        model.errors = BlockErrors.from_dict(data["errors"])
        model.description = dict(data["description"])
        return model


def _cells(frame: Frame) -> NDArray[np.int64]:
    """Return the hour of the week of each row; that of its day where rows are days."""
    if frame.resolution == HOUR:
        return frame.weekday * 24 + frame.hour
    if frame.resolution == DAY:
        return frame.weekday * 24
    return np.zeros(len(frame), dtype=np.int64)


def _profile(cell: NDArray[np.int64], actual: Values, daily: Values) -> Values:
    """Return each hour of the week's share of its day's rate; 1 where it isn't known."""
    sums = np.bincount(cell, actual, minlength=HOURS_OF_WEEK)
    days = np.bincount(cell, daily, minlength=HOURS_OF_WEEK)
    share = np.divide(sums, days, out=np.ones(HOURS_OF_WEEK), where=days > 0)
    by_day = share.reshape(7, 24)
    mean = by_day.mean(axis=1, keepdims=True)
    profile: Values = np.divide(by_day, mean, out=np.ones((7, 24)), where=mean > 0).ravel()
    return profile


def _unit(target: str, resolution: str) -> str:
    if not is_total(target):
        return target
    return f"{target} per {'hour' if resolution == HOUR else 'day'}"


MODEL = Baseline

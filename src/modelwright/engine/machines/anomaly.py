"""Anomalies: stretches of readings that are out of the ordinary for this machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar, Self

import numpy as np

from modelwright.engine.machines.anomalies.alarms import (
    WEEK_MS,
    Stretch,
    calibrated_threshold,
    merged_within,
    severity,
    stretches,
)
from modelwright.engine.machines.anomalies.channel import (
    ERROR,
    LEVEL,
    NOVELTY,
    RECENT,
    TELLS,
    Channel,
    Seen,
)
from modelwright.engine.machines.anomalies.levels import JOINT_ROWS, LEVEL_MS, Joint, smoothed
from modelwright.engine.machines.anomalies.surprise import Reference
from modelwright.engine.machines.base import (
    Anomaly,
    Expected,
    MachineEvaluation,
    MachineModel,
    Report,
)
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.checks import check_series, target_channel, target_values
from modelwright.engine.machines.scores import machine_evaluation
from modelwright.engine.machines.series import (
    ENERGY,
    POWER,
    PRODUCTION,
    TEMPERATURE,
    Series,
    Times,
    Values,
)
from modelwright.engine.parameters import NamesParameter, NumberParameter, TextParameter
from modelwright.engine.words import short_number

JOINT = "joint"
WEIGHTS = {NOVELTY: 0.7, LEVEL: 0.25, ERROR: 0.05}
JOINT_WEIGHT = 0.4
JOINT_TAIL = 3.0
MEMORY_ROWS = 6000
LEAST_MEMORY_ROWS = 1024
MOST_MEMORY_ROWS = 10_080
MOST_CHANNELS = 20
MOSTLY_READ = 0.5
COVERAGE = 0.95
SPEAKS = 0.4  # of what the loudest channel says
NOT_WATCHED = {ENERGY: POWER, POWER: ENERGY}


@dataclass(frozen=True)
class Watched:
    """How surprising readings are, and why.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
    surprise : ndarray of float64, shape (n,)
        Minus the logarithm of how rarely the like is to be expected; 0 where nothing is known.
    seen : mapping
        Channel -> how it looks.
    averages : ndarray of float64, shape (n, channels)
        Smoothed residuals, for the joint figure.
    joint : ndarray of float64, shape (n,)
        Surprise of the joint figure.
    """

    times: Times
    surprise: Values
    seen: Mapping[str, Seen]
    averages: Values
    joint: Values


class AnomalyModel(MachineModel):
    """Anomalies against the machine's own past, with one dial: how many false alarms a week.

    Each channel is looked at in three ways: *novelty*, how far a value is from all that were read
    before; *level*, how far a smoothed residual is from where it was in the last weeks; *error*,
    how far a value is from what the time of the week and the drivers let expect. *Joint*, several
    channels that don't go together as usual (MEWMA). Each becomes a conformal p-value, so that
    they can be compared without a distribution; a reading is as surprising as the rarest of them,
    paid for by its weight. The threshold comes from the wanted rate and the training.

    What happened in the last `memory` counts as known, so that a new level is an alarm once.
    Memory is kept in blocks of fixed times: a reading looks the same whatever else is asked for,
    given `history_needed` milliseconds before it.

    Examples
    --------
    >>> hours = np.arange(24 * 60)
    >>> load = 50 + 10 * np.sin(hours * np.pi / 12) + np.random.default_rng(0).normal(size=1440)
    >>> model = AnomalyModel({"alarms_per_week": 0.2})
    >>> model = model.fit(Series(hours[:1200] * 3_600_000, {"power_kw": load[:1200]}))
    >>> load[1300:1310] += 15
    >>> (found,) = model.detect(Series(hours[1200:] * 3_600_000, {"power_kw": load[1200:]}))
    >>> found.start // 3_600_000, found.severity, found.channels
    (1300, 'critical', ('power_kw',))
    """

    model_type: ClassVar[str] = "anomaly"
    minimum_readings: ClassVar[int] = 50
    parameters = (
        TextParameter("target", None, "Channel to expect; null for energy, else power.", True),
        NamesParameter(
            "drivers",
            (PRODUCTION, TEMPERATURE),
            "Channels that explain the others and are not watched themselves.",
        ),
        NamesParameter("channels", (), "Channels to watch beside the target; none for all."),
        NumberParameter(
            "alarms_per_week",
            0.5,
            "How many false alarms a week are fine: the sensitivity.",
            low=0.001,
            high=10_000,
        ),
    )

    def __init__(self, options: Mapping[str, Any] | None = None, *, seed: int = 42) -> None:
        super().__init__(options, seed=seed)
        self.drivers: tuple[str, ...] = ()
        self.channels: tuple[Channel, ...] = ()
        self.joint: Joint | None = None
        self.joint_reference: Reference | None = None
        self.step_ms = 0
        self.block_ms = 0
        self.trained_until = 0
        self.threshold = 0.0

    def fit(self, series: Series, *, report: Report | None = None) -> Self:
        options = self.check_options(self.options)
        check_series(series, minimum=self.minimum_readings)
        self.target = target_channel(series, options["target"])
        target_values(series, self.target, minimum=self.minimum_readings)
        self.warnings = []
        self.drivers = self._drivers(series, options["drivers"])
        self.step_ms = step_of(series.times)
        self.trained_until = int(series.times[-1])
        self.block_ms = _block_rows(len(series), self.step_ms) * self.step_ms
        half_life = max(LEVEL_MS / self.step_ms, 2.0)
        names = self._watched(series, options["channels"])
        seen: dict[str, Seen] = {}
        channels = []
        for at, name in enumerate(names):
            if report is not None:
                report(100 * at / len(names), "learn", f"Learning {name}")
            channel, seen[name] = Channel.of(series, name, self.drivers, half_life)
            channels.append(channel)
        self.channels = tuple(channels)
        self.features = (*names, *self.drivers)
        late = series.times[-RECENT:]
        averages = self._averages(seen)
        self._learn_joint(averages)
        joint = np.zeros(late.size)
        if self.joint_reference is not None:
            joint = self.joint_reference.among(Joint.left_out(averages))
        self.threshold = calibrated_threshold(
            late, self._combined(seen, joint), self.step_ms, float(options["alarms_per_week"])
        )
        return self

    def _drivers(self, series: Series, wanted: tuple[str, ...]) -> tuple[str, ...]:
        known = np.isfinite(series.channels[self.target])
        found = []
        for name in wanted:
            if name == self.target or name not in series.channels:
                continue
            share = float(np.isfinite(series.channels[name][known]).mean())
            if share >= MOSTLY_READ:
                found.append(name)
            else:
                self.warnings.append(
                    f"{name} was read at only {share:.0%} of the target's readings: it is not used."
                )
        return tuple(found)

    def _watched(self, series: Series, wanted: tuple[str, ...]) -> list[str]:
        others = wanted or tuple(sorted(series.channels))
        left_out = {self.target, *self.drivers, NOT_WATCHED.get(self.target, "")} - set(wanted)
        names = [self.target]
        for name in others:
            if name in left_out or name in names or name not in series.channels:
                continue
            values = series.channels[name]
            known = values[np.isfinite(values)]
            if known.size >= MOSTLY_READ * len(series) and known.size and np.ptp(known) > 0:
                names.append(name)
        if len(names) > MOST_CHANNELS:
            self.warnings.append(
                f"Only {MOST_CHANNELS} of {len(names)} channels are watched: name those that matter"
                " in the option channels."
            )
        return names[:MOST_CHANNELS]

    def _averages(self, seen: Mapping[str, Seen]) -> Values:
        return smoothed(np.column_stack([one.residuals for one in seen.values()]), JOINT_ROWS)

    def _learn_joint(self, averages: Values) -> None:
        self.joint = self.joint_reference = None
        if averages.shape[1] > 1:
            self.joint = Joint.of(averages)
            self.joint_reference = Reference.of(Joint.left_out(averages), JOINT_TAIL)

    def _joint_surprise(self, averages: Values, *, trained: bool = False) -> Values:
        if self.joint is None or self.joint_reference is None:
            return np.zeros(len(averages))
        figures = self.joint.figures(averages)
        if trained:
            return self.joint_reference.among(figures)
        return self.joint_reference.fixed(figures)

    def _combined(self, seen: Mapping[str, Seen], joint: Values) -> Values:
        """Return the largest surprise, each way of looking paid for by its weight (Bonferroni)."""
        single = 1.0 if self.joint is None else 1.0 - JOINT_WEIGHT
        best = np.maximum(joint + log(JOINT_WEIGHT), 0.0)
        for one in self.channels:
            for kind in one.kinds:
                paid = log(WEIGHTS[kind] * single / len(self.channels))
                best = np.maximum(best, seen[one.name].surprises[kind] + paid)
        return best

    @property
    def history_needed(self) -> int:
        return 2 * self.block_ms

    @property
    def merged_within(self) -> int:
        """Milliseconds that two alarms may be apart and still be one; for `alarms.joined`."""
        return merged_within(self.step_ms)

    def watch(self, series: Series) -> Watched:
        """Return how surprising each reading is, by what was before it."""
        pieces = list(self._pieces(series)) or [self._look(series)]
        width = len(self.channels)
        kinds = {one.name: one.kinds for one in self.channels}
        return Watched(
            series.times,
            np.concatenate([piece.surprise for piece in pieces]),
            {
                name: Seen(
                    {
                        kind: np.concatenate([p.seen[name].surprises[kind] for p in pieces])
                        for kind in kinds[name]
                    },
                    np.concatenate([p.seen[name].residuals for p in pieces]),
                )
                for name in kinds
            },
            np.concatenate([piece.averages.reshape(-1, width) for piece in pieces]),
            np.concatenate([piece.joint for piece in pieces]),
        )

    def _pieces(self, series: Series) -> Iterator[Watched]:
        """Look at each block, with the block before it as memory."""
        block = series.times // self.block_ms
        trained = int(np.searchsorted(series.times, self.trained_until, side="right"))
        if trained:
            yield self._look_again(_rows(series, 0, trained))
        for number in np.unique(block[trained:]):
            first = max(trained, int(np.searchsorted(block, number)))
            begin = max(trained, int(np.searchsorted(block, number - 1)))
            end = int(np.searchsorted(block, number, side="right"))
            yield _tail(self._look(_rows(series, begin, end)), first - begin)

    def _look(self, series: Series) -> Watched:
        seen = {one.name: one.look(series) for one in self.channels}
        averages = self._averages(seen)
        joint = self._joint_surprise(averages)
        return Watched(series.times, self._combined(seen, joint), seen, averages, joint)

    def _look_again(self, series: Series) -> Watched:
        """Look at readings of the training, which are part of the references."""
        seen = {one.name: one.look_again(series) for one in self.channels}
        averages = self._averages(seen)
        joint = self._joint_surprise(averages, trained=True)
        return Watched(series.times, self._combined(seen, joint), seen, averages, joint)

    def detect(self, series: Series) -> list[Anomaly]:
        """Return the anomalies in `series`, oldest first.

        To go on where an earlier call ended, give the new readings with `history_needed`
        milliseconds of those before, leave out what ended before the new ones begin, and put the
        rest to what is known with `alarms.joined`: that finds what one call for all would.
        """
        watched = self.watch(series)
        found = stretches(watched.times, watched.surprise, self.threshold, self.merged_within)
        return [self._anomaly(series, watched, stretch) for stretch in found]

    def _anomaly(self, series: Series, watched: Watched, stretch: Stretch) -> Anomaly:
        surprise = float(watched.surprise[stretch.peak])
        loud, kind = self._speaking(watched, stretch.peak)
        return Anomaly(
            int(watched.times[stretch.first]),
            int(watched.times[stretch.last]),
            severity(surprise, self.threshold),
            surprise / self.threshold,
            loud,
            self._message(series, stretch, loud, kind),
        )

    def _speaking(self, watched: Watched, at: int) -> tuple[tuple[str, ...], str]:
        """Return the channels that speak at a reading, loudest first, and the way they do."""
        said = {
            (one.name, kind): float(watched.seen[one.name].surprises[kind][at]) + log(WEIGHTS[kind])
            for one in self.channels
            for kind in one.kinds
        }
        (_, kind), loudest = max(said.items(), key=lambda item: item[1])
        parts = {name: max(v for (n, _), v in said.items() if n == name) for name, _ in said}
        paid = log(JOINT_WEIGHT / (1 - JOINT_WEIGHT) * len(self.channels))
        if self.joint is not None and watched.joint[at] + paid > loudest:
            kind = JOINT
            each = self.joint.parts(watched.averages[at])
            parts = dict(zip(parts, each.tolist(), strict=True))
        most = max(parts.values())
        names = [name for name, part in parts.items() if part >= SPEAKS * most]
        return tuple(sorted(names, key=lambda name: -parts[name])), kind

    def _message(self, series: Series, stretch: Stretch, loud: tuple[str, ...], kind: str) -> str:
        name = loud[0]
        if kind == JOINT and len(loud) > 1:
            return f"{', '.join(loud[:-1])} and {loud[-1]} don't go together as usual."
        here = _rows(series, stretch.first, stretch.last + 1)
        channel = next(one for one in self.channels if one.name == name)
        values = here.channels[name]
        expected, _ = channel.expectation.values(here)
        both = np.isfinite(values) & np.isfinite(expected)
        told = kind == NOVELTY and channel.expectation.explained < TELLS
        if told or not both.any():
            value = series.channels[name][stretch.peak]
            return f"{name} reads {short_number(value)}, which it did not before."
        read, usual = float(values[both].mean()), float(expected[both].mean())
        count = int(both.sum())
        over = f" on average over {count} readings" if count > 1 else ""
        return (
            f"{name} is {_compared(read, usual)}: {short_number(read)} against"
            f" {short_number(usual)}{over}."
        )

    def expected(self, series: Series) -> Expected:
        expectation = self.channels[0].expectation
        mean, spread = expectation.values(series)
        return Expected(
            series.times,
            mean,
            mean + expectation.low * spread,
            mean + expectation.high * spread,
            COVERAGE,
        )

    def evaluate(self, series: Series, *, start: int | None = None) -> MachineEvaluation:
        begin = int(series.times[0]) if start is None and len(series) else start or 0
        later = series.between(begin, int(series.times[-1]) + 1 if len(series) else 0)
        actual = later.channels.get(self.target, np.full(len(later), np.nan))
        expected = self.expected(later)
        alarms = [one for one in self.detect(series) if one.end >= begin]
        known = np.isfinite(actual) & np.isfinite(expected.mean)
        inside = (actual >= expected.lower) & (actual <= expected.upper)
        weeks = len(later) * self.step_ms / WEEK_MS
        more = {
            "coverage": float(inside[known].mean()) if known.any() else None,
            "false_alarm_rate": len(alarms) / weeks if weeks else None,
            "alarms": float(len(alarms)),
        }
        return machine_evaluation(later.times, actual, expected.mean, more)

    def describe(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "memory_hours": self.block_ms / 3_600_000,
            "drivers": list(self.drivers),
            "channels": [
                {
                    "name": one.name,
                    "slots": one.expectation.slots,
                    "explained": one.expectation.explained,
                    "ways": list(one.kinds),
                }
                for one in self.channels
            ],
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            "options": self.options,
            "seed": self.seed,
            "target": self.target,
            "features": list(self.features),
            "warnings": self.warnings,
            "drivers": list(self.drivers),
            "channels": [one.to_dict() for one in self.channels],
            "joint": None if self.joint is None else self.joint.to_dict(),
            "joint_reference": (
                None if self.joint_reference is None else self.joint_reference.to_dict()
            ),
            "step_ms": self.step_ms,
            "block_ms": self.block_ms,
            "trained_until": self.trained_until,
            "threshold": self.threshold,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        model = cls(data["options"], seed=data["seed"])
        model.target, model.features = data["target"], tuple(data["features"])
        model.warnings, model.drivers = list(data["warnings"]), tuple(data["drivers"])
        model.channels = tuple(Channel.from_dict(one) for one in data["channels"])
        if data["joint"] is not None:
            model.joint = Joint.from_dict(data["joint"])
            model.joint_reference = Reference.from_dict(data["joint_reference"])
        for name in ("step_ms", "block_ms", "trained_until", "threshold"):
            setattr(model, name, data[name])
        return model


def _block_rows(readings: int, step_ms: int) -> int:
    """Return how many readings a block of memory spans.

    With the training, six thousand readings are known at least, and a week unless it is very many.
    """
    week = min(WEEK_MS // step_ms, MOST_MEMORY_ROWS)
    return max(LEAST_MEMORY_ROWS, MEMORY_ROWS - readings, week)


def _compared(read: float, usual: float) -> str:
    if usual == 0 or not 0.01 < abs(read / usual - 1) < 10 or read / usual < 0:
        return "above what is expected" if read > usual else "below what is expected"
    share = read / usual - 1
    return f"{abs(share):.0%} {'above' if share > 0 else 'below'} what is expected"


def _rows(series: Series, first: int, last: int) -> Series:
    channels = {name: values[first:last] for name, values in series.channels.items()}
    return Series(series.times[first:last], channels, series.timezone)


def _tail(watched: Watched, first: int) -> Watched:
    seen = {
        name: Seen(
            {kind: values[first:] for kind, values in one.surprises.items()}, one.residuals[first:]
        )
        for name, one in watched.seen.items()
    }
    return Watched(
        watched.times[first:],
        watched.surprise[first:],
        seen,
        watched.averages[first:],
        watched.joint[first:],
    )


MODEL = AnomalyModel

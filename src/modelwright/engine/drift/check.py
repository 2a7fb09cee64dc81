"""Compare a window with its profile: two keys to an alarm."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from modelwright.engine.drift.columns import Column
from modelwright.engine.drift.comparisons import TESTS, Compared, Comparison, Pair
from modelwright.engine.drift.counts import Counts
from modelwright.engine.drift.errors import DriftError, ProfileMismatchError
from modelwright.engine.drift.multiplicity import holm
from modelwright.engine.drift.power import detectable_shift, rows_needed
from modelwright.engine.drift.profile import Profile
from modelwright.engine.drift.results import DATA_DRIFT, NO_DRIFT, DriftResult, FeatureDrift

ALPHA = 0.01
POWER = 0.9
WANTED_SHIFT = 0.25
"""In standard deviations: where so much can't be found, the result says so."""
AUXILIARY = ("missing", "unseen", "range")


@dataclass(frozen=True)
class _Found:
    column: Column
    pair: Pair
    test: Comparison
    compared: Compared

    @property
    def p_value(self) -> float:
        p = self.compared.p_value
        return 1.0 if p is None else p


def drift_check(
    profile: Profile,
    counts: Counts,
    *,
    at: tuple[int, int] | None = None,
    alpha: float = ALPHA,
    floors: Mapping[str, float] | None = None,
) -> DriftResult:
    """Return whether a window has drifted from its reference.

    A feature has drifted where its p-value, corrected for all tests of the check (Holm), is at most
    alpha *and* its effect is at least the floor of its test.

    Parameters
    ----------
    profile : Profile
        Of the reference.
    counts : Counts
        Of the window, made by that profile.
    at : tuple of int, optional
        Begin and end of the window in milliseconds since 1970 (UTC).
    alpha : float
        Probability of any false alarm, between 0 and 1.
    floors : mapping, optional
        Name of a test -> least effect, in place of its own.

    Raises
    ------
    ProfileMismatchError
        Where the counts belong to another profile.
    DriftError
        Where alpha isn't between 0 and 1, or there is no row.

    Examples
    --------
    >>> from modelwright.engine.drift import Profile, drift_check
    >>> profile = Profile.fit({"power_kw": range(1000)})
    >>> result = drift_check(profile, profile.count({"power_kw": range(500, 700)}))
    >>> result.drift_type, result.drifted_columns
    ('data_drift', ('power_kw',))
    """
    if not 0 < alpha < 1:
        raise DriftError(f"alpha is {alpha}: give a number between 0 and 1.")
    if counts.profile_id != profile.id:
        raise ProfileMismatchError(
            "These counts belong to another profile: count the rows anew with this one."
        )
    if not counts.rows:
        raise DriftError("The window has no rows: check a longer one.")
    found = _compare(profile, counts)
    adjusted = holm([one.p_value for one in found], [one.test.weight for one in found])
    spread = sum(one.test.weight for one in found)
    features = [
        _feature(one, p, alpha, spread, floors or {})
        for one, p in zip(found, adjusted, strict=True)
    ]
    shown = [f for f in features if f.drifted or f.test not in AUXILIARY]
    shown.sort(key=lambda f: (not f.drifted, -_score(f, alpha)))
    return _result(shown, features, counts, alpha)


def _compare(profile: Profile, counts: Counts) -> list[_Found]:
    cells = counts.dense()
    found = []
    for place, column in enumerate(profile.columns):
        pair = Pair(column, cells[profile.offsets[place] : profile.offsets[place + 1]])
        found += [
            _Found(column, pair, test, test.compare(pair)) for test in TESTS if test.applies(pair)
        ]
    return found


def _feature(
    one: _Found, adjusted: float, alpha: float, spread: float, floors: Mapping[str, float]
) -> FeatureDrift:
    floor = floors.get(one.test.name, one.test.floor)
    level = alpha * one.test.weight / spread
    main = one.test.name not in AUXILIARY
    smallest = detectable_shift(one.pair.n_ref, one.pair.n_cur, level, POWER) if main else math.inf
    return FeatureDrift(
        name=one.column.name,
        test=one.test.name,
        statistic=one.compared.statistic,
        p_value=one.p_value,
        adjusted_p=adjusted,
        effect=one.compared.effect,
        floor=floor,
        drifted=adjusted <= alpha and one.compared.effect >= floor,
        detectable_shift=smallest if math.isfinite(smallest) else None,
        note="; ".join(filter(None, [one.compared.note, _too_few(one, smallest, level, main)])),
    )


def _too_few(one: _Found, smallest: float, level: float, main: bool) -> str:
    if not main or smallest <= WANTED_SHIFT:
        return ""
    needed = rows_needed(WANTED_SHIFT, one.pair.n_ref, level, POWER)
    remedy = f"some {needed} rows are needed" if needed else "the reference is too small"
    return f"too few rows for a shift of {WANTED_SHIFT} standard deviations: {remedy}"


def _score(feature: FeatureDrift, alpha: float) -> float:
    significance = math.log(max(feature.adjusted_p, 1e-300)) / math.log(alpha)
    if feature.floor <= 0:
        return significance
    score = min(significance, feature.effect / feature.floor)
    # on the border rounding must not say otherwise than the two keys
    return max(score, 1.0) if feature.drifted else min(score, math.nextafter(1.0, 0.0))


def _result(
    shown: list[FeatureDrift], features: list[FeatureDrift], counts: Counts, alpha: float
) -> DriftResult:
    drifted = any(feature.drifted for feature in features)
    return DriftResult(
        drifted=drifted,
        score=max((_score(feature, alpha) for feature in features), default=0.0),
        threshold=1.0,
        drift_type=DATA_DRIFT if drifted else NO_DRIFT,
        features=tuple(shown),
        recommendation=_recommendation(shown, drifted),
        rows=counts.rows,
        alpha=alpha,
        notes=counts.notes,
    )


def _recommendation(features: list[FeatureDrift], drifted: bool) -> str:
    if not drifted:
        blind = [feature.name for feature in features if feature.note.startswith("too few")]
        if blind and len(blind) == len(features):
            return "No drift found, but the window is too short to rule out a moderate shift."
        return "No drift found; keep the model."
    names = list(dict.fromkeys(feature.name for feature in features if feature.drifted))
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if all(feature.test == "missing" for feature in features if feature.drifted):
        return f"Values are missing or back in {listed}: check where the data come from first."
    return f"Drift in {listed}: check the data, then retrain the model on recent data."

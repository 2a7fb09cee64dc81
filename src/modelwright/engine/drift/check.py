"""Compare a window with its profile: two keys to an alarm."""

import math
from collections.abc import Mapping
from dataclasses import replace

from modelwright.engine.drift.counts import Counts
from modelwright.engine.drift.errors import DriftError, ProfileMismatchError
from modelwright.engine.drift.evidence import AUXILIARY, WANTED, Evidence, gather
from modelwright.engine.drift.multiplicity import holm
from modelwright.engine.drift.numeric import NumericColumn
from modelwright.engine.drift.profile import Profile
from modelwright.engine.drift.results import DATA_DRIFT, NO_DRIFT, DriftResult, FeatureDrift
from modelwright.engine.drift.seasons import NumericSeason

ALPHA = 0.01
THRESHOLD = 1.0
_BELOW = math.nextafter(THRESHOLD, 0.0)


def drift_check(
    profile: Profile,
    counts: Counts,
    *,
    at: tuple[int, int] | None = None,
    alpha: float = ALPHA,
    floors: Mapping[str, float] | None = None,
    season: bool | None = None,
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
        Begin and end of the window in milliseconds since 1970 (UTC). Where the profile has a
        season it tells how far the window is from the reference. Without it the times that the rows
        were counted with tell; counts that were stored no longer know theirs, and are taken to
        follow the reference at once.
    alpha : float
        Probability of any false alarm, between 0 and 1.
    floors : mapping, optional
        Name of a test -> least effect, in place of its own.
    season : bool, optional
        False to take all rows as independent, whatever the profile has found.

    Raises
    ------
    ProfileMismatchError
        Where the counts belong to another profile.
    DriftError
        Where alpha isn't between 0 and 1, the window ends before it begins, or has no row.

    Examples
    --------
    >>> from modelwright.engine.drift import Profile, drift_check
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> profile = Profile.fit({"power_kw": random.normal(50, 5, 1000)})
    >>> result = drift_check(profile, profile.count({"power_kw": random.normal(54, 5, 200)}))
    >>> result.drift_type, result.drifted_columns
    ('data_drift', ('power_kw',))
    """
    _check_arguments(profile, counts, at, alpha)
    at = at or counts.span
    found = list(gather(profile, counts.dense(), at, floors or {}, season is not False))
    adjusted = holm([one.p_value for one in found], [one.weight for one in found])
    spread = sum(one.weight for one in found)
    features = [
        _feature(one, p, alpha, alpha * one.weight / spread)
        for one, p in zip(found, adjusted, strict=True)
    ]
    shown = [_told(feature, features, profile) for feature in _shown(found, features, alpha)]
    drifted = any(feature.drifted for feature in shown)
    return DriftResult(
        drifted=drifted,
        score=max((_score(feature, alpha) for feature in shown), default=0.0),
        threshold=THRESHOLD,
        drift_type=DATA_DRIFT if drifted else NO_DRIFT,
        features=tuple(shown),
        recommendation=_recommendation(shown, drifted),
        rows=counts.rows,
        alpha=alpha,
        notes=(*counts.notes, *_order_notes(profile), *_time_notes(profile, at)),
    )


def _check_arguments(
    profile: Profile, counts: Counts, at: tuple[int, int] | None, alpha: float
) -> None:
    if not 0 < alpha < 1:
        raise DriftError(f"alpha is {alpha}: give a number between 0 and 1.")
    if at is not None and at[0] >= at[1]:
        raise DriftError("The window ends before it begins: give begin and end in order.")
    if counts.profile_id != profile.id or counts.size != profile.size:
        raise ProfileMismatchError(
            "These counts belong to another profile: count the rows anew with this one."
        )
    if not counts.rows:
        raise DriftError("The window has no rows: check a longer one.")


def _feature(one: Evidence, adjusted: float, alpha: float, level: float) -> FeatureDrift:
    smallest = one.smallest(level)
    return FeatureDrift(
        name=one.column,
        test=one.test,
        statistic=one.statistic,
        p_value=one.p_value,
        adjusted_p=adjusted,
        effect=one.effect,
        floor=one.floor,
        drifted=adjusted <= alpha and one.effect >= one.floor,
        detectable_shift=smallest if math.isfinite(smallest) else None,
        note="; ".join(filter(None, [one.note, _too_few(one, smallest, level)])),
    )


def _too_few(one: Evidence, smallest: float, level: float) -> str:
    if one.needed is None or smallest <= WANTED:
        return ""
    rows = one.needed(level)
    remedy = f"some {rows} rows are needed" if rows else "the reference is too small"
    return f"too few rows for a change of {WANTED} standard deviations: {remedy}"


def _shown(found: list[Evidence], features: list[FeatureDrift], alpha: float) -> list[FeatureDrift]:
    """Return for each column its strongest main test, and all others that found drift."""
    best: dict[str, FeatureDrift] = {}
    others = []
    for one, feature in zip(found, features, strict=True):
        if not one.main:
            others += [feature] * feature.drifted
        elif one.column not in best or _strength(feature) > _strength(best[one.column]):
            best[one.column] = feature
    shown = [*best.values(), *others]
    return sorted(shown, key=lambda f: (not f.drifted, -_score(f, alpha), f.adjusted_p))


def _told(shown: FeatureDrift, features: list[FeatureDrift], profile: Profile) -> FeatureDrift:
    """Return a feature with the smallest shift that any test of its column finds."""
    smallest = [
        feature.detectable_shift
        for feature in features
        if feature.name == shown.name and feature.detectable_shift is not None
    ]
    if not smallest or shown.test in AUXILIARY:
        return shown
    unit = _relative(profile, shown.name)
    percent = None if unit is None else 100 * unit * min(smallest)
    return replace(shown, detectable_shift=min(smallest), detectable_percent=percent)


def _relative(profile: Profile, name: str) -> float | None:
    """Return the standard deviation of a row over the usual value of its column."""
    number = profile.names.index(name)
    for season in profile.season.columns if profile.season else ():
        if season.column == number and isinstance(season, NumericSeason):
            return season.relative
    column = profile.columns[number]
    if not isinstance(column, NumericColumn) or not column.summary.mean:
        return None
    return (column.summary.sd or 0.0) / abs(column.summary.mean)


def _strength(feature: FeatureDrift) -> tuple[bool, float]:
    return feature.drifted, -feature.adjusted_p


def _score(feature: FeatureDrift, alpha: float) -> float:
    score = math.log(max(feature.adjusted_p, 1e-300)) / math.log(alpha)
    if feature.floor > 0:
        score = min(score, feature.effect / feature.floor)
    # on the border rounding must not say otherwise than the two keys
    return max(score, THRESHOLD) if feature.drifted else min(score, _BELOW)


def _order_notes(profile: Profile) -> list[str]:
    if not profile.ordered:
        return []
    names = ", ".join(profile.ordered[:5]) + (" …" if len(profile.ordered) > 5 else "")
    return [
        f"The rows of the reference depend on their order in {names}: where it is that of time,"
        " profile them with their times, else a false alarm is likelier than alpha."
    ]


def _time_notes(profile: Profile, at: tuple[int, int] | None) -> list[str]:
    if at is not None or profile.season is None or not profile.season.columns:
        return []
    return [
        "When the window was isn't known: it is taken to follow the reference at once. Give its"
        " begin and end (at=…), else the season of the year may be taken for drift."
    ]


def _recommendation(features: list[FeatureDrift], drifted: bool) -> str:
    if not drifted:
        blind = [feature for feature in features if "too few rows" in feature.note]
        if blind and len(blind) == len(features):
            return "No drift found, but the window is too short to rule out a moderate change."
        return "No drift found; keep the model."
    found = [feature for feature in features if feature.drifted]
    names = list(dict.fromkeys(feature.name for feature in found))
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if all(f.test == "missing" or f.note.startswith("missing") for f in found):
        return f"Values are missing or back in {listed}: check where the data come from first."
    return f"Drift in {listed}: check the data, then retrain the model on recent data."

"""Every single test of a check, before they are judged together."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from modelwright.engine.drift.columns import Column, Ints
from modelwright.engine.drift.comparisons import TESTS, Comparison, Pair
from modelwright.engine.drift.comparisons.chi2 import pooled
from modelwright.engine.drift.power import detectable_shift, detectable_w, rows_needed
from modelwright.engine.drift.profile import Profile
from modelwright.engine.drift.seasons import CategorySeason, ColumnSeason, Measured, Relation
from modelwright.engine.drift.seasons.base import SEASON_FLOOR, SPREAD
from modelwright.engine.drift.special import normal_quantile, student_quantile

POWER = 0.9
WANTED = 0.25
"""In standard deviations, or as Cohen's w: where so much can't be found, the result says so."""
AUXILIARY = ("missing", "unseen", "range")
SEASON = "season"

Smallest = Callable[[float], float]


@dataclass(frozen=True)
class Evidence:
    """One test of one column.

    Attributes
    ----------
    column, test : str
        Names.
    weight : float
        Its share of alpha, beside all others.
    statistic, p_value, effect, floor : float
        As of the test.
    main : bool
        Whether the column is shown by it where nothing has drifted.
    smallest : callable
        Level of the test -> smallest change that it finds.
    note : str
        For people.
    needed : callable
        Level of the test -> rows for the change that is wanted; None where none are enough.
    """

    column: str
    test: str
    weight: float
    statistic: float
    p_value: float
    effect: float
    floor: float
    main: bool
    smallest: Smallest
    note: str = ""
    needed: Callable[[float], int | None] | None = None


def gather(
    profile: Profile,
    cells: Ints,
    at: tuple[int, int] | None,
    floors: Mapping[str, float],
    in_time: bool,
) -> Iterator[Evidence]:
    """Yield every test of a window.

    Parameters
    ----------
    profile : Profile
        Of the reference.
    cells : ndarray of int, shape (profile.size,)
        Rows of the window.
    at : tuple of int or None
        Begin and end of the window.
    floors : mapping
        Name of a test -> least effect, in place of its own.
    in_time : bool
        Whether columns with a season are compared with their ordinary windows.
    """
    seasons = profile.season.columns if profile.season and in_time else ()
    dependent = {one.column for one in seasons}
    for place, column in enumerate(profile.columns):
        if place not in dependent:
            own = cells[profile.offsets[place] : profile.offsets[place + 1]]
            yield from _independent(column, own, floors)
    ahead = _ahead(profile, at)
    for number, season in enumerate(seasons, start=len(profile.columns)):
        column, place = profile.columns[season.column], season.column
        own = cells[profile.offsets[place] : profile.offsets[place + 1]]
        scored = cells[profile.offsets[number] : profile.offsets[number + 1]]
        yield from _in_time(column, season, list(season.measure(own, scored)), ahead, floors)


def _ahead(profile: Profile, at: tuple[int, int] | None) -> float:
    """Return how many windows of the series lie between the reference and the window.

    Below 0 where the window lies within the reference.
    """
    if at is None or profile.season is None:
        return 0.0
    ahead = (at[0] - profile.season.end) / profile.season.bucket
    return max(0.0, ahead) if at[1] > profile.season.end + 1 else ahead


def _independent(column: Column, cells: Ints, floors: Mapping[str, float]) -> Iterator[Evidence]:
    pair = Pair(column, cells)
    for test in TESTS:
        if not test.applies(pair):
            continue
        found = test.compare(pair)
        main = test.name not in AUXILIARY
        smallest = _smallest(test, pair) if main else _never
        yield Evidence(
            column=column.name,
            test=test.name,
            weight=test.weight,
            statistic=found.statistic,
            p_value=1.0 if found.p_value is None else found.p_value,
            effect=found.effect,
            floor=floors.get(test.name, test.floor),
            main=main,
            smallest=smallest,
            note=found.note,
            needed=partial(_needed, test, pair) if main else None,
        )


def _never(level: float) -> float:
    return math.inf


def _smallest(test: Comparison, pair: Pair) -> Smallest:
    if pair.by_category:
        freedom = len(pooled(pair)[0]) - 1
        return lambda level: detectable_w(pair.n_ref, pair.n_cur, freedom, level, POWER)
    return lambda level: detectable_shift(pair.n_ref, pair.n_cur, level, POWER)


def _needed(test: Comparison, pair: Pair, level: float) -> int | None:
    if pair.by_category:
        freedom = max(1, len(pooled(pair)[0]) - 1)
        return rows_needed(
            WANTED, lambda rows: detectable_w(pair.n_ref, rows, freedom, level, POWER)
        )
    return rows_needed(WANTED, lambda rows: detectable_shift(pair.n_ref, rows, level, POWER))


def _in_time(
    column: Column,
    season: ColumnSeason,
    measured: list[Measured],
    ahead: float,
    floors: Mapping[str, float],
) -> Iterator[Evidence]:
    floor = floors.get(SEASON, SEASON_FLOOR)
    if not season.features:
        note = "the reference is too short to know its ordinary windows: 34 of them are needed"
        yield Evidence(column.name, SEASON, 1.0, 0.0, 1.0, 0.0, floor, True, _never, note)
        return
    if not measured:
        note = "no row of the window speaks of it"
        yield Evidence(column.name, SEASON, 1.0, 0.0, 1.0, 0.0, floor, True, _never, note)
        return
    for one in measured:
        yield _judged(column, season, one, ahead, floor)


def _judged(
    column: Column, season: ColumnSeason, one: Measured, ahead: float, floor: float
) -> Evidence:
    feature = one.feature
    length = one.rows / feature.rows
    judged = feature.series.judge(one.mean, length, ahead)
    whole = length >= 0.9 or not isinstance(season, CategorySeason)
    direction = "above" if judged.away > 0 else "below"
    note = f"{feature.name} {direction} what is usual then"
    unit = judged.scale / feature.deviation
    if isinstance(season, Relation):
        note = f"{direction} what the other columns tell of it"
        unit *= season.share
    return Evidence(
        column=column.name,
        test=SEASON,
        weight=feature.weight,
        statistic=judged.z,
        # shares of categories aren't known by the hour: part of a day has its own
        p_value=judged.p_value if whole else 1.0,
        effect=abs(judged.away) / feature.deviation,
        floor=floor,
        main=feature.name != "missing",
        smallest=_never
        if feature.name == SPREAD
        else lambda level: unit * _critical(level, judged.freedom),
        note=note if whole else "the window is too short for a column of categories",
    )


def _critical(level: float, freedom: float) -> float:
    return student_quantile(1 - level / 2, freedom) + normal_quantile(POWER)

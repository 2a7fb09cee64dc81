"""How the columns of a table go with the one that is to be predicted. No Django."""

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from modelwright.catalog.profile import UNUSABLE, comparable, kind_of, shape_of
from modelwright.engine.columns import NUMERIC, TEXT
from modelwright.engine.parameters import CLASSIFICATION
from modelwright.engine.tables import Table
from modelwright.engine.targets import Target, prepare_target

MOST_ROWS = 50_000
SEED = 42
LEAKAGE = 0.98
MISSING_LEAKAGE = 0.9
MANY_GROUPS = 0.5
FEW_VALUES = 10


@dataclass(frozen=True)
class Association:
    """How much one column tells about the target, from 0 to 1.

    Parameters
    ----------
    column : str
    measure : str
        ``correlation`` (the larger of Pearson's and Spearman's, sign left out), ``eta`` (share of
        the spread that the groups explain, its root), ``cramers_v``, ``runs`` (how few changes of
        class there are along the sorted numbers; Wald and Wolfowitz, 1940) or ``equal``. All but
        the first are corrected for chance.
    value : float
    """

    column: str
    measure: str
    value: float


def target_profile_of(table: Table, name: str) -> dict[str, Any]:
    """Return the target's distribution, each column's association with it, and what is suspect.

    At most 50,000 rows are looked at, drawn with a fixed seed.

    Raises
    ------
    DataLoadError
        There is no such column, or nothing can be learned from it.

    References
    ----------
    Bergsma (2013), A bias-correction for Cramér's V and Tschuprow's T, J. Korean Stat. Soc. 42.
    """
    target = prepare_target(table, name)
    rows = target.values.index
    if len(rows) > MOST_ROWS:
        random = np.random.default_rng(SEED)
        rows = rows[np.sort(random.choice(len(rows), MOST_ROWS, replace=False))]
    found: list[Association] = []
    suspects: list[dict[str, str]] = []
    for column in map(str, table.frame.columns):
        if column == name:
            continue
        series = comparable(table.frame[column]).loc[rows]
        association, reason = _look_at(table, column, series, target, target.values.loc[rows])
        if association is not None:
            found.append(association)
        if reason:
            suspects.append({"column": column, "reason": reason})
    found.sort(key=lambda association: -association.value)
    kind = NUMERIC if target.task != CLASSIFICATION else TEXT
    return {
        "target": name,
        "task": target.task,
        "rows_used": len(rows),
        "distribution": shape_of(target.values, kind),
        "warnings": list(target.warnings),
        "associations": [asdict(association) for association in found],
        "suspected_leakage": suspects,
    }


def _look_at(
    table: Table, column: str, series: pd.Series, target: Target, values: pd.Series
) -> tuple[Association | None, str]:
    reason = ""
    missing = series.isna()
    if 0 < missing.sum() < len(series):
        told = _between(missing.astype(str), values, target, numeric=False)
        if told.value >= MISSING_LEAKAGE:
            reason = "Whether it is filled in tells the target: it may be known only afterwards."
    if series.astype(str).str.strip().equals(values.astype(str)):
        return Association(column, "equal", 1.0), "It equals the target."
    kind = kind_of(table, column).kind
    if kind == UNUSABLE:
        return None, reason
    present = series.dropna()
    if present.nunique() < 2:
        return None, reason
    numeric = kind == NUMERIC
    if numeric:
        present = pd.to_numeric(present.map(_number_of), errors="coerce").dropna()
    elif present.nunique() > MANY_GROUPS * len(present):
        return None, reason
    if len(present) < 3:
        return None, reason
    association = _between(present, values.loc[present.index], target, numeric=numeric)
    association = Association(column, association.measure, association.value)
    if association.value >= LEAKAGE:
        reason = (
            f"It tells the target almost by itself ({association.measure}"
            f" {association.value:.3f}): was it known before the target was?"
        )
    return association, reason


def _number_of(value: Any) -> Any:
    return float(value) if isinstance(value, bool) else value


def _between(column: pd.Series, values: pd.Series, target: Target, *, numeric: bool) -> Association:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        classes = target.task == CLASSIFICATION
        if numeric and not classes:
            measure, value = "correlation", _correlation(column, values)
        elif numeric:
            measure, value = _numbers_and_classes(column, values)
        elif classes:
            measure, value = "cramers_v", _cramers_v(column, values)
        else:
            measure, value = "eta", _eta(column, values)
    value = value if np.isfinite(value) else 0.0
    return Association("", measure, round(min(1.0, max(0.0, value)), 6))


def _numbers_and_classes(column: pd.Series, values: pd.Series) -> tuple[str, float]:
    """Return eta, or what the order (of few values: the values) tells where that is more.

    A column that decides by a threshold is not told by the means of the classes.
    """
    eta = _eta(values, column)
    if column.nunique() <= max(2, len(column) // FEW_VALUES):
        other, value = "cramers_v", _cramers_v(column, values)
    else:
        other, value = "runs", _runs(column, values)
    return (other, value) if value > eta else ("eta", eta)


def _runs(column: pd.Series, values: pd.Series) -> float:
    """Return which share of the changes of class that chance would bring is not there, in order."""
    codes, _ = pd.factorize(values.iloc[np.argsort(column.to_numpy(), kind="stable")])
    shares = np.bincount(codes) / len(codes)
    expected = (len(codes) - 1) * (1 - float((shares**2).sum()))
    changes = int((codes[1:] != codes[:-1]).sum())
    return 1 - changes / expected if expected > 0 else 0.0


def _correlation(one: pd.Series, other: pd.Series) -> float:
    x, y = one.to_numpy(dtype=float), other.to_numpy(dtype=float)
    ranks_x, ranks_y = one.rank().to_numpy(), other.rank().to_numpy()
    return float(
        max(abs(np.corrcoef(x, y)[0, 1]), abs(np.nan_to_num(np.corrcoef(ranks_x, ranks_y)[0, 1])))
    )


def _eta(groups: pd.Series, numbers: pd.Series) -> float:
    """Return the root of the share of spread that the groups explain, corrected for chance."""
    y = numbers.to_numpy(dtype=float)
    y = np.where(np.isfinite(y), y, np.nan)
    codes, names = pd.factorize(groups.to_numpy())
    frame = pd.DataFrame({"y": y, "g": codes}).dropna()
    n, k = len(frame), len(names)
    total = float(((frame["y"] - frame["y"].mean()) ** 2).sum())
    if n <= k or total <= 0:
        return 0.0
    within = float(((frame["y"] - frame.groupby("g")["y"].transform("mean")) ** 2).sum())
    explained = 1 - (within / (n - k)) / (total / (n - 1))
    return float(np.sqrt(max(0.0, explained)))


def _cramers_v(one: pd.Series, other: pd.Series) -> float:
    table = pd.crosstab(one.to_numpy(), other.to_numpy()).to_numpy(dtype=float)
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi2 = float((((table - expected) ** 2) / expected).sum() / n)
    r, k = table.shape
    phi2 = max(0.0, phi2 - (k - 1) * (r - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    least = min(rows, columns) - 1
    return float(np.sqrt(phi2 / least)) if least > 0 else 0.0

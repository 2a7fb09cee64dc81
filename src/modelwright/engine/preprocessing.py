"""From columns to numbers: the first part of every pipeline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelwright.engine.columns import DATE, MAX_CATEGORIES, NUMERIC, TEXT, Feature

MISSING_WORD = "(missing)"


class DateParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Takes dates apart into numbers: days since 1970, year, month, day, weekday, hour.

    Parameters
    ----------
    date_format : str
        As `pandas.to_datetime` takes it.

    Examples
    --------
    >>> frame = pd.DataFrame({"when": ["1970-01-02", "1971-02-03 06:30"]})
    >>> DateParts().fit(frame).transform(frame)[0].tolist()
    [1.0, 1970.0, 1.0, 2.0, 4.0, 0.0]
    """

    PARTS = ("days", "year", "month", "day", "weekday", "hour")

    def __init__(self, date_format: str = "ISO8601") -> None:
        self.date_format = date_format

    def fit(self, X: pd.DataFrame, y: object = None) -> "DateParts":
        """Remember the columns."""
        frame = pd.DataFrame(X)
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> Any:
        """Return an array of shape (n_rows, 6 * n_columns); NaN where there is no valid date."""
        frame = pd.DataFrame(X)
        blocks = [self._parts(frame.iloc[:, i]) for i in range(frame.shape[1])]
        return np.hstack(blocks)

    def _parts(self, series: pd.Series) -> Any:
        when = pd.to_datetime(series, format=self.date_format, errors="coerce", utc=True)
        parts = when.dt
        days = (when - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
        columns = (days, parts.year, parts.month, parts.day, parts.day_of_week, parts.hour)
        return np.column_stack([np.asarray(c, dtype=float) for c in columns])

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> Any:
        """Return names like ``hired_year``."""
        names = self.feature_names_in_ if input_features is None else input_features
        return np.asarray([f"{n}_{part}" for n in names for part in self.PARTS], dtype=object)


def build_preprocessor(features: Sequence[Feature], *, exact_categories: bool) -> ColumnTransformer:
    """Make the part of the pipeline that turns columns into numbers.

    Where nothing is missing, text goes through ``OneHotEncoder(handle_unknown="ignore")`` and
    numbers through ``StandardScaler`` alone; missing values are filled (the median, a word of its
    own) only in the columns that have such.

    Parameters
    ----------
    features : sequence of Feature
        At least one.
    exact_categories : bool
        Tell all texts apart, however many there are.
    """
    steps: list[tuple[str, Any, list[str]]] = []
    for missing in (False, True):
        text = [f for f in features if f.kind == TEXT and f.missing == missing]
        few = [f.name for f in text if exact_categories or f.distinct <= MAX_CATEGORIES]
        many = [f.name for f in text if f.name not in few]
        suffix = "_filled" if missing else ""
        if few:
            steps.append(
                (f"text{suffix}", _text(OneHotEncoder(handle_unknown="ignore"), missing), few)
            )
        if many:
            steps.append((f"many_texts{suffix}", _text(_bounded_encoder(), missing), many))
    for missing in (False, True):
        numbers = [f.name for f in features if f.kind == NUMERIC and f.missing == missing]
        if numbers:
            suffix = "_filled" if missing else ""
            steps.append((f"numeric{suffix}", _numeric(missing), numbers))
    for date_format in sorted({f.date_format for f in features if f.kind == DATE}):
        dates = [f.name for f in features if f.kind == DATE and f.date_format == date_format]
        steps.append((f"date_{len(steps)}", _dates(date_format), dates))
    return ColumnTransformer(steps)


def _bounded_encoder() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES)


def _text(encoder: OneHotEncoder, missing: bool) -> Any:
    if not missing:
        return encoder
    filler = SimpleImputer(strategy="constant", fill_value=MISSING_WORD)
    return Pipeline([("fill", filler), ("encode", encoder)])


def _numeric(missing: bool) -> Any:
    if not missing:
        return StandardScaler()
    return Pipeline([("fill", _median()), ("scale", StandardScaler())])


def _dates(date_format: str) -> Pipeline:
    return Pipeline(
        [("parts", DateParts(date_format)), ("fill", _median()), ("scale", StandardScaler())]
    )


def _median() -> SimpleImputer:
    return SimpleImputer(strategy="median", keep_empty_features=True)

"""A search as a CSV table and as scikit-learn code that can be run."""

import csv
import inspect
import io
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from modelwright.engine.labels import EncodedLabels
from modelwright.engine.results import plain
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.results import SearchResult

LEADING_COLUMNS = ("rank", "number", "status")
CLOSING_COLUMNS = ("mean_score", "std_score")
_PRIVATE_PART = re.compile(r"\._.*$")
OWN_WRAPPER = EncodedLabels.__module__
"""What of ours a pipeline may hold: exported code has its source, for it runs without us."""
_SOURCE_OF_WRAPPER = (
    re.sub(r"  # type: ignore.*", "", inspect.getsource(EncodedLabels)).rstrip().splitlines()
)


def csv_rows(result: SearchResult) -> list[list[Any]]:
    """Return a header and one row for each trial, by number.

    Examples
    --------
    >>> from modelwright.engine.search.results import Trial
    >>> trial = Trial(0, {"p": 1}, (0.5, 1.0), 0.75, 0.25, 0.1)
    >>> result = SearchResult("grid_search", "knn", "f1", 2, {"p": 1}, 0.75, (trial,), 1, 0.1)
    >>> for row in csv_rows(result):
    ...     print(row)
    ['rank', 'number', 'status', 'p', 'mean_score', 'std_score', 'fold_1', 'fold_2', 'seconds', \
'error']
    [1, 1, 'complete', '1', 0.75, 0.25, 0.5, 1.0, 0.1, '']
    """
    names = sorted({name for trial in result.trials for name in trial.params})
    folds = [f"fold_{i + 1}" for i in range(result.cv_folds)]
    ranks = {trial.number: i for i, trial in enumerate(result.top(len(result.trials)), 1)}
    rows: list[list[Any]] = [
        [*LEADING_COLUMNS, *names, *CLOSING_COLUMNS, *folds, "seconds", "error"]
    ]
    for trial in result.trials:
        scores = [*trial.fold_scores, *[None] * result.cv_folds][: result.cv_folds]
        params = [_cell(trial.params[n]) if n in trial.params else "" for n in names]
        numbers = [trial.mean, trial.std, *scores, trial.duration]
        rows.append(
            [
                ranks.get(trial.number, ""),
                trial.number + 1,
                trial.status,
                *params,
                *["" if number is None else number for number in numbers],
                trial.error or "",
            ]
        )
    return rows


def _cell(value: Any) -> str:
    """Write a value of a parameter: a word as it is, else as JSON (so null isn't an empty cell)."""
    return value if isinstance(value, str) else json.dumps(plain(value))


def to_csv(result: SearchResult) -> str:
    """Return `csv_rows` as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(csv_rows(result))
    return text.getvalue()


def to_python(result: SearchResult) -> str:
    """Return code that fits the best combination with scikit-learn and scores it again.

    It reads the same table, takes the same rows into the same folds and, where nothing is filled in
    or left out, prints the same scores.

    Parameters
    ----------
    result : SearchResult
        With a best combination.
    """
    recipe = result.recipe
    if result.best_params is None or "pipeline" not in recipe:
        return "# The search found no combination that could be scored.\n"
    classify = recipe["task"] == "classification"
    splitter = "StratifiedKFold" if classify else "KFold"
    lines = [
        f'"""The best of {len(result.trials)} combinations: {result.scoring_metric}'
        f' {result.best_score:.6g} over {result.cv_folds} folds."""',
        "",
        "import pandas as pd",
        *recipe["imports"],
        f"from sklearn.model_selection import {splitter}, cross_val_score, train_test_split",
        "",
        *_reading(recipe, classify),
        "",
        *recipe.get("definitions", []),
        f"model = {recipe['pipeline']}",
        f"folds = {splitter}({result.cv_folds}, shuffle=True,"
        f" random_state={recipe.get('fold_seed', 42)})",
        f"scores = cross_val_score(model, X, y, cv=folds, scoring={recipe['scoring']})",
        'print(scores, "mean", scores.mean())',
        "model.fit(X, y)",
        "",
    ]
    return "\n".join(lines)


def _reading(recipe: Mapping[str, Any], classify: bool) -> list[str]:
    if "features" not in recipe:
        return ["X, y = ...  # your data"]
    columns = [feature["name"] for feature in recipe["features"]]
    words = [f["name"] for f in recipe["features"] if f["kind"] != "numeric"]
    target = recipe["target"]
    lines = [
        f"data = {_read_call(recipe)}",
        f"data = data.dropna(subset=[{target!r}])",
        f"X, y = data[{columns!r}], data[{target!r}]",
    ]
    if words:
        lines.append(f"X = X.astype(dict.fromkeys({words!r}, object))")
    if classify:
        lines.append("y = y.astype(str)")
    if recipe["rows"] == "train":
        stratify = ", stratify=y" if classify else ""
        lines.append(
            f"X, X_test, y, y_test = train_test_split(X, y, test_size={recipe['test_split']!r},"
            f" random_state={recipe['split_seed']}{stratify})"
        )
    return lines


def _read_call(recipe: Mapping[str, Any]) -> str:
    """Return the call that reads the table, as a file of the data set's name."""
    is_parquet = recipe.get("encoding") == "parquet"
    ending = ".parquet" if is_parquet else ".csv"
    name = recipe["dataset"]
    name = name if "." in name else name + ending  # that of a data set has none
    if is_parquet:
        return f"pd.read_parquet({name!r})"
    usual = {"sep": ",", "encoding": "utf-8"}
    given = {"sep": recipe.get("delimiter", ","), "encoding": recipe.get("encoding", "utf-8")}
    options = "".join(f", {k}={v!r}" for k, v in given.items() if v != usual[k])
    return f"pd.read_csv({name!r}{options})"


def recipe_of(problem: Problem, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what `to_python` needs: plain data."""
    recipe = dict(problem.recipe)
    if params is None:
        return recipe
    names: dict[str, set[str]] = {}
    recipe["task"] = problem.task
    recipe["pipeline"] = code_of(problem.pipeline(params), names)
    recipe["scoring"] = _scoring(problem, names)
    if names.pop(OWN_WRAPPER, None):
        names.setdefault("sklearn.base", set()).update(("BaseEstimator", "ClassifierMixin"))
        names.setdefault("typing", set()).add("Any")
        recipe["definitions"] = ["", *_SOURCE_OF_WRAPPER, "", ""]
    recipe["imports"] = [
        *(["import numpy as np"] if "definitions" in recipe else []),
        *(f"from {m} import {', '.join(sorted(n))}" for m, n in sorted(names.items())),
    ]
    return recipe


def _scoring(problem: Problem, names: dict[str, set[str]]) -> str:
    scorer = problem.scorer
    function = scorer._score_func.__name__
    if problem.metric not in ("precision", "recall", "f1"):
        is_auc = problem.metric == "roc_auc" and len(problem.classes) > 2
        return repr("roc_auc_ovr_weighted" if is_auc else problem.metric)
    names.setdefault("sklearn.metrics", set()).update((function, "make_scorer"))
    options = ", ".join(f"{k}={plain(v)!r}" for k, v in scorer._kwargs.items())
    return f"make_scorer({function}, {options})"


def code_of(value: object, names: dict[str, set[str]]) -> str:
    """Return code that makes a value: an estimator with what differs from its defaults, a list.

    Parameters
    ----------
    value : object
        Estimators, lists, tuples and plain values.
    names : dict
        Module -> names to import; filled in.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> names = {}
    >>> code_of([("s", StandardScaler(with_mean=False))], names)
    "[('s', StandardScaler(with_mean=False))]"
    >>> names
    {'sklearn.preprocessing': {'StandardScaler'}}
    """
    if isinstance(value, list):
        return f"[{', '.join(code_of(entry, names) for entry in value)}]"
    if isinstance(value, tuple):
        inner = ", ".join(code_of(entry, names) for entry in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if not hasattr(value, "get_params"):
        return repr(plain(value))
    kind = type(value)
    module = _PRIVATE_PART.sub("", kind.__module__)
    names.setdefault(_public(module), set()).add(kind.__name__)
    defaults = {  # XGBoost's classes name theirs at their base
        name: parameter.default
        for base in reversed(kind.__mro__)
        if "__init__" in vars(base)
        for name, parameter in inspect.signature(vars(base)["__init__"]).parameters.items()
    }
    given = [
        f"{name}={code_of(entry, names)}"
        for name, entry in sorted(value.get_params(deep=False).items())
        if not _is_default(entry, defaults.get(name, inspect.Parameter.empty))
    ]
    return f"{kind.__name__}({', '.join(given)})"


def _public(module: str) -> str:
    """Return where a library shows a class: lightgbm and xgboost at the top."""
    root = module.partition(".")[0]
    return root if root in ("lightgbm", "xgboost") else module


def _is_default(value: object, default: object) -> bool:
    if value is default:
        return True
    return isinstance(value, str | int | float | bool) and (type(value), value) == (
        type(default),
        default,
    )

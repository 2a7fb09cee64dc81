"""The form that starts a search: a grid written as people write it, and what it will cost."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from modelwright.core.errors import InvalidInputError
from modelwright.core.json_names import names_once
from modelwright.engine.hyperparameters import MODEL_TYPES
from modelwright.engine.parameters import (
    BooleanParameter,
    ChoiceParameter,
    IntegerParameter,
    NumberOrWordParameter,
    Parameter,
)
from modelwright.engine.search.scoring import METRICS, default_metric
from modelwright.engine.search.space import BAYESIAN, GRID, RANDOM
from modelwright.runs.models import TrainingRun
from modelwright.tuning.services import TuningRequest, tuning_check

PREFIX = "grid_"
RANGE = re.compile(
    r"(?P<low>\S+?)\s*(?:\.\.+|…|\bto\b)\s*(?P<high>\S+)"
    r"(?:\s+(?P<log>log))?(?:\s+step\s+(?P<step>\S+))?"
)
WORDS: dict[str, Any] = {
    "none": None, "null": None, "true": True, "yes": True, "false": False, "no": False,
}  # fmt: skip
SUGGESTED: dict[str, str] = {
    "n_estimators": "50, 100, 200",
    "max_depth": "5, 10, none",
    "min_samples_split": "2, 5",
    "min_samples_leaf": "1, 2",
    "C": "0.01, 0.1, 1, 10",
    "alpha": "0.01, 0.1, 1, 10, 100",
    "n_neighbors": "3, 5, 9, 15",
    "weights": "uniform, distance",
    "learning_rate": "0.03, 0.1, 0.3",
    "max_leaf_nodes": "15, 31, 63",
    "num_leaves": "15, 31, 63",
    "kernel": "rbf, linear",
}
METHODS = (
    (GRID, "Grid: every combination"),
    (RANDOM, "Random: some combinations, drawn"),
    (BAYESIAN, "Bayesian: learns where to look next"),
)
EXAMPLE_OF_JSON = '{"kernel": ["rbf", "poly"], "degree": {"choices": [2, 3], "when": …}}'


def value_read(text: str, parameter: Parameter) -> Any:
    """Read one value as people write it."""
    if parameter.nullable and text.lower() in ("none", "null"):
        return None
    if isinstance(parameter, ChoiceParameter):
        return text
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def values_read(text: str, parameter: Parameter) -> Any:
    """Read a list of choices or a range.

    Examples
    --------
    >>> depth = IntegerParameter("max_depth", None, "", True, low=1, high=100)
    >>> values_read("5, 10, none", depth)
    [5, 10, None]
    >>> values_read("2 .. 20 step 2", depth)
    {'low': 2, 'high': 20, 'step': 2}
    """
    found = RANGE.fullmatch(text.strip())
    if found is None or isinstance(parameter, ChoiceParameter | BooleanParameter):
        return [value_read(word.strip(), parameter) for word in text.split(",") if word.strip()]
    bounds: dict[str, Any] = {end: value_read(found[end], parameter) for end in ("low", "high")}
    if found["log"]:
        bounds["log"] = True
    if found["step"]:
        bounds["step"] = value_read(found["step"], parameter)
    return bounds


def values_write(values: Any) -> str:
    """Write a list of choices or a range as `values_read` reads it; empty where it can't."""
    if isinstance(values, list):
        return ", ".join(_word(value) for value in values)
    if isinstance(values, Mapping) and "low" in values and "when" not in values:
        text = f"{_word(values['low'])} .. {_word(values['high'])}"
        text += " log" if values.get("log") else ""
        return text + (f" step {_word(values['step'])}" if values.get("step") else "")
    return ""


def _word(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass
class GridRow:
    """One parameter of the grid editor."""

    parameter: Parameter
    text: str
    now: str
    faults: list[str]
    count: str = ""

    @property
    def name(self) -> str:
        """Return its name."""
        return self.parameter.name

    @property
    def help(self) -> str:
        """Return what it does, in one line."""
        return self.parameter.help.replace("null for", "none for")

    @property
    def hint(self) -> str:
        """Return how its values are written."""
        if isinstance(self.parameter, ChoiceParameter):
            none = ["none"] if self.parameter.nullable else []
            return ", ".join([*self.parameter.choices, *none])
        if isinstance(self.parameter, BooleanParameter):
            return "true, false"
        if isinstance(self.parameter, NumberOrWordParameter):
            return ", ".join([*self.parameter.words, "0.01", "0.1"])
        return "1, 2, 5" if isinstance(self.parameter, IntegerParameter) else "0.01, 0.1, 1"


@dataclass(frozen=True)
class Estimate:
    """What a search will do, and about how long it takes."""

    total: int
    folds: int
    seconds: float | None
    basis: str

    @property
    def fits(self) -> int:
        """Return how many models are fitted and scored."""
        return self.total * self.folds


class SearchForm(forms.Form):
    """Start a search on a completed model run."""

    tuning_method = forms.ChoiceField(label="Method", choices=METHODS)
    scoring_metric = forms.ChoiceField(label="What is maximised")
    cv_folds = forms.IntegerField(label="Folds", min_value=2, max_value=20)
    n_iter = forms.IntegerField(
        label="Combinations to try",
        min_value=1,
        max_value=10_000,
        required=False,
        help_text="Of a random or bayesian search; a grid tries all.",
    )
    random_state = forms.IntegerField(label="Seed", min_value=0, max_value=2**32 - 1)
    timeout_seconds = forms.FloatField(
        label="Stop after, in seconds",
        required=False,
        help_text="It ends then with what it has. Empty: no limit.",
    )
    early_stopping = forms.BooleanField(
        label="Drop combinations early that are surely worse", required=False
    )
    param_grid = forms.CharField(
        required=False, label="The grid as JSON", widget=forms.Textarea(attrs={"rows": 4})
    )
    user_notes = forms.CharField(
        required=False,
        max_length=10_000,
        label="Notes",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, data: Any = None, *, model_run: TrainingRun, source: Mapping[str, Any] | None = None
    ) -> None:
        self.model_run = model_run
        task = model_run.task or "classification"
        start = {
            "tuning_method": GRID,
            "scoring_metric": default_metric(task),
            "cv_folds": 5,
            "n_iter": 20,
            "random_state": 42,
            **{k: v for k, v in (source or {}).items() if k != "param_grid"},
        }
        grid = (source or {}).get("param_grid")
        super().__init__(data, initial=start)
        scoring = self.fields["scoring_metric"]
        assert isinstance(scoring, forms.ChoiceField)  # noqa: S101  (for the types)
        scoring.choices = [(m.name, m.name) for m in METRICS.values() if m.task == task]
        for name in ("cv_folds", "n_iter", "random_state", "timeout_seconds"):
            self.fields[name].widget = forms.TextInput(
                attrs={"inputmode": "decimal", "autocomplete": "off"}
            )
        self.rows = [
            self._row(parameter, task, grid)
            for parameter in MODEL_TYPES[model_run.model_type].parameters
            if task in parameter.tasks
        ]
        if grid and any(not values_write(values) for values in grid.values()):
            self.initial["param_grid"] = json.dumps(grid)

    def _row(self, parameter: Parameter, task: str, grid: Mapping[str, Any] | None) -> GridRow:
        name = parameter.name
        if self.is_bound:
            text = str(self.data.get(f"{PREFIX}{name}", ""))[:10_000]
        elif grid is not None:
            text = values_write(grid.get(name, []))
        else:
            text = SUGGESTED.get(name, "")
        current = self.model_run.hyperparameters.get(name, parameter.default_for(task))
        return GridRow(parameter, text, _word(current), [])

    @property
    def grid(self) -> Any:
        """Return the grid: the JSON where there is some, else the rows that are filled."""
        text = str(self.cleaned_data.get("param_grid", "")).strip()
        if text:
            try:
                return json.loads(text, object_pairs_hook=names_once)
            except (ValueError, RecursionError) as error:
                raise InvalidInputError({"param_grid": [f"This is no JSON: {error}."]}) from error
        return {
            row.name: values_read(row.text, row.parameter) for row in self.rows if row.text.strip()
        }

    def request(self) -> TuningRequest:
        """Return what is asked for.

        Raises
        ------
        InvalidInputError
            The grid can't be read.
        """
        data = self.cleaned_data
        return TuningRequest(
            tuning_method=data["tuning_method"],
            param_grid=self.grid,
            cv_folds=data["cv_folds"],
            scoring_metric=data["scoring_metric"],
            n_iter=data["n_iter"] or 20,
            random_state=data["random_state"],
            timeout_seconds=data["timeout_seconds"],
            early_stopping=data["early_stopping"],
            user_notes=data["user_notes"],
        )

    def checked(self) -> tuple[TuningRequest, int] | None:
        """Return the request and the number of combinations; None where something is wrong.

        What is wrong stands beside its field or row then.
        """
        if not self.is_valid():
            return None
        try:
            request = self.request()
            self._count(request.param_grid)
            return request, tuning_check(request, self.model_run)[1]
        except InvalidInputError as error:
            self.explain(error)
            return None

    def _count(self, grid: Any) -> None:
        for row in self.rows:
            values = grid.get(row.name) if isinstance(grid, Mapping) else None
            if isinstance(values, Mapping):
                values = values.get("choices")
                row.count = "range" if values is None else ""
            if isinstance(values, list):
                row.count = f"{len(values)} value{'' if len(values) == 1 else 's'}"

    def explain(self, error: InvalidInputError) -> None:
        """Put the messages of the service beside the fields and rows that they are about."""
        rows = {row.name: row for row in self.rows}
        for name, messages in error.details.items():
            for message in messages:
                row = rows.get(message.partition(":")[0])
                if name == "param_grid" and row is not None:
                    row.faults.append(message.partition(": ")[2].replace(" or null", " or none"))
                field = name if name in self.fields else None
                if name == "param_grid" and not self.cleaned_data.get("param_grid"):
                    field = None
                self.add_error(field, message)


def estimate_for(
    request: TuningRequest, total: int, model_run: TrainingRun, pace: tuple[float, str] | None
) -> Estimate:
    """Return about how long a search takes.

    Parameters
    ----------
    request : TuningRequest
        Checked.
    total : int
        Its combinations.
    model_run : TrainingRun
        Completed: its own fit is the measure where there is no better one.
    pace : tuple of (float, str) or None
        Seconds a combination of an earlier search on the same run, and what to call it.
    """
    if pace is not None:
        return Estimate(total, request.cv_folds, pace[0] * total, pace[1])
    took = model_run.training_duration_seconds
    if took is None:
        return Estimate(total, request.cv_folds, None, "")
    share = (request.cv_folds - 1) / request.cv_folds
    basis = f"one fit after the other, as long as run {model_run.number} took; usually sooner"
    return Estimate(total, request.cv_folds, took * share * total * request.cv_folds, basis)

"""The form that starts a training: its fields come from the declarations of the engine."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from modelwright.core.errors import InvalidInputError
from modelwright.engine.hyperparameters import MODEL_TYPES
from modelwright.engine.parameters import (
    BooleanParameter,
    ChoiceParameter,
    IntegerParameter,
    NumberOrWordParameter,
    Parameter,
)
from modelwright.engine.presets import FUTURE_SKILLS, Preset
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TEST_SPLIT_RANGE, TrainingRequest
from modelwright.web.datasets import Dataset, datasets_found

OTHER = "other"
GATHERED = "gathered"
PREFIX = "hp_"
MAX_NOTES = 10_000
NULL_WORDS = {"max_depth": "no limit"}


class ParameterField(forms.Field):
    """One hyperparameter; what is wrong with a value is said by its declaration."""

    def __init__(self, parameter: Parameter, default: Any) -> None:
        self.parameter = parameter
        self.default = default
        super().__init__(
            required=False,
            label=parameter.name,
            help_text=parameter.help.replace("null for", "empty for"),
            initial=self.shown(default),
            widget=self._widget(),
        )

    def _widget(self) -> forms.Widget:
        parameter = self.parameter
        if isinstance(parameter, ChoiceParameter):
            none = [("", "none")] if parameter.nullable else []
            return forms.Select(choices=[*none, *((c, c) for c in parameter.choices)])
        if isinstance(parameter, BooleanParameter):
            return forms.Select(choices=[("true", "yes"), ("false", "no")])
        mode = "numeric" if isinstance(parameter, IntegerParameter) else "decimal"
        mode = "text" if isinstance(parameter, NumberOrWordParameter) else mode
        hint = NULL_WORDS.get(parameter.name, "none") if parameter.nullable else ""
        return forms.TextInput(
            attrs={"inputmode": mode, "autocomplete": "off", "placeholder": hint}
        )

    @property
    def default_text(self) -> str:
        """Return the default as the label shows it."""
        if self.default is None:
            return f"default {NULL_WORDS.get(self.parameter.name, 'none')}"
        return f"default {self.shown(self.default)}"

    def shown(self, value: Any) -> str:
        """Return a value as the field shows it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:g}" if isinstance(value, float) else str(value)

    def clean(self, value: Any) -> Any:
        """Return the value that the words mean, checked by the declaration."""
        meant = self._meant(str(value or "").strip())
        if fault := self.parameter.fault(meant):
            raise forms.ValidationError(fault.replace(" or null", ", or empty"))
        return meant

    def _meant(self, text: str) -> Any:
        if text == "":
            return None if self.parameter.nullable else self.default
        if isinstance(self.parameter, BooleanParameter):
            return {"true": True, "false": False}.get(text, text)
        if isinstance(self.parameter, ChoiceParameter):
            return text
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
        return text


def _in_test_split_range(value: float) -> None:
    low, high = TEST_SPLIT_RANGE
    if not low <= value <= high:
        raise forms.ValidationError(f"test_split must be between {low} and {high}")


class TrainForm(forms.Form):
    """Start a training of the preset."""

    dataset = forms.CharField(required=False)
    dataset_other = forms.CharField(
        required=False,
        max_length=1024,
        label="Another file",
        widget=forms.TextInput(
            attrs={
                "placeholder": "artifacts/datasets/…",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    test_split = forms.FloatField(
        label="Test share",
        validators=[_in_test_split_range],
        help_text="0.1 to 0.5 of the rows. The metrics come from them; the model never sees them.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "The test share must be a number like 0.2."},
    )
    random_state = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=2**32 - 1,
        help_text="The same seed and data give the same numbers.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    model_version = forms.CharField(
        required=False,
        label="Name of the version",
        help_text="Letters, digits, dot, underscore, hyphen. Left empty, one is made.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "made for you"}
        ),
    )
    notes = forms.CharField(
        required=False,
        max_length=MAX_NOTES,
        label="Notes",
        help_text="Why this training? Can be changed later.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, source: TrainingRun | None = None, **kwargs: Any) -> None:
        self.preset: Preset = FUTURE_SKILLS
        self.datasets: list[Dataset] = datasets_found()
        self.source = source
        self.gathered = source.gathered if source else None
        kwargs["initial"] = self._start(source)
        super().__init__(*args, **kwargs)
        model = MODEL_TYPES[self.preset.model_type]
        self.model_title = model.title
        for name in self.preset.hyperparameters:
            parameter = model.parameter(name)
            if parameter is None:
                continue
            default = self.preset.defaults.get(name, parameter.default)
            field = ParameterField(parameter, default)
            self.fields[f"{PREFIX}{name}"] = field
            if source is not None:
                values = {**source.requested_hyperparameters, **source.hyperparameters}
                self.initial[f"{PREFIX}{name}"] = field.shown(values.get(name, default))

    def _start(self, source: TrainingRun | None) -> dict[str, Any]:
        known = {dataset.path for dataset in self.datasets}
        sample = settings.SAMPLE_DATASET
        first = self.datasets[0].path if self.datasets else OTHER
        path = source.dataset_path if source else (sample if sample in known else first)
        return {
            "dataset": GATHERED if self.gathered else path if path in known else OTHER,
            "dataset_other": "" if path in known or path == OTHER else path,
            "test_split": f"{source.test_split if source else self.preset.test_split:g}",
            "random_state": source.random_state if source else self.preset.random_state,
            "notes": "",
        }

    @property
    def parameters(self) -> list[tuple[forms.BoundField, str]]:
        """Return the fields of the hyperparameters with the words for their defaults."""
        return [
            (self[name], f"{field.default_text}")
            for name, field in self.fields.items()
            if isinstance(field, ParameterField)
        ]

    @property
    def chosen(self) -> str:
        """Return the value of the chosen data set, for the radio buttons."""
        return str(self["dataset"].value() or OTHER)

    def clean(self) -> dict[str, Any]:
        """Settle which file is meant."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = data.get("dataset") or OTHER
        paths = {
            OTHER: (data.get("dataset_other") or "").strip(),
            GATHERED: self.source.dataset_path if self.source and self.gathered else "",
        }
        path = paths.get(chosen, chosen)
        data["gathered"] = self.gathered if chosen == GATHERED else None
        if not path:
            self.add_error("dataset", "Choose a data set, or name its path below the data folder.")
        data["dataset_path"] = path
        return data

    def request(self) -> TrainingRequest:
        """Return what is asked for; of the hyperparameters only those that are not the defaults."""
        data = self.cleaned_data
        wanted = {
            name.removeprefix(PREFIX): data[name]
            for name, field in self.fields.items()
            if isinstance(field, ParameterField) and data[name] != field.default
        }
        return TrainingRequest(
            dataset_path=data["dataset_path"],
            test_split=data["test_split"],
            hyperparameters=wanted,
            model_version=data["model_version"],
            notes=data["notes"],
            preset=self.preset.name,
            random_state=data["random_state"],
            gathered=data["gathered"],
        )

    def explain(self, error: InvalidInputError) -> None:
        """Put the messages of the service beside the fields that they are about."""
        for name, found in error.details.items():
            for message in found:
                self.add_error(self._field_for(name, message), message)

    def _field_for(self, name: str, message: str) -> str | None:
        places: Mapping[str, str] = {"dataset_path": "dataset"}
        if name == "hyperparameters":
            field = f"{PREFIX}{message.split(' ', 1)[0]}"
            return field if field in self.fields else None
        field = places.get(name, name)
        return field if field in self.fields else None

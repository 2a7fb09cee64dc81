"""The form that trains a model for an experiment: its fields are those of the model type."""

from typing import Any

from django import forms

from modelwright.catalog.models import Experiment
from modelwright.core.errors import InvalidInputError
from modelwright.engine.hyperparameters import ModelType, available_model_types
from modelwright.runs.services import TEST_SPLIT_RANGE
from modelwright.web.forms import PREFIX, ParameterField

MAX_NOTES = 10_000


def model_types_for(task: str) -> list[ModelType]:
    """Return the model types that can do a task and are installed."""
    return [model for model in available_model_types().values() if task in model.tasks]


class ModelForm(forms.Form):
    """Train one model."""

    test_size = forms.FloatField(
        label="Test share",
        initial="0.2",
        help_text="0.1 to 0.5 of the rows. The metrics come from them; the model never sees them.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "The test share must be a number like 0.2."},
    )
    random_state = forms.IntegerField(
        label="Seed",
        initial=42,
        min_value=0,
        max_value=2**32 - 1,
        help_text="The same seed and data give the same numbers.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    notes = forms.CharField(
        required=False,
        max_length=MAX_NOTES,
        label="Notes",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, experiment: Experiment, model: ModelType, **more: Any) -> None:
        super().__init__(*args, **more)
        self.model = model
        for parameter in model.parameters:
            if experiment.task in parameter.tasks:
                default = parameter.default_for(experiment.task)
                self.fields[f"{PREFIX}{parameter.name}"] = ParameterField(parameter, default)

    @property
    def parameters(self) -> list[tuple[forms.BoundField, str]]:
        """Return the fields of the hyperparameters with the words for their defaults."""
        return [
            (self[name], field.default_text)
            for name, field in self.fields.items()
            if isinstance(field, ParameterField)
        ]

    def clean_test_size(self) -> float:
        """Check the range."""
        value: float = self.cleaned_data["test_size"]
        low, high = TEST_SPLIT_RANGE
        if not low <= value <= high:
            raise forms.ValidationError(f"test_split must be between {low} and {high}")
        return value

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """Return those that are not the defaults."""
        return {
            name.removeprefix(PREFIX): self.cleaned_data[name]
            for name, field in self.fields.items()
            if isinstance(field, ParameterField) and self.cleaned_data[name] != field.default
        }

    def explain(self, error: InvalidInputError) -> None:
        """Put the messages of the service beside the fields that they are about."""
        for name, found in error.details.items():
            for message in found:
                field = f"{PREFIX}{message.split(' ', 1)[0]}" if "hyper" in name else name
                self.add_error(field if field in self.fields else None, message)

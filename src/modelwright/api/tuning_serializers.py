"""The bodies of `/api/v1/tuning/`: contract C's names and types."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modelwright.api.identifiers import IdField
from modelwright.api.job_status import STATUS_OF, WORDS, JobStatusSerializer, JobWordField
from modelwright.api.model_serializers import MAX_NOTES, SeedField
from modelwright.api.training_serializers import ClosedSerializer, NumberField, PlainTextField
from modelwright.engine.search.config import FOLDS_RANGE, SAMPLERS, TRIALS_RANGE
from modelwright.engine.search.scoring import METRICS
from modelwright.engine.search.space import METHODS
from modelwright.runs.states import Status
from modelwright.tuning.services import TuningRequest

MAX_TAGS = 20
MAX_TAG_CHARS = 50
MAX_TOP = 100
MAX_TRIALS = 1000
EXPORTS = ("csv", "python")


class WholeField(serializers.IntegerField):
    """A whole number; true, "5" and 5.0 are none."""

    def to_internal_value(self, data: Any) -> int:
        """Return it."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class WordField(serializers.ChoiceField):
    """One of some words; what was sent instead is not repeated."""

    def to_internal_value(self, data: Any) -> str:
        """Return it."""
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"Must be one of {', '.join(self.choices)}.")
        return data


class TrueFalseField(serializers.BooleanField):
    """true or false; "yes" and 1 are neither."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            self.fail("invalid", input="")
        return data


@extend_schema_field({"type": "object", "additionalProperties": True})
class GridField(serializers.JSONField):
    """Parameter -> list of choices, or range; the search itself says what is wrong with it."""


class SearchSerializer(ClosedSerializer):
    """What may be said of a search, new or continued."""

    tuning_method = WordField(choices=METHODS)
    param_grid = GridField(
        help_text=(
            "Parameter -> list of choices, or a range (not for grid_search):"
            ' `{"low": 0.001, "high": 1, "log": true}`, `{"low": 2, "high": 20, "step": 2}`.'
        )
    )
    cv_folds = WholeField(default=5, min_value=FOLDS_RANGE[0], max_value=FOLDS_RANGE[1])
    scoring_metric = WordField(
        choices=list(METRICS), required=False, help_text="Default accuracy; of a regression r2."
    )
    n_iter = WholeField(
        default=20,
        min_value=TRIALS_RANGE[0],
        max_value=TRIALS_RANGE[1],
        help_text="Combinations of random_search and bayesian.",
    )
    random_state = SeedField(default=42, help_text="Of the folds and of the choice.")
    timeout_seconds = NumberField(
        default=None, allow_null=True, help_text="The search ends then with what it has."
    )
    early_stopping = TrueFalseField(
        default=False, help_text="Drop combinations that are surely worse after some folds."
    )
    sampler = WordField(choices=SAMPLERS, default="auto", help_text="Of bayesian.")
    tags = serializers.ListField(
        child=PlainTextField(max_length=MAX_TAG_CHARS), default=list, max_length=MAX_TAGS
    )
    user_notes = PlainTextField(default="", allow_blank=True, max_length=MAX_NOTES)


class TuneSerializer(SearchSerializer):
    """What to search."""

    model_run_id = IdField()

    def to_request(self) -> TuningRequest:
        """Return the checked body as the service takes it."""
        fields = {n: v for n, v in self.validated_data.items() if n != "model_run_id"}
        return TuningRequest(**fields)


class ContinueSerializer(SearchSerializer):
    """What is to differ from the search that is continued; all may be left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(partial=True, **kwargs)


class TrainBestSerializer(ClosedSerializer):
    """What to note with the training."""

    notes = PlainTextField(default="", allow_blank=True, max_length=MAX_NOTES)


class TuneAcceptedSerializer(serializers.Serializer[Any]):
    """A search that was submitted."""

    tuning_run_id = serializers.UUIDField()
    task_id = serializers.UUIDField()
    status = JobWordField()
    message = serializers.CharField()
    created_at = serializers.DateTimeField()


class TuningOutcomeSerializer(serializers.Serializer[Any]):
    """What a search found."""

    best_params = serializers.JSONField()
    best_score = serializers.FloatField()
    total_combinations = serializers.IntegerField()
    tuning_time = serializers.FloatField(help_text="Seconds.")


class TuningStatusSerializer(JobStatusSerializer):
    """Where a search stands."""

    tuning_run_id = serializers.UUIDField()
    result = TuningOutcomeSerializer(allow_null=True)


class TopResultSerializer(serializers.Serializer[Any]):
    """One combination."""

    rank = serializers.IntegerField()
    params = serializers.JSONField()
    mean_score = serializers.FloatField()
    std_score = serializers.FloatField()
    scores = serializers.ListField(child=serializers.FloatField(), help_text="One for each fold.")


class TuningResultsSerializer(TuningOutcomeSerializer):
    """The result of a search."""

    tuning_run_id = serializers.UUIDField()
    model_run_id = serializers.UUIDField()
    tuning_method = serializers.CharField()
    cv_folds = serializers.IntegerField()
    scoring_metric = serializers.CharField()
    ended = serializers.CharField(help_text="finished, or timed_out.")
    notes = serializers.ListField(child=serializers.CharField())
    top_results = TopResultSerializer(many=True)


class TuningListSerializer(serializers.Serializer[Any]):
    """A search in the list."""

    tuning_run_id = serializers.UUIDField()
    model_run_id = serializers.UUIDField()
    parent_tuning_run_id = serializers.UUIDField(allow_null=True)
    tuning_method = serializers.CharField()
    status = JobWordField()
    scoring_metric = serializers.CharField()
    best_params = serializers.JSONField(allow_null=True)
    best_score = serializers.FloatField(allow_null=True)
    total_combinations = serializers.IntegerField()
    tuning_time = serializers.FloatField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    user_notes = serializers.CharField(allow_blank=True)
    started_by_username = serializers.CharField(allow_null=True)


class TrialSerializer(serializers.Serializer[Any]):
    """One combination that was tried."""

    number = serializers.IntegerField()
    params = serializers.JSONField()
    fold_scores = serializers.ListField(child=serializers.FloatField(allow_null=True))
    mean = serializers.FloatField(allow_null=True)
    std = serializers.FloatField(allow_null=True)
    duration = serializers.FloatField(help_text="Seconds of computing.")
    status = serializers.CharField(help_text="complete, failed, or dropped by early_stopping.")
    error = serializers.CharField(allow_blank=True)


class TrialsSerializer(serializers.Serializer[Any]):
    """What was tried so far, by number."""

    tuning_run_id = serializers.UUIDField()
    status = JobWordField()
    current = serializers.IntegerField()
    total = serializers.IntegerField()
    best_score = serializers.FloatField(allow_null=True)
    best_params = serializers.JSONField(allow_null=True)
    elapsed_seconds = serializers.FloatField()
    remaining_seconds = serializers.FloatField(allow_null=True, help_text="Estimated.")
    trials = TrialSerializer(many=True)


class GroupSerializer(serializers.Serializer[Any]):
    """Trials with the same value of a parameter, or values of the same quarter."""

    value = serializers.CharField()
    mean_score = serializers.FloatField()
    trials = serializers.IntegerField()


class ParameterImportanceSerializer(serializers.Serializer[Any]):
    """How much of the scores' variance goes with one parameter alone."""

    parameter = serializers.CharField()
    importance = serializers.FloatField()
    groups = GroupSerializer(many=True)


class ImportancesSerializer(serializers.Serializer[Any]):
    """All parameters, the one that matters most first."""

    tuning_run_id = serializers.UUIDField()
    trials = serializers.IntegerField()
    importances = ParameterImportanceSerializer(many=True)


class ResultsQuerySerializer(serializers.Serializer[Any]):
    """How many combinations to list."""

    top_n = serializers.IntegerField(default=10, min_value=1, max_value=MAX_TOP)


class TrialsQuerySerializer(serializers.Serializer[Any]):
    """Which trials to list."""

    after = serializers.IntegerField(
        default=-1, min_value=-1, max_value=2**31 - 1, help_text="Only higher numbers."
    )
    limit = serializers.IntegerField(default=MAX_TRIALS, min_value=1, max_value=MAX_TRIALS)


class ExportQuerySerializer(serializers.Serializer[Any]):
    """What to export."""

    format = WordField(choices=EXPORTS, default="csv")


class TuningListQuerySerializer(serializers.Serializer[Any]):
    """Which searches to list."""

    model_run_id = IdField(required=False)
    status = PlainTextField(
        required=False, help_text=f"{', '.join(WORDS)}; or {', '.join(Status.values)}."
    )

    def validate_status(self, value: str) -> str:
        """Take the contract's words and the table's, in any letter case."""
        status = STATUS_OF.get(value.upper(), value.lower())
        if status not in Status.values:
            raise serializers.ValidationError(f"Must be one of {', '.join(WORDS)}.")
        return str(status)

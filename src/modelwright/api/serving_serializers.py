"""The bodies of predictions and actual values."""

from typing import Any

from rest_framework import serializers

from modelwright.api.identifiers import IdField
from modelwright.api.moments import ZonedMomentField
from modelwright.api.training_serializers import ClosedSerializer, NumberField, PlainTextField
from modelwright.engine.serving.bodies import MAX_KEY_CHARS, MAX_ROWS
from modelwright.serving.answering import rows_to_table
from modelwright.serving.services import Request


class PredictSerializer(ClosedSerializer):
    """What to predict: one row, rows, or columns."""

    row = serializers.DictField(required=False, help_text="One row: column -> value.")
    rows = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        max_length=MAX_ROWS,
        help_text="Many rows, in one answer in the same order.",
    )
    columns = serializers.DictField(
        child=serializers.ListField(max_length=MAX_ROWS),
        required=False,
        help_text="The same by columns: column -> values, all of one length.",
    )
    key = PlainTextField(required=False, max_length=MAX_KEY_CHARS, help_text="Of the one row.")
    keys = serializers.ListField(
        child=PlainTextField(max_length=MAX_KEY_CHARS),
        required=False,
        max_length=MAX_ROWS,
        help_text="What each row is about: a key stays on its side of an A/B test.",
    )
    time = ZonedMomentField(required=False, help_text="Of the one row.")
    times = serializers.ListField(
        child=ZonedMomentField(),
        required=False,
        max_length=MAX_ROWS,
        help_text="The time that each row is predicted for; default: now.",
    )
    explain = serializers.BooleanField(
        default=False, help_text="Say for each row which column moved the answer how much."
    )
    version = PlainTextField(
        required=False, help_text="A version's number or alias instead of the champion."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that there is exactly one form of rows, and that columns are even."""
        forms = [name for name in ("row", "rows", "columns") if name in attrs]
        if len(forms) != 1:
            raise serializers.ValidationError({"rows": "Send one of row, rows and columns."})
        columns = attrs.get("columns")
        if columns is not None and len({len(cells) for cells in columns.values()}) > 1:
            raise serializers.ValidationError({"columns": "All columns must have one length."})
        for one, many in (("key", "keys"), ("time", "times")):
            if one in attrs and (many in attrs or "row" not in attrs):
                raise serializers.ValidationError({one: f"Use {many} unless there is one row."})
        return attrs

    def to_request(self) -> Request:
        """Return the checked body as the service takes it."""
        sent = self.validated_data
        table = sent.get("columns") or rows_to_table(
            [sent["row"]] if "row" in sent else sent["rows"]
        )
        return Request(
            table=table,
            keys=[sent["key"]] if "key" in sent else sent.get("keys", ()),
            times=[sent["time"]] if "time" in sent else sent.get("times", ()),
            explain=sent["explain"],
        )


class PredictionSerializer(serializers.Serializer[Any]):
    """One answer."""

    prediction_id = serializers.UUIDField()
    prediction = serializers.JSONField(help_text="The label, or the value.")
    version = serializers.IntegerField()
    probabilities = serializers.DictField(child=serializers.FloatField(), required=False)
    lower = serializers.FloatField(required=False, allow_null=True)
    upper = serializers.FloatField(required=False, allow_null=True)
    explanation = serializers.DictField(child=serializers.FloatField(), required=False)


class PredictedSerializer(serializers.Serializer[Any]):
    """What came of a request."""

    subject = serializers.CharField()
    version = serializers.IntegerField(allow_null=True, help_text="Null where rows differ.")
    model_version = serializers.CharField(allow_null=True)
    logged = serializers.BooleanField()
    predictions = PredictionSerializer(many=True)


class ActualSerializer(ClosedSerializer):
    """One actual value."""

    prediction_id = IdField(required=False)
    key = PlainTextField(required=False, max_length=MAX_KEY_CHARS)
    time = ZonedMomentField(required=False)
    actual = serializers.JSONField(help_text="The label, or the value.")

    def validate_actual(self, value: Any) -> Any:
        """Let labels and finite numbers through."""
        if isinstance(value, str) and 0 < len(value) <= 255:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise serializers.ValidationError("A label (text) or a value (number).")
        return NumberField().to_internal_value(value)


class ActualsSerializer(ClosedSerializer):
    """Actual values, in any order, early, late or twice."""

    actuals = ActualSerializer(many=True)


class RecordedSerializer(serializers.Serializer[Any]):
    """What became of them."""

    matched = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="No prediction yet: kept until one comes.")
    duplicates = serializers.IntegerField()
    corrected = serializers.IntegerField()

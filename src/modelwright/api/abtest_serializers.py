"""The bodies of A/B tests: contract B's names, and what it leaves open."""

from typing import Any

from rest_framework import serializers

from modelwright.abtests.models import ABTest
from modelwright.api.identifiers import IdField
from modelwright.api.training_serializers import ClosedSerializer, NumberField, PlainTextField

STATUSES = ABTest.Status.values


class ABTestStartSerializer(ClosedSerializer):
    """What is to be tested."""

    test_name = PlainTextField(max_length=200)
    model_type = PlainTextField(required=False, max_length=64)
    machine_id = IdField(required=False)
    model_a_id = IdField(help_text="Id of the training that made the champion.")
    model_b_id = IdField(help_text="Id of the training that made the challenger.")
    duration_hours = NumberField()
    traffic_split = NumberField(default=0.5, help_text="The challenger's share (split mode).")
    mode = PlainTextField(
        default="",
        allow_blank=True,
        help_text=(
            "shadow, split or back_test; default: shadow where predictions were asked for lately,"
            " else a back-test."
        ),
    )
    margin = NumberField(default=0.0, help_text="By how much the error must be lower.")
    alpha = NumberField(default=0.05, help_text="Probability of a wrong verdict.")
    max_rows = serializers.IntegerField(required=False, min_value=1, help_text="The budget.")
    guards = serializers.DictField(
        child=NumberField(),
        required=False,
        help_text=(
            "What may not get worse, and by how much it may: `unanswered` (share of rows; 0.01"
            " unless named otherwise) and `latency_ms`. One that is broken ends the test."
        ),
    )
    segment_column = PlainTextField(
        required=False,
        max_length=255,
        help_text="For no value of this column may the error be higher: that ends the test.",
    )
    segment_tolerance = NumberField(
        required=False, help_text="By how much it may be higher there; default: the margin."
    )


class ABPlanRequestSerializer(ClosedSerializer):
    """What is to be planned."""

    model_a_id = IdField(help_text="Id of the training that made the champion.")
    model_b_id = IdField(help_text="Id of the training that made the challenger.")
    effect = NumberField(
        help_text="Smallest improvement of the mean error that is to be found, in its own unit."
    )
    mode = PlainTextField(default="shadow", help_text="shadow, split or back_test.")
    traffic_split = NumberField(default=0.5)
    alpha = NumberField(default=0.05)
    power = NumberField(default=0.8, help_text="Probability of finding the effect, 0.5 to 1.")


class ABPlanSerializer(serializers.Serializer[Any]):
    """How many rows and days a test needs."""

    mode = serializers.CharField()
    mean_loss = serializers.FloatField(help_text="Mean error of the champion lately.")
    effect = serializers.FloatField()
    deviation = serializers.FloatField(help_text="Standard deviation of one row's difference.")
    deviation_from = serializers.ChoiceField(
        choices=["pairs", "champion"],
        help_text=(
            "pairs: from both versions on the same rows. champion: from its errors alone; a paired"
            " test then needs fewer rows than said."
        ),
    )
    alpha = serializers.FloatField()
    power = serializers.FloatField()
    rows = serializers.IntegerField(help_text="A budget (`max_rows`).")
    expected_rows = serializers.IntegerField(help_text="On average, if the effect is as planned.")
    expected_rows_twice = serializers.IntegerField(help_text="If it is twice as large.")
    fixed_rows = serializers.IntegerField(help_text="Of a test that is looked at once.")
    rows_per_day = serializers.FloatField()
    days = serializers.FloatField(allow_null=True, help_text="Until the budget; null: no traffic.")
    expected_days = serializers.FloatField(allow_null=True)


class ABTestQuerySerializer(ClosedSerializer):
    """What the list can be narrowed by."""

    status = serializers.ChoiceField(choices=STATUSES, required=False)
    model_type = PlainTextField(required=False, max_length=64)
    machine_id = IdField(required=False)
    page = serializers.IntegerField(required=False, min_value=1)
    page_size = serializers.IntegerField(required=False, min_value=1)


class ABTestSerializer(serializers.Serializer[ABTest]):
    """A test."""

    id = serializers.UUIDField()
    test_name = serializers.CharField()
    subject = serializers.CharField(source="subject.slug")
    model_type = serializers.CharField()
    machine_id = serializers.UUIDField(allow_null=True)
    machine_name = serializers.CharField(source="machine.name", default=None, allow_null=True)
    model_a_id = serializers.UUIDField()
    model_b_id = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=ABTest.Mode.values)
    traffic_split = serializers.FloatField()
    margin = serializers.FloatField()
    alpha = serializers.FloatField()
    segment_column = serializers.CharField()
    segment_tolerance = serializers.FloatField(allow_null=True)
    status = serializers.ChoiceField(choices=STATUSES)
    winner = serializers.SerializerMethodField()
    recommendation = serializers.CharField()
    started_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_winner(self, test: ABTest) -> str | None:
        """Return `a`, `b` or null."""
        return test.winner or None


class ABSideSerializer(serializers.Serializer[Any]):
    """What is known of one model."""

    model_id = serializers.UUIDField()
    model_version = serializers.IntegerField()
    count = serializers.IntegerField()
    metrics = serializers.DictField(child=serializers.FloatField())

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; `errors` is a word of the framework's own, so it stands here."""
        about = "Rows for which it had no answer."
        return {**super().get_fields(), "errors": serializers.IntegerField(help_text=about)}


class ABIntervalSerializer(serializers.Serializer[Any]):
    """All differences that the rows so far don't contradict."""

    lower = serializers.FloatField()
    upper = serializers.FloatField()


class ABGuardSerializer(serializers.Serializer[Any]):
    """A guard rail."""

    name = serializers.CharField()
    title = serializers.CharField()
    rows = serializers.IntegerField()
    worse_by = serializers.FloatField(allow_null=True, help_text="Mean of b less that of a.")
    tolerance = serializers.FloatField()
    e_value = serializers.FloatField(help_text="Evidence that it is worse by more.")
    harmed = serializers.BooleanField(help_text="Whether it ended the test.")


class ABSegmentSerializer(serializers.Serializer[Any]):
    """What is known where the segment column has one value."""

    segment = serializers.CharField()
    rows = serializers.IntegerField()
    has_enough_rows = serializers.BooleanField(help_text="False: nothing is said of it yet.")
    worse_by = serializers.FloatField(allow_null=True, help_text="Mean error of b less that of a.")
    tolerance = serializers.FloatField()
    e_value = serializers.FloatField(help_text="Evidence that it is worse by more.")
    harmed = serializers.BooleanField(help_text="Whether it ended the test.")


class ABResultsSerializer(ABTestSerializer):
    """A test and what is known by now."""

    model_a = ABSideSerializer()
    model_b = ABSideSerializer()
    difference = serializers.FloatField(
        allow_null=True, help_text="Mean error of a less that of b: above 0, b is better."
    )
    interval = ABIntervalSerializer(allow_null=True)
    p_value = serializers.FloatField(help_text="Valid whenever one looks.")
    verdict = serializers.CharField()
    reason = serializers.CharField()
    method = serializers.CharField()
    history = serializers.ListField(child=serializers.DictField())
    guards = ABGuardSerializer(many=True)
    segments = ABSegmentSerializer(many=True, help_text="The one with the most evidence first.")


def results_of(test: ABTest) -> dict[str, Any]:
    """Return what `ABResultsSerializer` describes."""
    found = test.results
    sides = {
        f"model_{side}": {
            "model_id": str(version.run_id),
            "model_version": version.number,
            "count": found[side]["count"],
            "metrics": found[side]["metrics"],
            "errors": found[side]["unanswered"],
        }
        for side, version in (("a", test.version_a), ("b", test.version_b))
    }
    names = ("difference", "interval", "p_value", "verdict", "reason", "method", "history")
    known = {name: found[name] for name in names}
    watched = {name: found.get(name, []) for name in ("guards", "segments")}
    return {**ABTestSerializer(test).data, **sides, **known, **watched}

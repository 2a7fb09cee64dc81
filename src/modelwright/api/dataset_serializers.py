"""The bodies of `/api/v1/datasets/`."""

import unicodedata
from typing import Any

from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.catalog.drafts import MAX_NAME
from modelwright.catalog.limits import PIECE_BYTES, PREVIEW_ROWS
from modelwright.catalog.models import DataSet, Upload
from modelwright.catalog.uploads import KEPT, upload_offset
from modelwright.core.files import MAX_PATH_CHARS


class NameField(PlainTextField):
    """A name in one line."""

    default_error_messages = {"control": "It holds control characters."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_NAME, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the name."""
        text = super().to_internal_value(data)
        if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
            self.fail("control")
        return text


class DataSetFieldsSerializer(ClosedSerializer):
    """What comes beside a file."""

    name = NameField(required=False, allow_blank=True, help_text="Default the file's own.")


class DataSetPathSerializer(DataSetFieldsSerializer):
    """A file below the data root."""

    path = PlainTextField(
        max_length=MAX_PATH_CHARS, trim_whitespace=False, help_text="Relative to the data root."
    )


class DataSetUploadSerializer(serializers.Serializer[Any]):
    """For the description only: the body of an upload."""

    file = serializers.FileField(help_text="CSV or Parquet.")
    name = serializers.CharField(max_length=MAX_NAME, required=False)


class UploadBeginSerializer(DataSetFieldsSerializer):
    """The beginning of an upload in pieces."""

    file_name = PlainTextField(max_length=MAX_PATH_CHARS, help_text="With its ending.")
    size_bytes = serializers.IntegerField(min_value=0, max_value=2**62)
    fingerprint = PlainTextField(
        required=False, allow_blank=True, max_length=100, default="",
        help_text="By which you know the file again, such as the time of its last change.",
    )  # fmt: skip


class UploadSerializer(serializers.Serializer[Upload]):
    """An upload in pieces."""

    id = serializers.UUIDField()
    file_name = serializers.CharField(source="source")
    name = serializers.CharField()
    fingerprint = serializers.CharField()
    size_bytes = serializers.IntegerField()
    offset = serializers.SerializerMethodField(help_text="So many bytes are there: go on here.")
    piece_bytes = serializers.SerializerMethodField(help_text="Of a piece at most.")
    dataset_id = serializers.UUIDField(allow_null=True, help_text="What it became.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.SerializerMethodField(help_text="Unless there are further pieces.")

    def get_offset(self, upload: Upload) -> int:
        """Return how many bytes are there."""
        return upload_offset(upload)

    def get_piece_bytes(self, _upload: Upload) -> int:
        """Return how large a piece may be."""
        return PIECE_BYTES

    def get_expires_at(self, upload: Upload) -> str:
        """Return when it will be removed."""
        return (upload.touched_at + KEPT).isoformat()


class UploadPieceQuerySerializer(serializers.Serializer[Any]):
    """Where a piece begins."""

    offset = serializers.IntegerField(min_value=0, max_value=2**62)


class UploadFinishSerializer(ClosedSerializer):
    """The end of an upload."""

    sha256 = serializers.RegexField(
        r"^[0-9a-fA-F]{64}$", required=False, default="",
        help_text="Of the whole file: what arrived is compared with it.",
    )  # fmt: skip


class ColumnSerializer(serializers.Serializer[Any]):
    """A column."""

    name = serializers.CharField()
    dtype = serializers.CharField()
    missing = serializers.IntegerField()
    distinct = serializers.IntegerField()
    kind = serializers.ChoiceField(
        choices=["numeric", "text", "date", "unusable"], help_text="As what a training takes it."
    )
    date_format = serializers.CharField(
        allow_blank=True, default="", help_text="How its dates are written."
    )
    note = serializers.CharField(allow_blank=True, help_text="Why it is left out or changed.")
    suggested_task = serializers.CharField()


class DataSetSerializer(serializers.Serializer[DataSet]):
    """A data set."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    version = serializers.IntegerField(help_text="Counts the contents of the same name.")
    owner = serializers.CharField(source="owner.username", default=None, allow_null=True)
    format = serializers.CharField()
    row_count = serializers.IntegerField()
    columns = ColumnSerializer(many=True)
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    warnings = serializers.ListField(child=serializers.CharField())


class DataSetUseSerializer(serializers.Serializer[Any]):
    """An experiment on a data set."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class DataSetDetailSerializer(DataSetSerializer):
    """A data set, and the experiments on it that one may see."""

    experiments = serializers.SerializerMethodField()

    def get_experiments(self, dataset: DataSet) -> list[dict[str, str]]:
        """Return them, newest first."""
        return [{"id": str(e.pk), "name": e.name} for e in self.context["experiments"]]


class PreviewQuerySerializer(serializers.Serializer[Any]):
    """How much of a table to show."""

    rows = serializers.IntegerField(default=20, min_value=1, max_value=PREVIEW_ROWS)


class PreviewSerializer(serializers.Serializer[Any]):
    """The first rows; long cells are cut, of wide tables there are fewer rows."""

    dataset_id = serializers.UUIDField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.JSONField()))
    row_count = serializers.IntegerField(help_text="Of the whole table.")


class ProfileQuerySerializer(serializers.Serializer[Any]):
    """What to profile against."""

    target = PlainTextField(
        required=False, trim_whitespace=False, max_length=255, help_text="A column."
    )


class ProfileSerializer(serializers.Serializer[Any]):
    """What there is to know of a table."""

    dataset_id = serializers.UUIDField()
    profile = serializers.JSONField(help_text="Distribution of each column, duplicates, gaps.")
    target = serializers.JSONField(
        allow_null=True, help_text="Association of each column with the target, suspected leakage."
    )


class ForceQuerySerializer(serializers.Serializer[Any]):
    """Whether to delete what hangs on it too."""

    force = serializers.BooleanField(default=False)

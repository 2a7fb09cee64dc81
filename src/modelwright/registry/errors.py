"""What can go wrong with a version's file."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class VersionNotFoundError(NotFoundError):
    """The run made no model, or its file is gone."""

    code = "version_not_found"


class ArtifactChangedError(ModelwrightError):
    """The file is not the one that was recorded."""

    code = "artifact_changed"
    status: ClassVar[int] = 409

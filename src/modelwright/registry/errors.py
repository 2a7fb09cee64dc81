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


class ChampionChangedError(ModelwrightError):
    """Somebody else promoted meanwhile."""

    code = "champion_changed"
    status: ClassVar[int] = 409


class NothingToRollBackError(ModelwrightError):
    """There is no earlier champion."""

    code = "nothing_to_roll_back"
    status: ClassVar[int] = 409


class NotThisSubjectError(ModelwrightError):
    """The version belongs to another subject."""

    code = "not_this_subject"


class SubjectNotFoundError(NotFoundError):
    """There is no such subject."""

    code = "subject_not_found"


class BundleError(ModelwrightError):
    """A file is no exported version, or not the one that was signed."""

    code = "bundle_refused"
    status: ClassVar[int] = 422


class SignerUnknownError(ModelwrightError):
    """A version was exported by a server that isn't trusted here."""

    code = "signer_unknown"
    status: ClassVar[int] = 422


class ImportPlaceError(ModelwrightError):
    """It isn't clear, or not possible, to which model an imported version is to belong."""

    code = "import_place"
    status: ClassVar[int] = 422


class ImportConflictError(ModelwrightError):
    """The same training has made another model here."""

    code = "import_conflict"
    status: ClassVar[int] = 409


class ComparisonNotFoundError(NotFoundError):
    """There is no such comparison."""

    code = "comparison_not_found"

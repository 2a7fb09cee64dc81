"""Predictions for whole data sets as their pages show them: the list, one batch, the form."""

from collections.abc import Callable, Mapping
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from modelwright.accounts.models import User
from modelwright.catalog.access import Level, dataset_for, datasets_visible
from modelwright.catalog.errors import NotYoursError
from modelwright.catalog.models import DataSet
from modelwright.core.errors import InvalidInputError
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import (
    champion_of,
    subject_require,
    subjects_visible,
    version_named,
    versions_of,
)
from modelwright.runs.states import Status
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.batches import (
    batch_file_owner_require,
    batch_file_reader_require,
    batch_submit,
    batches_visible,
)
from modelwright.web.listing import Listing
from modelwright.web.runs_list import Column

DATASETS_SHOWN = 200
VERSIONS_SHOWN = 30


class BatchList(Listing[BatchPrediction]):
    """The batches that somebody may see."""

    place = "batches"
    columns = (
        Column("dataset", "Data set", "dataset_name"),
        Column("status", "Status", "status"),
        Column("model", "Model", "subject__title"),
        Column("rows", "Rows", "rows", number=True),
        Column("user", "By", "user__username"),
        Column("created", "Asked", "created_at"),
    )
    titles = {"search": "Search", "status": "Status", "model": "Model"}
    statuses = tuple(Status)

    def matching(self) -> QuerySet[BatchPrediction]:
        """Return them, narrowed by the filters."""
        found = batches_visible(self.user)
        if (status := self.status) in Status.values:
            found = found.filter(status=status)
        if self.model:
            found = found.filter(subject__slug=self.model)
        if self.search:
            found = found.filter(
                Q(dataset_name__icontains=self.search)
                | Q(subject__title__icontains=self.search)
                | Q(user__username__icontains=self.search)
            )
        return found

    @property
    def status(self) -> str:
        """Return the status that is filtered by."""
        return self.address.get("status")

    @property
    def model(self) -> str:
        """Return the slug of the model that is filtered by."""
        return self.address.get("model")


class BatchView:
    """What the page of one batch needs beside the row."""

    def __init__(self, batch: BatchPrediction, user: User) -> None:
        self.batch = batch
        self._user = user

    @cached_property
    def edits(self) -> bool:
        """Return whether the user may cancel it."""
        return self._allowed(lambda user, batch: subject_require(user, batch.subject, Level.EDITOR))

    @property
    def kept_days(self) -> int:
        """Return for how long files are kept; 0: for ever."""
        return int(settings.BATCH_FILES_KEPT_DAYS)

    @property
    def has_file(self) -> bool:
        """Return whether there is a file."""
        return bool(self.batch.path) and self.batch.removed_at is None

    @cached_property
    def may_read(self) -> bool:
        """Return whether the user may have the file: it holds keys of the data set."""
        return self._allowed(batch_file_reader_require)

    @cached_property
    def may_delete(self) -> bool:
        """Return whether the user may delete the file."""
        return self._allowed(batch_file_owner_require)

    def _allowed(self, require: Callable[[User, BatchPrediction], None]) -> bool:
        try:
            require(self._user, self.batch)
        except NotYoursError:
            return False
        return True


class BatchForm:
    """What somebody filled in, for one model or for none yet."""

    def __init__(self, user: User, subject: Subject | None, given: Mapping[str, str]) -> None:
        self._user = user
        self.subject = subject
        self.given = dict(given)

    @cached_property
    def subjects(self) -> list[Subject]:
        """Return the models that answer tables."""
        return list(subjects_visible(self._user).filter(machine=None).order_by("title"))

    @cached_property
    def versions(self) -> list[ModelVersion]:
        """Return the newest versions that have a file."""
        if self.subject is None:
            return []
        return list(versions_of(self.subject).filter(removed_at=None)[:VERSIONS_SHOWN])

    @cached_property
    def champion(self) -> ModelVersion | None:
        """Return the version that answers unless another is chosen."""
        return None if self.subject is None else champion_of(self.subject.key)

    @cached_property
    def datasets(self) -> list[DataSet]:
        """Return the newest data sets."""
        return list(datasets_visible(self._user)[:DATASETS_SHOWN])

    @property
    def columns(self) -> list[str]:
        """Return the columns of these data sets that the model has no use for: keys, say."""
        used = set(self.champion.run.features_used) if self.champion else set()
        names = {column["name"] for one in self.datasets for column in one.columns}
        return sorted(names - used)

    def start(self) -> BatchPrediction:
        """Queue it. Raises as `batch_submit`, and InvalidInputError for a choice that is none."""
        if self.subject is None:
            raise InvalidInputError({"model": ["Choose a model."]})
        try:
            key = UUID(self.given.get("dataset", ""))
        except ValueError as error:
            raise InvalidInputError({"dataset": ["Choose a data set."]}) from error
        version = self.given.get("version", "")
        return batch_submit(
            subject=self.subject,
            dataset=dataset_for(self._user, key),
            user=self._user,
            version=version_named(self.subject, version) if version else None,
            key_column=self.given.get("key_column", "").strip(),
            is_logged=self.given.get("log") == "yes",
        )

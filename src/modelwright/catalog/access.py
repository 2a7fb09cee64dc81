"""Who may see and use what: the one place with this rule, for every room above.

An experiment is its owner's, and theirs with whom it was shared; an administrator's too. What hangs
on it (model runs, searches, versions) goes by the experiment. A data set is its owner's; whoever
sees an experiment on it sees it too, and an editor of one may make another one on it. Taking a
share away doesn't take away the experiments that were made meanwhile. What a role may do at all is
`accounts.roles`.
"""

from enum import IntEnum
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, Group
from django.db.models import Exists, OuterRef, Q, QuerySet

from modelwright.accounts.models import User
from modelwright.accounts.roles import ROLE_OF_GROUP, Role, role_of
from modelwright.catalog.errors import (
    DataSetNotFoundError,
    ExperimentNotFoundError,
    NotYoursError,
)
from modelwright.catalog.models import DataSet, Experiment, Share

Somebody = User | AnonymousUser


class Level(IntEnum):
    """What somebody may do with an experiment or a data set; each includes those below it."""

    NONE = 0
    VIEWER = 1  # look
    EDITOR = 2  # change it, train and search in it
    OWNER = 3  # share and delete it


LEVEL_OF_SHARE = {Share.Level.VIEWER: Level.VIEWER, Share.Level.EDITOR: Level.EDITOR}


def may_all(user: Somebody) -> bool:
    """Return whether everything is open to `user`, whoever owns it."""
    return role_of(user) is Role.ADMIN


def shares_with(user: Somebody) -> QuerySet[Share]:
    """Return the shares that `user` has a part in, as a user or by a group."""
    if not isinstance(user, User) or not user.is_active:
        return Share.objects.none()
    return Share.objects.filter(
        Q(user=user) | Q(group__in=user.groups.all())  # the groups as they are now
    )


def experiments_visible(user: Somebody) -> QuerySet[Experiment]:
    """Return the experiments that `user` may look at, newest first."""
    found = Experiment.objects.select_related("owner", "dataset")
    if may_all(user):
        return found
    if not isinstance(user, User) or not user.is_active:
        return found.none()
    shared = shares_with(user).filter(experiment=OuterRef("pk"))
    return found.filter(Q(owner=user) | Exists(shared))


def experiment_level(user: Somebody, experiment: Experiment) -> Level:
    """Return what `user` may do with `experiment`."""
    if may_all(user) or (isinstance(user, User) and experiment.owner_id == user.pk):
        return Level.OWNER
    levels = shares_with(user).filter(experiment=experiment).values_list("level", flat=True)
    return max((LEVEL_OF_SHARE[Share.Level(level)] for level in levels), default=Level.NONE)


def experiment_open_to(whose: Somebody | Group, experiment: Experiment) -> bool:
    """Return whether somebody may look at `experiment`, or all of a group may."""
    if not isinstance(whose, Group):
        return experiment_level(whose, experiment) >= Level.VIEWER
    if ROLE_OF_GROUP.get(whose.name) is Role.ADMIN:
        return True
    return Share.objects.filter(experiment=experiment, group=whose).exists()


def experiment_require(user: Somebody, experiment: Experiment, level: Level) -> None:
    """Refuse who may do less with `experiment` than `level` says.

    Raises
    ------
    NotYoursError
    """
    held = experiment_level(user, experiment)
    if held is Level.NONE:
        raise NotYoursError(
            "This belongs to somebody else's experiment: ask its owner to share it."
        )
    if held < level:
        what = "its owner may do this" if level is Level.OWNER else "its editors may do this"
        raise NotYoursError(f"The experiment is shared with you for less: only {what}.")


def experiment_for(user: Somebody, experiment_id: UUID, level: Level = Level.VIEWER) -> Experiment:
    """Return an experiment with which `user` may do what `level` says.

    Raises
    ------
    ExperimentNotFoundError
        There is none of this id.
    NotYoursError
        It is somebody else's, or shared for less.
    """
    found = Experiment.objects.select_related("owner", "dataset").filter(pk=experiment_id).first()
    if found is None:
        raise ExperimentNotFoundError("There is no such experiment.")
    experiment_require(user, found, level)
    return found


def datasets_visible(user: Somebody) -> QuerySet[DataSet]:
    """Return the data sets that `user` may look at, newest first."""
    found = DataSet.objects.select_related("owner")
    if may_all(user):
        return found
    if not isinstance(user, User) or not user.is_active:
        return found.none()
    used = experiments_visible(user).filter(dataset=OuterRef("pk"))
    return found.filter(Q(owner=user) | Exists(used))


def dataset_level(user: Somebody, dataset: DataSet) -> Level:
    """Return what `user` may do with `dataset`: as its owner, or by the experiments that use it."""
    if may_all(user) or (isinstance(user, User) and dataset.owner_id == user.pk):
        return Level.OWNER
    if not isinstance(user, User) or not user.is_active:
        return Level.NONE
    if Experiment.objects.filter(dataset=dataset, owner=user).exists():
        return Level.EDITOR
    shares = shares_with(user).filter(experiment__dataset=dataset)
    levels = shares.values_list("level", flat=True)
    return max((LEVEL_OF_SHARE[Share.Level(level)] for level in levels), default=Level.NONE)


def dataset_for(user: Somebody, dataset_id: UUID, level: Level = Level.VIEWER) -> DataSet:
    """Return a data set with which `user` may do what `level` says.

    Raises
    ------
    DataSetNotFoundError
        There is none of this id.
    NotYoursError
        It is somebody else's.
    """
    found = DataSet.objects.select_related("owner").filter(pk=dataset_id).first()
    if found is None:
        raise DataSetNotFoundError("There is no such data set.")
    held = dataset_level(user, found)
    if held is Level.NONE:
        raise NotYoursError("This data set belongs to somebody else: ask for a share of it.")
    if held < level:
        raise NotYoursError("This data set belongs to somebody else: only its owner may do this.")
    return found

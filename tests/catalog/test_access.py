"""The one rule of who may see what: the owner, the one it is shared with, the stranger."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from modelwright.accounts.models import User
from modelwright.catalog.access import (
    Level,
    dataset_for,
    dataset_level,
    datasets_visible,
    experiment_for,
    experiment_level,
    experiments_visible,
)
from modelwright.catalog.errors import (
    DataSetNotFoundError,
    ExperimentNotFoundError,
    NotYoursError,
)
from modelwright.catalog.models import Experiment, Share
from modelwright.runs.errors import RunNotFoundError
from modelwright.runs.selectors import model_run_for, model_runs_visible
from tests.api.research import a_model_run, an_experiment, light_dataset, share
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    return an_experiment("trainer")


@pytest.mark.parametrize(
    ("who", "level"),
    [("trainer", Level.OWNER), ("admin", Level.OWNER), ("stranger", Level.NONE)],
)
def test_the_owner_the_administrator_the_stranger(
    experiment: Experiment, who: str, level: Level
) -> None:
    user = person(who)
    run = a_model_run(experiment)
    assert experiment_level(user, experiment) is level
    assert dataset_level(user, experiment.dataset) is level
    seen = level is not Level.NONE
    assert experiments_visible(user).contains(experiment) == seen
    assert datasets_visible(user).contains(experiment.dataset) == seen
    assert model_runs_visible(user).contains(run) == seen


@pytest.mark.parametrize("level", [Level.VIEWER, Level.EDITOR])
def test_a_share_opens_as_far_as_it_says(experiment: Experiment, level: Level) -> None:
    user = person("colleague")
    share(experiment, "colleague", level.name.lower())
    run = a_model_run(experiment)
    assert experiment_level(user, experiment) is level
    assert dataset_level(user, experiment.dataset) is level
    assert model_run_for(user, run.pk, level) == run
    assert experiment_for(user, experiment.pk, level) == experiment
    with pytest.raises(NotYoursError):
        experiment_for(user, experiment.pk, Level.OWNER)
    with pytest.raises(NotYoursError):
        model_run_for(user, run.pk, Level.OWNER)
    with pytest.raises(NotYoursError):
        dataset_for(user, experiment.dataset_id, Level.OWNER)


def test_who_left_sees_nothing_more() -> None:
    user = User.objects.create(username="left", is_superuser=True)
    experiment = an_experiment("left")
    User.objects.filter(pk=user.pk).update(is_active=False, is_superuser=False)
    user.refresh_from_db()
    assert not experiments_visible(user).exists()
    assert not experiments_visible(AnonymousUser()).exists()
    assert not datasets_visible(AnonymousUser()).exists()
    assert experiment_level(AnonymousUser(), experiment) is Level.NONE


def test_what_nobody_owns_is_the_administrators() -> None:
    owner = User.objects.create(username="gone")
    experiment = an_experiment("gone")
    owner.delete()
    experiment.refresh_from_db()
    assert experiment.owner is None
    assert experiment_level(person("trainer"), experiment) is Level.NONE
    assert experiment_level(person("admin"), experiment) is Level.OWNER


def test_what_is_not_there_is_not_found() -> None:
    user = person("admin")
    with pytest.raises(ExperimentNotFoundError):
        experiment_for(user, uuid4())
    with pytest.raises(DataSetNotFoundError):
        dataset_for(user, uuid4())
    with pytest.raises(RunNotFoundError):
        model_run_for(user, uuid4())


def test_an_experiment_of_ones_own_keeps_its_data_set_in_sight() -> None:
    dataset = light_dataset("admin")
    first = share(an_experiment("admin", dataset), "colleague", "editor")
    an_experiment("colleague", dataset)
    first.delete()
    assert dataset_level(person("colleague"), dataset) is Level.EDITOR
    assert datasets_visible(person("colleague")).contains(dataset)


@pytest.mark.parametrize("both", [True, False])
def test_the_database_wants_a_user_or_a_group(experiment: Experiment, both: bool) -> None:
    group = Group.objects.create(name="g")
    holders = {"user": person("colleague"), "group": group} if both else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Share.objects.create(experiment=experiment, level="viewer", **holders)


def test_the_database_knows_the_levels_and_the_tasks(experiment: Experiment) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        share(experiment, "colleague", "owner")
    with pytest.raises(IntegrityError), transaction.atomic():
        Experiment.objects.filter(pk=experiment.pk).update(task="clustering")
    share(experiment, "colleague", "viewer")
    with pytest.raises(IntegrityError), transaction.atomic():
        share(experiment, "colleague", "editor")


def test_what_is_used_is_kept(experiment: Experiment) -> None:
    a_model_run(experiment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM model_runs WHERE experiment_id IS NOT NULL")
        assert cursor.fetchone()[0] == 1
    with pytest.raises(ProtectedError):
        experiment.delete()
    with pytest.raises(ProtectedError):
        experiment.dataset.delete()

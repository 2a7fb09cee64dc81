"""Who may see and use a search: it goes by its model run."""

from uuid import UUID

from django.db.models import Q, QuerySet

from modelwright.catalog.access import Level, Somebody, experiments_visible
from modelwright.runs.selectors import model_run_for
from modelwright.tuning.errors import TuningRunNotFoundError
from modelwright.tuning.models import TuningRun


def tuning_runs_visible(user: Somebody) -> QuerySet[TuningRun]:
    """Return the searches that `user` may look at, newest first."""
    mine = Q(model_run__experiment__in=experiments_visible(user).order_by())
    pool = Q(model_run__experiment__isnull=True)
    return TuningRun.objects.select_related("model_run", "user").filter(mine | pool)


def tuning_run_for(user: Somebody, run_id: UUID, level: Level = Level.VIEWER) -> TuningRun:
    """Return a search with whose model run `user` may do what `level` says.

    Raises
    ------
    TuningRunNotFoundError
        There is none of this id.
    NotYoursError
        It belongs to somebody else's experiment, or is shared for less.
    """
    found = TuningRun.objects.select_related("user").filter(pk=run_id).first()
    if found is None:
        raise TuningRunNotFoundError("There is no such tuning run.")
    found.model_run = model_run_for(user, found.model_run_id, level)
    return found

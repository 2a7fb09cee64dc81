"""A search from its start to each of its ends, with the real child processes."""

import pytest

from modelwright.tuning.models import TuningRun
from tests.tuning.conftest import Start, work_all

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_grid_search_tries_every_combination_once(start: Start) -> None:
    run = start()
    assert run.status == "pending"
    assert work_all() > 1
    run = TuningRun.objects.get(pk=run.pk)
    assert run.status == "completed", run.results
    assert run.results is not None
    print(run.results, run.progress, run.best_params)
    assert [t.number for t in run.trials.all()] == [0, 1, 2, 3]

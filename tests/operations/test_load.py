"""Everybody at once: readers, trainings, machines and predictions, each accounted for once."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.load.hour import Hour, Pace
from tests.load.organisation import ENV, organisation_found
from tests.services import redis_url
from tests.stack import Stack, prepared_database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PACE = Pace(24, reader=4, machine=8, submitter=8, prediction=0.05, searches=1)
MEMORY_SHARE, MEMORY_MB = 1.1, 20.0  # of what it was after a third of the time


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def server(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with ExitStack() as held:
        env = dict(ENV)
        if request.param == "postgresql":
            env["MODELWRIGHT_DATABASE_URL"] = held.enter_context(prepared_database())
            env["MODELWRIGHT_BROKER_URL"] = redis_url().rpartition("/")[0] + "/13"
        yield held.enter_context(Stack(env=env))


def test_under_load_nothing_fails_is_lost_or_done_twice(server: Stack) -> None:
    organisation = organisation_found(
        server, readers=12, submitters=6, machines=30, modelled=6, days=15, minutes=6
    )
    hour = Hour(organisation, PACE)
    hour.run()

    assert hour.broken() == [], server.logged()[-4000:]
    wrong = {
        what: count
        for what, count in hour.ledger.differences(server, organisation.before).items()
        if count
    }
    assert wrong == {}
    assert len(hour.seconds_of("prediction")) == PACE.seconds / PACE.prediction
    assert hour.ledger.trainings
    assert len(hour.ledger.searches) == PACE.searches
    assert sum(map(len, hour.ledger.readings.values())) > 30
    warm, end = hour.memory_at(1 / 3), hour.memory_at(1)
    for part, before in warm.items():
        assert end[part] <= MEMORY_SHARE * before + MEMORY_MB, (part, warm, end)

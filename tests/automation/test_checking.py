"""Which machines are checked for drift by themselves, and when."""

import pytest

from modelwright.automation.checking import machines_check
from modelwright.core.clock import moment_of
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.drift import drift_check_run
from modelwright.monitoring.models import DriftProfile
from modelwright.monitoring.profiles import KEPT_VERSIONS
from modelwright.registry.models import Subject
from modelwright.registry.promotion import version_rollback
from tests.monitoring.plant import END_MS, chiller, readings, store, train

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_hears(silent_bell: list[str]) -> None:
    """What is submitted stays pending."""


def test_a_model_is_checked_with_each_hour_that_it_did_not_learn_from() -> None:
    machine = chiller()
    train(machine)
    assert machines_check() == 0, "it has learned from all there is"
    assert DriftProfile.objects.get().checked == {}
    for hours in (1, 2):
        store(machine, readings(1, END_MS + hours * HOUR_MS))
        assert machines_check() == 1
        assert machines_check() == 0
    train(machine)
    assert machines_check() == 0, "nor is the one that takes its place"


def test_a_champion_that_came_back_is_checked_though_its_profile_was_forgotten() -> None:
    machine = chiller()
    versions = [train(machine) for _ in range(KEPT_VERSIONS + 1)]
    assert not DriftProfile.objects.filter(version=versions[0]).exists()
    subject = Subject.objects.get(key=versions[0].subject)
    version_rollback(subject=subject, user=None, reason="As it was.", to=versions[0])
    store(machine, readings(1, END_MS + HOUR_MS))
    assert machines_check() == 1
    assert DriftProfile.objects.get(version=versions[0]).checked["drift_type"] == "no_drift"


def test_a_check_by_hand_of_other_days_changes_nothing_of_that() -> None:
    machine = chiller()
    train(machine)
    long_ago, to_come = (moment_of(END_MS + days * DAY_MS) for days in (-3, 300))
    drift_check_run(machine=machine, model_type="baseline", end=long_ago)
    assert machines_check() == 0, "it has learned from all there is"
    store(machine, readings(1, END_MS + HOUR_MS))
    drift_check_run(
        machine=machine, model_type="baseline", start=moment_of(END_MS - DAY_MS), end=to_come
    )
    assert machines_check() == 0, "it has been looked at just now"
    store(machine, readings(1, END_MS + 2 * HOUR_MS))
    assert machines_check() == 1

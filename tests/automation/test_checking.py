"""Which machines are checked for drift by themselves, and when."""

import pytest

from modelwright.automation.checking import machines_check
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.models import DriftProfile
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

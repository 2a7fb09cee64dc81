"""What Celery calls for policies. May be run twice, late, or not at all without harm."""

from celery import shared_task

from modelwright.abtests.services import ab_tests_look
from modelwright.automation.checking import machines_check
from modelwright.automation.loops import loops_advance
from modelwright.monitoring.traffic.following import traffic_follow

POLICY_TASK = "modelwright.policies"


@shared_task(name=POLICY_TASK)
def policies() -> None:
    """Check models with new data for drift, look at tests, go on with every policy's loop."""
    machines_check()
    traffic_follow()
    ab_tests_look()
    loops_advance()

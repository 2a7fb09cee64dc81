"""What Celery calls. May be run twice, late, or not at all without harm."""

from celery import shared_task

from modelwright.accounts.events import events_clear
from modelwright.accounts.notifications.delivery import deliveries_clear, notices_deliver
from modelwright.core.limits import limits_clear

DELIVER_TASK = "modelwright.notices_deliver"


@shared_task(name=DELIVER_TASK)
def deliver() -> None:
    """Tell the channels what is due, and forget what is long past."""
    notices_deliver()
    deliveries_clear()
    limits_clear()
    events_clear()

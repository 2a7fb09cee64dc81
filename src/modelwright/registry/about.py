"""Whose business a subject's news are."""

from modelwright.accounts.notifications.outbox import About
from modelwright.catalog.access import Level, experiment_level
from modelwright.registry.models import Subject


def about(subject: Subject | None) -> About:
    """Return what a notice about a subject is about: those of an experiment are its people's."""
    if subject is None:
        return About()
    experiment = subject.experiment
    if experiment is None:
        return About(subject.slug)
    return About(
        subject.slug,
        experiment.pk,
        lambda user: experiment_level(user, experiment) >= Level.VIEWER,
    )

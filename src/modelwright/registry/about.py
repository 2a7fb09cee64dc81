"""Whose business a subject's news are."""

from modelwright.accounts.notifications.outbox import About
from modelwright.catalog.access import experiment_open_to
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
        lambda whose: experiment_open_to(whose, experiment),
    )

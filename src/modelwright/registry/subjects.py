"""Subjects: what is modelled, under a name that fits into an address."""

from pathlib import PurePosixPath

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.registry.models import Subject
from modelwright.runs.models import TrainingRun

SLUG_CHARS = 100


def subject_ensure(run: TrainingRun, *, title: str = "") -> Subject:
    """Return the subject of a run; made where it is new, with this title if one is given."""
    while (found := Subject.objects.filter(key=run.subject).first()) is None:
        named, stem = _names(run)
        if title and not run.machine and not run.experiment:
            named = stem = title
        try:
            with transaction.atomic():
                return Subject.objects.create(
                    key=run.subject,
                    slug=_free(slugify(stem.replace("_", " "))[:SLUG_CHARS] or "model"),
                    title=named[:300],
                    model_type=run.model_type,
                    machine=run.machine,
                    experiment=run.experiment,
                )
        except IntegrityError:
            continue  # somebody was quicker with the subject, or with the name
    return found


def _free(slug: str) -> str:
    taken = set(Subject.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    if slug not in taken:
        return slug
    return next(f"{slug}-{n}" for n in range(2, len(taken) + 3) if f"{slug}-{n}" not in taken)


def _names(run: TrainingRun) -> tuple[str, str]:
    """Return what people read, and what the address is made of."""
    if run.machine is not None:
        title = MACHINE_MODEL_TYPES[run.model_type].title
        return f"{title} · {run.machine.name}", f"{run.model_type} {run.machine.name}"
    if run.experiment is not None:
        return (
            f"{run.experiment.name} · {run.model_type}",
            f"{run.experiment.name} {run.model_type}",
        )
    stem = PurePosixPath(run.dataset_path).stem
    if run.preset and run.dataset_path == settings.SAMPLE_DATASET:
        return run.preset.replace("_", " ").capitalize(), run.preset
    what = run.preset or f"{run.model_type} {run.target_column}"
    return f"{what} · {run.dataset_path}", f"{what} {stem}"

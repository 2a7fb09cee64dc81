"""Which versions' files may be given up, what that frees, and giving them up.

A version stays on record when its file goes: number, metrics, lineage and promotions are its
subject's history. Rows are written first, under the subject's lock; files go after the commit, and
a file that was left behind by a process that died goes the next time.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.access import Level, Somebody, may_all
from modelwright.catalog.errors import NotYoursError
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.core.store import file_forget
from modelwright.registry.models import ModelVersion, Promotion, RetentionRule, Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.registry.selectors import subject_require
from modelwright.runs.models import TrainingRun

LIMITS = {"keep_newest": 10_000, "keep_days": 36_500, "keep_champions": 1_000}
FLAGS = ("keep_tagged", "is_active")
ANSWERS = "it answers"

Hold = Callable[[Collection[int]], Mapping[int, str]]
_holds: list[Hold] = []


def on_hold(hold: Hold) -> None:
    """Have `hold(version ids)` say which of them something uses, and what: they are kept."""
    if hold not in _holds:
        _holds.append(hold)


@dataclass(frozen=True)
class Fate:
    """What becomes of one version's file.

    Parameters
    ----------
    version : ModelVersion
    kept_for : tuple of str
        Why it is kept, in words; empty: it may be given up.
    """

    version: ModelVersion
    kept_for: tuple[str, ...]


@dataclass(frozen=True)
class RetentionPlan:
    """What a rule means for one subject now; nothing is changed by making it.

    Parameters
    ----------
    subject : Subject
    rule : RetentionRule or None
        None: there is none, so all is kept.
    fates : tuple of Fate
        Versions that have a file, newest first.
    """

    subject: Subject
    rule: RetentionRule | None
    fates: tuple[Fate, ...] = field(default=())

    @property
    def deletable(self) -> list[ModelVersion]:
        """Return the versions whose file may be given up."""
        return [fate.version for fate in self.fates if not fate.kept_for]

    @property
    def frees_bytes(self) -> int:
        """Return how many bytes that frees."""
        return sum(version.size_bytes for version in self.deletable)

    @property
    def total_bytes(self) -> int:
        """Return how many bytes all its files have."""
        return sum(fate.version.size_bytes for fate in self.fates)


# --- rules --------------------------------------------------------------------------------------


def rule_default() -> RetentionRule | None:
    """Return the rule of all subjects that have none of their own."""
    return RetentionRule.objects.filter(pk=RetentionRule.DEFAULT_ID).first()


def rule_of(subject: Subject) -> RetentionRule | None:
    """Return the rule in force for a subject."""
    return RetentionRule.objects.filter(subject=subject).first() or rule_default()


def retention_require(user: Somebody, subject: Subject) -> None:
    """Refuse who may not give up files of a subject: as with deleting its runs.

    Raises
    ------
    NotYoursError
        It belongs to somebody else's experiment, or to the shared pool.
    """
    subject_require(user, subject, Level.OWNER)
    if subject.experiment_id is None and subject.machine_id is None and not may_all(user):
        raise NotYoursError(f"{subject.title} belongs to the shared pool: ask an administrator.")


def rule_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked fields of a rule.

    Raises
    ------
    InvalidInputError
        One is unknown or out of its range.
    """
    wrong: dict[str, list[str]] = {}
    for name, value in fields.items():
        if name in LIMITS:
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not 0 <= value <= LIMITS[name]:
                wrong[name] = [f"{name} is a whole number from 0 to {LIMITS[name]:,}."]
        elif name not in FLAGS:
            wrong[name] = [f"Unknown. Known are: {', '.join((*LIMITS, *FLAGS))}."]
        elif not isinstance(value, bool):
            wrong[name] = [f"{name} is true or false."]
    if wrong:
        raise InvalidInputError(wrong)
    return dict(fields)


def rule_save(*, subject: Subject | None, user: User, **fields: Any) -> RetentionRule:
    """Make or change the rule of a subject, or the default one; what is left out stays.

    Raises
    ------
    InvalidInputError
        A field is wrong; nothing is changed.
    """
    checked = rule_fields(fields)
    with transaction.atomic():
        if subject is None:
            rule, _ = RetentionRule.objects.get_or_create(pk=RetentionRule.DEFAULT_ID)
        else:
            rule, _ = RetentionRule.objects.get_or_create(subject=subject)
        rule = RetentionRule.objects.select_for_update().get(pk=rule.pk)
        before = _facts(rule)
        for name, value in checked.items():
            setattr(rule, name, value)
        rule.updated_at, rule.updated_by = now(), user
        rule.save()
        audit_record(
            verb=Verb.RETENTION_CHANGED,
            target=subject or rule,
            label=str(subject or "all models"),
            actor=user,
            before=before,
            after=_facts(rule),
        )
    return rule


def rule_drop(*, subject: Subject | None, user: User) -> bool:
    """Remove a rule; False where there is none. Without any, every file is kept."""
    with transaction.atomic():
        rules = RetentionRule.objects.select_for_update()
        rule = rules.filter(subject=subject).first()
        if rule is None:
            return False
        audit_record(
            verb=Verb.RETENTION_CHANGED,
            target=subject or rule,
            label=str(subject or "all models"),
            actor=user,
            before=_facts(rule),
        )
        rule.delete()
    return True


def _facts(rule: RetentionRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in (*LIMITS, *FLAGS)}


# --- what it means ------------------------------------------------------------------------------


def plan_of(subject: Subject, rule: RetentionRule | None) -> RetentionPlan:
    """Return what a rule, stored or not, would give up of a subject."""
    return next(iter(_plans([subject], {subject.pk: rule})))


def plans_all(subjects: QuerySet[Subject]) -> list[RetentionPlan]:
    """Return what the rules in force would give up, subject by subject."""
    found = list(subjects)
    own = {rule.subject_id: rule for rule in RetentionRule.objects.all()}
    default = own.pop(None, None)
    return _plans(found, {one.pk: own.get(one.pk, default) for one in found})


def _plans(
    subjects: list[Subject], rules: Mapping[Any, RetentionRule | None]
) -> list[RetentionPlan]:
    versions = (
        ModelVersion.objects.filter(
            subject__in=[one.key for one in subjects], removed_at__isnull=True
        )
        .prefetch_related("aliases")
        .order_by("subject", "-number")
    )
    by_key = {key: list(rows) for key, rows in groupby(versions, lambda version: version.subject)}
    in_use: dict[int, str] = {}
    ids = [version.pk for rows in by_key.values() for version in rows]
    for hold in _holds:
        in_use |= hold(ids)
    answered = _answered(subjects)
    plans = []
    for subject in subjects:
        rule = rules[subject.pk]
        rows = by_key.get(subject.key, [])
        kept = _kept_for(rows, rule, answered.get(subject.pk, []), in_use)
        fates = (Fate(version, tuple(kept[version.pk])) for version in rows)
        plans.append(RetentionPlan(subject, rule, tuple(fates)))
    return plans


def _answered(subjects: Iterable[Subject]) -> dict[Any, list[int]]:
    """Return which versions answered, the last one first, each once, by subject."""
    found: dict[Any, dict[int, None]] = {}
    changes = Promotion.objects.filter(
        subject__in=[one.pk for one in subjects], to_version__isnull=False
    ).order_by("-id")
    for subject_id, version_id in changes.values_list("subject_id", "to_version_id"):
        found.setdefault(subject_id, {})[version_id] = None
    return {subject_id: list(ids) for subject_id, ids in found.items()}


def _kept_for(
    versions: list[ModelVersion],
    rule: RetentionRule | None,
    answered: list[int],
    in_use: Mapping[int, str],
) -> dict[int, list[str]]:
    """Return why each version is kept."""
    why = {version.pk: _needed_for(version, in_use) for version in versions}
    if rule is None:
        return {pk: [*reasons, "there is no rule"] for pk, reasons in why.items()}
    for version in versions[: rule.keep_newest]:
        why[version.pk].append(f"it is one of the newest {rule.keep_newest}")
    before = [pk for pk in answered if pk in why and ANSWERS not in why[pk]]
    for pk in before[: rule.keep_champions]:
        why[pk].append("it answered before")
    since = now() - dt.timedelta(days=rule.keep_days)
    for version in versions:
        if rule.keep_days and version.created_at >= since:
            why[version.pk].append(f"it is younger than {rule.keep_days} days")
        if rule.keep_tagged and version.tags:
            why[version.pk].append("it has a tag")
    return why


def _needed_for(version: ModelVersion, in_use: Mapping[int, str]) -> list[str]:
    """Return why a version is kept whatever a rule says."""
    names = sorted(alias.name for alias in version.aliases.all())
    why = [ANSWERS if name == CHAMPION else f"it is named {name}" for name in names]
    return [*why, in_use[version.pk]] if version.pk in in_use else why


# --- giving up ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Freed:
    """What was given up.

    Parameters
    ----------
    versions : tuple of int
        Their numbers.
    size_bytes : int
        What their files had.
    kept : mapping
        Number -> why, of those that were asked for and are kept after all.
    """

    versions: tuple[int, ...] = ()
    size_bytes: int = 0
    kept: Mapping[int, str] = field(default_factory=dict)


def retention_apply(
    *, subject: Subject, user: User | None, only: Collection[int] | None = None
) -> Freed:
    """Give up the files that the rule in force lets go.

    Parameters
    ----------
    subject : Subject
    user : User or None
        None: the scheduled clean-up.
    only : collection of int, optional
        The numbers that were seen in the plan: no others go, and of these none that is needed by
        now.
    """
    with transaction.atomic():
        held = Subject.objects.select_for_update().filter(pk=subject.pk).first()
        if held is None:
            return Freed()
        plan = plan_of(held, rule_of(held))
        chosen = [v for v in plan.deletable if only is None or v.number in only]
        moment = now()
        for version in chosen:
            ModelVersion.objects.filter(pk=version.pk).update(removed_at=moment)
            TrainingRun.objects.filter(pk=version.run_id).update(model_path="")
            audit_record(
                verb=Verb.VERSION_FILE_REMOVED,
                target=version,
                actor=user,
                before={"sha256": version.sha256, "size_bytes": version.size_bytes},
            )
        transaction.on_commit(lambda: files_unlink([version.pk for version in chosen]))
    kept = {
        fate.version.number: ", ".join(fate.kept_for)
        for fate in plan.fates
        if fate.kept_for and only is not None and fate.version.number in only
    }
    return Freed(
        tuple(version.number for version in chosen),
        sum(version.size_bytes for version in chosen),
        kept,
    )


def retention_apply_all() -> Freed:
    """Give up what the active rules let go, subject by subject; what the clean-up calls."""
    versions: list[int] = []
    size = 0
    for plan in plans_all(Subject.objects.all()):
        if plan.rule is not None and plan.rule.is_active and plan.deletable:
            freed = retention_apply(subject=plan.subject, user=None)
            versions += freed.versions
            size += freed.size_bytes
    files_unlink()
    return Freed(tuple(versions), size)


def files_unlink(only: Collection[int] | None = None) -> int:
    """Delete the files that were given up and are still there; return how many versions that were.

    A file that another version names too (the same run restored twice, say) stays for it.
    """
    waiting = ModelVersion.objects.filter(removed_at__isnull=False, is_file_gone=False)
    if only is not None:
        waiting = waiting.filter(pk__in=only)
    root = settings.DATA_ROOT.resolve()
    done = 0
    for version in waiting:
        path = (root / version.artifact_path).resolve()
        with transaction.atomic():  # an import may be bringing the file back
            Subject.objects.select_for_update().filter(key=version.subject).first()
            mine = ModelVersion.objects.filter(pk=version.pk, removed_at__isnull=False)
            named = ModelVersion.objects.filter(
                artifact_path=version.artifact_path, removed_at__isnull=True
            )
            if path.is_relative_to(root) and mine.exists() and not named.exists():
                file_forget(path)
            done += mine.update(is_file_gone=True)
    return done

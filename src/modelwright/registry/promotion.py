"""Which version answers: promotion, rollback and aliases. Each change is one transaction.

The subject's row is locked first, so that two changes at once come one after the other, and the
alias is one row, so that no reader ever sees none or two champions.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.registry.errors import (
    ChampionChangedError,
    NothingToRollBackError,
    NotThisSubjectError,
)
from modelwright.registry.models import ModelAlias, ModelVersion, Promotion, Subject
from modelwright.registry.selectors import artifact_open, champion_alone, file_require

CHAMPION = "champion"
CHALLENGER = "challenger"
ALIAS_NAME = re.compile(r"(?!v?\d+$|latest$|newest$)[a-z][a-z0-9_-]{0,63}")

ChampionHook = Callable[[Subject, ModelVersion | None, ModelVersion | None], None]
_hooks: list[ChampionHook] = []


def on_champion(hook: ChampionHook) -> None:
    """Have `hook(subject, before, after)` run in the transaction that changes a champion."""
    if hook not in _hooks:
        _hooks.append(hook)


def version_promote(
    *,
    version: ModelVersion,
    user: User | None,
    reason: str,
    evidence: Mapping[str, Any] | None = None,
    expected: ModelVersion | None = None,
) -> Promotion | None:
    """Make a version the champion of its subject.

    Parameters
    ----------
    version : ModelVersion
        Its bytes are proved by their hash first.
    user : User or None
        None: a policy.
    reason : str
    evidence : mapping, optional
        What it rests on, JSON-safe.
    expected : ModelVersion, optional
        Who was champion when this was decided; a change meanwhile is an error.

    Returns
    -------
    Promotion or None
        None where it is the champion already.

    Raises
    ------
    ArtifactChangedError, VersionNotFoundError
        Its file isn't the one that was recorded, or gone.
    ChampionChangedError
        Somebody else was quicker.
    """
    artifact_open(version).close()
    with transaction.atomic():
        subject = _locked(version.subject)
        _require_file(version)
        before = champion_alone(version.subject)
        if expected is not None and before != expected:
            raise ChampionChangedError(
                "The champion has changed meanwhile: look at the subject again.",
                champion=before.number if before else None,
            )
        if before == version:
            return None
        # from now on a training alone doesn't replace what somebody chose
        Subject.objects.filter(pk=subject.pk).update(promotion=Subject.Promotion.MANUAL)
        return champion_change(
            subject=subject,
            version=version,
            kind=Promotion.Kind.PROMOTED,
            user=user,
            reason=reason,
            evidence=evidence,
        )


def version_rollback(
    *,
    subject: Subject,
    user: User | None,
    reason: str,
    to: ModelVersion | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Promotion:
    """Make an earlier version the champion again.

    Parameters
    ----------
    subject : Subject
    user : User or None
    reason : str
    to : ModelVersion, optional
        Default: the champion before the present one.
    evidence : mapping, optional

    Raises
    ------
    NothingToRollBackError
        There was none before, or `to` is the champion.
    NotThisSubjectError
        `to` is a version of something else.
    ArtifactChangedError, VersionNotFoundError
        Its file isn't the one that was recorded, or gone.
    """
    with transaction.atomic():
        subject = _locked(subject.key)
        present = champion_alone(subject.key)
        target = to or _champion_before(subject, present)
        if target is None or target == present:
            raise NothingToRollBackError(
                f"{subject.title} has no earlier champion: name the version to go back to."
            )
        if target.subject != subject.key:
            raise NotThisSubjectError(f"{target.name} is no version of {subject.title}.")
        _require_file(target)
        artifact_open(target).close()
        Subject.objects.filter(pk=subject.pk).update(promotion=Subject.Promotion.MANUAL)
        return champion_change(
            subject=subject,
            version=target,
            kind=Promotion.Kind.ROLLED_BACK,
            user=user,
            reason=reason,
            evidence=evidence,
        )


def _champion_before(subject: Subject, present: ModelVersion | None) -> ModelVersion | None:
    """Return who answered before the present champion came; what was rolled back from is out."""
    rejected = set()
    for change in subject.promotions.select_related("from_version", "to_version"):
        if change.kind == Promotion.Kind.ROLLED_BACK:
            rejected.add(change.from_version_id)
        before = change.from_version
        if before is None or before == present or before.removed_at is not None:
            continue
        if before.pk not in rejected:
            return before
    return None


def champion_change(
    *,
    subject: Subject,
    version: ModelVersion | None,
    kind: Promotion.Kind,
    user: User | None,
    reason: str,
    evidence: Mapping[str, Any] | None = None,
    before: ModelVersion | Literal["ask"] | None = "ask",
) -> Promotion:
    """Point the alias elsewhere, and write down why; only under the subject's lock.

    Parameters
    ----------
    subject : Subject
        Locked by the caller's transaction.
    version : ModelVersion or None
        None: nobody answers any more.
    kind : Promotion.Kind
    user : User or None
    reason : str
    evidence : mapping, optional
    before : ModelVersion or None
        The champion so far, where the caller has asked for it under the lock.
    """
    if before == "ask":
        before = champion_alone(subject.key)
    if version is None:
        ModelAlias.objects.filter(subject=subject, name=CHAMPION).delete()
    else:
        ModelAlias.objects.update_or_create(
            subject=subject,
            name=CHAMPION,
            defaults={"version": version, "set_at": now(), "set_by": user},
        )
        ModelAlias.objects.filter(subject=subject, name=CHALLENGER, version=version).delete()
    change = Promotion.objects.create(
        subject=subject,
        kind=kind,
        from_version=before,
        to_version=version,
        from_number=before.number if before else None,
        to_number=version.number if version else None,
        reason=reason,
        evidence=dict(evidence or {}),
        actor=user,
    )
    audit_record(
        verb=Verb.CHAMPION_CHANGED,
        target=subject,
        actor=user,
        before={"champion": before and before.name},
        after={"champion": version and version.name, "kind": kind, "reason": reason[:500]},
    )
    for hook in _hooks:
        hook(subject, before, version)
    return change


def alias_set(*, version: ModelVersion, name: str, user: User | None) -> ModelAlias:
    """Point an alias at a version of its subject; where it exists, it moves.

    Raises
    ------
    InvalidInputError
        The name can't be one, or is `champion`, which is promoted.
    """
    if name == CHAMPION:
        raise InvalidInputError({"name": ["A champion is promoted, with a reason: see promote."]})
    if not ALIAS_NAME.fullmatch(name):
        raise InvalidInputError(
            {
                "name": [
                    "An alias is a small letter, then small letters, digits, '-' and '_' (at most"
                    " 64); it can't look like a version's number."
                ]
            }
        )
    with transaction.atomic():
        subject = _locked(version.subject)
        _require_file(version)
        before = ModelAlias.objects.filter(subject=subject, name=name).first()
        alias, _ = ModelAlias.objects.update_or_create(
            subject=subject,
            name=name,
            defaults={"version": version, "set_at": now(), "set_by": user},
        )
        audit_record(
            verb=Verb.ALIAS_SET,
            target=subject,
            actor=user,
            before={name: before.version.name} if before else None,
            after={name: version.name},
        )
    return alias


def alias_remove(*, subject: Subject, name: str, user: User | None) -> bool:
    """Remove an alias; False where there is none.

    Raises
    ------
    InvalidInputError
        It is `champion`.
    """
    if name == CHAMPION:
        raise InvalidInputError({"name": ["There is always a champion: promote another version."]})
    with transaction.atomic():
        alias = ModelAlias.objects.filter(subject=_locked(subject.key), name=name).first()
        if alias is None:
            return False
        alias.delete()
        audit_record(
            verb=Verb.ALIAS_REMOVED,
            target=subject,
            actor=user,
            before={name: alias.version.name},
        )
    return True


def promotion_mode_change(*, subject: Subject, mode: str, user: User | None) -> Subject:
    """Say whether the newest version answers by itself, or somebody decides.

    Raises
    ------
    InvalidInputError
        There is no such mode.
    """
    if mode not in Subject.Promotion.values:
        known = ", ".join(Subject.Promotion.values)
        raise InvalidInputError({"promotion": [f"promotion must be one of {known}"]})
    with transaction.atomic():
        held = _locked(subject.key)
        if held.promotion != mode:
            Subject.objects.filter(pk=held.pk).update(promotion=mode)
            audit_record(
                verb=Verb.SUBJECT_CHANGED,
                target=held,
                actor=user,
                before={"promotion": held.promotion},
                after={"promotion": mode},
            )
    held.refresh_from_db()
    return held


def champion_follow(version: ModelVersion, user: User | None) -> None:
    """Let a new version answer, if it is the first or its subject says so."""
    subject = _locked(version.subject)
    present = champion_alone(subject.key)
    if present is None:
        kind, reason = Promotion.Kind.FIRST, "The first version."
    elif subject.promotion == Subject.Promotion.NEWEST:
        kind, reason = Promotion.Kind.NEWEST, "The newest version answers."
    else:
        return
    champion_change(
        subject=subject, version=version, kind=kind, user=user, reason=reason, before=present
    )


def champion_leave(version: ModelVersion, user: User | None) -> None:
    """Give the place of a champion that is about to be deleted to the newest of the others."""
    subject = Subject.objects.select_for_update().filter(key=version.subject).first()
    if subject is None or champion_alone(subject.key) != version:
        return
    others = ModelVersion.objects.filter(subject=subject.key, removed_at__isnull=True)
    others = others.exclude(pk=version.pk)
    champion_change(
        subject=subject,
        version=others.order_by("-number").first(),
        kind=Promotion.Kind.DELETED,
        user=user,
        reason=f"{version.name} was deleted.",
    )


def versions_hold(*versions: ModelVersion) -> None:
    """Take the lock of the versions' subject, and refuse any whose file was given up meanwhile.

    Raises
    ------
    VersionNotFoundError
        One was.
    """
    _locked(versions[0].subject)
    for version in versions:
        _require_file(version)


def _require_file(version: ModelVersion) -> None:
    """Refuse a version whose file was given up, as it stands under its subject's lock.

    Raises
    ------
    VersionNotFoundError
        It was, or the version itself is gone.
    """
    version.refresh_from_db(fields=["removed_at"])
    file_require(version)


def _locked(key: str) -> Subject:
    return Subject.objects.select_for_update().get(key=key)

"""Sharing an experiment with a user or a group."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.errors import ShareNotFoundError
from modelwright.catalog.models import Experiment, Share
from modelwright.core.errors import InvalidInputError


def experiment_share(
    *, experiment: Experiment, level: str, user: User, with_user: str = "", with_group: str = ""
) -> Share:
    """Share with one user or one group, or change the level of such a share.

    Raises
    ------
    InvalidInputError
        There is no such user or group, or not exactly one of both is named, or it is the owner.
    """
    if bool(with_user) == bool(with_group):
        raise InvalidInputError({"user": ["Name either a user or a group."]})
    if level not in Share.Level.values:
        raise InvalidInputError({"level": [f"level must be {' or '.join(Share.Level.values)}."]})
    holder: dict[str, Any] = {}
    if with_user:
        holder["user"] = _user(with_user, experiment)
    else:
        holder["group"] = _group(with_group)
    with transaction.atomic():
        share, new = Share.objects.update_or_create(
            experiment=experiment, **holder, defaults={"level": level}
        )
        audit_record(
            verb=Verb.EXPERIMENT_SHARED,
            target=experiment,
            actor=user,
            after={"with": share.who, "level": level, "new": new},
        )
    return share


def _user(name: str, experiment: Experiment) -> User:
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise InvalidInputError({"user": [f"There is no user {name[:150]!r}."]})
    if found.pk == experiment.owner_id:
        raise InvalidInputError({"user": [f"{found.username} is the experiment's owner."]})
    return found


def _group(name: str) -> Group:
    found = Group.objects.filter(name=name).first()
    if found is None:
        raise InvalidInputError({"group": [f"There is no group {name[:150]!r}."]})
    return found


def experiment_unshare(*, experiment: Experiment, share_id: int, user: User) -> None:
    """Take a share away.

    Raises
    ------
    ShareNotFoundError
        There is no such share of this experiment.
    """
    with transaction.atomic():
        share = Share.objects.filter(pk=share_id, experiment=experiment).first()
        if share is None:
            raise ShareNotFoundError("The experiment isn't shared in that way.")
        audit_record(
            verb=Verb.EXPERIMENT_UNSHARED,
            target=experiment,
            actor=user,
            before={"with": share.who, "level": share.level},
        )
        Share.objects.filter(pk=share.pk).delete()

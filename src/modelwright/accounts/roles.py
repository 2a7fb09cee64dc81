"""One table: which role may do what. Groups map to roles; a user has the highest of theirs."""

from enum import IntEnum, StrEnum

from django.contrib.auth.models import AnonymousUser

from modelwright.accounts.models import User


class Role(IntEnum):
    """What somebody may do; each role includes the ones below it."""

    NONE = 0
    VIEWER = 1
    TRAINER = 2
    ADMIN = 3


class Action(StrEnum):
    """Everything that a view may ask permission for."""

    SIGNED_IN = "signed_in"
    RUNS_VIEW = "runs.view"
    RUNS_TRAIN = "runs.train"
    RUNS_CANCEL = "runs.cancel"
    MODELS_PREDICT = "models.predict"
    MODELS_PROMOTE = "models.promote"
    RETENTION_DEFAULT = "retention.default"
    NOTIFY_OWN = "notify.own"
    NOTIFY_TEAM = "notify.team"
    SCHEDULES_CHANGE = "schedules.change"
    AUDIT_VIEW = "audit.view"
    SERVER_VIEW = "server.view"
    ADMIN_SITE = "admin.site"


ROLE_OF_GROUP: dict[str, Role] = {
    "DRH": Role.TRAINER,
    "RESPONSABLE_RH": Role.TRAINER,
    "MANAGER": Role.VIEWER,
    "admin": Role.ADMIN,
    "trainer": Role.TRAINER,
    "viewer": Role.VIEWER,
}

ROLE_FOR_ACTION: dict[Action, Role] = {
    Action.SIGNED_IN: Role.NONE,
    Action.RUNS_VIEW: Role.VIEWER,
    Action.RUNS_TRAIN: Role.TRAINER,
    Action.RUNS_CANCEL: Role.TRAINER,
    Action.MODELS_PREDICT: Role.VIEWER,
    Action.MODELS_PROMOTE: Role.TRAINER,
    Action.RETENTION_DEFAULT: Role.ADMIN,
    Action.NOTIFY_OWN: Role.VIEWER,
    Action.NOTIFY_TEAM: Role.ADMIN,
    Action.SCHEDULES_CHANGE: Role.TRAINER,
    Action.AUDIT_VIEW: Role.ADMIN,
    Action.SERVER_VIEW: Role.ADMIN,
    Action.ADMIN_SITE: Role.ADMIN,
}


def role_of(user: User | AnonymousUser) -> Role:
    """Return the highest role of `user`; inactive and anonymous users have none."""
    if not isinstance(user, User) or not user.is_active:
        return Role.NONE
    if user.is_superuser:
        return Role.ADMIN
    return max((ROLE_OF_GROUP.get(name, Role.NONE) for name in user.group_names), default=Role.NONE)


def may(user: User | AnonymousUser, action: Action) -> bool:
    """Return whether `user` may do `action`."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return role_of(user) >= ROLE_FOR_ACTION[action]

"""Channels: made, changed, tried out and removed by those whom they tell."""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.errors import ChannelNotFoundError
from modelwright.accounts.models import User
from modelwright.accounts.notification_models import Channel, Severity
from modelwright.accounts.notifications.messages import Item, Message
from modelwright.accounts.notifications.outbox import EVENTS, notices_hasten
from modelwright.accounts.notifications.secrets import address_mask, secret_open, secret_seal
from modelwright.accounts.notifications.senders import message_send, target_check
from modelwright.accounts.roles import Action, may
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError

MAX_CHANNELS = 20
MAX_SUBJECTS = 200
CHANGEABLE = (
    "name",
    "min_severity",
    "events",
    "subjects",
    "quiet_from",
    "quiet_until",
    "timezone",
    "digest_minutes",
    "is_active",
)
TIMING = {"target", "quiet_from", "quiet_until", "timezone", "digest_minutes"}
MAX_DIGEST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class NewChannel:
    """A channel just made.

    Attributes
    ----------
    channel : Channel
    secret : str
        What a webhook's signatures are made with, to be shown once; empty for other kinds.
    """

    channel: Channel
    secret: str


def channels_for(user: User) -> QuerySet[Channel]:
    """Return the channels that `user` may look at and change: their own; for admins, teams' too."""
    found = Q(owner=user)
    if may(user, Action.NOTIFY_TEAM):
        found |= Q(owner__isnull=True)
    return Channel.objects.filter(found).select_related("owner", "team")


def channel_get(user: User, channel_id: Any) -> Channel:
    """Return a channel of `channels_for`.

    Raises
    ------
    ChannelNotFoundError
        There is none, or it is somebody else's.
    """
    found = channels_for(user).filter(pk=channel_id).first()
    if found is None:
        raise ChannelNotFoundError("There is no such channel.")
    return found


def channel_create(
    *,
    user: User,
    name: str,
    kind: str,
    target: str,
    for_team: bool = False,
    team: str = "",
    **more: Any,
) -> NewChannel:
    """Make a channel for `user`, for everybody (`for_team`), or for a `team`: a group's name.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    """
    details = _faults({"name": name, **more})
    if kind not in Channel.Kind.values:
        details["kind"] = [f"kind must be one of {', '.join(Channel.Kind.values)}"]
    elif fault := target_check(kind, target):
        details["target"] = [fault]
    group = Group.objects.filter(name=team).first() if team else None
    if team and group is None:
        details["team"] = [f"There is no group {team[:150]!r}."]
    is_shared = for_team or bool(team)
    if not is_shared and Channel.objects.filter(owner=user).count() >= MAX_CHANNELS:
        details["name"] = [f"You have {MAX_CHANNELS} channels: delete one first."]
    if details:
        raise InvalidInputError(details)
    secret = secrets.token_urlsafe(32) if kind == Channel.Kind.WEBHOOK else ""
    with transaction.atomic():
        channel = Channel.objects.create(
            name=name,
            kind=kind,
            owner=None if is_shared else user,
            team=group,
            target=secret_seal(target),
            secret=secret_seal(secret) if secret else "",
            **more,
        )
        audit_record(
            verb=Verb.CHANNEL_CREATED,
            target=channel,
            actor=user,
            after={"name": name, "kind": kind, "target": address_mask(target), "team": team},
        )
    return NewChannel(channel, secret)


def channel_change(*, channel: Channel, user: User, **changes: Any) -> Channel:
    """Change what stands in `CHANGEABLE`, or the `target`.

    What waits for the end of quiet hours, a digest or another try goes by what holds now.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    """
    target = changes.pop("target", None)
    names = ("quiet_from", "quiet_until")
    details = _faults({**{name: getattr(channel, name) for name in names}, **changes})
    if target is not None and (fault := target_check(channel.kind, target)):
        details["target"] = [fault]
    if details:
        raise InvalidInputError(details)
    with transaction.atomic():
        before = {name: getattr(channel, name) for name in changes}
        for name, value in changes.items():
            setattr(channel, name, value)
        after = dict(changes)
        if target is not None:
            channel.target = secret_seal(target)
            after["target"] = address_mask(target)
        channel.save()
        if not TIMING.isdisjoint(after):
            notices_hasten(channel)
        audit_record(
            verb=Verb.CHANNEL_CHANGED,
            target=channel,
            actor=user,
            before=_plain(before),
            after=_plain(after),
        )
    return channel


def channel_delete(*, channel: Channel, user: User) -> None:
    """Remove a channel and what it was still to be told."""
    with transaction.atomic():
        audit_record(
            verb=Verb.CHANNEL_DELETED,
            target=channel,
            actor=user,
            before={"name": channel.name, "kind": channel.kind},
        )
        channel.delete()


def channel_try(*, channel: Channel, user: User) -> None:
    """Send a message now, to see that it arrives.

    Raises
    ------
    DeliveryError
        It was not taken.
    SecretUnreadableError
        The server's secret is another one than when the channel was made.
    """
    item = Item(
        incident=f"test:{channel.pk}",
        event="system",
        state="test",
        severity=Severity.INFO,
        title=f"Test of the channel {channel.name}",
        body=f"{user.username} asked for it. Nothing is wrong.",
        link="",
        at=now(),
    )
    secret = secret_open(channel.secret) if channel.secret else ""
    message = Message(key=f"test-{channel.pk}-{secrets.token_hex(4)}", items=(item,))
    message_send(channel, secret_open(channel.target), secret, message)


def channel_target_shown(channel: Channel) -> str:
    """Return the channel's address as it may be shown."""
    return address_mask(secret_open(channel.target))


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, dt.time) else v for k, v in fields.items()}


def _faults(fields: dict[str, Any]) -> dict[str, list[str]]:
    """Return what is wrong with the fields that every kind has, by field."""
    details: dict[str, list[str]] = {}
    if "name" in fields and not 0 < len(str(fields["name"]).strip()) <= 100:
        details["name"] = ["A name has 1 to 100 characters."]
    if fields.get("min_severity", Severity.INFO) not in Severity.values:
        details["min_severity"] = [f"min_severity must be one of {', '.join(Severity.values)}"]
    events = fields.get("events") or []
    if not isinstance(events, list) or any(event not in EVENTS for event in events):
        details["events"] = [f"events is a list of: {', '.join(EVENTS)}"]
    subjects = fields.get("subjects") or []
    if (
        not isinstance(subjects, list)
        or len(subjects) > MAX_SUBJECTS
        or any(not isinstance(slug, str) or not 0 < len(slug) <= 120 for slug in subjects)
    ):
        details["subjects"] = [f"subjects is a list of at most {MAX_SUBJECTS} slugs of models."]
    if (fields.get("quiet_from") is None) != (fields.get("quiet_until") is None):
        details["quiet_until"] = ["Quiet hours need both ends, or none."]
    try:
        ZoneInfo(str(fields.get("timezone", "UTC")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        details["timezone"] = ["timezone must be an IANA name such as Europe/Paris."]
    digest = fields.get("digest_minutes", 0)
    if not isinstance(digest, int) or not 0 <= digest <= MAX_DIGEST_MINUTES:
        details["digest_minutes"] = [f"digest_minutes is 0 to {MAX_DIGEST_MINUTES}."]
    if unknown := [name for name in fields if name not in CHANGEABLE]:
        details[unknown[0]] = [f"Can't be set. Known are: {', '.join(CHANGEABLE)}."]
    return details

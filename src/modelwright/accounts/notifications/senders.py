"""The three ways to tell: e-mail, a signed webhook, and what Apprise knows.

Each `send` returns when the other side has taken the message, and raises `DeliveryError` otherwise.
None takes longer than `SEND_SECONDS`, whatever the other side does.
"""

import hashlib
import hmac
import json
import smtplib
import time
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from urllib3.util import Timeout

from modelwright.accounts.errors import DeliveryError, HostClosedError
from modelwright.accounts.notification_models import Channel
from modelwright.accounts.notifications.apprise_urls import apprise_check, apprise_send
from modelwright.accounts.notifications.hosts import host_resolve
from modelwright.accounts.notifications.messages import Item, Message
from modelwright.core.clock import now

SEND_SECONDS = 10.0
ANSWER_BYTES = 2048
TIME_HEADER = "X-Modelwright-Timestamp"
SIGNATURE_HEADER = "X-Modelwright-Signature"
KEY_HEADER = "X-Modelwright-Delivery"


def target_check(kind: str, target: str) -> str:
    """Return why an address can't be used, or nothing."""
    if kind == Channel.Kind.EMAIL:
        try:
            validate_email(target)
        except ValidationError:
            return "Not an e-mail address."
        if not settings.EMAIL_IS_SET_UP:
            return "E-mail is not set up here: an administrator sets MODELWRIGHT_EMAIL_URL."
        return ""
    if kind == Channel.Kind.APPRISE:
        return apprise_check(target)
    if not target.isascii() or not target.isprintable() or " " in target:
        return "A webhook's address is plain ASCII without spaces: write other characters as %XX."
    try:
        parts = urlsplit(target)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return "A webhook's address begins with https:// (or http://) and names a host."
    if parts.username or parts.password:
        return "Leave user and password out of a webhook's address: it is signed instead."
    return ""


def message_send(channel: Channel, target: str, secret: str, message: Message) -> None:
    """Tell a channel something.

    Parameters
    ----------
    channel : Channel
    target, secret : str
        In clear.
    message : Message

    Raises
    ------
    DeliveryError
        It was not taken.
    """
    try:
        if channel.kind == Channel.Kind.EMAIL:
            _email(target, message)
        elif channel.kind == Channel.Kind.WEBHOOK:
            _webhook(target, secret, message)
        else:
            apprise_send(target, message)
    except HostClosedError as error:
        raise DeliveryError(error.message) from error


def _email(target: str, message: Message) -> None:
    connection = get_connection(timeout=SEND_SECONDS)
    headers = {"Message-ID": f"<{message.key}@modelwright>", KEY_HEADER: message.key}
    mail = EmailMessage(
        message.title,
        message.text,
        settings.DEFAULT_FROM_EMAIL,
        [target],
        headers=headers,
        connection=connection,
    )
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"The mail server did not take it: {error}"[:500]) from error


def webhook_body(message: Message) -> dict[str, Any]:
    """Return what a webhook gets: the form of Alertmanager's webhooks, version 4."""
    firing = any(item.state != "resolved" for item in message.items)
    return {
        "version": "4",
        "groupKey": message.key,
        "status": "firing" if firing else "resolved",
        "receiver": "modelwright",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": settings.PUBLIC_URL,
        "truncatedAlerts": 0,
        "alerts": [_alert(item) for item in message.items],
    }


def _alert(item: Item) -> dict[str, Any]:
    resolved = item.state == "resolved"
    return {
        "status": "resolved" if resolved else "firing",
        "labels": {"alertname": item.event, "severity": item.severity, "incident": item.incident},
        "annotations": {"summary": item.title, "description": item.body, "state": item.state},
        "startsAt": item.at.isoformat(),
        "endsAt": item.at.isoformat() if resolved else "0001-01-01T00:00:00Z",
        "generatorURL": item.link,
        "fingerprint": hashlib.sha256(item.incident.encode()).hexdigest()[:16],
        "data": item.data,
    }


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a webhook: HMAC-SHA-256 over timestamp, a dot, and the body.

    Examples
    --------
    >>> signature_of("s", "1700000000", b"{}")[:14]
    'sha256=6de8c39'
    """
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def _webhook(target: str, secret: str, message: Message) -> None:
    parts = urlsplit(target)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    body = json.dumps(webhook_body(message), allow_nan=False, default=str).encode()
    timestamp = str(int(now().timestamp()))
    headers = {
        "Host": host if parts.port is None else f"{host}:{port}",
        "Content-Type": "application/json",
        "User-Agent": f"Modelwright/{settings.VERSION}",
        TIME_HEADER: timestamp,
        KEY_HEADER: message.key,
        SIGNATURE_HEADER: signature_of(secret, timestamp, body),
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    timeout = Timeout(total=SEND_SECONDS)
    address = host_resolve(host, port)
    pool: urllib3.HTTPConnectionPool
    if secure:
        pool = urllib3.HTTPSConnectionPool(
            address, port, timeout, server_hostname=host, assert_hostname=host
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout)
    try:
        with pool:
            answer = pool.urlopen(
                "POST",
                path,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                assert_same_host=False,
            )
            _drain(answer)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise DeliveryError(f"The webhook can't be reached: {type(error).__name__}.") from error
    if not 200 <= answer.status < 300:
        raise DeliveryError(f"The webhook answered {answer.status}.")


def _drain(answer: urllib3.BaseHTTPResponse) -> None:
    """Read a little of the answer, then hang up: it may be without end."""
    deadline = time.monotonic() + SEND_SECONDS
    read = 0
    while read < ANSWER_BYTES and time.monotonic() < deadline:
        part = answer.read(256)
        if not part:
            break
        read += len(part)
    answer.close()

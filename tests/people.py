"""The five people of the role table, and requests in their name."""

from typing import Any, TypeVar

from django.contrib.auth.models import Group
from django.test import Client
from rest_framework.test import APIClient

from modelwright.accounts.models import User
from modelwright.accounts.services import token_create

PEOPLE = ("anonymous", "stranger", "viewer", "trainer", "admin")
GROUP_OF = {"viewer": "MANAGER", "trainer": "DRH", "admin": "admin"}


_MIDDLEWARE = (
    "_middleware_chain",
    "_view_middleware",
    "_template_response_middleware",
    "_exception_middleware",
)
_loaded: dict[type, Any] = {}
C = TypeVar("C", bound=Client)


def quick(client: C) -> C:
    """Give a client the middleware that another one has loaded: loading it takes 0.1 s each."""
    handler = client.handler
    if (first := _loaded.get(type(handler))) is None:
        handler.load_middleware()
        _loaded[type(handler)] = handler
    else:
        for name in _MIDDLEWARE:
            setattr(handler, name, getattr(first, name))
    return client


def person(name: str) -> User:
    """Return the account of one of PEOPLE, made where there is none yet."""
    user, new = User.objects.get_or_create(username=name)
    if new and name in GROUP_OF:
        user.groups.add(Group.objects.get_or_create(name=GROUP_OF[name])[0])
    return user


def rest(name: str, **extra: Any) -> APIClient:
    """Return a REST client with an API token of one of PEOPLE."""
    client = quick(APIClient(raise_request_exception=False, **extra))
    if name != "anonymous":
        client.credentials(HTTP_AUTHORIZATION=f"Token {token_create(user=person(name))}")
    return client


def browser(name: str) -> APIClient:
    """Return a client with a session of one of PEOPLE, which checks CSRF as a server does."""
    client = quick(APIClient(enforce_csrf_checks=True, raise_request_exception=False))
    if name != "anonymous":
        client.force_login(person(name), backend="django.contrib.auth.backends.ModelBackend")
    return client

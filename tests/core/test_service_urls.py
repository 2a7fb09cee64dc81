"""Addresses from the settings: those that can't be meant are refused, without a word of them."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from modelwright.core.service_urls import (
    broker_url,
    database_options,
    mail_options,
    store_options,
)

TORN = ("plu/gh", "/plugh", "12/plugh", "?plugh", "plu#gh/", "#/plugh")
"""Passwords that would have to be escaped."""


@pytest.mark.parametrize("password", TORN)
@pytest.mark.parametrize(
    ("read", "address"),
    [
        (broker_url, "redis://:{}@127.0.0.1:6379/0"),
        (broker_url, "redis://127.0.0.1:6379/0;amqp://ann:{}@127.0.0.1//"),
        (database_options, "postgres://ann:{}@127.0.0.1/name"),
        (mail_options, "smtp+tls://ann:{}@127.0.0.1:587"),
    ],
)
def test_a_password_that_tears_an_address_apart_is_refused_and_not_told(
    read: Callable[[str], Any], address: str, password: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImproperlyConfigured, match="must be like") as refused:
            read(address.format(password))
    assert "plu" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("read", "address"),
    [
        (broker_url, ""),
        (broker_url, ";"),
        (broker_url, "nonsense://ann:plugh@127.0.0.1/0"),
        (broker_url, "redis://127.0.0.1:6379/0;127.0.0.1:plugh"),
        (broker_url, "redis://[plugh"),
        (database_options, "nonsense://ann:plugh@127.0.0.1/name"),
        (database_options, "postgres://ann:plugh@127.0.0.1"),
        (database_options, "//ann:plugh@127.0.0.1/name"),
        (database_options, "plugh"),
        (mail_options, "nonsense://ann:plugh@127.0.0.1"),
        (mail_options, "plugh"),
        (store_options, "s3://[plugh"),
        (store_options, "s3://bucket?plugh=1"),
    ],
)
def test_what_can_not_be_meant_is_refused_and_not_told(
    read: Callable[[str], Any], address: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImproperlyConfigured, match="must be like") as refused:
            read(address)
    assert "plugh" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "filesystem://", "redis://", "redis://:p%2Fw@h:6379/0", "rediss://h", "redis://[::1]:6379/0",
        "redis+socket:///run/redis.sock", "amqp://", "amqp://u:p@h:5672//", "redis://a/0;redis://b/0;",
        "sentinel://a:26379;sentinel://b:26379", "memory://",
    ],
)  # fmt: skip
def test_brokers(address: str) -> None:
    assert broker_url(address) == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "postgres://u:p%2Fw@h:5432/n",
            {"PASSWORD": "p/w", "PORT": 5432, "NAME": "n"},
        ),
        ("postgresql://u:pa#ss@h/n?sslmode=require", {"PASSWORD": "pa#ss", "NAME": "n"}),
        ("postgres://u:pa[ss@h/n", {"PASSWORD": "pa[ss", "HOST": "h"}),
        ("postgres://u@[::1]:5432/n", {"NAME": "n"}),
        ("postgres:///n?host=/run/postgresql", {"NAME": "n"}),
    ],
)
def test_databases(address: str, expected: dict[str, Any]) -> None:
    options = database_options(address)
    assert {name: options[name] for name in expected} == expected

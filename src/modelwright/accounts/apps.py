"""Django's entry for the room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, roles, tokens, audit log."""

    name = "modelwright.accounts"
    label = "accounts"
    verbose_name = "Accounts"

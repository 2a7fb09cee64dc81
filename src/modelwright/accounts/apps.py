"""Django's entry for the room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, roles, tokens, audit log."""

    name = "modelwright.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Record every sign-in."""
        from modelwright.accounts import signing_in  # noqa: PLC0415  (models load first)

        signing_in.listen()

"""The form of a notification channel."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from modelwright.accounts.models import Channel, Severity
from modelwright.accounts.notifications.outbox import EVENTS
from modelwright.core.errors import InvalidInputError

EVERYBODY = "everybody"
TEAM = "team:"
KEPT = (
    "name", "min_severity", "events", "quiet_from", "quiet_until", "timezone", "digest_minutes",
)  # fmt: skip


class _Clock(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class ChannelForm(forms.Form):
    """What a channel is: a new one, or one that is changed."""

    name = forms.CharField(max_length=100)
    kind = forms.ChoiceField(choices=Channel.Kind.choices)
    target = forms.CharField(
        max_length=2000,
        label="Address",
        help_text="A mail address, https://… of a webhook, or an Apprise address (slack://…).",
    )
    min_severity = forms.ChoiceField(
        choices=Severity.choices, initial=Severity.WARNING, label="From"
    )
    events = forms.MultipleChoiceField(
        choices=[(e, e.replace("_", " ")) for e in EVENTS],
        required=False,
        label="Only of",
        widget=forms.CheckboxSelectMultiple,
    )
    subjects = forms.CharField(
        required=False,
        max_length=5000,
        label="Only about the models",
        help_text="Their names in addresses (slugs), with spaces between them; empty: all.",
    )
    quiet_from = forms.TimeField(required=False, label="Quiet from", widget=_Clock())
    quiet_until = forms.TimeField(
        required=False,
        label="Quiet until",
        widget=_Clock(),
        help_text="By the time zone below. Critical notices go through all the same.",
    )
    timezone = forms.CharField(max_length=64, initial="UTC", label="Time zone")
    digest_minutes = forms.IntegerField(
        min_value=0, initial=0, label="Together every", help_text="Minutes; 0: at once."
    )
    whose = forms.ChoiceField(
        required=False,
        label="For",
        help_text="A team is told of what is shared with its group, everybody of all.",
    )

    def __init__(
        self, *args: Any, may_share: bool = False, channel: Channel | None = None, **kwargs: Any
    ) -> None:
        """Show the form of a new channel, or of `channel`: whose and of what kind it is stays."""
        if channel is not None:
            kwargs["initial"] = {
                **{name: getattr(channel, name) for name in KEPT},
                "subjects": " ".join(channel.subjects),
            }
        super().__init__(*args, **kwargs)
        if channel is not None:
            del self.fields["kind"]
            self.fields["target"].required = False
            self.fields["target"].help_text = "Empty: it stays."
        if may_share and channel is None:
            names = Group.objects.order_by("name").values_list("name", flat=True)
            teams = [(f"{TEAM}{name}", f"the team {name}") for name in names]
            choice = self.fields["whose"]
            choice.choices = [("", "me"), (EVERYBODY, "everybody"), *teams]  # type: ignore[attr-defined]
        else:
            del self.fields["whose"]

    def explain(self, error: InvalidInputError) -> None:
        """Show what the service found wrong beside the fields."""
        for name, words in error.details.items():
            self.add_error(name if name in self.fields else None, words)

    def changes(self) -> dict[str, Any]:
        """Return the checked fields of a channel that is changed, as the service takes them."""
        fields = {**self.cleaned_data, "subjects": self.cleaned_data["subjects"].split()}
        if not fields["target"]:
            del fields["target"]
        return fields

    def fields_of(self) -> dict[str, Any]:
        """Return the checked fields as the service takes them."""
        fields = dict(self.cleaned_data)
        whose = fields.pop("whose", "")
        return {
            **fields,
            "subjects": fields["subjects"].split(),
            "for_team": whose == EVERYBODY,
            "team": whose.removeprefix(TEAM) if whose.startswith(TEAM) else "",
        }

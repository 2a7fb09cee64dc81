"""The form of a notification channel."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from modelwright.accounts.models import Channel, Severity
from modelwright.accounts.notifications.outbox import EVENTS
from modelwright.core.errors import InvalidInputError

EVERYBODY = "everybody"
TEAM = "team:"


class _Clock(forms.TimeInput):
    input_type = "time"


class ChannelForm(forms.Form):
    """What a new channel is."""

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

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if may_share:
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

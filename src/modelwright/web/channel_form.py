"""The form of a notification channel."""

from typing import Any

from django import forms

from modelwright.accounts.models import Channel, Severity
from modelwright.accounts.notifications.outbox import EVENTS
from modelwright.core.errors import InvalidInputError


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
    quiet_from = forms.TimeField(required=False, label="Quiet from")
    quiet_until = forms.TimeField(required=False, label="until")
    timezone = forms.CharField(max_length=64, initial="UTC", label="Time zone")
    digest_minutes = forms.IntegerField(
        min_value=0, initial=0, label="Together every", help_text="Minutes; 0: at once."
    )
    for_team = forms.BooleanField(required=False, label="For everybody, not only for me")

    def explain(self, error: InvalidInputError) -> None:
        """Show what the service found wrong beside the fields."""
        for name, words in error.details.items():
            self.add_error(name if name in self.fields else None, words)

    def fields_of(self) -> dict[str, Any]:
        """Return the checked fields as the service takes them."""
        return {**self.cleaned_data, "subjects": self.cleaned_data["subjects"].split()}

"""The form of a machine, new or known."""

from functools import cache
from typing import cast
from zoneinfo import available_timezones

from django import forms

from modelwright.catalog.machines import MachineFields, machine_facts
from modelwright.catalog.models import Machine
from modelwright.core.errors import InvalidInputError

_TEXT = {"autocomplete": "off"}
_NUMBER = {"autocomplete": "off", "inputmode": "decimal"}


def _number(label: str, unit: str, help_text: str) -> forms.FloatField:
    return forms.FloatField(
        required=False,
        label=f"{label} ({unit})",
        help_text=help_text,
        widget=forms.TextInput(attrs=_NUMBER),
        error_messages={"invalid": "Write a number like 12.5, or leave it empty."},
    )


class MachineForm(forms.Form):
    """Name, place, and what key figures need; what is wrong is said by the service."""

    name = forms.CharField(
        max_length=200, label="Name", widget=forms.TextInput(attrs=_TEXT), help_text="Unique."
    )
    site = forms.CharField(
        required=False, max_length=200, label="Site", widget=forms.TextInput(attrs=_TEXT)
    )
    machine_type = forms.CharField(
        required=False,
        max_length=100,
        label="Type",
        help_text="Such as compressor, chiller, press.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    timezone = forms.CharField(
        max_length=64,
        initial="UTC",
        label="Time zone",
        help_text="Its days and hours are those of its models and key figures.",
        widget=forms.TextInput(attrs={**_TEXT, "list": "timezones", "spellcheck": "false"}),
    )
    rated_power_kw = _number("Rated power", "kW", "Load factor and checks of readings need it.")
    energy_price_per_kwh = _number("Energy price", "per kWh", "In the site's currency.")
    carbon_kg_per_kwh = _number("Carbon factor", "kg CO2 per kWh", "Of the energy it uses.")
    tags = forms.CharField(
        required=False,
        max_length=4000,
        label="Tags",
        help_text="With commas between them.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    is_active = forms.BooleanField(
        required=False,
        initial=True,
        label="Active",
        help_text="Whether schedules look after it.",
    )

    @classmethod
    def of(cls, machine: Machine) -> "MachineForm":
        """Return the form with a machine's fields."""
        facts = machine_facts(machine)
        numbers = {
            name: "" if value is None else f"{value:.12g}"
            for name, value in facts.items()
            if isinstance(cls.base_fields[name], forms.FloatField)
        }
        return cls(initial={**facts, **numbers, "tags": ", ".join(facts["tags"])})

    @property
    def timezones(self) -> list[str]:
        """Return the names to choose from."""
        return _timezones()

    def fields_said(self) -> MachineFields:
        """Return what the service is told."""
        tags = self.cleaned_data["tags"].split(",")
        said = {**self.cleaned_data, "tags": [tag.strip() for tag in tags if tag.strip()]}
        return cast(MachineFields, said)  # the fields are the same

    def explain(self, error: InvalidInputError) -> None:
        """Put the service's messages beside their fields."""
        for name, found in error.details.items():
            for message in found:
                self.add_error(name if name in self.fields else None, message)


@cache
def _timezones() -> list[str]:
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")

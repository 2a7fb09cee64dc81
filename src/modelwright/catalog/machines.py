"""Machines: finding them, and every write to them, each in the audit log."""

import contextlib
import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.errors import MachineExistsError, MachineNotFoundError
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.core.models import counter_next
from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.local_time import zone

MAX_TAGS = 50
MAX_TAG = 64
TEXTS = {"name": 200, "site": 200, "machine_type": 100, "timezone": 64}
NUMBERS = ("rated_power_kw", "energy_price_per_kwh", "carbon_kg_per_kwh")
FIELDS = (*TEXTS, *NUMBERS, "tags", "is_active")


class MachineFields(TypedDict, total=False):
    """What may be said of a machine, as in `Machine`."""

    name: str
    site: str
    machine_type: str
    timezone: str
    rated_power_kw: float | None
    energy_price_per_kwh: float | None
    carbon_kg_per_kwh: float | None
    tags: Sequence[str]
    is_active: bool


def machine_get(machine_id: UUID) -> Machine:
    """Return a machine.

    Raises
    ------
    MachineNotFoundError
        There is none of this id.
    """
    found = Machine.objects.filter(pk=machine_id).first()
    if found is None:
        raise MachineNotFoundError("Machine not found")
    return found


def machine_named(text: str) -> Machine:
    """Return the machine of that name, or of that id.

    Raises
    ------
    MachineNotFoundError
        There is none.
    """
    query = Q(name=text)
    with contextlib.suppress(ValueError):
        query |= Q(pk=UUID(text))
    found = Machine.objects.filter(query).first()
    if found is None:
        raise MachineNotFoundError(
            f"There is no machine {text[:100]!r}: give the name or the id of one."
        )
    return found


def machines_found(text: str, *, among: QuerySet[Machine] | None = None) -> QuerySet[Machine]:
    """Return the machines that have each word of `text` in name, site or type."""
    found = Machine.objects.all() if among is None else among
    for word in text.replace("\0", "").split()[:10]:
        found = found.filter(
            Q(name__icontains=word) | Q(site__icontains=word) | Q(machine_type__icontains=word)
        )
    return found


def machines_tagged(machines: QuerySet[Machine], tag: str) -> QuerySet[Machine]:
    """Keep those machines that carry a tag."""
    if connection.features.supports_json_field_contains:
        return machines.filter(tags__contains=[tag])
    sql = "SELECT m.id FROM machines m, json_each(m.tags) t WHERE t.value = %s"
    return machines.filter(pk__in=RawSQL(sql, [tag]))  # noqa: S611  (a constant)


def machine_create(*, user: User | None, **fields: Unpack[MachineFields]) -> Machine:
    """Make a machine.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    MachineExistsError
        The name is taken.
    """
    machine = Machine()
    _set(machine, {"name": "", **fields})
    with transaction.atomic():
        machine.number = counter_next("machine")
        _save(machine, force_insert=True)
        audit_record(
            verb=Verb.MACHINE_CREATED, target=machine, actor=user, after=machine_facts(machine)
        )
    return machine


def machine_change(
    *, machine: Machine, user: User | None, **fields: Unpack[MachineFields]
) -> Machine:
    """Change what `fields` name; raises as `machine_create`, and where it was deleted meanwhile."""
    with transaction.atomic():
        held = Machine.objects.select_for_update().filter(pk=machine.pk).first()
        if held is None:
            raise MachineNotFoundError("Machine not found")
        before = machine_facts(held)
        _set(held, fields)
        after = machine_facts(held)
        if after == before:
            return held
        held.updated_at = now()
        _save(held, update_fields=[*FIELDS, "updated_at"])
        audit_record(verb=Verb.MACHINE_CHANGED, target=held, actor=user, before=before, after=after)
    return held


def machine_delete(*, machine: Machine, user: User | None) -> None:
    """Delete a machine with its readings; model runs of it must be gone (`registry.removal`)."""
    with transaction.atomic():
        audit_record(
            verb=Verb.MACHINE_DELETED,
            target=machine,
            actor=user,
            before={**machine_facts(machine), "readings": machine.reading_count},
        )
        Machine.objects.filter(pk=machine.pk).delete()


def _save(machine: Machine, **options: Any) -> None:
    taken = Machine.objects.filter(name=machine.name).exclude(pk=machine.pk)
    try:
        with transaction.atomic():
            if not taken.exists():
                machine.save(**options)
                return
    except IntegrityError as error:
        if not taken.exists():
            raise
        raise _exists(machine.name) from error
    raise _exists(machine.name)


def _exists(name: str) -> MachineExistsError:
    return MachineExistsError(f"There is a machine {name!r} already: choose another name.")


def machine_facts(machine: Machine) -> dict[str, Any]:
    """Return the fields that people set."""
    return {name: getattr(machine, name) for name in FIELDS}


def _set(machine: Machine, fields: Mapping[str, Any]) -> None:
    details: dict[str, list[str]] = {}
    for name, value in fields.items():
        try:
            setattr(machine, name, _checked(name, value))
        except ValueError as error:
            details[name] = [str(error)]
    if details:
        raise InvalidInputError(details)


def _checked(name: str, value: Any) -> Any:
    if name in TEXTS:
        return _text(name, str(value).strip())
    if name in NUMBERS:
        return _number(name, value)
    if name == "tags":
        return _tags(value)
    return bool(value)


def _text(name: str, value: str) -> str:
    if name == "name" and not value:
        raise ValueError("A machine needs a name.")
    if len(value) > TEXTS[name]:
        raise ValueError(f"At most {TEXTS[name]} characters, not {len(value)}.")
    if _has_control_characters(value):
        raise ValueError("It holds control characters: write it in one line.")
    if name == "timezone":
        try:
            zone(value)
        except DataLoadError as error:
            raise ValueError(error.message) from error
    return value


def _has_control_characters(text: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("A finite number is needed.")
    if name == "rated_power_kw" and number <= 0:
        raise ValueError("The rated power must be above 0 kW.")
    if name == "carbon_kg_per_kwh" and number < 0:
        raise ValueError("The carbon factor can't be below 0.")
    return number


def _tags(value: Sequence[str]) -> list[str]:
    tags = list(dict.fromkeys(tag.strip() for tag in value))
    if len(tags) > MAX_TAGS:
        raise ValueError(f"At most {MAX_TAGS} tags, not {len(tags)}.")
    for tag in tags:
        if not tag or len(tag) > MAX_TAG or _has_control_characters(tag):
            raise ValueError(f"A tag is a text of 1 to {MAX_TAG} characters, in one line.")
    return tags

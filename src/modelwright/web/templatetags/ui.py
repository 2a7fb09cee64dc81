"""Tags and filters of the design system."""

import datetime as dt
import math
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from django import template
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from modelwright.catalog.access import Level, dataset_level
from modelwright.monitoring.alert_types import DEFAULTS, AlertType
from modelwright.monitoring.models import Alert
from modelwright.runs.models import TrainingRun
from modelwright.web.icons import ICONS
from modelwright.web.model_titles import model_title

register = template.Library()

NONE = "–"  # noqa: RUF001  (an en dash stands for "no value" everywhere)
KILO = 1024
SELECTED = mark_safe(" selected")

register.filter(model_title)


@lru_cache(maxsize=256)
def _icon(name: str, css: str) -> SafeString:
    shape = mark_safe(ICONS[name])  # noqa: S308  (our own constant)
    return format_html(
        '<svg class="icon{}" viewBox="0 0 16 16" fill="none" stroke="currentColor"'
        ' stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"'
        ' aria-hidden="true">{}</svg>',
        f" {css}" if css else "",
        shape,
    )


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon; the text beside it (or an aria-label) says what it means."""
    return _icon(name, css)


@register.simple_tag
def status(value: str, badge: bool = False) -> SafeString:
    """Show a status by word, shape and colour."""
    return format_html(
        '<span class="status status--{}{}">{}{}</span>',
        value,
        " status--badge" if badge else "",
        _icon(value, ""),
        value.capitalize(),
    )


@lru_cache(maxsize=32)
def _stamp(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        return ""
    return format(zlib.crc32(Path(found).read_bytes()), "x")


@register.simple_tag
def asset(path: str) -> str:
    """Return the address of one of our own static files; it changes when the file does."""
    return f"{static(path)}?v={_stamp(path)}"


@register.simple_tag
def moment(value: dt.datetime | None, style: str = "full") -> SafeString | str:
    """Show a time: UTC from here, the reader's own zone once app.js has seen it.

    Parameters
    ----------
    value : datetime or None
        Aware.
    style : str
        `full`, `ago` or `clock`.
    """
    if value is None:
        return NONE
    utc = value.astimezone(dt.UTC)
    text = f"{utc:%H:%M:%S}" if style == "clock" else f"{utc:%Y-%m-%d %H:%M} UTC"
    return format_html(
        '<time datetime="{}" data-style="{}">{}</time>', utc.isoformat(), style, text
    )


@register.simple_tag(takes_context=True)
def navigation(context: template.RequestContext) -> SafeString:
    """Draw the navigation; it stands on a page twice, for wide and narrow windows, drawn once."""
    page = context["page"]
    if page.navigation is None:
        values = cast(dict[str, Any], context.flatten())
        page.navigation = render_to_string("components/navigation.html", values)
    drawn: SafeString = page.navigation
    return drawn


@register.simple_tag(takes_context=True)
def table_of(context: template.RequestContext, run: TrainingRun) -> SafeString:
    """Name the table that a run learned from; what a policy gathered is linked for who may see."""
    gathered = run.gathered
    if gathered is None:
        return format_html('<span class="mono">{}</span>', run.dataset_path)
    name = format_html("{} (version {})", gathered.name, gathered.version)
    if dataset_level(context["user"], gathered) > Level.NONE:
        name = format_html('<a href="{}">{}</a>', reverse("dataset", args=[gathered.pk]), name)
    return format_html(
        '<span class="mono">{}</span>, with what was predicted and has come true: {}',
        run.dataset_path,
        name,
    )


@register.simple_tag
def options(choices: Iterable[tuple[object, str]], chosen: object) -> SafeString:
    """Write the options of a select, of which there may be many hundreds."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SELECTED if value == chosen else "", title) for value, title in choices),
    )


@register.filter
def seconds(value: float | None) -> str:
    """Write a duration: 0.25 s, 12.3 s, 2 min 5 s, 1 h 4 min."""
    if value is None:
        return NONE
    if value < 10:
        return f"{value:.2f} s"
    if value < 60:
        return f"{value:.1f} s"
    whole = int(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@register.filter
def score(value: float | None, digits: int = 4) -> str:
    """Write a metric with a fixed number of digits, or a dash."""
    if value is None or not isinstance(value, int | float) or not math.isfinite(value):
        return NONE
    return f"{value:z.{digits}f}"


@register.filter
def chance(value: float | None) -> str:
    """Write a probability; one that is very small is never shown as none."""
    if value is not None and 0 <= value < 0.0001:
        return "< 0.0001"
    return score(value, 4)


@register.filter
def whole(value: float | None) -> str:
    """Write a number without its fraction, with thin spaces, or a dash."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:z,.0f}".replace(",", "\u2009").replace("-", "\u2212")


@register.filter
def signed(value: float | None, digits: int = 4) -> str:
    """Write a difference with its sign, a real minus for less."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:+z.{digits}f}".replace("-", "\u2212")


@register.filter
def alert_title(alert: Alert) -> str:
    """Say what kind of alert it is."""
    known = alert.alert_type in AlertType.values
    return str(AlertType(alert.alert_type).label) if known else alert.alert_type


@register.filter
def alert_measure(alert: Alert) -> str:
    """Say what was measured and where the threshold lies; empty where nothing was."""
    if alert.current_value is None:
        return ""
    known = alert.alert_type in AlertType.values
    what = DEFAULTS[AlertType(alert.alert_type)].measures if known else ""
    text = f"{what[:1].upper()}{what[1:]}: " if what else ""
    text += _short(alert.current_value)
    return text if alert.threshold is None else f"{text}, threshold {_short(alert.threshold)}"


def _short(value: float) -> str:
    return whole(value) if abs(value) >= 100 else f"{value:.3g}"


@register.filter
def percent(value: float | None) -> str:
    """Write a share as per cent."""
    return NONE if value is None else f"{100 * value:.1f} %"


@register.filter
def plain(value: Any) -> str:
    """Write a value of JSON as people read it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items()) or "none"
    return str(value)


@register.filter
def as_table(value: Any) -> tuple[list[str], list[list[Any]]] | None:
    """Return the columns and rows of a list of objects; None for anything else."""
    if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
        return None
    columns = list(dict.fromkeys(name for row in value for name in row))
    return columns, [[row.get(name, "") for name in columns] for row in value]


@register.filter
def filesize(value: int | None) -> str:
    """Write a number of bytes."""
    if value is None:
        return NONE
    size = float(value)
    for unit in ("B", "kB", "MB"):
        if size < KILO:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= KILO
    return f"{size:.1f} GB"


@register.filter
def words(value: str) -> list[str]:
    """Return the words of a text, to loop over."""
    return value.split()


@register.filter
def plural(noun: str, count: int) -> str:
    """Return a noun as it stands after a number."""
    if count == 1:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


@register.filter
def thousands(value: int | None) -> str:
    """Write a whole number with thin spaces."""
    return NONE if value is None else f"{value:,}".replace(",", "\u2009")

"""The design system keeps its promises: contrast in both themes, icons that are whole."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings  # noqa: F401  (the app must be configured before web is imported)

from modelwright.engine.hyperparameters import MODEL_TYPES
from modelwright.web.forms import ParameterField
from modelwright.web.icons import ICONS
from modelwright.web.summary import spark_draw
from modelwright.web.templatetags.ui import filesize, plain, score, seconds, signed, thousands

TOKENS = Path(__file__).parents[2] / "src/modelwright/web/static/modelwright/tokens.css"
TEXT, GRAPHIC = 4.5, 3.0
SURFACES = ("paper", "surface", "sunken", "raised")
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("ink", "ink-soft", "accent") for ground in SURFACES],
    *[(tone, ground, TEXT) for tone in ("good", "bad", "warn", "idle") for ground in SURFACES],
    *[(tone, f"{tone}-wash", TEXT) for tone in ("good", "bad", "warn", "idle", "accent")],
    *[("ink", f"{tone}-wash", TEXT) for tone in ("good", "bad", "warn", "idle", "accent")],
    ("on-accent", "accent-fill", TEXT),
    ("on-accent", "accent-fill-hover", TEXT),
    ("on-accent", "bad-fill", TEXT),
    ("on-accent", "bad-fill-hover", TEXT),
    *[("line-control", ground, GRAPHIC) for ground in SURFACES],
    *[("accent-fill", ground, GRAPHIC) for ground in ("surface", "raised")],
    *[(f"series-{n}", "surface", GRAPHIC) for n in range(1, 7)],
]


def palette(theme: int) -> dict[str, str]:
    """Return the colours of a theme: 0 light, 1 dark."""
    text = TOKENS.read_text()
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))
    for name, *both in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", text):
        colours[name] = both[theme]
    return colours


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_colours_can_be_read(theme: int, ink: str, ground: str, least: float) -> None:
    colours = palette(theme)
    light, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


@pytest.mark.parametrize("name", sorted(ICONS))
def test_icons_are_whole(name: str) -> None:
    assert len(ElementTree.fromstring(f"<svg>{ICONS[name]}</svg>")) >= 1  # noqa: S314


@pytest.mark.parametrize("model", sorted(MODEL_TYPES))
def test_every_declared_hyperparameter_makes_a_field_that_takes_its_default(model: str) -> None:
    for parameter in MODEL_TYPES[model].parameters:
        field = ParameterField(parameter, parameter.default)
        assert field.clean(field.shown(parameter.default)) == parameter.default
        assert field.default_text.startswith("default ")


def test_numbers_are_written_as_people_read_them() -> None:
    assert [seconds(s) for s in (None, 0.254, 12.34, 125, 3840)] == [
        "–",  # noqa: RUF001
        "0.25 s",
        "12.3 s",
        "2 min 5 s",
        "1 h 4 min",
    ]
    assert (score(0.98611), score(None), score(float("nan"))) == ("0.9861", "–", "–")  # noqa: RUF001
    assert (signed(0.01), signed(-0.01)) == ("+0.0100", "\u22120.0100")
    assert (filesize(900), filesize(1536), filesize(8_000_000)) == ("900 B", "1.5 kB", "7.6 MB")
    assert thousands(71400) == "71\u2009400"
    assert plain({"a": None, "b": [True, 0.5]}) == "a none, b yes, 0.5"


def test_a_spark_is_drawn_from_left_to_right() -> None:
    spark = spark_draw([0.5, 1.0, 0.75])
    assert spark is not None
    assert spark.path.startswith("M0.0 25.0L56.0 3.0L112.0")
    assert "best 1.0000" in spark.text
    assert spark_draw([0.5]) is None
    flat = spark_draw([1.0, 1.0])
    assert flat is not None
    assert flat.path == "M0.0 14.0L112.0 14.0"

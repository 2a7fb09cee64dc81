"""The sections of a machine's page, in their order; each is a file, a template and a line here.

The page comes at once and has each section loaded by htmx as it comes into sight; without script a
section is a page of its own, at the same address.
"""

from modelwright.web.machine_sections import (
    anomalies,
    expected,
    forecast,
    kpis,
    load,
    models,
    quality,
    readings,
    residuals,
    savings,
    signature,
)
from modelwright.web.machine_sections.base import Section

SECTIONS: dict[str, Section] = {
    section.name: section
    for section in (
        readings.SECTION,
        anomalies.SECTION,
        expected.SECTION,
        savings.SECTION,
        signature.SECTION,
        residuals.SECTION,
        forecast.SECTION,
        kpis.SECTION,
        load.SECTION,
        models.SECTION,
        quality.SECTION,
    )
}

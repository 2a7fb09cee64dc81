"""Traces: nothing of them is loaded unless asked for; then one trace from request to job."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from modelwright.core import tracing
from modelwright.core.tracing import TracingError, span, traceparent_now, tracing_start
from modelwright.runs.executor import execute
from modelwright.runs.jobs import job_claim
from modelwright.runs.models import TrainingRun
from tests.api.conftest import sample, silent_bell  # noqa: F401  (fixtures)
from tests.people import rest

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Traces are kept in memory."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_provider", provider)
    monkeypatch.setattr(tracing, "_trace", pytest.importorskip("opentelemetry.trace"))
    yield exporter
    provider.shutdown()


def test_it_is_not_even_imported_unless_it_is_asked_for() -> None:
    code = (
        "import sys; import modelwright.core.tracing as t; assert not t.tracing_start('web');"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TracingError, match=r"modelwright\[otel\]"):
        tracing_start("web")


def test_without_traces_there_is_no_place_in_one() -> None:
    with span("nothing") as made:
        assert made is None
        assert traceparent_now() == ""


@pytest.mark.django_db(transaction=True)
def test_one_trace_goes_from_the_request_to_the_job(
    spans: Any,
    sample: object,  # noqa: F811
    silent_bell: list[str],  # noqa: F811
) -> None:
    outside = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = rest("trainer").post(
        "/api/training/train/", {"dataset_path": "artifacts/datasets/future_skills_dataset.csv"},
        format="json", headers={"Prefer": "wait=0", "traceparent": outside},
    )  # fmt: skip
    assert answer["X-Request-ID"] == "0af7651916cd43dd8448eb211c80319c"
    run = TrainingRun.objects.get()
    claim = job_claim(queue="training", worker="w", only=run.pk)
    assert claim is not None
    execute(claim)
    request, job = spans.get_finished_spans()
    assert request.name == "POST /api/training/train/"
    assert request.attributes["http.response.status_code"] == answer.status_code
    assert job.name == "job training"
    assert job.attributes["modelwright.job.id"] == str(run.pk)
    assert f"{job.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert job.parent.span_id == request.context.span_id


@pytest.mark.django_db
def test_a_forged_traceparent_is_no_error(spans: Any) -> None:
    for text in ("", "x" * 5000, "00-zz-zz-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"):
        assert Client().get("/healthz", headers={"traceparent": text}).status_code == 200

"""Traces by OpenTelemetry: loaded only where its own variables say where they go.

`OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) turns them on; all else is as OpenTelemetry
documents it. Without it nothing is imported, and everything here costs a look at one variable.
"""

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from modelwright.core.errors import ModelwrightError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
HEADER = "traceparent"
FLUSH_MILLISECONDS = 2000

_provider: Any = None
_trace: Any = None


class TracingError(ModelwrightError):
    """Traces are asked for and can't be made."""

    code = "tracing"


def tracing_is_asked_for() -> bool:
    """Return whether the environment says where traces go."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and any(os.environ.get(name) for name in ENDPOINTS)


def tracing_start(part: str) -> bool:
    """Begin to trace this process, where that is asked for; in a forked child, begin anew.

    Parameters
    ----------
    part : str
        What it is: `web`, `worker`, `scheduler`.

    Returns
    -------
    bool
        Whether it traces.

    Raises
    ------
    TracingError
        The libraries for it are not installed.
    """
    global _provider, _trace
    if not tracing_is_asked_for():
        return False
    try:
        api = import_module("opentelemetry.trace")
        sdk = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        resources = import_module("opentelemetry.sdk.resources")
    except ImportError as error:
        raise TracingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: install the"
            " extra (pip install 'modelwright[otel]'), or unset the variable."
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", f"modelwright-{part}")
    resource = resources.Resource.create({"service.name": name, "service.namespace": "modelwright"})
    _provider = sdk.TracerProvider(resource=resource)
    _provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    _trace = api
    return True


def tracing_stop() -> None:
    """Send what is left: for processes that end without saying good-bye."""
    global _provider
    if _provider is not None:
        _provider.force_flush(FLUSH_MILLISECONDS)
        _provider.shutdown()
        _provider = None


@contextlib.contextmanager
def span(
    name: str,
    *,
    parent: str = "",
    server: bool = False,
    attributes: Mapping[str, str | int] | None = None,
) -> Iterator[Any]:
    """Have what the block does shown in traces; yields the span, or None where nobody traces.

    Parameters
    ----------
    name : str
        One of few: no ids in it.
    parent : str
        `traceparent` of what it belongs to, maybe of another process.
    server : bool
        Whether it answers a request from outside.
    attributes : mapping, optional
        What is known of it.
    """
    if _provider is None:
        yield None
        return
    propagation = import_module("opentelemetry.trace.propagation.tracecontext")
    carrier = {HEADER: parent} if parent else {}
    context = propagation.TraceContextTextMapPropagator().extract(carrier) if carrier else None
    kind = _trace.SpanKind.SERVER if server else _trace.SpanKind.INTERNAL
    tracer = _provider.get_tracer("modelwright")
    with tracer.start_as_current_span(
        name, context=context, kind=kind, attributes=attributes
    ) as made:
        yield made


def traceparent_now() -> str:
    """Return the place of the present action in its trace; empty where nobody traces."""
    context = _context()
    if context is None:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def request_id_new() -> str:
    """Return an id for a request: that of its trace, where it is traced."""
    context = _context()
    return uuid.uuid4().hex if context is None else f"{context.trace_id:032x}"


def traceparent_of(headers: Mapping[str, str]) -> str:
    """Return the trace that a request says it belongs to, where traces are made."""
    return headers.get(HEADER, "")[:64] if _provider is not None else ""


def _context() -> Any:
    if _provider is None:
        return None
    context = _trace.get_current_span().get_span_context()
    return context if context.is_valid else None

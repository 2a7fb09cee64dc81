"""Whether the server lives, and whether it can work: for supervisors, balancers and people."""

import threading
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import DatabaseError, connection
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.access import Open
from modelwright.api.base import ApiView
from modelwright.runs.doorbell import broker_answers
from modelwright.runs.selectors import workers_alive

TAG = "Health"
KEPT_SECONDS = 1.0
OK = "ok"
NOT_OK = "not ok"


@dataclass(frozen=True)
class Readiness:
    """What answers.

    Attributes
    ----------
    database, broker, worker : bool
    """

    database: bool
    broker: bool
    worker: bool

    @property
    def ready(self) -> bool:
        """Whether everything does."""
        return self.database and self.broker and self.worker


class _Probe:
    """Looks at most once a second, however many ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Readiness | None = None
        self._at = 0.0

    def look(self) -> Readiness:
        with self._lock:
            if self._seen is None or time.monotonic() - self._at > KEPT_SECONDS:
                database, worker = _database_and_worker()
                self._seen = Readiness(database=database, broker=broker_answers(), worker=worker)
                self._at = time.monotonic()
            return self._seen

    def forget(self) -> None:
        self._seen = None


probe = _Probe()


def _database_and_worker() -> tuple[bool, bool]:
    try:
        connection.ensure_connection()
        return True, workers_alive().exists()
    except DatabaseError:
        connection.close()
        return False, False


class HealthSerializer(serializers.Serializer[Any]):
    """Alive."""

    status = serializers.CharField(help_text="`ok`.")


class ReadinessSerializer(serializers.Serializer[Any]):
    """Each part that is needed for work."""

    status = serializers.CharField(help_text="`ready` or `not ready`.")
    database = serializers.CharField(help_text="`ok` or `not ok`.")
    broker = serializers.CharField(help_text="`ok` or `not ok`.")
    worker = serializers.CharField(help_text="`ok` or `not ok`.")


class OpenView(ApiView):
    """For everybody, without credentials."""

    actions: ClassVar = {"GET": Open.PUBLIC}
    authentication_classes = ()
    throttle_classes = ()


@extend_schema_view(
    get=extend_schema(
        operation_id="healthz",
        tags=[TAG],
        summary="Is the server alive",
        auth=[],
        responses={200: HealthSerializer},
        examples=[OpenApiExample("Alive", value={"status": OK}, response_only=True)],
    )
)
class HealthView(OpenView):
    """Alive."""

    def get(self, _request: Request) -> Response:
        """Say so."""
        return Response({"status": OK})


_READY = {"status": "ready", "database": OK, "broker": OK, "worker": OK}


@extend_schema_view(
    get=extend_schema(
        operation_id="readyz",
        tags=[TAG],
        summary="Can the server work: database, broker, worker",
        auth=[],
        responses={
            200: OpenApiResponse(
                ReadinessSerializer,
                description="All answer",
                examples=[OpenApiExample("Ready", value=_READY, response_only=True)],
            ),
            503: OpenApiResponse(
                ReadinessSerializer,
                description="Something doesn't",
                examples=[
                    OpenApiExample(
                        "No worker",
                        value={**_READY, "status": "not ready", "worker": NOT_OK},
                        response_only=True,
                    )
                ],
            ),
        },
    )
)
class ReadinessView(OpenView):
    """Able to work."""

    def get(self, _request: Request) -> Response:
        """Say of each part whether it answers, and no more."""
        seen = probe.look()
        body = {
            "status": "ready" if seen.ready else "not ready",
            "database": OK if seen.database else NOT_OK,
            "broker": OK if seen.broker else NOT_OK,
            "worker": OK if seen.worker else NOT_OK,
        }
        return Response(body, status=200 if seen.ready else 503)

"""How `/docs` describes machines and their readings."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from modelwright.api.dataset_docs import NO_PAGE, uuid_parameter
from modelwright.api.dataset_serializers import ForceQuerySerializer
from modelwright.api.machine_serializers import (
    IngestedSerializer,
    IngestQuerySerializer,
    MachineCreateSerializer,
    MachineFieldsSerializer,
    MachineSerializer,
    PeriodQuerySerializer,
    QualitySerializer,
    ReadingsQuerySerializer,
    ReadingsSerializer,
    RefusedSerializer,
)
from modelwright.api.training_docs import COMMON, THROTTLED, problem

TAG = "Machines"
NO_MACHINE = problem("No such machine", "Machine not found")
BAD_VALUE = problem(
    "The id is no UUID, or a value can't be meant", "machine_id is not a valid UUID: '7'."
)
TAKEN = problem("The name is taken", "There is a machine 'Press 4' already: choose another name.")
ID = uuid_parameter("machine_id")
CLOSED: dict[Any, Any] = {**COMMON, 404: NO_MACHINE, 422: BAD_VALUE}

LIST = extend_schema(
    operation_id="machines_list",
    tags=[TAG],
    summary="List the machines",
    description="By name.",
    responses={200: MachineSerializer(many=True), **COMMON, 404: NO_PAGE, 422: BAD_VALUE},
)
CREATE = extend_schema(
    operation_id="machines_create",
    tags=[TAG],
    summary="Make a machine",
    request=MachineCreateSerializer,
    responses={201: MachineSerializer, **COMMON, 409: TAKEN, 422: BAD_VALUE, 429: THROTTLED},
)
DETAIL = extend_schema(
    operation_id="machines_read",
    tags=[TAG],
    summary="Read one machine",
    parameters=[ID],
    responses={200: MachineSerializer, **CLOSED},
)
CHANGE = extend_schema(
    operation_id="machines_change",
    tags=[TAG],
    summary="Change a machine",
    parameters=[ID],
    request=MachineFieldsSerializer,
    responses={200: MachineSerializer, **CLOSED, 409: TAKEN, 429: THROTTLED},
)
DELETE = extend_schema(
    operation_id="machines_delete",
    tags=[TAG],
    summary="Delete a machine",
    description="`?force=true` deletes its readings, models, alerts and key figures too.",
    parameters=[ID, ForceQuerySerializer],
    responses={
        204: OpenApiResponse(description="Deleted"),
        **CLOSED,
        409: OpenApiResponse(
            OpenApiTypes.OBJECT,
            description="It has readings or models; `uses` names them",
            examples=[
                OpenApiExample(
                    "Still used",
                    value={
                        "detail": (
                            "The machine 'Press 4' has readings or models: ?force=true deletes"
                            " them with it. To keep them, set is_active to false."
                        ),
                        "code": "still_used",
                        "uses": ["8,760 readings", "run 12 (baseline, completed)"],
                    },
                    response_only=True,
                )
            ],
        ),
        429: THROTTLED,
    },
)
READINGS = extend_schema(
    operation_id="machine_readings_list",
    tags=[TAG],
    summary="Read the readings of a period",
    description=(
        "Oldest first. `next` asks for those after the last one, by its time: readings that arrive"
        " meanwhile move nothing."
    ),
    parameters=[ID, ReadingsQuerySerializer],
    responses={200: ReadingsSerializer, **CLOSED},
)
QUALITY = extend_schema(
    operation_id="machine_data_quality",
    tags=[TAG],
    summary="Find what is wrong with readings",
    description=(
        "Gaps, stuck sensors, slips of unit, lost and repeated hours, negative energy, an outdoor"
        " thermometer that differs from those of the other machines at the site, and more."
        " Without `start`, the last year is looked at."
    ),
    parameters=[ID, PeriodQuerySerializer],
    responses={200: QualitySerializer, **CLOSED},
)
INGEST = extend_schema(
    operation_id="machine_readings_create",
    tags=[TAG],
    summary="Send readings",
    description=(
        "Each row has a `timestamp` (ISO 8601 with zone, kept to the millisecond) and numbers by"
        " channel: `power_kw`, `energy_kwh`, `production_count`, `outdoor_temp_c`, or any other."
        " There is one reading for each moment: rows are merged into it channel by channel, the"
        " last value sent holds, and null or an empty cell changes nothing. So a batch may be sent"
        " again, late, or out of order. CSV has a header, and comma, semicolon or tab between"
        " cells."
    ),
    parameters=[ID, IngestQuerySerializer],
    request={
        "application/x-ndjson": OpenApiRequest(
            OpenApiTypes.STR,
            examples=[
                OpenApiExample(
                    "JSON lines",
                    value='{"timestamp": "2026-03-01T14:00:00Z", "power_kw": 41.5}\n',
                    request_only=True,
                )
            ],
        ),
        "text/csv": OpenApiRequest(
            OpenApiTypes.STR,
            examples=[
                OpenApiExample(
                    "CSV",
                    value="timestamp,power_kw,energy_kwh\n2026-03-01T14:00:00+01:00,41.5,41.5\n",
                    request_only=True,
                )
            ],
        ),
        "application/json": OpenApiRequest(
            OpenApiTypes.OBJECT,
            examples=[
                OpenApiExample(
                    "List",
                    value=[{"timestamp": "2026-03-01T14:00:00Z", "power_kw": 41.5}],
                    request_only=True,
                )
            ],
        ),
    },
    responses={
        201: IngestedSerializer,
        **COMMON,
        404: NO_MACHINE,
        413: problem(
            "The batch is too large",
            "The batch is larger than 268,435,456 bytes: send it in several batches.",
        ),
        415: problem(
            "The format is unknown",
            "Send readings as application/x-ndjson, text/csv, …, not as 'text/plain'.",
        ),
        422: OpenApiResponse(
            RefusedSerializer,
            description="Rows, or the batch as a whole, can't be used; nothing was stored",
            examples=[
                OpenApiExample(
                    "A bad row",
                    value={
                        "detail": (
                            "1 of the rows can't be used, so nothing was stored: correct them, or"
                            " send them with on_error=skip to store the others."
                        ),
                        "code": "readings_refused",
                        "accepted": 0,
                        "updated": 0,
                        "rejected": 1,
                        "errors": [{"row": 2, "error": "power_kw: '12.5' is not a number."}],
                    },
                    response_only=True,
                )
            ],
        ),
        429: THROTTLED,
    },
)

"""What every log line says beside its message: which request, which job, who."""

import datetime as dt
import logging
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from modelwright.core.context import current_origin

NAMES = ("channel", "request_id", "job_id", "user_id")


class OriginFilter(logging.Filter):
    """Notes on each record where the present action comes from; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Note it."""
        origin = current_origin()
        for name in NAMES:
            if not hasattr(record, name):
                setattr(record, name, getattr(origin, name))
        found = {"request": origin.request_id, "job": origin.job_id}
        shown = " ".join(f"{name}={value}" for name, value in found.items() if value)
        record.origin = f" [{shown}]" if shown else ""
        return True


class JsonLines(JsonFormatter):
    """One JSON object a line; what is empty is left out.

    `time` (ISO 8601, UTC), `level`, `logger`, `message`, `process`, then `channel`, `request_id`,
    `job_id`, `user_id`, whatever the line brings itself, and `exc_info` with a traceback.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("%(message)s", reserved_attrs=_RESERVED, **options)

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Put the fields in the order in which people look for them."""
        moment = dt.datetime.fromtimestamp(record.created, tz=dt.UTC)
        log_data["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log_data["level"] = record.levelname.lower()
        log_data["logger"] = record.name
        super().add_fields(log_data, record, message_dict)
        log_data["process"] = record.process
        for name in [key for key, value in log_data.items() if value in ("", None)]:
            del log_data[name]


_RESERVED = [*logging.makeLogRecord({}).__dict__, "message", "asctime", "origin", "request"]

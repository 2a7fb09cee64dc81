"""Deleting predictions that are older than they are kept."""

from typing import Any

from django.conf import settings

from modelwright.automation.rounds import Say
from modelwright.serving.retention import batch_files_forget, predictions_forget


def work(say: Say) -> dict[str, Any]:
    """Delete old files, then old predictions until half of the time is up; tomorrow goes on."""
    say(0.0, "Deleting old files")
    files, size = batch_files_forget()
    say(10.0, "Deleting old predictions")
    predictions, is_done = predictions_forget(settings.SCHEDULE_TIME_LIMIT_SECONDS / 2)
    rest = "" if is_done else " Time was up: the next run goes on."
    return {
        "predictions_deleted": predictions,
        "files_deleted": files,
        "bytes_freed": size,
        "message": f"Predictions deleted: {predictions}; files: {files}.{rest}",
    }

"""Remembering when the last backup was made, so that whoever runs the server is told."""

from pathlib import Path

from modelwright.operations.models import Backup
from modelwright.runs.names import host_name


def backup_record(*, file: Path, files: int, seconds: float) -> Backup:
    """Note a backup that was written and read back."""
    return Backup.objects.create(
        host=host_name(),
        name=file.name[:255],
        files=files,
        size_bytes=file.stat().st_size,
        seconds=round(seconds, 3),
    )

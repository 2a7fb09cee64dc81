"""A file in a request goes straight to where it will stay: hashed, counted, never in memory."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from modelwright.catalog.drafts import Draft

FIELD = "file"


class DraftUploadHandler(FileUploadHandler):
    """Writes the one file of the field `file`; others are passed over and remembered.

    Attributes
    ----------
    draft : Draft or None
        What was written.
    others : list of str
        Fields with files that nobody asked for.
    """

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.draft: Draft | None = None
        self.others: list[str] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        if self.field_name != FIELD or self.draft is not None:
            self.others.append(str(self.field_name)[:100])
            raise SkipFile
        self.draft = Draft(self.file_name or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece; None tells Django that it is taken."""
        if self.draft is not None:
            self.draft.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """Say that there was a file; its bytes are in the draft."""
        return UploadedFile(name=self.file_name, size=file_size)

    def discard(self) -> None:
        """Remove what was written, unless it was kept."""
        if self.draft is not None:
            self.draft.discard()

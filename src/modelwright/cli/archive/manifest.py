"""What an archive says about itself; its last member."""

import json
from dataclasses import asdict, dataclass, field

from modelwright.cli.errors import CommandError

MANIFEST = "manifest.json"
DATABASE = "system/modelwright.sqlite3"
SECRET = "system/secret.key"  # noqa: S105  (a file name)
FORMAT = 1


class ArchiveError(CommandError):
    """The archive is damaged, or is no archive of Modelwright."""

    code = "archive"


@dataclass(frozen=True)
class Manifest:
    """The content of an archive.

    Parameters
    ----------
    version : str
        Of Modelwright that wrote it.
    created_at : str
        ISO 8601, UTC.
    files : dict
        Member name -> SHA-256.
    format : int
        Of the archive itself.
    """

    version: str
    created_at: str
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Return it as text."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Read it back.

        Raises
        ------
        ArchiveError
            It is no manifest, or of a later format.
        """
        try:
            manifest = cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise ArchiveError("The archive has no readable manifest.") from error
        if manifest.format != FORMAT:
            raise ArchiveError(
                f"The archive has format {manifest.format}; this version reads format {FORMAT}."
            )
        return manifest

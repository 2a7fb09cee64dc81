"""Models, their versions, which of them answers, and which files are kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation
from modelwright.client.waiting import wait_for


class RegistryCalls(Calls):
    """Models, their versions, which of them answers, and which files are kept."""

    @operation("retention_get")
    def retention(self) -> Row:
        """The rule of all models that have none of their own; null: all is kept."""
        found: Row = self._http.request("GET", "/api/v1/retention/")
        return found

    @operation("retention_set")
    def retention_set(self, **fields: Any) -> Row:
        """Make or change it.

        Further fields: `keep_newest`, `keep_days`, `keep_champions`, `keep_tagged`,
        `is_active`.
        """
        found: Row = self._http.request("PUT", "/api/v1/retention/", body=fields)
        return found

    @operation("retention_remove")
    def retention_remove(self) -> None:
        """Remove it."""
        self._http.request("DELETE", "/api/v1/retention/")

    @operation("retention_plans")
    def retention_plans(self) -> Row:
        """What may be deleted of each model and how many bytes that frees: a dry run."""
        found: Row = self._http.request("GET", "/api/v1/retention/plans/")
        return found

    @operation("subjects_get")
    def subject(self, subject: str) -> Row:
        """One subject."""
        found: Row = self._http.request("GET", f"/api/v1/subjects/{subject}/")
        return found

    @operation("subjects_change")
    def subject_change(self, subject: str, **fields: Any) -> Row:
        """Say how its versions become champion.

        Further fields: `promotion`.
        """
        found: Row = self._http.request("PATCH", f"/api/v1/subjects/{subject}/", body=fields)
        return found

    @operation("subjects_alias_set")
    def alias_set(self, subject: str, alias: str, *, version: str) -> Row:
        """Point an alias at a version."""
        found: Row = self._http.request(
            "PUT", f"/api/v1/subjects/{subject}/aliases/{alias}/", body={"version": version}
        )
        return found

    @operation("subjects_alias_remove")
    def alias_remove(self, subject: str, alias: str) -> None:
        """Remove an alias."""
        self._http.request("DELETE", f"/api/v1/subjects/{subject}/aliases/{alias}/")

    @operation("subjects_comparisons")
    def comparisons(self, subject: str) -> Rows:
        """Comparisons of its versions, newest first."""
        return self._pages(f"/api/v1/subjects/{subject}/comparisons/")

    @operation("comparisons_get")
    def comparison(self, comparison_id: str) -> Row:
        """One comparison."""
        found: Row = self._http.request("GET", f"/api/v1/comparisons/{comparison_id}/")
        return found

    @operation("comparisons_cancel")
    def comparison_cancel(self, comparison_id: str) -> Row:
        """Cancel a comparison that has not ended."""
        found: Row = self._http.request("POST", f"/api/v1/comparisons/{comparison_id}/cancel/")
        return found

    @operation("subjects_promotions")
    def promotions(self, subject: str) -> Rows:
        """Every change of its champion, newest first."""
        return self._pages(f"/api/v1/subjects/{subject}/promotions/")

    @operation("subjects_retention")
    def subject_retention(self, subject: str) -> Row:
        """What its rule keeps of a model, why, and what may be deleted: a dry run."""
        found: Row = self._http.request("GET", f"/api/v1/subjects/{subject}/retention/")
        return found

    @operation("subjects_retention_set")
    def subject_retention_set(self, subject: str, **fields: Any) -> Row:
        """Give a model a rule of its own, or change it.

        Further fields: `keep_newest`, `keep_days`, `keep_champions`, `keep_tagged`,
        `is_active`.
        """
        found: Row = self._http.request(
            "PUT", f"/api/v1/subjects/{subject}/retention/", body=fields
        )
        return found

    @operation("subjects_retention_remove")
    def subject_retention_remove(self, subject: str) -> None:
        """Let the default rule hold for it again."""
        self._http.request("DELETE", f"/api/v1/subjects/{subject}/retention/")

    @operation("subjects_retention_predictions")
    def predictions_retention(self, subject: str) -> Row:
        """Say what is kept of a model's predictions, and what the next clean-up deletes."""
        url = f"/api/v1/subjects/{subject}/retention/predictions/"
        found: Row = self._http.request("GET", url)
        return found

    @operation("subjects_retention_predictions_set")
    def predictions_retention_set(self, subject: str, **fields: Any) -> Row:
        """Change `kept_days`, `log_share` or `keep_inputs` of a model's predictions."""
        url = f"/api/v1/subjects/{subject}/retention/predictions/"
        found: Row = self._http.request("PUT", url, body=fields)
        return found

    @operation("subjects_retention_apply")
    def subject_retention_apply(self, subject: str, *, versions: Sequence[Any]) -> Row:
        """Delete the files of versions that the dry run has shown; their record stays."""
        found: Row = self._http.request(
            "POST", f"/api/v1/subjects/{subject}/retention/apply/", body={"versions": versions}
        )
        return found

    @operation("subjects_version")
    def version(self, subject: str, version: int | str) -> Row:
        """One version: its model card."""
        found: Row = self._http.request("GET", f"/api/v1/subjects/{subject}/versions/{version}/")
        return found

    @operation("subjects_version_change")
    def version_change(self, subject: str, version: int | str, **fields: Any) -> Row:
        """Change its tags and notes.

        Further fields: `tags`, `notes`.
        """
        found: Row = self._http.request(
            "PATCH", f"/api/v1/subjects/{subject}/versions/{version}/", body=fields
        )
        return found

    @operation("versions_signer")
    def signer(self) -> Row:
        """The key that versions are signed with here."""
        found: Row = self._http.request("GET", "/api/v1/versions/signer/")
        return found

    @operation("subjects_compare")
    def compare(
        self,
        subject: str,
        a: int | str,
        b: int | str,
        *,
        timeout: float | None = None,
        progress: bool | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Have two versions compared on the same data, wait, and return what came of it.

        Further fields: `dataset_id`, or of a machine's model `start` and `end`.
        """
        body = {"a": str(a), "b": str(b), **fields}
        made = self._http.request("POST", f"/api/v1/subjects/{subject}/comparisons/", body=body)
        return wait_for(
            lambda: self.comparison(made["id"]),
            lambda job: float(job["progress"]),
            title="Comparison",
            timeout=timeout,
            progress=progress,
        )

    @operation("subjects_version_export")
    def version_export(self, subject: str, version: int | str, file: str | Path) -> Path:
        """Write a version to a signed file, for another server to import."""
        target = Path(file)
        self._http.download(f"/api/v1/subjects/{subject}/versions/{version}/export/", target)
        return target

    @operation("versions_import")
    def version_import(
        self, file: str | Path, *, subject: str = "", machine_id: str = ""
    ) -> dict[str, Any]:
        """Import a version from a file; the same one twice is there once."""
        with Path(file).open("rb") as source:
            parts: dict[str, Any] = {"file": (Path(file).name, source)}
            if subject:
                parts["subject"] = (None, subject)
            if machine_id:
                parts["machine_id"] = (None, machine_id)
            made: dict[str, Any] = self._http.request(
                "POST", "/api/v1/versions/import/", files=parts
            )
        return made

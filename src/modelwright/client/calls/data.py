"""Data sets, uploads in pieces, experiments and with whom they are shared."""

from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation


class DataCalls(Calls):
    """Data sets, uploads in pieces, experiments and with whom they are shared."""

    @operation("datasets_list")
    def datasets(self, **filters: Any) -> Rows:
        """List the data sets.

        Narrow it by `search`.
        """
        return self._pages("/api/v1/datasets/", filters)

    @operation("datasets_read")
    def dataset(self, dataset_id: str) -> Row:
        """Read one data set."""
        found: Row = self._http.request("GET", f"/api/v1/datasets/{dataset_id}/")
        return found

    @operation("datasets_delete")
    def dataset_delete(self, dataset_id: str, **filters: Any) -> None:
        """Delete a data set.

        Narrow it by `force`.
        """
        self._http.request("DELETE", f"/api/v1/datasets/{dataset_id}/", query=filters)

    @operation("datasets_preview")
    def dataset_preview(self, dataset_id: str, **filters: Any) -> Row:
        """Read the first rows of a data set.

        Narrow it by `rows`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/datasets/{dataset_id}/preview/", query=filters
        )
        return found

    @operation("datasets_profile")
    def dataset_profile(self, dataset_id: str, **filters: Any) -> Row:
        """Read what there is to know of a data set.

        Narrow it by `target`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/datasets/{dataset_id}/profile/", query=filters
        )
        return found

    @operation("uploads_list")
    def uploads(self) -> Rows:
        """List your unfinished uploads."""
        found: Rows = self._http.request("GET", "/api/v1/datasets/uploads/")
        return found

    @operation("uploads_begin")
    def upload_begin(self, *, file_name: str, size_bytes: int, **fields: Any) -> Row:
        """Begin to hand in a file in pieces.

        Further fields: `name`, `fingerprint`.
        """
        found: Row = self._http.request(
            "POST",
            "/api/v1/datasets/uploads/",
            body={"file_name": file_name, "size_bytes": size_bytes, **fields},
        )
        return found

    @operation("uploads_read")
    def upload(self, upload_id: str) -> Row:
        """Read how much of an upload is there."""
        found: Row = self._http.request("GET", f"/api/v1/datasets/uploads/{upload_id}/")
        return found

    @operation("uploads_discard")
    def upload_discard(self, upload_id: str) -> None:
        """Discard an upload."""
        self._http.request("DELETE", f"/api/v1/datasets/uploads/{upload_id}/")

    @operation("uploads_finish")
    def upload_finish(self, upload_id: str, **fields: Any) -> Row:
        """Make a data set of an upload.

        Further fields: `sha256`.
        """
        found: Row = self._http.request(
            "POST", f"/api/v1/datasets/uploads/{upload_id}/finish/", body=fields
        )
        return found

    @operation("experiments_list")
    def experiments(self, **filters: Any) -> Rows:
        """List the experiments.

        Narrow it by `dataset_id`, `search`.
        """
        return self._pages("/api/v1/experiments/", filters)

    @operation("experiments_read")
    def experiment(self, experiment_id: str) -> Row:
        """Read one experiment."""
        found: Row = self._http.request("GET", f"/api/v1/experiments/{experiment_id}/")
        return found

    @operation("experiments_change")
    def experiment_change(self, experiment_id: str, **fields: Any) -> Row:
        """Change an experiment.

        Further fields: `name`, `description`, `dataset_id`, `target_column`, `task`.
        """
        found: Row = self._http.request(
            "PATCH", f"/api/v1/experiments/{experiment_id}/", body=fields
        )
        return found

    @operation("experiments_delete")
    def experiment_delete(self, experiment_id: str, **filters: Any) -> None:
        """Delete an experiment.

        Narrow it by `force`.
        """
        self._http.request("DELETE", f"/api/v1/experiments/{experiment_id}/", query=filters)

    @operation("experiments_shares")
    def experiment_shares(self, experiment_id: str) -> Row:
        """Read with whom an experiment is shared."""
        found: Row = self._http.request("GET", f"/api/v1/experiments/{experiment_id}/shares/")
        return found

    @operation("experiments_share")
    def experiment_share(self, experiment_id: str, *, level: str, **fields: Any) -> Row:
        """Share an experiment.

        Further fields: `user`, `group`.
        """
        found: Row = self._http.request(
            "POST", f"/api/v1/experiments/{experiment_id}/shares/", body={"level": level, **fields}
        )
        return found

    @operation("experiments_unshare")
    def experiment_unshare(self, experiment_id: str, share_id: int) -> None:
        """Take a share away."""
        self._http.request("DELETE", f"/api/v1/experiments/{experiment_id}/shares/{share_id}/")

"""Predictions for whole data sets."""

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation
from modelwright.client.waiting import wait_for


class BatchCalls(Calls):
    """Predictions for whole data sets."""

    @operation("models_batches_create")
    def predict_dataset(
        self, subject: str, dataset_id: str, *, progress: bool | None = None, **options: Any
    ) -> Any:
        """Have every row of a data set answered, wait, and return the answers.

        Parameters
        ----------
        subject : str
            Slug or id.
        dataset_id : str
        progress : bool, optional
            Whether to show a bar.
        **options
            `key_column`, `version`, `log`.

        Returns
        -------
        pandas.DataFrame
            `row`, the key column (texts), `prediction`, a probability for each class, `version`.
        """
        body = {"dataset_id": dataset_id, **options}
        made = self._http.request("POST", f"/api/v1/models/{subject}/batches/", body=body)
        wait_for(
            lambda: self.batch(made["id"]),
            lambda batch: float(batch["progress_percent"]),
            title="Predictions",
            timeout=None,
            progress=progress,
        )
        key = options.get("key_column")
        with tempfile.TemporaryDirectory() as folder:
            file = self.batch_file(made["id"], Path(folder, "predictions.csv"))
            # a class may be called "None", and no cell but a key is ever empty
            return import_module("pandas").read_csv(
                file, dtype={key: str} if key else None, keep_default_na=False
            )

    @operation("models_batches_list")
    def batches(self, subject: str) -> Rows:
        """Predictions of a model for whole data sets, newest first."""
        return self._pages(f"/api/v1/models/{subject}/batches/")

    @operation("batches_retrieve")
    def batch(self, batch_id: str) -> Row:
        """Ask how far a batch of predictions is."""
        found: Row = self._http.request("GET", f"/api/v1/batches/{batch_id}/")
        return found

    @operation("batches_cancel")
    def batch_cancel(self, batch_id: str) -> Row:
        """Cancel a batch of predictions that has not ended."""
        found: Row = self._http.request("POST", f"/api/v1/batches/{batch_id}/cancel/")
        return found

    @operation("batches_file")
    def batch_file(self, batch_id: str, file: str | Path) -> Path:
        """Write the answers of a batch of predictions to a CSV file."""
        target = Path(file)
        self._http.download(f"/api/v1/batches/{batch_id}/file/", target)
        return target

    @operation("batches_file_delete")
    def batch_file_delete(self, batch_id: str) -> None:
        """Delete the answers of a batch of predictions; its record stays."""
        self._http.request("DELETE", f"/api/v1/batches/{batch_id}/file/")

"""Model runs, searches, and what became of predictions."""

from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation


class ModelCalls(Calls):
    """Model runs, searches, and what became of predictions."""

    @operation("models_list")
    def model_runs(self, **filters: Any) -> Rows:
        """List the model runs.

        Narrow it by `experiment_id`, `status`.
        """
        return self._pages("/api/v1/models/", filters)

    @operation("models_read")
    def model_run(self, run_id: str) -> Row:
        """Read one model run."""
        found: Row = self._http.request("GET", f"/api/v1/models/{run_id}/")
        return found

    @operation("models_delete")
    def model_run_delete(self, run_id: str) -> None:
        """Delete a model run."""
        self._http.request("DELETE", f"/api/v1/models/{run_id}/")

    @operation("models_monitoring")
    def monitoring(self, subject: str) -> Row:
        """What the last check of a champion's traffic found."""
        found: Row = self._http.request("GET", f"/api/v1/models/{subject}/monitoring/")
        return found

    @operation("models_monitoring_check")
    def monitoring_check(self, subject: str) -> Row:
        """Check a champion's traffic now."""
        found: Row = self._http.request("POST", f"/api/v1/models/{subject}/monitoring/check/")
        return found

    @operation("models_monitoring_metrics")
    def monitoring_metrics(self, subject: str, **filters: Any) -> Row:
        """Metrics from predictions and actual values, by version and time.

        Narrow it by `days`, `step`, `version`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/models/{subject}/monitoring/metrics/", query=filters
        )
        return found

    @operation("models_train_feature_importance")
    def feature_importance(self, run_id: str) -> Row:
        """Read how much each column matters to a model."""
        found: Row = self._http.request("GET", f"/api/v1/models/train/{run_id}/feature-importance/")
        return found

    @operation("models_train_metrics")
    def model_metrics(self, run_id: str) -> Row:
        """Read how good a model is."""
        found: Row = self._http.request("GET", f"/api/v1/models/train/{run_id}/metrics/")
        return found

    @operation("models_train_status")
    def model_status(self, run_id: str) -> Row:
        """Ask how far a training is."""
        found: Row = self._http.request("GET", f"/api/v1/models/train/{run_id}/status/")
        return found

    @operation("tuning_list")
    def searches(self, **filters: Any) -> Rows:
        """List the searches.

        Narrow it by `model_run_id`, `status`.
        """
        return self._pages("/api/v1/tuning/tune/", filters)

    @operation("tuning_read")
    def search(self, tuning_run_id: str) -> Row:
        """Read one search."""
        found: Row = self._http.request("GET", f"/api/v1/tuning/tune/{tuning_run_id}/")
        return found

    @operation("tuning_delete")
    def search_delete(self, tuning_run_id: str) -> None:
        """Delete a search."""
        self._http.request("DELETE", f"/api/v1/tuning/tune/{tuning_run_id}/")

    @operation("tuning_cancel")
    def search_cancel(self, tuning_run_id: str) -> Row:
        """End a search, keeping what it found."""
        found: Row = self._http.request("POST", f"/api/v1/tuning/tune/{tuning_run_id}/cancel/")
        return found

    @operation("tuning_continue")
    def search_continue(self, tuning_run_id: str, **fields: Any) -> Row:
        """Go on where a search stopped, or finer around its best.

        Further fields: `tuning_method`, `param_grid`, `cv_folds`, `scoring_metric`, `n_iter`,
        `random_state`, `timeout_seconds`, `early_stopping`, `sampler`, `tags`, `user_notes`.
        """
        found: Row = self._http.request(
            "POST", f"/api/v1/tuning/tune/{tuning_run_id}/continue/", body=fields
        )
        return found

    @operation("tuning_export")
    def search_export(self, tuning_run_id: str, **filters: Any) -> Any:
        """Download all trials as CSV, or the best as Python code.

        Narrow it by `format`.
        """
        return self._http.request(
            "GET", f"/api/v1/tuning/tune/{tuning_run_id}/export/", query=filters
        )

    @operation("tuning_importance")
    def search_importance(self, tuning_run_id: str) -> Row:
        """Read how much each parameter matters."""
        found: Row = self._http.request("GET", f"/api/v1/tuning/tune/{tuning_run_id}/importance/")
        return found

    @operation("tuning_results")
    def search_results(self, tuning_run_id: str, **filters: Any) -> Row:
        """Read what a completed search found.

        Narrow it by `top_n`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/tuning/tune/{tuning_run_id}/results/", query=filters
        )
        return found

    @operation("tuning_status")
    def search_status(self, tuning_run_id: str) -> Row:
        """Ask how far a search is."""
        found: Row = self._http.request("GET", f"/api/v1/tuning/tune/{tuning_run_id}/status/")
        return found

    @operation("tuning_train_best")
    def search_train_best(self, tuning_run_id: str, **fields: Any) -> Row:
        """Train the best combination and make it a version.

        Further fields: `notes`.
        """
        found: Row = self._http.request(
            "POST", f"/api/v1/tuning/tune/{tuning_run_id}/train-best/", body=fields
        )
        return found

    @operation("tuning_trials")
    def search_trials(self, tuning_run_id: str, **filters: Any) -> Row:
        """Read what a search has tried so far, ended or not.

        Narrow it by `after`, `limit`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/tuning/tune/{tuning_run_id}/trials/", query=filters
        )
        return found

"""What random forests and extremely randomised trees have in common."""

from typing import Any, ClassVar

from modelwright.engine.growth import Progress, grow
from modelwright.engine.trainers.base import Trainer


class ForestTrainer(Trainer):
    """Grows a forest tree by tree; fitted in chunks it is the very same forest."""

    native_threads: ClassVar[bool] = False
    size_parameter: ClassVar[str] = "n_estimators"

    def fit(self, estimator: Any, X: Any, y: Any, *, threads: int, progress: Progress) -> None:
        """Grow the trees in chunks, by `threads` at a time."""
        jobs = estimator.n_jobs
        estimator.n_jobs = threads if threads > 1 else None
        try:
            grow(
                estimator,
                X,
                y,
                parameter=self.size_parameter,
                threads=threads,
                progress=lambda share, text: progress(share, f"{text} trees"),
            )
        finally:
            estimator.n_jobs = jobs

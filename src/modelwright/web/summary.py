"""The strip above the list: how the model that was trained last has been doing."""

from dataclasses import dataclass

from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_runs
from modelwright.runs.states import Status

SPARK_RUNS = 30
SPARK_WIDTH, SPARK_HEIGHT = 112.0, 28.0


@dataclass(frozen=True)
class Spark:
    """A small line of values, drawn by the server.

    Attributes
    ----------
    path : str
        Of an SVG of 112 x 28.
    x, y : float
        Where its last point is.
    text : str
        The same in words.
    """

    path: str
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Summary:
    """The last completed run, the best one of its subject, and the line between."""

    last: TrainingRun
    best: TrainingRun
    spark: Spark | None
    count: int

    @property
    def below_best(self) -> float:
        """Return by how much the last one misses the best."""
        return (self.best.accuracy or 0.0) - (self.last.accuracy or 0.0)


def spark_draw(values: list[float]) -> Spark | None:
    """Draw values from left to right; a line needs two."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = SPARK_WIDTH / (len(values) - 1)
    flat = high == low
    points = [
        (
            i * step,
            SPARK_HEIGHT / 2 if flat else SPARK_HEIGHT - 3 - (v - low) / span * (SPARK_HEIGHT - 6),
        )
        for i, v in enumerate(values)
    ]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    text = (
        f"Last {len(values)} accuracies, from {values[0]:.4f} to {values[-1]:.4f}, best {high:.4f}"
    )
    return Spark(path, round(points[-1][0], 1), round(points[-1][1], 1), text)


def summary_get() -> Summary | None:
    """Return the summary, or None before the first completed run; two queries."""
    light = (
        "number",
        "model_version",
        "accuracy",
        "subject",
        "dataset_path",
        "finished_at",
        "status",
    )
    done = (
        training_runs()
        .select_related(None)
        .filter(status=Status.COMPLETED, accuracy__isnull=False)
        .only(*light)
    )
    last = done.order_by("-number").first()
    if last is None:
        return None
    same = list(done.filter(subject=last.subject).order_by("-number")[:SPARK_RUNS])
    best = max(same, key=lambda run: (run.accuracy or 0.0, -run.number))
    spark = spark_draw([run.accuracy or 0.0 for run in reversed(same)])
    return Summary(last, best, spark, len(same))

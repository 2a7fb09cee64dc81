"""The scheduled jobs. One file each; being in `SCHEDULED` enrols it everywhere."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScheduledJob:
    """What everybody must know of a scheduled job.

    Parameters
    ----------
    name : str
        Its id in requests, and the module below this package that has `work(report)`.
    title : str
        As people read it.
    what : str
        One sentence.
    at_start : bool
        Whether a scheduler runs it when it starts, too.
    is_light : bool
        Whether it takes no longer than a look into the database: then the scheduler does it itself,
        so that it never waits for heavy ones.
    """

    name: str
    title: str
    what: str
    at_start: bool = False
    is_light: bool = False


SCHEDULED: dict[str, ScheduledJob] = {
    job.name: job
    for job in (
        ScheduledJob(
            "baseline_retrain",
            "Retrain baselines",
            "Queues a training for each active machine that has new readings.",
        ),
        ScheduledJob(
            "anomaly_detect",
            "Detect anomalies",
            "Looks through the readings that are new, and for machines that fell silent.",
        ),
        ScheduledJob(
            "kpi_calculate",
            "Calculate key figures",
            "Reckons energy, cost, carbon and peaks of each day to which readings have come.",
        ),
        ScheduledJob(
            "training_cleanup",
            "Clean up trainings",
            "Gives back or fails the jobs that lost their worker; clears away leftovers, and the"
            " files of versions that active retention rules let go.",
            at_start=True,
            is_light=True,
        ),
        ScheduledJob(
            "predictions_cleanup",
            "Clean up predictions",
            "Deletes logged predictions, and files of predictions for data sets, that are older"
            " than they are kept.",
        ),
    )
}

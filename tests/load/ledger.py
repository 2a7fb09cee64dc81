"""What was sent and answered, and whether the database has exactly that."""

import uuid
from collections import Counter
from dataclasses import dataclass, field

from tests.stack import Stack

OPEN = "SELECT count(*) FROM model_runs WHERE status IN ('pending', 'running')"
SEARCHING = "SELECT count(*) FROM tuning_runs WHERE status IN ('pending', 'running')"


@dataclass
class Ledger:
    """What the server said that it has.

    Parameters
    ----------
    trainings : list of str
        An id of each that was accepted.
    searches : list of str
    predictions : list of str
        The id of each that was answered.
    readings : dict
        Machine -> time in ms -> power in kW.
    busy : int
        Trainings that were refused as their subject had one.
    """

    trainings: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)
    readings: dict[str, dict[int, float]] = field(default_factory=dict)
    busy: int = 0

    def unsettled(self, stack: Stack, before: dict[str, int]) -> int:
        """Return how many jobs have not ended and predictions are not in the database yet."""
        (jobs,), (searches,) = stack.rows(OPEN)[0], stack.rows(SEARCHING)[0]
        ((there,),) = stack.rows("SELECT count(*) FROM predictions")
        waiting = len(self.predictions) + before["predictions"] - there
        return int(jobs + searches + max(0, waiting))

    def differences(self, stack: Stack, before: dict[str, int]) -> dict[str, int]:
        """Return how far the database is from what was answered; all 0: each is there once."""
        return {
            **self._jobs(stack, before),
            **self._predictions(stack, before),
            **self._readings(stack),
        }

    def _jobs(self, stack: Stack, before: dict[str, int]) -> dict[str, int]:
        states = dict(stack.rows("SELECT status, count(*) FROM model_runs GROUP BY status"))
        searches = dict(stack.rows("SELECT status, count(*) FROM tuning_runs GROUP BY status"))
        ends = stack.rows(
            "SELECT count(*) FROM run_events WHERE kind = 'status'"
            " AND data->>'status' IN ('completed', 'failed', 'cancelled') GROUP BY job_id",
        )
        trained = before["model_runs"] + len(self.trainings)
        searched = before["tuning_runs"] + len(self.searches)
        return {
            "trainings lost or made twice": abs(sum(states.values()) - trained),
            "trainings not completed": sum(states.values()) - states.get("completed", 0),
            "searches not completed": abs(searched - searches.get("completed", 0)),
            "jobs ended twice": sum(count > 1 for (count,) in ends),
            "jobs without an end": max(0, trained + searched - len(ends)),
        }

    def _predictions(self, stack: Stack, before: dict[str, int]) -> dict[str, int]:
        stored = Counter(
            str(uuid.UUID(str(key))) for (key,) in stack.rows("SELECT request_id FROM predictions")
        )
        answered = Counter(self.predictions)
        return {
            "predictions lost": sum((answered - stored).values()),
            "predictions kept twice": sum((stored - answered).values()) - before["predictions"],
        }

    def _readings(self, stack: Stack) -> dict[str, int]:
        numbers = {
            str(uuid.UUID(str(key))): (number, count)
            for key, number, count in stack.rows("SELECT id, number, reading_count FROM machines")
        }
        first = min((at for sent in self.readings.values() for at in sent), default=0)
        stored: dict[int, dict[int, float]] = {}
        for number, at, power in stack.rows(
            f"SELECT machine_number, at, power_kw FROM readings WHERE at >= {first}"
        ):
            stored.setdefault(number, {})[at] = power
        counts = dict(
            stack.rows("SELECT machine_number, count(*) FROM readings GROUP BY machine_number")
        )
        batches = dict(
            stack.rows(
                "SELECT number, sum(accepted) FROM reading_batches"
                " JOIN machines ON machines.id = machine_id GROUP BY number",
            )
        )
        sent = {numbers[key][0]: rows for key, rows in self.readings.items()}
        return {
            "readings lost, changed or made up": sum(
                len(set(sent.get(n, {}).items()) ^ set(stored.get(n, {}).items()))
                for n in sent.keys() | stored.keys()
            ),
            "machines whose count is wrong": sum(
                not count == counts.get(number, 0) == int(batches.get(number, 0))
                for number, count in numbers.values()
            ),
        }

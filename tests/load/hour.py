"""An hour of an organisation: the same mix at the same rates, for a shorter time.

What is asked is sent when it is due, whether or not earlier answers have come, and an answer is
timed from the moment at which its request was due: a server that stands still for a second is seen
by all who would have asked in it. The work that comes once an hour or a day is started in between.
"""

import asyncio
import gc
import html
import json
import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import psutil

from tests.load.fleet import MACHINES, as_csv
from tests.load.ledger import Ledger
from tests.load.lines import Answer, Lines
from tests.load.memory import memory_mb
from tests.load.organisation import TRIGGER, Organisation
from tests.stack import eventually
from tests.tuning.analyst import TUNE

PREDICT = "/api/v1/models/future-skills/predict/"
TRAIN = "/api/training/train/"
JOB = "/api/v1/model-performance/jobs/"
PAGES = {  # and how many of a hundred pages are such
    "/ui/home": 12,
    "/ui/runs": 12,
    "/ui/runs/{run}": 14,
    "/ui/machines": 10,
    "/ui/machines?page={page}": 4,
    "/ui/machines/{machine}": 8,
    "/ui/model-performance": 6,
    "/ui/model-performance?machine={machine}": 8,
    "/ui/alerts": 8,
    "/ui/registry": 4,
    "/ui/registry/future-skills": 4,
    "/ui/predictions": 3,
    "/ui/searches": 3,
    "/ui/schedules": 2,
    "/ui/experiments": 2,
}
LISTS = {
    "/api/training/runs/": 15,
    "/api/training/runs/{run}/": 15,
    "/api/v1/model-performance/jobs/": 15,
    "/api/v1/model-performance/alerts/active/": 15,
    "/api/v1/machines/?page_size=100": 10,
    "/api/v1/machines/{machine}/readings/?limit=500": 10,
    "/api/v1/machines/{machine}/kpis/": 5,
    "/api/v1/subjects/": 5,
    "/api/v1/models/future-skills/monitoring/": 5,
    "/api/v1/events/": 5,
}
LIST_SHARE = 0.3  # of what people read
SCHEDULED = ("anomaly_detect", "kpi_calculate", "training_cleanup")
SECTION = re.compile(r'hx-get="([^"]*)" hx-trigger="load"')
LIVE = re.compile(r'hx-get="([^"]*)" hx-trigger="every 1s"')
POLLING_ENDED = 286
WELL = (200, 201, 202, 409, POLLING_ENDED)
READS = ("page", "part of a page", "live rows", "list")
TRIES = 5
AROUND_SHARE = 0.15
CONNECTIONS, WARM_TRIES = 16, 20  # for a prediction each, so that each web server has some
Act = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Pace:
    """How often what is done, in seconds between two times.

    Parameters
    ----------
    seconds : float
        How long it goes on.
    reader : float
        Between two pages of one reader.
    machine : float
        Between two readings of one machine.
    submitter : float
        Between two trainings of one who submits.
    prediction : float
        Between two predictions, of all.
    searches : int
        How many in all.
    late, repeated : float
        Share of the readings that come after the next one; that are sent twice.
    """

    seconds: float
    reader: float = 10.0
    machine: float = 60.0
    submitter: float = 120.0
    prediction: float = 0.02
    searches: int = 2
    late: float = 0.1
    repeated: float = 0.1


@dataclass(frozen=True)
class Asked:
    """One request: its kind and address, its answer, when it came, and the seconds since due."""

    kind: str
    what: str
    status: int
    at: float
    seconds: float


@dataclass
class Hour:
    """One that can be run once.

    Parameters
    ----------
    organisation : Organisation
    pace : Pace
    seed : int
        Of what is chosen.
    """

    organisation: Organisation
    pace: Pace
    seed: int = 1
    asked: list[Asked] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    memory: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        url = self.organisation.stack.url
        tokens = {"Authorization": "Token {}"}

        def lines(secrets: list[str], headers: dict[str, str]) -> list[Lines]:
            return [Lines(url, {k: v.format(s) for k, v in headers.items()}) for s in secrets]

        self._browsers = lines(self.organisation.sessions, {"Cookie": "sessionid={}"})
        self._readers = lines(self.organisation.readers, tokens)
        self._submitters = lines(self.organisation.submitters, tokens)
        self._service, self._admin = lines(
            [self.organisation.service, self.organisation.stack.token("admin")], tokens
        )
        count = len(self.organisation.fleet.ids)
        self._next, self._held = [0] * count, [list[int]() for _ in range(count)]

    # --- running ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Let it pass, and wait until what was accepted has come to its end."""
        gc.collect()
        gc.freeze()
        asyncio.run(self._run())
        stack, before = self.organisation.stack, self.organisation.before
        eventually(
            lambda: not self.ledger.unsettled(stack, before), seconds=300, what="all is settled"
        )

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        await self._warm()
        begun = clock() + 0.1
        watching = asyncio.create_task(self._watch(begun))
        async with asyncio.TaskGroup() as group:
            for at, act in sorted(self._plan(), key=lambda one: one[0]):
                await asyncio.sleep(max(0.0, begun + at - clock()))
                self.lags.append(clock() - begun - at)
                group.create_task(act(begun + at))
        for machine in range(len(self._held)):
            await self._catch_up(machine)
        watching.cancel()
        for lines in (*self._browsers, *self._readers, *self._submitters):
            lines.close()
        self._service.close()
        self._admin.close()

    async def _warm(self) -> None:
        """Ask for everything once: templates are read, and each process of models starts."""
        clock = asyncio.get_running_loop().time
        for path in (*PAGES, *LISTS):
            lines = (self._browsers if path in PAGES else self._readers)[0]
            await lines.ask("GET", self._filled(path))
        for _ in range(WARM_TRIES):
            await asyncio.gather(*(self._predict(clock()) for _ in range(CONNECTIONS)))
            if all(psutil.Process(pid).children() for pid in self.organisation.stack.pids()["web"]):
                break
            self._service.close()  # who has the connections keeps them: others may get the next
        else:
            raise AssertionError("A web server has no process of models.")
        self.asked.clear()

    async def _watch(self, begun: float) -> None:
        """Look at the memory now and then."""
        clock = asyncio.get_running_loop().time
        while True:
            found = await asyncio.to_thread(memory_mb, self.organisation.stack)
            self.memory.append((clock() - begun, found))
            await asyncio.sleep(self.pace.seconds / 40)

    def _plan(self) -> Iterator[tuple[float, Act]]:
        """Yield what is done when."""
        pace = self.pace
        for n in range(len(self._browsers)):
            yield from self._repeated(pace.reader, lambda due, _, n=n: self._read(n, due))
        for n in range(len(self._next)):
            yield from self._repeated(pace.machine, lambda due, _, n=n: self._report(n, due))
        for n in range(len(self._submitters)):
            yield from self._repeated(
                pace.submitter, lambda due, turn, n=n: self._submit(n, turn, due)
            )
        for at in np.arange(0.0, pace.seconds, pace.prediction).tolist():
            yield at, self._predict
        for n in range(pace.searches):
            yield pace.seconds * (n + 0.5) / pace.searches, self._search
        for n, name in enumerate(SCHEDULED):
            yield (
                pace.seconds * (n + 0.5) / len(SCHEDULED),
                lambda due, name=name: self._start(name, due),
            )

    def _repeated(
        self, every: float, act: Callable[[float, int], Awaitable[None]]
    ) -> Iterator[tuple[float, Act]]:
        first = self._chance.uniform(0, every)
        for turn, at in enumerate(np.arange(first, self.pace.seconds, every).tolist()):
            yield at, lambda due, turn=turn: act(due, turn)

    async def _ask(
        self,
        kind: str,
        due: float,
        lines: Lines,
        method: str,
        path: str,
        body: bytes = b"",
        **headers: str,
    ) -> Answer:
        answer = await lines.ask(method, path, body, **headers)
        ended = asyncio.get_running_loop().time()
        self.asked.append(Asked(kind, path, answer.status, ended, ended - due))
        return answer

    # --- what is done ----------------------------------------------------------------------------

    def _one_of(self, shares: dict[str, int]) -> str:
        return self._filled(self._chance.choices(list(shares), list(shares.values()))[0])

    def _filled(self, path: str) -> str:
        return path.format(
            run=self._chance.choice(self.organisation.runs),
            machine=self._chance.choice(self.organisation.fleet.ids),
            page=self._chance.randint(1, max(1, len(self.organisation.fleet.ids) // 50)),
        )

    async def _read(self, reader: int, due: float) -> None:
        if self._chance.random() < LIST_SHARE:
            await self._ask("list", due, self._readers[reader], "GET", self._one_of(LISTS))
            return
        lines, clock = self._browsers[reader], asyncio.get_running_loop().time
        answer = await self._ask("page", due, lines, "GET", self._one_of(PAGES))
        text = answer.body.decode()
        for address in SECTION.findall(text):
            path = html.unescape(address)
            await self._ask("part of a page", clock(), lines, "GET", path, HX_Request="true")
        if found := LIVE.search(text):
            await self._watch_live(lines, html.unescape(found[1]), due + self.pace.reader)

    async def _watch_live(self, lines: Lines, path: str, until: float) -> None:
        """Ask for fresh rows every second until the reader goes on to another page."""
        clock = asyncio.get_running_loop().time
        while clock() + 1 < until:
            await asyncio.sleep(1)
            answer = await self._ask("live rows", clock(), lines, "GET", path, HX_Request="true")
            if answer.status == POLLING_ENDED:
                return

    async def _report(self, machine: int, due: float) -> None:
        """Send the next reading, or keep it back until after the one that follows."""
        row = self._next[machine]
        held = self._held[machine]
        if row < len(self.organisation.fleet.coming[machine]):
            self._next[machine] += 1
            if self._chance.random() < self.pace.late and not held:
                held.append(row)
                return
            if not await self._send("reading", machine, row, due):
                held.append(row)
                return
            if self._chance.random() < self.pace.repeated:
                await self._send("reading", machine, row, asyncio.get_running_loop().time())
        await self._catch_up(machine)

    async def _catch_up(self, machine: int) -> None:
        """Send what was kept back."""
        held, clock = self._held[machine], asyncio.get_running_loop().time
        for _ in range(TRIES):
            while held and await self._send("late reading", machine, held[0], clock()):
                held.pop(0)
            if not held:
                return
            await asyncio.sleep(1)

    async def _send(self, kind: str, machine: int, row: int, due: float) -> bool:
        fleet = self.organisation.fleet
        series = fleet.coming[machine]
        at = int(series.times[row])
        body = as_csv(series.between(at, at + 1))
        path = f"{MACHINES}{fleet.ids[machine]}/readings"
        answer = await self._ask(
            kind, due, self._admin, "POST", path, body, Content_Type="text/csv"
        )
        if answer.status == 201:
            sent = self.ledger.readings.setdefault(fleet.ids[machine], {})
            sent[at] = float(series.channels["power_kw"][row])
        return answer.status == 201

    async def _predict(self, due: float) -> None:
        body = json.dumps({"row": self._chance.choice(self.organisation.rows)}).encode()
        answer = await self._ask("prediction", due, self._service, "POST", PREDICT, body)
        if answer.status == 200:
            made = json.loads(answer.body)["predictions"]
            self.ledger.predictions += [one["prediction_id"] for one in made]

    async def _submit(self, submitter: int, turn: int, due: float) -> None:
        """Submit a training, and look on until its end."""
        lines = self._submitters[submitter]
        if (submitter + turn) % 3 == 2:
            events = await self._submit_machine(lines, due)
        else:
            events = await self._submit_table(lines, due, f"load-{submitter}-{turn}")
        if events:
            await self._ask("looking on", due, lines, "GET", events)

    async def _submit_table(self, lines: Lines, due: float, name: str) -> str:
        fields = {
            "dataset_path": self._chance.choice(self.organisation.datasets),
            "model_version": name,
            "hyperparameters": {"n_estimators": 100},
        }
        body = json.dumps(fields).encode()
        answer = await self._ask("training", due, lines, "POST", TRAIN, body, Prefer="wait=0")
        self.ledger.busy += answer.status == 409
        if answer.status not in (201, 202):
            return ""
        number = json.loads(answer.body)["training_run_id"]
        self.ledger.trainings.append(str(number))
        return f"/api/training/runs/{number}/events/"

    async def _submit_machine(self, lines: Lines, due: float) -> str:
        machine = self._chance.choice(self.organisation.fleet.ids)
        fields = {"model_type": "baseline", "machine_id": machine, "trigger_type": "manual"}
        body = json.dumps(fields).encode()
        answer = await self._ask("training", due, lines, "POST", TRIGGER, body)
        if answer.status != 200:
            return ""
        job = json.loads(answer.body)["training_job_id"]
        self.ledger.busy += job is None
        if job is None:
            return ""
        self.ledger.trainings.append(job)
        return f"{JOB}{job}/events/"

    async def _search(self, due: float) -> None:
        fields = {
            "model_run_id": self.organisation.searched,
            "tuning_method": "grid_search",
            "param_grid": {"n_estimators": [20, 50], "max_depth": [5, 10, None]},
            "cv_folds": 5,
            "scoring_metric": "accuracy",
        }
        stack = self.organisation.stack
        analyst = Lines(stack.url, {"Authorization": f"Token {stack.token('analyst')}"})
        body = json.dumps(fields).encode()
        answer = await self._ask("search", due, analyst, "POST", TUNE, body)
        if answer.status in (201, 202):
            self.ledger.searches.append(json.loads(answer.body)["tuning_run_id"])
        analyst.close()

    async def _start(self, name: str, due: float) -> None:
        """Start what comes once an hour or a day."""
        path = f"/api/v1/scheduler/trigger/{name}/"
        await self._ask("scheduled job", due, self._admin, "POST", path)

    # --- what came of it -------------------------------------------------------------------------

    def broken(self) -> list[Asked]:
        """Return what was not answered well."""
        return [one for one in self.asked if one.status not in WELL]

    def seconds_of(self, *kinds: str) -> list[float]:
        """Return how long the answers of some kinds took."""
        return [one.seconds for one in self.asked if one.kind in kinds]

    def memory_at(self, share: float) -> dict[str, float]:
        """Return the memory of each part around a moment: the median of some looks.

        One of them may meet a process just forked, which counts all memory once more.
        """
        when, around = share * self.pace.seconds, AROUND_SHARE * self.pace.seconds
        looks = [found for at, found in self.memory if abs(at - when) <= around]
        return {part: median(found[part] for found in looks) for part in looks[0]}

"""The TPE is Optuna's own, with its defaults."""

import optuna
import pytest

from modelwright.engine.search.methods import BayesianMethod
from modelwright.engine.search.results import Trial
from modelwright.engine.search.space import BAYESIAN, Params, parse_space

GRID = {
    "C": {"low": 0.001, "high": 1000, "log": True},
    "degree": {"low": 1, "high": 10},
    "kernel": ["rbf", "linear", "poly"],
}


def score(params: Params) -> float:
    """Score a combination; the best is near C = 3, degree 4, rbf."""
    return float(-abs(params["C"] - 3) - (params["degree"] - 4) ** 2 + (params["kernel"] == "rbf"))


@pytest.mark.parametrize("seed", range(3))
def test_it_proposes_what_optuna_itself_would(seed: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        params = {
            "C": trial.suggest_float("C", 0.001, 1000, log=True),
            "degree": trial.suggest_int("degree", 1, 10),
            "kernel": trial.suggest_categorical("kernel", ["rbf", "linear", "poly"]),
        }
        return score(params)

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=30)
    method = BayesianMethod(parse_space("svm", GRID, BAYESIAN), 30, seed, "tpe")
    proposed = []
    for _ in range(30):
        (proposal,) = method.ask(1)
        proposed.append(proposal.params)
        value = score(proposal.params)
        method.tell(Trial(proposal.number, proposal.params, (value,), value, 0.0))
    assert proposed == [trial.params for trial in study.trials]


def test_dear_trials_bring_in_the_gaussian_process() -> None:
    for duration, sampler in ((0.01, "tpe"), (20.0, "gp")):
        method = BayesianMethod(parse_space("svm", GRID, BAYESIAN), 8, 0)
        for _ in range(8):
            (proposal,) = method.ask(1)
            value = score(proposal.params)
            method.tell(Trial(proposal.number, proposal.params, (value,), value, 0.0, duration))
        assert method.sampler == sampler

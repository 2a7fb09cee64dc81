"""Makes sure that what is shared between combinations changes no result, on these versions."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import clone

from modelwright.engine.parameters import CLASSIFICATION
from modelwright.engine.search.evaluators.boosting import CUTS, MOST_ROUNDS
from modelwright.engine.search.evaluators.counted import compiled
from modelwright.engine.search.evaluators.forest import grow
from modelwright.engine.search.evaluators.grown import depth_of
from modelwright.engine.search.evaluators.neighbours import look
from modelwright.engine.search.evaluators.trees import NATIVE, Grower, Rows, setup_of
from modelwright.engine.search.problem import Fold
from modelwright.engine.trainers import trainer_for

SEED = 1
CASES: tuple[tuple[int, int | None], ...] = ((3, 3), (6, None), (4, 2))
"""Trees and depth."""
SMALLEST_SPLITS = (2, 7)
N_TRAIN, N_TEST = 48, 24
ROUNDS = (1, 3, 6)
NEIGHBOURS = (1, 2, 5)
SMALL_LEAVES: dict[str, dict[str, Any]] = {
    "hist_gradient_boosting": {"min_samples_leaf": 3},
    "lightgbm": {"min_child_samples": 3},
    "xgboost": {},
}

# What other versions of scikit-learn raise where a private name or argument has changed.
_STRANGE: tuple[type[Exception], ...] = (
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ImportError,
    ArithmeticError,
)


@cache
def forest_fault(model_type: str, task: str) -> str:
    """Return how the direct way differs from the public one, or nothing.

    Small forests are grown both ways on dense and on sparse rows, with every kind of class weight;
    every probability or number must be equal to the last bit. A fraction of a second, once.

    Parameters
    ----------
    model_type : str
        ``random_forest`` or ``extra_trees``.
    task : str
        ``classification`` or ``regression``.

    Examples
    --------
    >>> forest_fault("random_forest", "classification")
    ''
    """
    if not NATIVE:
        return "scikit-learn's tree builder isn't where it used to be"
    for params in _parameters(task):
        for sparse in (False, True):
            try:
                same = _same(model_type, task, params, sparse)
            except _STRANGE as error:
                return f"scikit-learn's tree builder can't be called directly ({error})"[:200]
            if not same:
                return "trees grown directly differ from those of this scikit-learn's forests"
    return ""


@cache
def counting_fault() -> str:
    """Return how trees grown by counting differ from scikit-learn's, or nothing.

    Compiles at the first call, for a few seconds, unless that is on disk.

    Examples
    --------
    >>> counting_fault()
    ''
    """
    kernels = compiled()
    if kernels.MISSING:
        return str(kernels.MISSING)
    for params in _parameters(CLASSIFICATION):
        for sparse in (False, True):
            try:
                same = _same("random_forest", CLASSIFICATION, params, sparse, counts=True)
            except (*_STRANGE, kernels.CompileError) as error:
                return f"trees can't be grown by counting ({error})"[:200]
            if not same:
                return "trees grown by counting differ from those of this scikit-learn's forests"
    return ""


@cache
def boosting_fault(model_type: str, task: str) -> str:
    """Return how the first rounds of a long model differ from a short model, or nothing.

    Parameters
    ----------
    model_type : str
        One of `CUTS`.
    task : str
        ``classification`` or ``regression``.

    Examples
    --------
    >>> boosting_fault("hist_gradient_boosting", "regression")
    ''
    """
    fold, trainer, size = (
        _fold(task, sparse=False),
        trainer_for(model_type),
        MOST_ROUNDS[model_type],
    )

    def fitted(rounds: int) -> Any:
        params = {**SMALL_LEAVES[model_type], size: rounds}
        model = trainer.build(task, params, random_state=SEED, threads=1)
        return model.fit(fold.X_train, fold.y_train)

    try:
        longest = fitted(ROUNDS[-1])
        for rounds in ROUNDS:
            short, cut = fitted(rounds), CUTS[model_type](longest, rounds)
            for answer in ("predict", "predict_proba", "decision_function"):
                if hasattr(short, answer) and not np.array_equal(
                    getattr(short, answer)(fold.X_test), getattr(cut, answer)(fold.X_test)
                ):
                    return f"the first rounds of a long {model_type} model differ from a short one"
    except _STRANGE as error:
        return f"a {model_type} model can't be cut ({error})"[:200]
    return ""


@cache
def neighbours_fault(task: str) -> str:
    """Return how models that share a search for neighbours differ from others, or nothing.

    Parameters
    ----------
    task : str
        ``classification`` or ``regression``.

    Examples
    --------
    >>> neighbours_fault("classification")
    ''
    """
    trainer = trainer_for("knn")
    for sparse in (False, True):
        fold = _fold(task, sparse)
        models = [
            trainer.build(
                task, {"n_neighbors": number, "weights": weights}, random_state=SEED, threads=1
            )
            for number in NEIGHBOURS
            for weights in ("uniform", "distance")
        ]
        try:
            for position, model in look(models, range(len(models)), fold).items():
                own = clone(models[position]).fit(fold.X_train, fold.y_train)
                for answer in ("predict", "predict_proba"):
                    if hasattr(own, answer) and not np.array_equal(
                        getattr(own, answer)(fold.X_test), getattr(model, answer)(fold.X_test)
                    ):
                        return "what they say differs from what each would say alone"
        except _STRANGE as error:
            return f"the search can't be shared ({error})"[:200]
    return ""


def _parameters(task: str) -> Iterator[dict[str, Any]]:
    weights = (None, "balanced", "balanced_subsample") if task == CLASSIFICATION else (None,)
    for split in SMALLEST_SPLITS:
        for number, class_weight in enumerate(weights):
            params: dict[str, Any] = {"min_samples_leaf": 1 + number, "min_samples_split": split}
            if task == CLASSIFICATION:
                params["class_weight"] = class_weight
            yield {**params, "bootstrap": True}
        yield {**params, "bootstrap": False}


def _same(
    model_type: str, task: str, params: dict[str, Any], sparse: bool, *, counts: bool = False
) -> bool:
    fold = _fold(task, sparse)
    trainer = trainer_for(model_type)

    def build(size: int, depth: int | None) -> Any:
        limits = {"n_estimators": size, "max_depth": depth}
        return trainer.build(task, {**params, **limits}, random_state=SEED, threads=1)

    setup = setup_of(build(*CASES[0]))
    if setup is None:
        return False
    plan = {depth_of(build(*case)): {case[0]: [i]} for i, case in enumerate(CASES)}
    rows = Rows(fold, setup.classify, SEED)
    for positions, means in grow(Grower(rows, setup, counts=counts), plan):
        forest = build(*CASES[positions[0]]).fit(fold.X_train, fold.y_train)
        answers = forest.predict_proba if setup.classify else forest.predict
        if not np.array_equal(answers(fold.X_test), means if setup.classify else means[:, 0]):
            return False
    return True


def _fold(task: str, sparse: bool) -> Fold:
    random = np.random.default_rng(SEED)
    rows = N_TRAIN + N_TEST
    kinds = random.integers(0, 5, rows)
    numbers = random.normal(size=(rows, 3)).round(1)
    X: Any = np.hstack([np.eye(5)[kinds], np.eye(4)[random.integers(0, 4, rows)], numbers])
    y = numbers[:, 0] + (kinds == 1) + random.normal(size=rows)
    if task == CLASSIFICATION:
        y = np.digitize(y, [-0.5, 1.0])
    if sparse:
        X = csr_matrix(X)
    train, test = slice(0, N_TRAIN), slice(N_TRAIN, rows)
    return Fold(0, X[train], X[test], y[train], y[test], y[train], y[test])

"""The engine as a library: light to import, safe to fork, fast, and its examples run."""

import doctest
import os
import pkgutil
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    precision_recall_fscore_support,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import modelwright.engine
from modelwright.engine import FUTURE_SKILLS, TrainingConfig, run_training, warm_up
from modelwright.engine.tables import read_table

MODULES = [
    info.name for info in pkgutil.walk_packages(modelwright.engine.__path__, "modelwright.engine.")
]
LIGHT = ("errors", "hyperparameters", "parameters", "presets", "config", "results", "recording")
LIGHT += ("samples", "artifacts", "exports", "optional", "files")
HEAVY = ["sklearn", "pandas", "numpy", "scipy", "joblib", "skops", "django"]


def run(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_light_modules_load_nothing_heavy() -> None:
    imports = ", ".join(f"modelwright.engine.{name}" for name in LIGHT)
    code = f"import sys, modelwright.engine, {imports}\n"
    assert run(code + f"print([m for m in {HEAVY!r} if m in sys.modules])") == "[]"


def test_numba_is_loaded_by_the_search_that_needs_it() -> None:
    code = "import sys, modelwright.engine.search.runner\nprint('numba' in sys.modules)"
    assert run(code) == "False"


def test_the_whole_engine_needs_no_django() -> None:
    imports = "\n".join(f"import {name}" for name in MODULES)
    assert run(f"import sys\n{imports}\nprint('django' in sys.modules)") == "False"


def test_every_public_name_is_there() -> None:
    for name in modelwright.engine.__all__:
        assert getattr(modelwright.engine, name) is not None
    assert dir(modelwright.engine) == sorted(modelwright.engine.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = modelwright.engine.nonsense


@pytest.mark.parametrize("name", ["modelwright.engine", *MODULES])
def test_examples_run(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


FORK = """
import os, signal, sys
os.environ["GOMP_SPINCOUNT"] = "10000"  # as the settings have it: a busy machine fits in time
from modelwright.engine import warm_up
warm_up()
for model_type in sys.argv[1:] or ["random_forest", "hist_gradient_boosting", "ridge"]:
    child = os.fork()
    if not child:
        import tempfile, pathlib
        from modelwright.engine import TrainingConfig, run_training, write_future_skills_csv
        signal.alarm(60)
        with tempfile.TemporaryDirectory() as folder:
            data = write_future_skills_csv(folder + "/s.csv")
            config = TrainingConfig(str(data), "future_need_level", model_type, threads=2)
            run_training(
                config, artifact_path=pathlib.Path(folder, "m.pkl"), report=lambda *_: None
            )
        os._exit(0)
    print(model_type, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_forked_children_can_train_after_the_warm_up() -> None:
    assert run(FORK).splitlines() == ["random_forest 0", "hist_gradient_boosting 0", "ridge 0"]


def plain_script(path: Path) -> None:
    """Do the same fit and evaluation as somebody would without Modelwright."""
    frame = read_table(path).frame
    X, y = frame[list(FUTURE_SKILLS.feature_columns)], frame[FUTURE_SKILLS.target_column]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, random_state=42, stratify=y
    )
    steps = [
        ("text", OneHotEncoder(handle_unknown="ignore"), list(FUTURE_SKILLS.text_columns)),
        ("numeric", StandardScaler(), list(FUTURE_SKILLS.numeric_columns)),
    ]
    forest = RandomForestClassifier(100, random_state=42, class_weight="balanced")
    model = Pipeline([("preprocessor", ColumnTransformer(steps)), ("classifier", forest)])
    model.fit(X_train, y_train)
    predicted = model.predict(X_test)
    accuracy_score(y_test, predicted)
    precision_recall_fscore_support(y_test, predicted, average="weighted")
    classification_report(y_test, predicted, output_dict=True)
    confusion_matrix(y_test, predicted)


@pytest.mark.slow
def test_training_costs_little_more_than_a_plain_script(skills_csv: Path, tmp_path: Path) -> None:
    warm_up()
    config = TrainingConfig(str(skills_csv), preset="future_skills")
    plain, ours = [], []
    for _ in range(7):
        started = time.process_time()
        plain_script(skills_csv)
        plain.append(time.process_time() - started)
        started = time.process_time()
        run_training(config, artifact_path=tmp_path / "m.pkl", report=lambda *_: None)
        ours.append(time.process_time() - started)
    assert min(ours) <= 1.3 * min(plain) + 0.05, (min(ours), min(plain))
    assert os.listdir(tmp_path) == ["m.pkl"]

"""The peer: a plain scikit-learn script, warm. For each line on stdin it trains once.

It reads the table, fits and evaluates as contract A describes, and answers with the seconds taken.
"""

import sys
import time
from collections.abc import Sequence

import pandas as pd
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

TARGET = "future_need_level"
TEXT = ["job_role_name", "skill_name", "skill_category", "job_department"]


def train(path: str, trees: int) -> float:
    """Train and evaluate once; return the accuracy."""
    table = pd.read_csv(path)
    features = table.drop(columns=[TARGET])
    numbers = [name for name in features.columns if name not in TEXT]
    train_x, test_x, train_y, test_y = train_test_split(
        features, table[TARGET], test_size=0.2, random_state=42, stratify=table[TARGET]
    )
    model = Pipeline(
        [
            (
                "columns",
                ColumnTransformer(
                    [
                        ("text", OneHotEncoder(handle_unknown="ignore"), TEXT),
                        ("numbers", StandardScaler(), numbers),
                    ]
                ),
            ),
            (
                "model",
                RandomForestClassifier(
                    n_estimators=trees, class_weight="balanced", random_state=42
                ),
            ),
        ]
    )
    model.fit(train_x, train_y)
    predicted = model.predict(test_x)
    precision_recall_fscore_support(test_y, predicted, average="weighted", zero_division=0)
    classification_report(test_y, predicted, output_dict=True, zero_division=0)
    confusion_matrix(test_y, predicted)
    return float(accuracy_score(test_y, predicted))


def main(arguments: Sequence[str]) -> None:
    """Train once for each line, after one round that doesn't count."""
    path, trees = arguments[0], int(arguments[1])
    train(path, trees)
    for _ in sys.stdin:
        begun = time.perf_counter()
        accuracy = train(path, trees)
        print(time.perf_counter() - begun, accuracy, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

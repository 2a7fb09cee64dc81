"""Tables that can't be used are refused with the reason; odd ones that can be used are."""

from pathlib import Path

import pytest

from modelwright.engine import DataLoadError, ModelTrainer
from tests.bad_tables import BAD_TABLES, GENERAL_BAD_TABLES, ODD_TABLES


def test_there_are_at_least_45_of_them() -> None:
    assert len(BAD_TABLES) + len(GENERAL_BAD_TABLES) >= 45


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_table_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    data, words = BAD_TABLES[name]
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(DataLoadError) as refusal:
        ModelTrainer(path).load_data()
    message = str(refusal.value)
    assert [word for word in words if word not in message] == [], message
    assert str(tmp_path) not in message
    assert len(message) < 1000


@pytest.mark.parametrize("name", GENERAL_BAD_TABLES)
def test_bad_table_is_refused_without_preset(name: str, tmp_path: Path) -> None:
    data, target, task, words = GENERAL_BAD_TABLES[name]
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(DataLoadError) as refusal:
        ModelTrainer(path, target_column=target, task=task).load_data()
    message = str(refusal.value)
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize("name", ODD_TABLES)
def test_odd_table_can_be_trained_on(name: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(ODD_TABLES[name])
    trainer = ModelTrainer(path)
    trainer.load_data()
    metrics = trainer.train(n_estimators=10)
    accuracy = metrics["accuracy"]
    assert accuracy is not None
    assert accuracy > 0.75

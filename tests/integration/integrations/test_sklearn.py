"""An estimator of scikit-learn is recorded with its run, and nothing is pickled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import runpact
from integration.runs.place import Place
from runpact.integrations.sklearn import record
from runpact.model.errors import ValueRefusedError

DATA = np.arange(20.0).reshape(10, 2)
TARGET = DATA[:, 0] * 2 + 1


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    monkeypatch.chdir(tmp_path)
    found = Place(tmp_path, capsys)
    found.write("contract.yaml", 'contract: t.t\nversion: "1.0.0"\nextends: runpact:project-run@1\n')
    return found


def opened() -> runpact.ActiveRun:
    return runpact.run(contract="runpact:basic@1", name="fit")


def card_of(run: runpact.ActiveRun, name: str = "estimator") -> dict:
    return json.loads((Path(run.dir) / f"artifacts/{name}.json").read_text())


def test_parameters_learned_arrays_and_scores_are_recorded(place: Place) -> None:
    model = Ridge(alpha=0.5).fit(DATA, TARGET)
    with opened() as run:
        scores = record(run, model, DATA, TARGET, scoring=["r2", "neg_mean_absolute_error"])
    card = card_of(run)
    assert card["class"] == "sklearn.linear_model._ridge.Ridge"
    assert card["parameters"]["alpha"] == 0.5
    assert card["arrays"] == ["coef_"]
    assert card["fitted"]["n_features_in_"] == 2
    assert card["scores"] == scores
    assert scores["r2"] == pytest.approx(model.score(DATA, TARGET))
    with np.load(Path(run.dir) / "artifacts/estimator.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["coef_"], model.coef_)
    assert "estimator.r2" in (Path(run.dir) / ".runpact/metrics.jsonl").read_text()


def test_a_pipeline_and_a_forest_are_described_without_a_pickle(place: Place) -> None:
    classes = (TARGET.mean() < TARGET).astype(int)
    forest = RandomForestClassifier(n_estimators=3, random_state=7).fit(DATA, classes)
    with opened() as run:
        record(run, make_pipeline(StandardScaler(), Ridge()), name="pipeline")
        assert record(run, forest, DATA, classes, name="forest") == {"score": forest.score(DATA, classes)}
    assert card_of(run, "pipeline")["parameters"]["ridge__alpha"] == 1.0
    assert not card_of(run, "pipeline")["is_fitted"]
    assert card_of(run, "forest")["arrays"] == ["classes_"]
    assert "DecisionTreeClassifier" in str(card_of(run, "forest")["fitted"]["estimators_"])


def test_a_score_that_is_no_number_is_refused(place: Place) -> None:
    class Odd(Ridge):
        def score(self, data: object, target: object) -> float:
            return float("nan")

    with pytest.raises(ValueRefusedError), opened() as run:
        record(run, Odd().fit(DATA, TARGET), DATA, TARGET)

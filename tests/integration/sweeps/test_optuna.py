"""Sweeps whose trials a sampler chooses: Optuna itself at night, else a stand-in of its interface."""

from __future__ import annotations

import random
import sys
from types import ModuleType, SimpleNamespace

import pytest

import runpact
from integration.runs.place import Place

SPACE = {"x": "uniform(0,1)", "k": ["a", 1], "n": "int(0,3)", "l": "log(1e-3,1)", "c": "choice(true,null)"}


class Study:
    """Asks for random parameters and remembers what it was told."""

    def __init__(self, seed: int) -> None:
        """Seed the draws."""
        self.random, self.told, self.added = random.Random(seed), [], []

    def ask(self, distributions: dict) -> SimpleNamespace:
        """Return parameters for a trial."""
        return SimpleNamespace(params={key: draw(self.random) for key, draw in distributions.items()})

    def tell(self, trial: SimpleNamespace, value: float | None, *, state: str | None) -> None:
        """Remember an end."""
        assert (value is None) == (state == "failed")
        self.told.append((trial.params, value))

    def add_trial(self, trial: dict) -> None:
        """Remember an end from before."""
        assert trial["params"].keys() == trial["distributions"].keys()
        self.added.append(trial["value"])


@pytest.fixture
def studies(monkeypatch: pytest.MonkeyPatch) -> list[Study]:
    """Put the stand-in where Optuna would be imported from; return the studies that are made."""
    made: list[Study] = []

    def create(*, sampler: int, direction: str) -> Study:
        assert direction in {"minimize", "maximize"}
        made.append(Study(sampler))
        return made[-1]

    module = ModuleType("optuna")
    module.logging = SimpleNamespace(WARNING=30, set_verbosity=lambda _level: None)
    module.samplers = SimpleNamespace(TPESampler=lambda *, seed: seed)
    module.create_study = create
    module.trial = SimpleNamespace(
        TrialState=SimpleNamespace(FAIL="failed"), create_trial=lambda **said: said
    )
    module.distributions = SimpleNamespace(
        FloatDistribution=lambda low, high, *, log=False: lambda r: r.uniform(low, high),
        IntDistribution=lambda low, high: lambda r: r.randint(low, high),
        CategoricalDistribution=lambda values: lambda r: r.choice(values),
    )
    monkeypatch.setitem(sys.modules, "optuna", module)
    return made


def loss(trial: runpact.OpenTrial) -> float:
    if trial.number == 3:
        raise ValueError("three")
    return trial.config["x"] + trial.config["n"]


def hold(resumed: list[int]) -> None:
    """Demand what holds of every sampler."""
    said = {"trial": loss, "method": "optuna", "trials": 8, "seed": 5, "objective": "metrics.loss:min"}
    first = runpact.sweep(SPACE, **said)
    again = runpact.sweep(SPACE, **said)
    assert [end.trial.settings for end in first.outcome.ends] == [
        end.trial.settings for end in again.outcome.ends
    ]
    assert (first.outcome.counts.ranked, first.outcome.counts.failed) == (7, 1)
    for end in first.outcome.ends:
        settings = end.trial.settings
        assert 0 <= settings["x"] <= 1
        assert settings["k"] in ("a", 1)
        assert settings["n"] in range(4)
        assert settings["c"] in (True, None)
    few = runpact.sweep(
        {"n": "int(0,2)"},
        trial=lambda trial: float(trial.config["n"]),
        method="optuna",
        trials=50,
        objective="metrics.loss:max",
    )
    assert sorted(end.trial.settings["n"] for end in few.outcome.ends) == [0, 1, 2]

    def stopped(trial: runpact.OpenTrial) -> float:
        if trial.number == 5 and not resumed:
            raise KeyboardInterrupt
        resumed.append(trial.number)
        return trial.config["x"]

    with pytest.raises(KeyboardInterrupt):
        runpact.sweep(
            SPACE,
            **{**said, "trial": lambda trial: stopped(trial) if trial.number == 5 else trial.config["x"]},
        )
    begun = runpact.runs("kind = sweep and state = interrupted")[0]
    resumed.append(0)
    found = runpact.sweep(SPACE, **{**said, "trial": stopped}, resume=begun.path)
    assert resumed == [0, 5, 6, 7, 8]
    assert (found.outcome.counts.ranked, found.outcome.counts.resumed) == (8, 4)


def test_a_sampler_is_asked_and_told(empty: Place, studies: list[Study]) -> None:
    hold([])
    assert [len(study.told) for study in studies[:2]] == [8, 8]
    assert [value for _params, value in studies[0].told].count(None) == 1
    assert len(studies[-1].added) == 4


@pytest.mark.nightly  # `do.py nightly` installs the extra `sweep`, `do.py test` does not
def test_optuna_itself_is_asked_and_told(empty: Place) -> None:
    hold([])


def test_without_the_extra_it_is_said_how_to_get_it(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    code, _out, err = empty.call(
        "sweep",
        "--random",
        "x=uniform(0,1)",
        "--optuna",
        "--trials",
        "2",
        "--objective",
        "metrics.loss:min",
        "--",
        "true",
    )
    assert code == 2
    assert "pip install 'runpact[sweep]'" in err
    assert not (empty.root / "sweeps").exists()

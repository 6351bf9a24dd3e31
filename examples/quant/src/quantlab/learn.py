"""`learn`: a model that foretells whether prices rise, with the record of how it was made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

import runpact
from quantlab import VERSION, features, series
from quantlab.backtest import Signals, backtest
from quantlab.bars import Bars, between
from quantlab.errors import SettingsError
from quantlab.gate import PARTS, assessment_at_birth
from quantlab.logistic import Model, fit, log_loss
from quantlab.metrics import curve_summary
from quantlab.place import root
from quantlab.report import paths_of
from quantlab.settings import Settings
from quantlab.splits import Split, split

PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
_SAMPLES = 1000
KIND = "quantlab.learned_model."


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a model is learned from."""

    ticker: str = "SP500"
    data: str = ""
    start: str = ""
    end: str = ""
    interval: str = "1d"
    horizon: int = 5
    """Bars ahead."""
    margin: float = 0.02
    """Bought above 0.5 + margin, sold below 0.5 - margin."""
    seed: int = 20251010
    fee: float = 0.001
    slippage_bps: float = 5.0

    def demand(self) -> None:
        """Refuse what makes no sense.

        Raises:
            SettingsError: A setting is out of range.
        """
        if not 1 <= self.horizon <= 60:
            raise SettingsError(f"`horizon` is {self.horizon}: expected 1 to 60 bars")
        if not 0.0 <= self.margin < 0.5:
            raise SettingsError(f"`margin` is {self.margin}: expected 0 to below 0.5")
        if self.seed < 0:
            raise SettingsError(f"`seed` is {self.seed}: expected 0 or more")
        self.settings().demand()

    def settings(self) -> Settings:
        """Return the costs to judge it by."""
        said = {"ticker": self.ticker, "data": self.data, "fee": self.fee, "slippage_bps": self.slippage_bps}
        return Settings(**said, cooldown_days=0)


@dataclass(frozen=True)
class Learned:
    """A model and what it was made from."""

    lesson: Lesson
    bars: Bars
    values: np.ndarray
    ahead: np.ndarray
    split: Split
    model: Model
    penalty: float
    search: list[dict[str, float]]

    def chance(self) -> np.ndarray:
        """Return the probability of a rise at each bar."""
        return self.model.probability(self.values)


def learned(lesson: Lesson) -> Learned:
    """Fit on train with each penalty, keep the one that is best on validation; test is not looked at."""
    lesson.demand()
    bars = series.load(lesson.ticker, lesson.data)
    bars = bars.cut(*between(bars, lesson.start, lesson.end))
    parts = split(len(bars), lesson.horizon)
    values, ahead = features.matrix(bars), features.target(bars, lesson.horizon)
    rows, judged = slice(*parts.train), slice(*parts.validation)
    search, models = [], []
    for penalty in PENALTIES:
        model = fit(values[rows], ahead[rows] > 0, penalty)
        models.append(model)
        loss = log_loss(model.probability(values[judged]), ahead[judged] > 0)
        search.append({"penalty": penalty, "validation_log_loss": loss})
    best = min(range(len(search)), key=lambda index: search[index]["validation_log_loss"])
    said = dataclasses.replace(lesson, start=str(bars.dates[0]), end=str(bars.dates[-1]))
    return Learned(said, bars, values, ahead, parts, models[best], PENALTIES[best], search)


def make_model(lesson: Lesson) -> dict[str, Any]:
    """Make a model run; nothing is left behind when there is nothing to learn from."""
    done = learned(lesson)
    config = dataclasses.asdict(done.lesson)
    pending = runpact.run(
        kind="model_run",
        captures={"model": "logistic"},
        config=config,
        seeds={"numpy": lesson.seed},
        workspace=root(),
    )
    with pending as run:
        series.note_prices(run, done.bars)
        model = done.model
        run.save("model.npz", {"weights": model.weights, "mean": model.mean, "spread": model.spread})
        head = {"schema_version": "1.0", "model_run_id": run.id, "created_at": run.record.started}
        for part, document in _manifests(done, run).items():
            run.save(f"{part}.json", head | {"artifact_type": KIND + part} | document)
        summary = head | {"artifact_type": KIND + "training_summary"} | _summary(done)
        run.save("training_summary.json", summary)
        return {
            "model_run_id": run.id,
            "status": "proposed",
            **paths_of(run.dir, "training_summary.json"),
            "metrics": summary["metrics"],
            "baselines": summary["baselines"],
            "promotion_assessment": summary["promotion_assessment"],
        }


def _manifests(done: Learned, run: runpact.ActiveRun) -> dict[str, dict[str, Any]]:
    lesson, bars = done.lesson, done.bars
    aim = f"ln(close {lesson.horizon} bars later / close) > 0"
    return {
        "dataset_manifest": {
            "ticker": lesson.ticker,
            "source": bars.source,
            "interval": lesson.interval,
            "start": lesson.start,
            "end": lesson.end,
            "rows": len(bars),
            "columns": ["open", "high", "low", "close"],
            "split": done.split.told(bars.dates, lesson.horizon),
            "data_hash": bars.digest(),
        },
        "feature_manifest": {
            "features": [
                dict(zip(("name", "lookback", "formula"), each[:3], strict=True))
                for each in features.FEATURES
            ],
            "target": aim,
            "horizon": lesson.horizon,
            "lookback": {"bars": features.LOOKBACK, "uses_future_data": False},
            "normalisation": {
                "method": "standard",
                "fitted_on": "train",
                "mean": done.model.mean.tolist(),
                "spread": done.model.spread.tolist(),
            },
            "missing_values": f"the first {features.LOOKBACK} bars are left out; nothing is filled in",
            "feature_hash": features.feature_hash(done.values[features.LOOKBACK :]),
        },
        "model_config": {
            "model_type": "logistic regression, squared weights penalised",
            "hyperparameters": {"penalty": done.penalty, "margin": lesson.margin},
            "search": {"over": "penalty", "judged_on": "validation", "tried": done.search},
            "seeds": {"numpy": lesson.seed},
            "target": aim,
            "horizon": lesson.horizon,
            "code": {"version": VERSION, "git_commit": run.record.provenance.code.commit},
        },
    }


def _summary(done: Learned) -> dict[str, Any]:
    figures = judged(done)
    documents = {
        "status": "proposed",
        "seeds": {"numpy": done.lesson.seed},
        "data_hash": done.bars.digest(),
        "feature_hash": features.feature_hash(done.values[features.LOOKBACK :]),
        "target": f"ln(close {done.lesson.horizon} bars later / close) > 0",
        "horizon": done.lesson.horizon,
        "metrics": figures["model"],
        "baselines": {name: value for name, value in figures.items() if name != "model"},
        "artifacts": {part: f"{part}.json" for part in PARTS} | {"weights": "model.npz"},
    }
    return documents | {"promotion_assessment": assessment_at_birth(documents)}


def judged(done: Learned) -> dict[str, dict[str, Any]]:
    """Return the figures of the model and of each baseline, on every part of the split."""
    chance = done.chance()
    yesterday = np.concatenate([[False], np.diff(done.bars.close) > 0])
    always = np.ones(len(done.bars), bool)
    deciders = {"model": chance > 0.5, "buy_and_hold": always, "previous_sign": yesterday}
    margin = done.lesson.margin
    wishes = {name: Signals(is_up, ~is_up) for name, is_up in deciders.items()}
    wishes["model"] = Signals(chance > 0.5 + margin, chance < 0.5 - margin)
    found: dict[str, dict[str, Any]] = {name: {} for name in deciders}
    for part, (start, end) in done.split.named().items():
        is_up = done.ahead[start:end] > 0
        for name, says in deciders.items():
            figures = {"accuracy": float((says[start:end] == is_up).mean()), "rows": end - start}
            found[name][part] = figures | _earned(done, wishes[name], start, end)
        found["model"][part]["log_loss"] = log_loss(chance[start:end], is_up)
    found["model"]["test"]["accuracy_interval"] = _interval(done, chance)
    return found


def _earned(done: Learned, wished: Signals, start: int, end: int) -> dict[str, Any]:
    """Return what trading on signals earned after costs."""
    cut = Signals(wished.buy[:end], wished.sell[:end])
    result = backtest(done.bars.cut(0, end), done.lesson.settings(), cut, first=start)
    return curve_summary(result.equity, result.initial)


def _interval(done: Learned, chance: np.ndarray) -> list[float]:
    """Return where 95 % of the accuracies of resampled test rows lie; drawn in blocks of the horizon."""
    start, end = done.split.test
    is_right = (chance[start:end] > 0.5) == (done.ahead[start:end] > 0)
    random, length = np.random.default_rng(done.lesson.seed), done.lesson.horizon
    count = -(-len(is_right) // length)
    begins = random.integers(0, len(is_right) - length + 1, (_SAMPLES, count))
    drawn = is_right[(begins[:, :, None] + np.arange(length)).reshape(_SAMPLES, -1)[:, : len(is_right)]]
    return [float(value) for value in np.quantile(drawn.mean(axis=1), [0.025, 0.975])]

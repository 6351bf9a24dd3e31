"""The gate between a learned model and paper trading: nine conditions, each answered with a reason.

Nothing that a model run says of itself is believed: split, normalisation, features, hashes and figures are
worked out again from the prices and the weights. A model passes the gate each time it is to act, or does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import runpact
from quantlab import features, series
from quantlab.backtest import Signals
from quantlab.bars import Bars, between
from quantlab.errors import DataError, StrategyError
from quantlab.logistic import Model
from quantlab.place import found, is_true, root
from quantlab.splits import split

PARTS = ("dataset_manifest", "feature_manifest", "model_config", "training_summary")
CONDITIONS = {
    "sealed": "the model run finished, and every byte is the one that was sealed",
    "complete": "the four manifests stand there and keep the contract",
    "temporal_split": "train, validation and test follow each other, a horizon apart",
    "normalised_on_train": "mean and spread are those of the training rows alone",
    "no_future_data": "no feature of a day changes when later days are taken away",
    "explicit_target": "target and horizon are named, and the same everywhere",
    "identified": "seeds are recorded; data and features have the hashes that are recorded",
    "beats_baselines": "after costs, on validation and on test, it beats holding and the sign of yesterday",
    "validated_downstream": "a backtest on its test days, under contract, gained after costs",
}


class Condition(NamedTuple):
    """One answer."""

    name: str
    holds: bool
    reason: str


class Candidate(NamedTuple):
    """A model run as it stands on disk, and the prices that it names, loaded again."""

    run: Any
    documents: Mapping[str, Mapping[str, Any]]
    config: Mapping[str, Any]
    bars: Bars | None
    model: Model | None
    trouble: str = ""


def find(name: str) -> Any:
    """Return a model run of this workspace by its id or folder; what is recorded of it is its id.

    Raises:
        StrategyError: There is none of that name here.
    """
    try:
        run = runpact.open_run(name, workspace=root())
    except runpact.RunpactError as error:
        raise StrategyError(
            f"there is no model run `{name}`", hint="`python main.py learn` makes one"
        ) from error
    if run.kind != "model_run":
        raise StrategyError(f"`{name}` is no model run but of kind {run.kind}")
    return run


def model_in(run: Any) -> Model:
    """Return the weights of a model run."""
    with np.load(Path(run.directory) / "model.npz", allow_pickle=False) as arrays:
        return Model(arrays["weights"], arrays["mean"], arrays["spread"])


def signals_of(name: str, bars: Bars, ticker: str, start: str) -> Signals:
    """Return what a model wants at each bar.

    Raises:
        StrategyError: It was learned from another instrument, or has seen the days that it is to trade.
    """
    run = find(name)
    said, seen = dict(run.read("config.json")), dict(run.read("dataset_manifest.json"))["split"]
    if said["ticker"] != ticker:
        raise StrategyError(f"the model run `{name}` was learned from {said['ticker']}, not from {ticker}")
    if start and start < seen["test_start"]:
        raise StrategyError(
            f"the model run `{name}` has seen the days before {seen['test_start']}",
            hint=f"begin there: --start {seen['test_start']}",
        )
    chance, margin = model_in(run).probability(features.matrix(bars)), said["margin"]
    with np.errstate(invalid="ignore"):
        return Signals(chance > 0.5 + margin, chance < 0.5 - margin)


def first_day_of(name: str) -> str:
    """Return the first day that a model has not seen."""
    return str(dict(find(name).read("dataset_manifest.json"))["split"]["test_start"])


def candidate(name: str) -> Candidate:
    """Open a model run; what cannot be read is told by the conditions."""
    run = find(name)
    try:
        documents = {part: dict(run.read(f"{part}.json")) for part in PARTS}
        said = dict(run.read("config.json"))
        bars = series.load(str(said["ticker"]), str(said["data"]))
        bars = bars.cut(*between(bars, str(said["start"]), str(said["end"])))
        return Candidate(run, documents, said, bars, model_in(run))
    except (runpact.RunpactError, DataError, OSError, ValueError, KeyError) as error:
        return Candidate(run, {}, {}, None, None, " ".join(str(error).split())[:200])


def assess(name: str) -> dict[str, Any]:
    """Answer all nine conditions for a model run."""
    held = candidate(name)
    answers = [_answer(key, held) for key in CONDITIONS]
    blocking = [f"{each.name}: {each.reason}" for each in answers if not each.holds]
    return {
        "model_run_id": held.run.id,
        "assessed_at": dt.datetime.now(dt.UTC).isoformat(),
        "eligible_for_paper": not blocking,
        "blocking_reasons": blocking,
        "conditions": [each._asdict() for each in answers],
    }


def demand(name: str) -> None:
    """Let a model act only when it passes.

    Raises:
        StrategyError: With the reasons.
    """
    found = assess(name)
    if not found["eligible_for_paper"]:
        raise StrategyError(
            f"the model run `{name}` may not trade, not even on paper: "
            + "; ".join(found["blocking_reasons"]),
            hint=f"`python main.py promote --model-run {name}` lists all nine conditions",
        )


def assessment_at_birth(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a new model run says of itself: never eligible, for nothing has validated it yet."""
    reasons = [f"validated_downstream: {_UNVALIDATED}"]
    lost = _lost(summary)
    if lost:
        reasons.insert(0, f"beats_baselines: {lost}")
    return {"eligible_for_paper": False, "blocking_reasons": reasons}


_UNVALIDATED = "no backtest of it on its test days yet; `python main.py run --model-run …` makes one"


def _answer(name: str, held: Candidate) -> Condition:
    if held.trouble and name not in {"sealed", "complete"}:
        return Condition(name, holds=False, reason=f"could not be decided: {held.trouble}")
    reason = _TESTS[name](held)
    return Condition(name, holds=not reason, reason=reason or CONDITIONS[name])


def _sealed(held: Candidate) -> str:
    if held.run.state is not runpact.State.FINISHED:
        return f"its state is {held.run.state.value}"
    return (
        "" if is_true(held.run) else "its bytes are not those that were sealed, or do not keep the contract"
    )


def _complete(held: Candidate) -> str:
    if held.trouble:
        return held.trouble
    (checked,) = runpact.check(held.run.directory, workspace=root())
    bad = [each for each in checked.report.findings if each.severity.value in {"error", "incomplete"}]
    return "; ".join(f"{fault.path}: {fault.message}" for fault in bad[:3])


def _temporal_split(held: Candidate) -> str:
    assert held.bars is not None
    said = held.documents["dataset_manifest"]["split"]
    right = split(len(held.bars), held.config["horizon"]).told(held.bars.dates, held.config["horizon"])
    wrong = sorted(key for key, value in right.items() if said.get(key) != value)
    return (
        f"the manifest has another {wrong[0]}: {said.get(wrong[0])}, not {right[wrong[0]]}" if wrong else ""
    )


def _normalised(held: Candidate) -> str:
    assert held.bars is not None
    assert held.model is not None
    start, end = split(len(held.bars), held.config["horizon"]).train
    rows = features.matrix(held.bars)[start:end]
    is_same = np.allclose(held.model.mean, rows.mean(axis=0)) and np.allclose(
        held.model.spread, rows.std(axis=0)
    )
    said = held.documents["feature_manifest"]["normalisation"]
    is_told = said["fitted_on"] == "train" and np.allclose(said["mean"], held.model.mean)
    return "" if is_same and is_told else "mean or spread are not those of the training rows"


def _no_future(held: Candidate) -> str:
    assert held.bars is not None
    if held.documents["feature_manifest"]["lookback"]["uses_future_data"] is not False:
        return "it says itself that it uses future data"
    whole = features.matrix(held.bars)
    for share in (0.4, 0.7, 0.95):
        now = int(len(held.bars) * share)
        if not np.array_equal(features.matrix(held.bars.cut(0, now)), whole[:now], equal_nan=True):
            return f"features before {held.bars.dates[now]} hang on what came later"
    return ""


def _explicit(held: Candidate) -> str:
    places = [held.documents[part] for part in PARTS[1:]]
    targets = {str(document.get("target")) for document in places}
    horizons = {document.get("horizon") for document in places} | {held.config["horizon"]}
    return "" if len(targets) == len(horizons) == 1 else "the manifests name different ones"


def _identified(held: Candidate) -> str:
    assert held.bars is not None
    dataset, feature, config, summary = (held.documents[part] for part in PARTS)
    if not dataset["data_hash"] == summary["data_hash"] == held.bars.digest():
        return "the prices are not those that it was learned from"
    values = features.matrix(held.bars)[features.LOOKBACK :]
    if not feature["feature_hash"] == summary["feature_hash"] == features.feature_hash(values):
        return "the features come to other values than those recorded"
    return "" if config["seeds"] and config["seeds"] == summary["seeds"] else "no seeds, or different ones"


def _beats(held: Candidate) -> str:
    from quantlab.learn import Learned, Lesson, judged  # noqa: PLC0415 - which imports this module

    assert held.bars is not None
    assert held.model is not None
    lesson = Lesson(**held.config)
    ahead = features.target(held.bars, lesson.horizon)
    parts = split(len(held.bars), lesson.horizon)
    penalty = held.documents["model_config"]["hyperparameters"]["penalty"]
    again = Learned(lesson, held.bars, features.matrix(held.bars), ahead, parts, held.model, penalty, [])
    figures = judged(again)
    return _lost({"metrics": figures.pop("model"), "baselines": figures})


def _lost(summary: Mapping[str, Any]) -> str:
    """Say against which baseline, where, a model loses; empty when it beats all."""
    lost = []
    for part in ("validation", "test"):
        own = summary["metrics"][part]["sharpe_simple"] or 0.0
        for name, figures in summary["baselines"].items():
            other = figures[part]["sharpe_simple"] or 0.0
            if own <= other:
                lost.append(f"on {part} its ratio {own:.2f} does not beat {name} with {other:.2f}")
    return "; ".join(lost)


def _validated(held: Candidate) -> str:
    tests = held.documents["dataset_manifest"]["split"]
    reasons = []
    for run in found(f"kind = 'run' AND config.model_run = '{held.run.id}'"):
        reason = _failing(run, tests)
        if not reason:
            return ""
        reasons.append(f"{run.id}: {reason}")
    return "; ".join(reasons[:3]) or _UNVALIDATED


def _failing(run: runpact.RecordedRun, tests: Mapping[str, Any]) -> str:
    if not is_true(run):
        return "it does not keep the contract, or was changed"
    said = run.read("config.json")
    if not (said["start"] >= tests["test_start"] and said["end"] >= tests["test_end"]):
        return f"it does not cover {tests['test_start']} … {tests['test_end']}"
    gained = run.read("metrics.json")["summary"]["total_return"]
    return "" if gained > 0 else f"it lost {-gained:.1%} after costs"


_TESTS: dict[str, Callable[[Candidate], str]] = {
    "sealed": _sealed,
    "complete": _complete,
    "temporal_split": _temporal_split,
    "normalised_on_train": _normalised,
    "no_future_data": _no_future,
    "explicit_target": _explicit,
    "identified": _identified,
    "beats_baselines": _beats,
    "validated_downstream": _validated,
}

"""Train the baseline language model under the workspace's contract.

python train.py
python train.py --name quick --set train.steps=100
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from charlm.data import VOCABULARY, Corpus, load_corpus
from charlm.edit import deltas, no_edit
from charlm.evaluation import Window, evaluate, unigram_nats, weighted_mean
from charlm.guards import Guard, beats_unigram, invariants, metric_drift
from charlm.model import Parameters, Shape
from charlm.plot import loss_plot
from charlm.progress import ProgressBar
from charlm.report import build_evaluation
from charlm.training import Progress, Schedule, generator, sample_windows, train

import runpact

HERE = Path(__file__).resolve().parent
SEED = 20251010
"""Of every library that draws random numbers, unless another is asked for."""
Settings = dict[str, Any]
"""One section of the configuration."""


@dataclass
class Trained:
    """A trained model and its loss curves: (step, nats per character)."""

    parameters: Parameters
    train: list[tuple[float, float]]
    validation: list[tuple[float, float]]
    recent: list[float] = field(default_factory=list)
    """Training losses since the last point."""


def main() -> int:
    """Make one run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--name", default="baseline", help="nickname of the run")
    parser.add_argument("--config", default=str(HERE / "config.yaml"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    parser.add_argument("--seed", type=int, default=SEED)
    said = parser.parse_args()
    random.seed(said.seed)
    pending = runpact.run(
        name=said.name,
        config=said.config,
        overrides=tuple(said.overrides),
        seeds={"python": said.seed, "numpy": said.seed, "torch": None},
        workspace=HERE,
    )
    try:
        with pending as run:
            make(run)
    except runpact.RunpactError as error:
        sys.stderr.write(
            f"error[{error.code}]: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else "")
        )
        return error.exit_code
    return 0


def make(run: runpact.ActiveRun) -> None:
    """Prepare, train, guard, evaluate, report."""
    data, sizes = section(run, "data"), section(run, "model")
    corpus = prepare(run, data)
    shape = Shape(VOCABULARY, data["context"], sizes["embedding"], sizes["hidden"])
    trained = fit(run, corpus, shape)
    changes = edit(run, trained)
    arms = examine(run, trained.parameters, corpus)
    unigram = unigram_nats(corpus.train, corpus.test, VOCABULARY)
    guards = guard(run, trained, corpus, arms, unigram)
    losses = {"train": trained.train[-1][1], "validation": trained.validation[-1][1], "unigram": unigram}
    evaluation = build_evaluation(
        shape=shape,
        corpus=corpus,
        arms=arms,
        guards=guards,
        losses=losses,
        edit={"name": "none", "deltas": changes},
        characters=section(run, "evaluation")["window_characters"],
    )
    run.evaluation(**evaluation)
    series = {"train": ("#2f6fde", trained.train), "validation": ("#d9480f", trained.validation)}
    run.save("plot", loss_plot(f"{run.name}: loss while training", series, ("unigram", unigram)))
    if section(run, "output")["save_model"]:
        run.save("model", trained.parameters, type="CharacterModel@1")


def section(run: runpact.ActiveRun, name: str) -> Settings:
    """Return one section of the run's configuration."""
    found = run.config[name]
    if not isinstance(found, Mapping):
        message = f"`{name}` in the configuration must be a table"
        raise TypeError(message)
    return dict(found)


def prepare(run: runpact.ActiveRun, data: Settings) -> Corpus:
    """Load and split the text."""
    run.event("prepare.started", phase="prepare")
    corpus = load_corpus(data["max_characters"])
    run.event(
        "prepare.ended",
        phase="prepare",
        files=len(corpus.files),
        dataset_hash=corpus.digest,
        characters=len(corpus.train) + len(corpus.validation) + len(corpus.test),
    )
    return corpus


def fit(run: runpact.ActiveRun, corpus: Corpus, shape: Shape) -> Trained:
    """Train, logging losses as time series."""
    said = section(run, "train")
    schedule = Schedule(said["steps"], said["batch"], said["learning_rate"], said["validate_every"])
    run.event("train.started", phase="train", steps=schedule.steps)
    bar = ProgressBar(schedule.steps, "training")
    trained = Trained({}, [], [])
    source = generator(run.record.provenance.seeds["numpy"])
    for state in train(shape, schedule, corpus.train, corpus.validation, source):
        note(run, state, trained, said["log_every"], schedule.steps)
        bar.show(state.step, f"loss {state.train_loss:.3f}")
    run.event(
        "train.ended",
        phase="train",
        train_loss=trained.train[-1][1],
        validation_loss=trained.validation[-1][1],
    )
    return trained


def note(run: runpact.ActiveRun, state: Progress, trained: Trained, log_every: int, steps: int) -> None:
    """Record what is due: the mean training loss since the last point, and the validation loss."""
    trained.parameters = state.parameters
    trained.recent.append(state.train_loss)
    if state.step % log_every == 0 or state.step in {1, steps}:
        mean = sum(trained.recent) / len(trained.recent)
        trained.recent.clear()
        run.log({"train_loss": mean}, step=state.step)
        trained.train.append((state.step, mean))
    if state.validation_loss is not None:
        run.log({"validation_loss": state.validation_loss}, step=state.step)
        trained.validation.append((state.step, state.validation_loss))


def edit(run: runpact.ActiveRun, trained: Trained) -> dict[str, float]:
    """Edit the model: the baseline changes nothing, and says so in numbers."""
    run.event("edit.started", phase="edit", edit="none")
    before = trained.parameters
    trained.parameters = no_edit(before)
    changes = deltas(before, trained.parameters)
    run.event("edit.ended", phase="edit", edit="none", deltas=changes)
    return changes


def examine(run: runpact.ActiveRun, parameters: Parameters, corpus: Corpus) -> dict[str, list[Window]]:
    """Evaluate the held-out windows of both arms."""
    said = section(run, "evaluation")
    run.event("eval.started", phase="eval", windows=2 * said["windows"])
    arms = evaluate(
        parameters,
        corpus.test,
        context=section(run, "data")["context"],
        count=said["windows"],
        characters=said["window_characters"],
    )
    run.event(
        "eval.ended", phase="eval", preview=weighted_mean(arms["preview"]), final=weighted_mean(arms["final"])
    )
    return arms


def guard(
    run: runpact.ActiveRun, trained: Trained, corpus: Corpus, arms: dict[str, list[Window]], unigram: float
) -> list[Guard]:
    """Ask every guard and log its verdict."""
    run.event("guard.started", phase="guard")
    context = section(run, "data")["context"]
    sample = sample_windows(corpus.test, 512, context)
    verdicts = [
        invariants(trained.parameters, sample),
        metric_drift(
            trained.validation[-1][1], weighted_mean(arms["preview"]), section(run, "guards")["drift_limit"]
        ),
        beats_unigram(weighted_mean(arms["final"]), unigram),
    ]
    for verdict in verdicts:
        run.event("guard.verdict", phase="guard", **verdict)
    run.event("guard.ended", phase="guard", failed=sum(verdict["verdict"] == "fail" for verdict in verdicts))
    return verdicts


if __name__ == "__main__":
    sys.exit(main())

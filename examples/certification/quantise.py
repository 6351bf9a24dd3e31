"""Round the baseline's weights to few bits, and evaluate the result on the same windows.

python quantise.py --bits 8
python quantise.py --bits 2
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

import numpy as np
from charlm.data import VOCABULARY, load_corpus
from charlm.edit import deltas, round_to_nearest
from charlm.evaluation import evaluate, unigram_nats, weighted_mean
from charlm.guards import beats_unigram, invariants, metric_drift
from charlm.model import Shape
from charlm.report import build_evaluation
from charlm.training import sample_windows

import runpact

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Make one run, paired with the baseline: it is refused when it cannot be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bits", type=int, choices=range(2, 17), default=8)
    parser.add_argument("--name", help="nickname of the run; by default quant<bits>")
    parser.add_argument("--of", default="baseline", help="nickname of the run whose newest model is edited")
    said = parser.parse_args()
    models = sorted((HERE / "runs" / said.of).glob("*/model.npz"))
    if not models:
        sys.stderr.write(f"runs/{said.of} has no model: run train.py first\n")
        return 2
    source = models[-1].parent
    before = json.loads((source / "report.json").read_bytes())
    config = json.loads((source / "config.json").read_bytes())
    config |= {"edit": {"name": "round_to_nearest", "bits": said.bits}}
    seeds = before["meta"]["seeds"]
    random.seed(seeds["python"])
    try:
        with runpact.run(
            name=said.name or f"quant{said.bits}",
            config=config,
            seeds=seeds,
            policy="balanced",
            baseline=str(source / "report.json"),
            workspace=HERE,
        ) as run:
            make(run, models[-1], before["metrics"])
    except runpact.RunpactError as error:
        sys.stderr.write(
            f"error[{error.code}]: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else "")
        )
        return error.exit_code
    return 0


def make(run: runpact.ActiveRun, model: Path, before: dict) -> None:
    """Prepare, edit, guard, evaluate, report."""
    run.event("prepare.started", phase="prepare")
    data, sizes, said = run.config["data"], run.config["model"], run.config["evaluation"]
    corpus = load_corpus(data["max_characters"])
    shape = Shape(VOCABULARY, data["context"], sizes["embedding"], sizes["hidden"])
    with np.load(run.input(model, name="model")) as stored:
        original = {name: stored[name] for name in stored.files}
    run.event("prepare.ended", phase="prepare", dataset_hash=corpus.digest)
    run.event("edit.started", phase="edit", **run.config["edit"])
    parameters = round_to_nearest(original, run.config["edit"]["bits"])
    edit = {
        "name": "round_to_nearest",
        "deltas": {"bits": run.config["edit"]["bits"], **deltas(original, parameters)},
    }
    run.event("edit.ended", phase="edit", **edit)
    run.event("eval.started", phase="eval", windows=2 * said["windows"])
    arms = evaluate(
        parameters,
        corpus.test,
        context=data["context"],
        count=said["windows"],
        characters=said["window_characters"],
    )
    means = {arm: weighted_mean(windows) for arm, windows in arms.items()}
    run.event("eval.ended", phase="eval", **means)
    run.log(means, step=0)
    unigram = unigram_nats(corpus.train, corpus.test, VOCABULARY)
    run.event("guard.started", phase="guard")
    guards = [
        invariants(parameters, sample_windows(corpus.test, 512, data["context"])),
        metric_drift(before["validation_loss"], means["preview"], run.config["guards"]["drift_limit"]),
        beats_unigram(means["final"], unigram),
    ]
    run.event("guard.ended", phase="guard", failed=sum(each["verdict"] == "fail" for each in guards))
    losses = {"train": before["train_loss"], "validation": before["validation_loss"], "unigram": unigram}
    evaluation = build_evaluation(
        shape=shape,
        corpus=corpus,
        arms=arms,
        guards=guards,
        losses=losses,
        edit=edit,
        characters=said["window_characters"],
    )
    run.evaluation(**evaluation)
    if run.config["output"]["save_model"]:
        run.save("model", parameters, type="CharacterModel@1")


if __name__ == "__main__":
    sys.exit(main())

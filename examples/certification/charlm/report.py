"""The report: the canonical record of what a run found.

Knows: its fields.
Does not know: how the numbers were made.
"""

from __future__ import annotations

import math
from dataclasses import asdict

from charlm.data import Corpus, encoder_digest
from charlm.evaluation import Window, weighted_mean
from charlm.guards import Guard
from charlm.model import Shape


def build_report(
    *,
    run_id: str,
    seeds: dict[str, int | None],
    shape: Shape,
    corpus: Corpus,
    arms: dict[str, list[Window]],
    guards: list[Guard],
    losses: dict[str, float],
    deltas: dict[str, float],
) -> dict[str, object]:
    """Return the report of a model that was not edited (the baseline).

    Args:
        run_id: Of the run it belongs to.
        seeds: By library; None where the library is not used.
        shape: Sizes of the model.
        corpus: What it was trained and tested on.
        arms: Evaluation windows, preview and final.
        guards: Verdicts with evidence.
        losses: Nats per character: the last `train` and `validation`, and `unigram`, guessing by frequency.
        deltas: What the edit changed; zeros for the baseline.
    """
    preview, final = weighted_mean(arms["preview"]), weighted_mean(arms["final"])
    return {
        "schema_version": "1.0",
        "meta": {
            "run_id": run_id,
            "seeds": seeds,
            "seed_notes": {"torch": "not used: the model is written in numpy"},
            "model": {"name": "charlm-mlp", **asdict(shape)},
            "device": "cpu",
        },
        "data": {
            "dataset_hash": corpus.digest,
            "tokenizer_hash": encoder_digest(),
            "split": "test",
            "characters": {
                "train": len(corpus.train),
                "validation": len(corpus.validation),
                "test": len(corpus.test),
            },
            "files": [asdict(file) for file in corpus.files],
            "windows": {arm: len(windows) for arm, windows in arms.items()},
        },
        "auto": {"tier": None, "policy_digest": None, "reason": "no policy was asked for"},
        "metrics": {
            "primary_metric": {
                "kind": "log_loss",
                "unit": "nats/character",
                "direction": "lower",
                "preview": round(preview, 6),
                "final": round(final, 6),
            },
            "bits_per_character": round(final / math.log(2), 6),
            "perplexity": round(math.exp(final), 6),
            "unigram_nats": round(losses["unigram"], 6),
            "train_loss": round(losses["train"], 6),
            "validation_loss": round(losses["validation"], 6),
        },
        "guards": guards,
        "edit": {"name": "none", "deltas": deltas},
        "evaluation_windows": {arm: [asdict(window) for window in windows] for arm, windows in arms.items()},
    }

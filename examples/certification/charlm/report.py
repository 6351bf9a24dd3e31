"""The evaluation: what a run found, as its report tells it.

Knows: the fields that are this example's own.
Does not know: how the numbers were made, what the run itself knows.
"""

from __future__ import annotations

import math
from dataclasses import asdict

from charlm.data import Corpus, encoder_digest
from charlm.evaluation import Window, weighted_mean
from charlm.guards import Guard
from charlm.model import Shape


def build_evaluation(
    *,
    shape: Shape,
    corpus: Corpus,
    arms: dict[str, list[Window]],
    guards: list[Guard],
    losses: dict[str, float],
    edit: dict[str, object],
    characters: int,
) -> dict[str, object]:
    """Return what `run.evaluation` is to be told; it adds what the run knows, and writes the report.

    Args:
        shape: Sizes of the model.
        corpus: What it was trained and tested on.
        arms: Evaluation windows, preview and final.
        guards: Verdicts with evidence.
        losses: Nats per character: the last `train` and `validation`, and `unigram`, guessing by frequency.
        edit: Name of the edit, and what it changed; zeros for the baseline.
        characters: Predicted in each window.
    """
    final = weighted_mean(arms["final"])
    parts = {"train": corpus.train, "validation": corpus.validation, "test": corpus.test}
    return {
        "windows": arms,
        "metric": {"kind": "log_loss", "unit": "nats/character", "direction": "lower", "link": "log"},
        "data": {
            "dataset_hash": corpus.digest,
            "tokenizer_hash": encoder_digest(),
            "split": "test",
            "provider": "python-stdlib",
            "sequence_length": characters,
            "stride": characters,
            "window_seed": 0,
            "characters": {name: len(part) for name, part in parts.items()},
            "files": [asdict(file) for file in corpus.files],
        },
        "metrics": {
            "bits_per_character": round(final / math.log(2), 6),
            "perplexity": round(math.exp(final), 6),
            "unigram_nats": round(losses["unigram"], 6),
            "train_loss": round(losses["train"], 6),
            "validation_loss": round(losses["validation"], 6),
        },
        "guards": guards,
        "edit": edit,
        "model": {"name": "charlm-mlp", **asdict(shape)},
        "device": "cpu",
        "seed_notes": {"torch": "not used: the model is written in numpy"},
    }

"""What `runpact demo` tells of each example.

Knows: the command of an example, what it makes, what to try next.
Does not know: how it is run and told.
"""

from __future__ import annotations

from typing import NamedTuple


class Told(NamedTuple):
    """What is told of one example."""

    command: tuple[str, ...]
    made: tuple[tuple[str, str], ...]
    then: tuple[tuple[str, str], ...] = ()


_CERTIFICATION = Told(
    ("train.py",),
    (
        ("report.json", "metrics, seeds, digests, guards, held-out evaluation windows"),
        ("events.jsonl", "the event log, by phase, each line checksummed"),
        ("config.json", "the configuration the run was made with"),
        ("model.npz", "the trained model, in its declared place"),
        ("plots/loss.svg", "training and validation loss"),
        (".runpact/", "runpact's own records: birth record, contract copy, metrics, manifest, seal"),
    ),
)
_PIPELINE = ("run_pipeline.py", "--experiment", "demo", "--from", "00", "--to", "09")
_HOLOGRAPHY = Told(
    (*_PIPELINE, "--config", "configs/demo.json"),
    (
        ("run_manifest.json", "what each stage read, wrote and ran; what each alias leads to"),
        ("config.resolved.json", "the frozen configuration"),
        ("solver_check/convergence.meta.json", "errors of the solvers where the answer is known"),
        ("literature/accuracy.md", "computed values beside those of the literature"),
        ("dictionary/dictionary.svg", "masses over dimensions, and the parabola"),
        ("analysis/report.md", "the geometries, with figures"),
        ("NN_slug/", "one stage: logs, command, environment, summary, outputs, its sealed record"),
    ),
    (
        ("python run_pipeline.py --experiment demo", "nothing to do, and it says so"),
        ("runpact pipeline status demo", "where each stage stands"),
        ("echo >> {run}/bulk_eigenmodes/bulk_modes_dataset.csv", "spoil what stage 07 reads ..."),
        ("python tools/assert_artifacts.py --experiment demo --stage 07", "... and see the gate closed"),
        ("python run_pipeline.py --experiment demo", "what was spoilt, and only that, is made again"),
    ),
)
STORIES = {"certification": _CERTIFICATION, "holography": _HOLOGRAPHY}

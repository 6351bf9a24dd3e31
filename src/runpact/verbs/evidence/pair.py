"""Pair a run with its baseline before it begins.

Knows: what of a baseline can be judged at once, and what a configuration says that it must agree with.
Does not know: what the run will evaluate.
"""

from __future__ import annotations

from collections.abc import Mapping

from runpact.model.evidence.build import Stored
from runpact.model.evidence.refusal import EvidenceError
from runpact.verbs.evidence.normal import normal_report

_STATED = {
    "dataset_hash": "dataset_differs",
    "split": "split_differs",
    "tokenizer_hash": "encoder_differs",
    "provider": "settings_differ",
    "sequence_length": "settings_differ",
    "stride": "settings_differ",
    "window_seed": "settings_differ",
}
"""Keys of a configuration's `data` that speak of evidence, and the reason when they differ."""


def demand_baseline(path: str, config: Mapping[str, object]) -> Stored:
    """Return a baseline that a run with this configuration can be paired with.

    Args:
        path: Absolute path of its report.
        config: The run's resolved configuration; what its `data` states must be what the baseline has.

    Raises:
        EvidenceError: Its evidence is missing or invalid; each cause has a reason of its own.
    """
    _data, baseline = normal_report(path)
    stated = config.get("data")
    if isinstance(stated, Mapping):
        for key, reason in _STATED.items():
            theirs = getattr(baseline.report.data, key)
            if key in stated and stated[key] != theirs:
                raise EvidenceError(
                    reason,
                    f"the configuration says another `data.{key}` than the baseline",
                    at=path,
                    expected=str(theirs),
                    got=str(stated[key]),
                )
    return baseline

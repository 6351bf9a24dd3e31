"""Guards: conditions that a trained model must meet, each with what it measured and where.

Knows: the conditions.
Does not know: what happens when one is not met.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from charlm.model import Codes, Parameters, log_probabilities

Guard = dict[str, object]


def invariants(parameters: Parameters, windows: Codes) -> Guard:
    """Finite parameters, and probabilities that sum to one."""
    finite = all(bool(np.isfinite(value).all()) for value in parameters.values())
    sums = np.exp(log_probabilities(parameters, windows).astype(np.float64)).sum(1)
    worst = float(np.abs(sums - 1).max())
    return _guard(
        "invariants",
        "softmax output and every parameter",
        _verdict(finite and worst < 1e-4),
        {
            "checks": {"parameters finite": finite, "probabilities sum to one": worst < 1e-4},
            "largest_sum_error": worst,
            "limit": 1e-4,
        },
        matched=sorted(parameters),
    )


def metric_drift(validation: float, preview: float, limit: float) -> Guard:
    """Preview windows are not far harder than the validation text."""
    drift = preview - validation
    return _guard(
        "metric_drift",
        "mean loss, validation against preview",
        _verdict(abs(drift) <= limit),
        {"validation": validation, "preview": preview, "drift": drift, "limit": limit},
    )


def beats_unigram(final: float, unigram: float) -> Guard:
    """The model predicts better than character frequencies do."""
    return _guard(
        "beats_unigram",
        "mean loss of the final windows",
        _verdict(final < unigram),
        {"final": final, "unigram": unigram},
    )


def _verdict(holds: bool) -> str:  # noqa: FBT001 - the fact itself
    return "pass" if holds else "fail"


def _guard(
    name: str, point: str, verdict: str, evidence: dict[str, object], matched: Sequence[str] = ()
) -> Guard:
    rounded = {key: round(value, 9) if isinstance(value, float) else value for key, value in evidence.items()}
    return {
        "name": name,
        "verdict": verdict,
        "measurement_point": {"tap": point, "matched": list(matched)},
        "evidence": rounded,
    }

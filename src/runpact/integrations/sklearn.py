"""scikit-learn: what an estimator was told, what it learned, how well it does.

Knows: which parts of an estimator are plain data.
Does not know: any estimator; scikit-learn is imported for scorers alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from runpact.formats.encode import plain_data
from runpact.integrations.absent import library
from runpact.model.errors import ValueRefusedError

if TYPE_CHECKING:
    from runpact.verbs.life.active import ActiveRun


class Estimator(Protocol):
    """What every estimator of scikit-learn has."""

    def get_params(self, deep: bool = True) -> Mapping[str, object]:  # noqa: FBT001, FBT002 - as scikit-learn has it
        """Return its parameters by name."""
        ...


def record(
    run: ActiveRun,
    estimator: Estimator,
    data: object = None,
    target: object = None,
    *,
    name: str = "estimator",
    scoring: Iterable[str] | str = (),
) -> dict[str, float]:
    """Record an estimator with the run: parameters, what it learned as arrays, scores; nothing is pickled.

    `artifacts/NAME.json` holds its class, its parameters and what it was fitted on, `artifacts/NAME.npz` the
    numeric arrays that it learned (`coef_`, `classes_` …). They describe the estimator; a tree or a forest
    cannot be made again from them. For that, save it in a format of its own, as ONNX.

    Args:
        run: The open run.
        estimator: Fitted or not.
        data: To score it on.
        target: What it is to predict there.
        name: Of the files, and of the metrics: `NAME.score`.
        scoring: Names of scorers; by default the estimator's own score.

    Returns:
        The scores by name.

    Raises:
        ValueRefusedError: A score is not a finite number.
        CannotStartError: scikit-learn is not installed, and a scorer was named.
    """
    learned = _learned(estimator)
    scores = {} if data is None else _scores(estimator, data, target, scoring)
    params = {key: _plain(value) for key, value in sorted(estimator.get_params(deep=True).items())}
    kind = type(estimator)
    card = {
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "version": getattr(sys.modules.get(kind.__module__.partition(".")[0]), "__version__", None),
        "parameters": params,
        "is_fitted": bool(learned),
        "fitted": {key: _plain(value) for key, value in learned.items() if not _is_array(value)},
        "arrays": sorted(key for key, value in learned.items() if _is_array(value)),
        "scores": scores,
    }
    run.save(f"artifacts/{name}.json", card)
    arrays = {key: value for key, value in learned.items() if _is_array(value)}
    if arrays:
        run.save(f"artifacts/{name}.npz", arrays)
    if scores:
        run.log({f"{name}.{key}": value for key, value in scores.items()})
    return scores


def _learned(estimator: object) -> dict[str, object]:
    """Return what fitting left: by convention, what ends in an underscore."""
    said = vars(estimator)
    return {key: said[key] for key in sorted(said) if key.endswith("_") and not key.startswith("_")}


def _is_array(value: object) -> bool:
    """Whether a value is an array of numbers or truths, of at least one dimension."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in {"b", "i", "u", "f"} and bool(getattr(value, "shape", ()))


def _scores(
    estimator: Estimator, data: object, target: object, scoring: Iterable[str] | str
) -> dict[str, float]:
    names = (scoring,) if isinstance(scoring, str) else tuple(scoring)
    if not names:
        return {"score": float(estimator.score(data, target))}  # type: ignore[attr-defined]  # most have one
    metrics = library("sklearn.metrics", package="scikit-learn")
    return {name: float(metrics.get_scorer(name)(estimator, data, target)) for name in names}


def _plain(value: object) -> object:
    """Return a value as plain data, or how it describes itself."""
    try:
        return plain_data(value)
    except ValueRefusedError:
        return f"{value!r:.200}"

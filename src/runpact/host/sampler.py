"""Trials that a sampler of Optuna chooses.

Knows: how a space is told to it, how what came out is told to it.
Does not know: how trials are run.

It is imported when a sweep asks for it. With one job at a time the same seed asks for the same trials; with
several, what it asks for hangs on which trial ends first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from runpact.model.digest import canonical_json
from runpact.model.errors import CannotStartError
from runpact.model.facts import Json
from runpact.model.sweep.plan import Plan
from runpact.model.sweep.space import Choice, Dimension, Grid, Int, Log, Uniform, text_of
from runpact.model.sweep.trial import Trial, TrialEnd

_PATIENCE = 100
"""So many settings in a row that were tried already end the sweep."""


class Sampled:
    """Settings that a sampler asks for, each tried once."""

    def __init__(self, plan: Plan, earlier: Sequence[TrialEnd] = ()) -> None:
        """Make a study that knows what was tried earlier.

        Raises:
            CannotStartError: Optuna is not installed.
        """
        self._optuna = _imported()
        self._plan = plan
        self.count = plan.trials or 0
        """How many trials there will be at most."""
        self._number = 0
        self._asked: dict[int, Any] = {}
        self._values: dict[bytes, float | None] = {}
        self._study = self._made(len(earlier))
        self._waiting = [end.trial for end in earlier]
        self._distributions = {key: self._distribution(each) for key, each in plan.space.items()}

    def _made(self, before: int) -> Any:  # noqa: ANN401 - Optuna ships no types that it could be held against
        sampler = self._optuna.samplers.TPESampler(seed=(self._plan.seed + before) % 2**32)
        direction = "minimize" if self._plan.objective.direction == "min" else "maximize"
        return self._optuna.create_study(sampler=sampler, direction=direction)

    def take(self) -> Trial | None:
        """Return the next trial: first those that were tried earlier, then what the sampler asks for."""
        if self._number >= self.count:
            return None
        self._number += 1
        if self._waiting:
            return self._earlier(self._waiting.pop(0))
        for _attempt in range(_PATIENCE):
            asked = self._study.ask(self._distributions)
            settings = {key: self._value(key, asked.params[key]) for key in self._plan.space}
            name = canonical_json(settings)
            if name not in self._values:
                self._values[name] = None
                self._asked[self._number] = asked
                return Trial(number=self._number, settings=settings)
            self._tell(asked, self._values[name])
        return None

    def told(self, end: TrialEnd) -> None:
        """Tell the sampler what became of a trial."""
        self._values[canonical_json(end.trial.settings)] = end.objective
        asked = self._asked.pop(end.trial.number, None)
        if asked is not None:
            self._tell(asked, end.objective if end.is_done else None)
        elif end.is_done and end.objective is not None:
            self._study.add_trial(self._finished(end))

    def _earlier(self, trial: Trial) -> Trial:
        self._values[canonical_json(trial.settings)] = None
        return msgspec.structs.replace(trial, number=self._number)

    def _tell(self, asked: Any, value: float | None) -> None:  # noqa: ANN401 - as above
        failed = self._optuna.trial.TrialState.FAIL
        self._study.tell(asked, value, state=failed if value is None else None)

    def _finished(self, end: TrialEnd) -> Any:  # noqa: ANN401 - as above
        params = {key: self._param(key, value) for key, value in end.trial.settings.items()}
        return self._optuna.trial.create_trial(
            params=params, distributions=self._distributions, value=end.objective
        )

    def _distribution(self, dimension: Dimension) -> Any:  # noqa: ANN401 - as above
        forms = self._optuna.distributions
        match dimension:
            case Uniform(low, high):
                return forms.FloatDistribution(low, high)
            case Log(low, high):
                return forms.FloatDistribution(low, high, log=True)
            case Int(low, high):
                return forms.IntDistribution(low, high)
            case Grid(values) | Choice(values):
                return forms.CategoricalDistribution([text_of(value) for value in values])

    def _value(self, key: str, param: Json) -> Json:
        dimension = self._plan.space[key]
        if isinstance(dimension, Grid | Choice):
            return next(value for value in dimension.values if text_of(value) == param)
        return float(param) if isinstance(param, float) and math.isfinite(param) else param

    def _param(self, key: str, value: Json) -> Json:
        return text_of(value) if isinstance(self._plan.space[key], Grid | Choice) else value


def _imported() -> Any:  # noqa: ANN401 - as above
    try:
        import optuna  # noqa: PLC0415 - only a sweep that asks for it pays for it
    except ImportError as error:
        raise CannotStartError(
            "the extra `sweep` is not installed",
            expected="Optuna",
            got=str(error),
            hint="pip install 'runpact[sweep]', or sweep with --grid and --random",
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna

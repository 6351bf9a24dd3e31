"""Lightning: `Trainer(logger=RunLogger())` logs to the open run.

Knows: what a trainer asks of a logger.
Does not know: when a run begins or ends; `with runpact.run(...)` around `trainer.fit(...)` does.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runpact.api import current
from runpact.integrations.absent import library
from runpact.integrations.logged import log_finite, told
from runpact.model.errors import CannotStartError

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger
    from lightning.pytorch.utilities import rank_zero_only

    from runpact.verbs.life.active import ActiveRun
else:
    try:
        _LIGHTNING = library("lightning.pytorch", package="lightning")
    except CannotStartError:
        _LIGHTNING = library("pytorch_lightning", package="lightning")
    Logger, rank_zero_only = _LIGHTNING.loggers.Logger, _LIGHTNING.utilities.rank_zero_only


class RunLogger(Logger):  # type: ignore[misc]  # checked where Lightning is installed
    """Logs metrics and hyperparameters to a run; checkpoints of the trainer land in its `artifacts/`."""

    def __init__(self, run: ActiveRun | None = None) -> None:
        """Store the run.

        Args:
            run: By default the one that is open now.
        """
        super().__init__()
        self._run = run or current()

    @property
    def experiment(self) -> ActiveRun:
        """The run that is logged to."""
        return self._run

    @property
    def name(self) -> str:
        """Name of a folder that the trainer makes below `save_dir`."""
        return "artifacts"

    @property
    def version(self) -> str:
        """Name of a folder below that."""
        return ""

    @property
    def save_dir(self) -> str:
        """The run's directory, so that the trainer makes no `lightning_logs` beside it."""
        return self._run.dir

    @rank_zero_only  # type: ignore[untyped-decorator]  # Lightning is not installed where this is checked
    def log_metrics(self, metrics: Mapping[str, object], step: int | None = None) -> None:
        """Log what the trainer logs, at its step."""
        log_finite(self._run, metrics, step=step)

    @rank_zero_only  # type: ignore[untyped-decorator]  # Lightning is not installed where this is checked
    def log_hyperparams(
        self,
        params: Mapping[str, object] | argparse.Namespace | None = None,
        *_more: object,
        **_named: object,
    ) -> None:
        """Record the hyperparameters of the module."""
        said = vars(params) if isinstance(params, argparse.Namespace) else params
        self._run.event("trainer.began", settings=told(said or {}))

    @rank_zero_only  # type: ignore[untyped-decorator]  # Lightning is not installed where this is checked
    def finalize(self, status: str) -> None:
        """Say how training ended; the run goes on until its block ends."""
        self._run.event("trainer.ended", status=status)

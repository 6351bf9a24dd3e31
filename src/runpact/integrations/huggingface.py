"""Hugging Face transformers: `Trainer(..., callbacks=[RunCallback()])` logs to the open run.

Knows: what a trainer tells its callbacks.
Does not know: when a run begins or ends; `with runpact.run(...)` around `trainer.train()` does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runpact.api import current
from runpact.integrations.absent import library
from runpact.integrations.logged import log_finite, told

if TYPE_CHECKING:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

    from runpact.verbs.life.active import ActiveRun
else:
    TrainerCallback = library("transformers", package="transformers").TrainerCallback


class RunCallback(TrainerCallback):  # type: ignore[misc]  # checked where transformers is installed
    """Logs metrics, settings and the steps of checkpoints to a run. Give the trainer `report_to="none"`."""

    def __init__(self, run: ActiveRun | None = None) -> None:
        """Store the run.

        Args:
            run: By default the one that is open when training begins.
        """
        super().__init__()
        self._given = run

    @property
    def run(self) -> ActiveRun:
        """The run that is logged to."""
        return self._given or current()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: object
    ) -> None:
        """Record the settings of the trainer."""
        del state, control
        if self._given is None:
            self._given = current()
        self.run.event("trainer.began", settings=told(args.to_sanitized_dict()))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, object] | None = None,
        **_more: object,
    ) -> None:
        """Log what the trainer logs, at its step; of several processes the first one does."""
        del args, control
        if state.is_world_process_zero:
            log_finite(self.run, logs or {}, step=state.global_step)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: object
    ) -> None:
        """Say that the trainer kept a checkpoint; its files are the trainer's own."""
        del control
        folder = os.path.join(args.output_dir, f"checkpoint-{state.global_step}")
        self.run.event("trainer.saved", step=state.global_step, folder=os.path.basename(folder))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: object
    ) -> None:
        """Say that training ended, and at which step."""
        del args, control
        self.run.event(
            "trainer.ended", step=state.global_step, best=told({"metric": state.best_metric})["metric"]
        )

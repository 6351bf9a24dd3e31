"""What Hydra calls when a job begins and ends.

Knows: at which of Hydra's moments a run begins, so that its directory is Hydra's.
Does not know: what a run is made of.

Hydra makes its output directory and then calls `on_job_start`; a run makes its own. So the run of a single
job begins earlier, in `on_run_start`, and that of a job of a multirun where Hydra asks for the job's
directory: an interpolation, which is resolved wherever a launcher runs the job.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf

from runpact.api.byhand import error_lines
from runpact.host.callers import calling_files
from runpact.integrations.hydra.hydrarun import HydraRun, Wish, changing
from runpact.integrations.hydra.multirun import Multirun
from runpact.integrations.hydra.words import words_alone
from runpact.model.errors import RunpactError

if TYPE_CHECKING:
    from hydra.types import TaskFunction

ASKED: contextvars.ContextVar[Wish | None] = contextvars.ContextVar("runpact_hydra_wish", default=None)
"""What the decorator around says; None for a callback that a configuration names."""
OPEN: contextvars.ContextVar[HydraRun | None] = contextvars.ContextVar("runpact_hydra_job", default=None)
LIVE: contextvars.ContextVar[RunCallback | None] = contextvars.ContextVar(
    "runpact_hydra_callback", default=None
)
_RESOLVER = "runpact_job_dir"
_SUBDIR = f"hydra.sweep.subdir=${{{_RESOLVER}:}}"


def live_callback() -> RunCallback | None:
    """Return the callback that Hydra made for the program around, once."""
    callback = LIVE.get()
    LIVE.set(None)
    return callback


class RefusedError(BaseException):
    """A run was refused: no job is to begin. Hydra turns errors of callbacks into warnings, but not this."""

    def __init__(self, error: RunpactError) -> None:
        """Store why."""
        super().__init__(str(error))
        self.error = error


class RunCallback(Callback):
    """Makes each job of a Hydra program a run, whose directory is Hydra's output directory.

    A configuration names it: `hydra.callbacks.runpact._target_: runpact.hydra.RunCallback`. What is refused
    ends the program with exit code 2 before its function is called.
    """

    def __init__(
        self, sweep_kind: str | None = None, direction: str = "min", typed: str | None = None, **said: object
    ) -> None:
        """Store what is said of the runs.

        Args:
            sweep_kind: Kind of the run that a multirun is; by default `multirun` or `sweep`, if the contract
                has one; empty for none.
            direction: `min` or `max`: which returned number is the best of a multirun.
            typed: Dotted name of the type that each configuration must fit. The function still gets what
                Hydra composed; with `runpact.hydra.main` it gets the value.
            said: Keywords of `runpact.run`, as `kind`, `name`, `seeds`.
        """
        asked = ASKED.get()
        self._is_decorated = asked is not None
        plain = {
            key: OmegaConf.to_container(each) if OmegaConf.is_config(each) else each
            for key, each in said.items()
        }
        self.wish = asked or Wish(
            typed=None if typed is None else get_class(typed),
            callers=calling_files(),
            arguments=tuple(sys.argv[1:]),
            sweep_kind=sweep_kind,
            direction=direction,
            said=plain,
        )
        self._multirun: Multirun | None = None
        self._parent: dict[str, str] = {}
        self._words: tuple[str, ...] = ()
        self._is_elsewhere = False
        self._code = 0
        if self._is_decorated:
            LIVE.set(self)

    def __getstate__(self) -> dict[str, object]:
        """Return what a process needs that runs jobs for this one."""
        return {
            "wish": self.wish,
            "parent": self._parent,
            "words": self._words,
            "is_decorated": self._is_decorated,
        }

    def __setstate__(self, state: dict[str, object]) -> None:
        """Make ready to run jobs for another process."""
        self.wish, self._parent, self._words = state["wish"], state["parent"], state["words"]  # type: ignore[assignment]  # as stored
        self._is_decorated = bool(state["is_decorated"])
        self._multirun, self._is_elsewhere, self._code = None, True, 0
        os.environ.update(self._parent)
        self._give_directories()

    def on_run_start(self, config: DictConfig, **_more: object) -> None:
        """Begin the run of a single job, and let Hydra write into its directory."""
        if OPEN.get() is None:
            job = self._begun(config)
            with changing(config):
                config.hydra.run.dir = job.run.dir

    def on_multirun_start(self, config: DictConfig, **_more: object) -> None:
        """Begin the run that a multirun is, if the contract has such a kind."""
        try:
            self._multirun = Multirun(self.wish, config)
        except RunpactError as error:
            self._refuse(error)
        self._parent = self._multirun.handed_on()
        self._words = words_alone(sys.orig_argv, self.wish.arguments)
        self._give_directories()
        with changing(config):
            config.hydra.sweep.dir = self._multirun.directory
            config.hydra.overrides.hydra.append(_SUBDIR)

    def on_job_start(self, config: DictConfig, *, task_function: TaskFunction, **_more: object) -> None:
        """Make sure that the job has a run, whose log holds no secret: Hydra has just opened it."""
        del config, task_function
        job = OPEN.get()
        if job is None:
            raise SystemExit(2)
        job.mask_logs()

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_more: object) -> None:
        """Seal the run of a job, unless the decorator did."""
        del config
        job = OPEN.get()
        OPEN.set(None)
        if job is None or not job.is_open:
            return
        is_failed = job_return.status is JobStatus.FAILED
        try:
            if not is_failed:
                job.returned(job_return.return_value)
            job.end(job_return._return_value if is_failed else None)  # noqa: SLF001 - the property raises it
        except RunpactError as error:
            sys.stderr.write("\n".join(error_lines(error)) + "\n")
            self._code = max(self._code, error.exit_code)

    def on_run_end(self, config: DictConfig, **_more: object) -> None:
        """End the program when its run did not keep the contract."""
        del config
        self._leave()

    def on_multirun_end(self, config: DictConfig, **_more: object) -> None:
        """Seal the run that the multirun is."""
        del config
        multirun, self._multirun = self._multirun, None
        if multirun is not None:
            try:
                multirun.end(None)
            except RunpactError as error:
                self._refuse(error)
        self._leave()

    def abandon(self, error: BaseException | None) -> None:
        """Seal what is still open: Hydra ended early."""
        job, multirun = OPEN.get(), self._multirun
        OPEN.set(None)
        self._multirun = None
        with contextlib.suppress(RunpactError):
            if job is not None and job.is_open:
                job.end(error or RuntimeError("Hydra ended before the job did"))
        with contextlib.suppress(RunpactError):
            if multirun is not None:
                multirun.end(error or RuntimeError("Hydra ended before all jobs had run"))

    def _begun(self, config: DictConfig) -> HydraRun:
        try:
            job = HydraRun(self.wish, config)
            job.made_by(self._words, config)
        except RunpactError as error:
            self._refuse(error)
        OPEN.set(job)
        if not self._is_decorated:
            import atexit  # noqa: PLC0415 - a decorated function needs no such net

            atexit.register(job.end, RuntimeError("the process ended before Hydra told the end of the job"))
        return job

    def _refuse(self, error: RunpactError) -> NoReturn:
        if self._is_elsewhere:
            raise error
        if self._is_decorated:
            raise RefusedError(error) from error
        sys.stderr.write("\n".join(error_lines(error)) + "\n")
        raise SystemExit(error.exit_code) from error

    def _leave(self) -> None:
        if self._code:
            raise SystemExit(self._code)

    def _give_directories(self) -> None:
        OmegaConf.register_new_resolver(_RESOLVER, self._directory, replace=True)

    def _directory(self, *, _root_: DictConfig) -> str:
        """Return the directory of the job that Hydra is about to run: its run begins here."""
        job = self._begun(_root_)
        with changing(_root_):
            _root_.hydra.sweep.subdir = job.run.dir
        return job.run.dir

"""A job of Hydra that is a run.

Knows: what Hydra composed, and which of Hydra's own files may stand in the run.
Does not know: when Hydra begins or ends a job.
"""

from __future__ import annotations

import copy
import importlib.metadata
import logging
import math
import os
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import msgspec
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from runpact.api import PendingRun, run
from runpact.api.configured import Given, composed_config
from runpact.model.judge.others import takes
from runpact.model.recordmasker import RecordMasker
from runpact.model.template import PathTemplate
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.life.start import pick_kind

HERE = "."
"""What stands in the recorded configuration for the output directory, which has no name yet."""
_LOG = "hydra.job_logging.handlers.file.filename"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a program says about the runs of its jobs."""

    typed: type | None = None
    callers: tuple[str, ...] = ()
    """Files whose code asks for the runs, nearest first."""
    sweep_kind: str | None = None
    """Kind of the run that a multirun is; by default `multirun` or `sweep`, if there is one; empty: none."""
    direction: str = "min"
    """Whether the least or the greatest returned number is the best."""
    said: Mapping[str, object] = {}
    """Further keywords of `runpact.run`."""
    arguments: tuple[str, ...] = ()
    """What the program got on the command line."""


class HydraRun:
    """The run that one job is."""

    def __init__(self, wish: Wish, config: DictConfig) -> None:
        """Begin the run, and let Hydra's directory be its own.

        Raises:
            RunpactError: The configuration does not fit, or no run can be made; nothing was created.
        """
        self.given = given_of(config)
        said = dict(wish.said)
        pending = run(config=self.given, typed=wish.typed, **said)  # type: ignore[arg-type]  # passed on
        if "name" not in said and wants_name(pending, said.get("kind")):
            said["name"] = str(config.hydra.job.name)
            pending = run(config=self.given, typed=wish.typed, **said)  # type: ignore[arg-type]  # as above
        self._wish, self._pending = wish, pending.asked_by(wish.callers)
        self.run: ActiveRun = self._pending.__enter__()
        self.is_open = True
        try:
            _settle(config, self.run)
        except BaseException as error:
            self.end(error)
            raise

    def argument(self, config: DictConfig) -> object:
        """Return what the program's function is called with: a typed value, or what Hydra composed."""
        if self._wish.typed is None:
            return config
        if not _speaks_of_output(self.given):
            return self.run.typed
        from runpact.model.config.typed import typed_value  # noqa: PLC0415 - few ask for it

        values = OmegaConf.to_container(config, resolve=True, enum_to_str=True)
        return typed_value(self._wish.typed, values)  # type: ignore[arg-type]  # a mapping again

    def made_by(self, words: tuple[str, ...], config: DictConfig) -> None:
        """Say which words make the run of this job again, alone; the program's own make all jobs."""
        if words:
            self.run.reproduced_by(*words, *map(str, config.hydra.overrides.task))

    def mask_logs(self) -> None:
        """Keep secrets out of what Hydra logs into the run, from now on."""
        for _logger, handler in _log_files(self.run.dir):
            handler.setFormatter(_Masking(handler.formatter, self.run.masker))

    def returned(self, value: object) -> None:
        """Log the number that the function returned: sweepers take it for the objective."""
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            self.run.log({"returned": value})

    def end(self, error: BaseException | None) -> None:
        """Seal the run and judge it.

        Raises:
            ContractBrokenError: The function succeeded and the run does not keep its contract.
        """
        if self.is_open:
            self.is_open = False
            close_logs(self.run.dir)
            told = (type(error), error, error.__traceback__) if error else (None, None, None)
            self._pending.__exit__(*told)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Seal the run as its block ended."""
        del kind, trace
        self.end(error)

    def __enter__(self) -> Self:
        """Return the job."""
        return self


def given_of(config: DictConfig) -> Given:
    """Return what Hydra composed for a job, as it is to be recorded."""
    task = task_config(config)
    hydra = config.hydra
    with _composing(config):
        return composed_config(
            task,
            by=f"hydra {importlib.metadata.version('hydra-core')}",
            source=None if hydra.job.config_name is None else str(hydra.job.config_name),
            overrides=tuple(map(str, hydra.overrides.task)),
            choices={str(group): chosen for group, chosen in hydra.runtime.choices.items() if _is_own(group)},
        )


def task_config(config: DictConfig) -> DictConfig:
    """Return a configuration without Hydra's own part."""
    task = copy.deepcopy(config)
    with read_write(task), open_dict(task):
        del task["hydra"]
    return task


def _is_own(group: object) -> bool:
    return not str(group).startswith("hydra/")


@contextmanager
def _composing(config: DictConfig) -> Iterator[None]:
    """Let interpolations that ask Hydra be answered before the output directory is known."""
    before = HydraConfig.instance().cfg
    whole = copy.deepcopy(config)
    with read_write(whole.hydra.runtime), open_dict(whole.hydra.runtime):
        whole.hydra.runtime.output_dir = HERE
    try:
        HydraConfig.instance().set_config(whole)
        yield
    finally:
        HydraConfig.instance().cfg = before


def _speaks_of_output(given: Given) -> bool:
    """Whether a configuration asks Hydra for something, which may be the output directory."""
    return given.composition is not None and "${hydra:" in repr(given.composition.composed)


def wants_name(pending: PendingRun, kind: object) -> bool:
    """Whether a run of a kind, or of the usual one, stands below a name."""
    contract = pending.workspace.working_contract.contract
    _name, chosen = pick_kind(contract, None if kind is None else str(kind))
    return "name" in PathTemplate.parse(chosen.at).captures


def _settle(config: DictConfig, opened: ActiveRun) -> None:
    """Let Hydra write into the run what the run may hold, and nothing else.

    Its log goes where logs stand. `.hydra` is left out where the contract refuses it, and where a secret was
    masked in the configuration: Hydra would write it out.
    """
    with changing(config):
        name = f"{config.hydra.job.name}.log"
        path = f"logs/{name}" if os.path.isdir(opened.path("logs")) else name
        if "filename" in ((config.hydra.job_logging.get("handlers") or {}).get("file") or {}):
            if takes(opened.kind, path):
                OmegaConf.update(config, _LOG, opened.path(path))
            else:
                _without_file(config)
        folder = config.hydra.output_subdir
        is_kept = folder is not None and takes(opened.kind, posixpath.join(str(folder), "config.yaml"))
        if not is_kept or "config" in opened.masker.masking.places:
            config.hydra.output_subdir = None


@contextmanager
def changing(config: DictConfig) -> Iterator[None]:
    """Let Hydra's own part be changed within the block."""
    with read_write(config), open_dict(config), read_write(config.hydra), open_dict(config.hydra):
        yield


def _without_file(config: DictConfig) -> None:
    """Take the handler that writes a file out of Hydra's logging."""
    logs = config.hydra.job_logging
    del logs.handlers["file"]
    for logger in (logs.get("root"), *(logs.get("loggers") or {}).values()):
        if logger is not None and "file" in (logger.get("handlers") or ()):
            logger.handlers = [each for each in logger.handlers if each != "file"]


def close_logs(directory: str) -> None:
    """Close the log files below a folder: nothing may write them once the run is sealed."""
    for logger, handler in _log_files(directory):
        logger.removeHandler(handler)
        handler.close()


def _log_files(directory: str) -> list[tuple[logging.Logger, logging.Handler]]:
    """Return the handlers that write below a folder, with the loggers that have them."""
    loggers = [logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    return [
        (logger, handler)
        for logger in loggers
        for handler in logger.handlers
        if getattr(handler, "baseFilename", "").startswith(f"{directory}{os.sep}")
    ]


class _Masking(logging.Formatter):
    """Writes the lines that another formatter makes without the secrets of the run."""

    def __init__(self, plain: logging.Formatter | None, masker: RecordMasker) -> None:
        super().__init__()
        self._plain, self._masker = plain or logging.Formatter(), masker

    def format(self, record: logging.LogRecord) -> str:
        return self._masker.text("logs", self._plain.format(record))

"""What every pipeline does around its own work: settings, a run under contract, two records, an exit code.

0: it succeeded; 1: the run failed, and says why; 2: the settings cannot be used, no run was made; 3: a
service cannot be started, or something is not installed; 128 + n: stopped by signal n.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import runpact
from runpact.host.signals import Terminated
from share.errors import SettingsError, VisionError
from share.settings import ROOT, Asked, Settings, read_settings, told

USAGE = 64
"""Exit code of runpact for a name or a command line that cannot be."""
LONGEST = 4000
"""Characters of an error in a record; twenty faults of a data set fit."""


@dataclass(frozen=True)
class Job:
    """An open run and its settings."""

    run: runpact.ActiveRun
    settings: Settings

    @property
    def models(self) -> Path:
        """Folder of the model that this run makes."""
        return self.settings.root / "models" / self.run.id

    @property
    def outputs(self) -> Path:
        """Folder of the frames that this run draws."""
        return self.settings.root / "outputs" / self.run.id


@dataclass(frozen=True)
class Pipeline:
    """One pipeline: its name, what tells its variants apart, and its work."""

    mode: str
    variant: Callable[[Settings], Mapping[str, str]]
    """`backend`, `autolabel_mode` or `deploy_mode`, and which."""
    work: Callable[[Job], Mapping[str, Any]]
    """Does the work and returns the block `artifacts`."""
    demand: Callable[[Settings], None] = lambda _settings: None
    """Refuses, before there is a run, what cannot work here."""
    writes: Callable[[Settings], tuple[str, ...]] = lambda _settings: ()
    """Globs outside the run that it may write to, absolute."""


def asked_by(arguments: Sequence[str] | None, what: str | None) -> Asked:
    """Read the flags that every program has."""
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, metavar="PATH", help="settings, TOML")
    parser.add_argument("--workdir", metavar="PATH", help="keep everything there instead")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    said = parser.parse_args(arguments)
    return Asked(said.config, said.workdir, tuple(said.overrides))


def run_pipeline(pipeline: Pipeline, arguments: Sequence[str] | None, what: str | None) -> int:
    """Make one run of a pipeline and return the exit code."""
    asked = asked_by(arguments, what)
    try:
        wanted = Asked(asked.config, asked.workdir, (*asked.overrides, f"mode={pipeline.mode}"))
        settings = read_settings(wanted)
        pipeline.demand(settings)
    except VisionError as error:
        return refused(error)
    return _make(pipeline, settings)


def refused(error: VisionError) -> int:
    """Say why no run was made."""
    sys.stderr.write(f"[CONFIG ERROR] {error}\n" if error.exit_code == 2 else f"error={error}\n")
    return error.exit_code


def _make(pipeline: Pipeline, settings: Settings) -> int:
    """Make the run, and say how it ended."""
    made: list[runpact.ActiveRun] = []
    problem, code = "", 0
    try:
        with _pending(pipeline, settings) as run:
            made.append(run)
            _do(pipeline, Job(run, settings))
    except VisionError as error:
        problem, code = str(error), error.exit_code
    except runpact.RunpactError as error:
        if not made and error.exit_code == USAGE:  # a name that no run may have
            return refused(SettingsError(told(error)))
        problem, code = told(error), 1 if made else error.exit_code
    except Terminated as error:
        problem, code = f"stopped by signal {error.number}; the run is interrupted", 128 + error.number
    except KeyboardInterrupt:
        problem, code = "stopped by Ctrl-C; the run is interrupted", 130
    except Exception as error:  # noqa: BLE001 - the run is sealed and holds the traceback; this is the last frame
        problem, code = described(error), 1
    return _tell(made[0] if made else None, problem, code)


def _pending(pipeline: Pipeline, settings: Settings) -> runpact.PendingRun:
    return runpact.run(
        name=settings["workspace"]["run_name"],
        config=settings.asked.config,
        overrides=settings.asked.overrides,
        seeds={"numpy": settings["train"]["seed"]},
        workspace=ROOT,
        workdir=settings.root,
        caches=pipeline.writes(settings),
    )


def _do(pipeline: Pipeline, job: Job) -> None:
    """Do the work, and write `artifacts.json` however it ends."""
    head = {"run_id": job.run.id, "mode": pipeline.mode, **pipeline.variant(job.settings)}
    job.run.event(f"{pipeline.mode}.start", **pipeline.variant(job.settings))
    try:
        with scratch(job.settings.root / "tmp"):
            block = pipeline.work(job)
    except BaseException as error:
        failed = {"status": "failed", "error": described(error)}
        job.run.event(f"{pipeline.mode}.failed", level="error", error=failed["error"])
        trace = {"traceback": "".join(traceback.format_exception(error))}
        job.run.save(
            "artifacts",
            {**head, **failed, "artifacts": {**pipeline.variant(job.settings), **failed, **trace}},
        )
        raise
    job.run.save("artifacts", {**head, "status": "ok", "error": None, "artifacts": dict(block)})
    job.run.event(f"{pipeline.mode}.done")


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[None]:
    """Keep temporary files of all libraries in the work directory."""
    folder.mkdir(parents=True, exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def described(error: BaseException) -> str:
    """Return `Type: message` in one line, as runpact records it."""
    if isinstance(error, Terminated):
        return f"stopped by signal {error.number}"
    text = " ".join(str(error).split())
    whole = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return whole if len(whole) <= LONGEST else f"{whole[:LONGEST]} … ({len(whole) - LONGEST} characters more)"


def _tell(run: runpact.ActiveRun | None, problem: str, code: int) -> int:
    """Print where everything is."""
    if run is not None:
        folder = Path(run.dir)
        print(f"run_id={run.id}")
        print(f"status={'failed' if code else 'ok'}")
        print(f"resolved_config={folder / 'config.resolved.toml'}")
        print(f"artifacts={folder / 'artifacts.json'}")
    if problem:
        sys.stderr.write(f"error={problem}\n")
    return code

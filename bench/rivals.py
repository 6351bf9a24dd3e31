"""Other systems that record runs or run stages, measured here, each in a throw-away environment.

Knows: how a peer is installed, run and left out.
Does not know: how a peer works (`peers/`), how the table is printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
NAMES = ("signac", "sacred", "dvclive", "mlflow", "aim")
"""Those that record runs, as their package is called."""
ORCHESTRATORS = ("doit", "snakemake", "dvc")
"""Those that run stages and leave out what is up to date."""
_INSTALLING, _RUNNING = 400, 300
"""Most seconds for each."""


@dataclass(frozen=True)
class Peer:
    """What came out for one system."""

    name: str
    version: str = ""
    run_ms: float | None = None
    points_per_second: float | None = None
    stage_ms: float | None = None
    idle_ms: float | None = None
    lacks: str = ""
    left_out: str = ""
    """Why it was not measured."""


def measure_peers(names: tuple[str, ...] = NAMES) -> list[Peer]:
    """Measure runpact and each of the peers by the same script, one after the other."""
    return [_measured("runpact", sys.executable), *(_installed(name) for name in names)]


def measure_orchestrators(names: tuple[str, ...] = ORCHESTRATORS) -> list[Peer]:
    """Measure a chain of stages in runpact and in each of the others by the same script."""
    own = _measured("runpact", sys.executable, "pipeline")
    return [own, *(_installed(name, "pipeline") for name in names)]


def _installed(name: str, script: str = "peer") -> Peer:
    with tempfile.TemporaryDirectory(prefix=f"runpact-peer-{name}-", ignore_cleanup_errors=True) as folder:
        try:
            venv.create(folder, with_pip=True)
            python = os.path.join(folder, "bin", "python")
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", name]
            _run(pip, seconds=_INSTALLING)
        except (OSError, subprocess.SubprocessError):
            return Peer(name, left_out="it could not be installed here")
        return _measured(name, python, script)


def _measured(name: str, python: str, script: str = "peer") -> Peer:
    with tempfile.TemporaryDirectory(prefix="runpact-peer-", ignore_cleanup_errors=True) as folder:
        try:
            said = _run([python, os.path.join(_FOLDER, f"{script}_{name}.py"), folder], seconds=_RUNNING)
            return Peer(name, **json.loads(said.strip().splitlines()[-1]))
        except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
            return Peer(name, left_out=f"it was installed, but its script ended with {type(error).__name__}")


def _run(command: list[str], *, seconds: float) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=seconds
    )
    return done.stdout

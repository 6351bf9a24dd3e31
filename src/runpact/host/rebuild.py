"""Environments of Python, made again from what was recorded of one.

Knows: how uv and pip are asked, which of both asks the network.
Does not know: what was recorded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from runpact.model.errors import CannotStartError

_SECONDS = 3600
_LINES = 5


def has_uv(environ: Mapping[str, str]) -> bool:
    """Whether uv can be asked."""
    return _uv(environ) is not None


def sync_with_uv(project: str, folder: str, python: str, *, environ: Mapping[str, str]) -> str:
    """Make the environment of a project from its lock file; return the folder of its programs.

    Args:
        project: Absolute folder with `pyproject.toml` and `uv.lock`.
        folder: Absolute, of the environment to be.
        python: Version of Python.
        environ: Environment of this process.

    Raises:
        CannotStartError: It could not be made.
    """
    words = [
        _uv(environ) or "uv",
        "sync",
        "--frozen",
        "--no-progress",
        "--python",
        python,
        "--project",
        project,
    ]
    _run(words, cwd=project, environ={**environ, "UV_PROJECT_ENVIRONMENT": folder})
    return os.path.join(folder, "bin")


def install_with_pip(requirements: Sequence[str], folder: str, *, environ: Mapping[str, str]) -> str:
    """Make an environment with just these packages; return the folder of its programs.

    Args:
        requirements: As pip reads them.
        folder: Absolute, of the environment to be.
        environ: Environment of this process.

    Raises:
        CannotStartError: It could not be made.
    """
    _run([sys.executable, "-m", "venv", folder], cwd=os.path.dirname(folder), environ=environ)
    programs = os.path.join(folder, "bin")
    listed = os.path.join(folder, "requirements.txt")
    with open(listed, "w", encoding="utf-8") as file:
        file.write("".join(f"{each}\n" for each in requirements))
    python = os.path.join(programs, "python")
    words = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "-r",
        listed,
    ]
    _run(words, cwd=folder, environ=environ)
    return programs


def _run(words: Sequence[str], *, cwd: str, environ: Mapping[str, str]) -> None:
    """Run an installer; what it says goes to stderr as it says it, the end of it into the error."""
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
        said, code = done.stdout.decode("utf-8", "replace"), done.returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        said, code = str(error), 1
    if code != 0:
        told = " / ".join(line.strip() for line in said.strip().splitlines()[-_LINES:])
        raise CannotStartError(
            f"the environment could not be made again: {os.path.basename(words[0])} ended with {code}",
            at=cwd,
            got=told[:600],
        )


def _uv(environ: Mapping[str, str]) -> str | None:
    return shutil.which("uv", path=environ.get("PATH", os.defpath))

"""Environments of Python, made again from what was recorded of one.

Knows: how uv and pip are asked, which of both asks the network; how the running runpact is lent to one.
Does not know: what was recorded.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

import msgspec

from runpact.host.packages import installed_packages
from runpact.host.peek import peek_text
from runpact.model.errors import CannotStartError
from runpact.version import VERSION

_SECONDS = 3600
_LINES = 5
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LARGEST = 1 << 20
_WORKS = """\
import importlib.metadata, re, runpact.api
for line in importlib.metadata.requires("runpact") or ():
    if "extra ==" not in line:
        importlib.metadata.version(re.match("[A-Za-z0-9._-]+", line)[0])
"""
"""Ends well where runpact and what it needs can be had; an extra is nobody's need."""


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


def has_this_runpact(folder: str) -> bool:
    """Whether an environment has runpact in the version that runs."""
    found = installed_packages(
        glob.glob(os.path.join(glob.escape(folder), "lib*", "python*", "site-packages"))
    )
    return "runpact" in found and found["runpact"].version == VERSION


def lend_runpact(folder: str) -> None:
    """Lay a link to the running runpact into a folder, with its metadata: what has it on its path imports it.

    Its metadata say that it came from a folder, so that a record of what is installed says so.

    Args:
        folder: Absolute, must not exist.

    Raises:
        CannotStartError: It cannot be written.
    """
    info = os.path.join(folder, f"runpact-{VERSION}.dist-info")
    own = installed_packages(sys.path).get("runpact")
    told = peek_text(os.path.join(own.place, own.info, "METADATA"), _LARGEST) if own else ""
    try:
        os.makedirs(info)
        os.symlink(_PACKAGE, os.path.join(folder, "runpact"))
        with open(os.path.join(info, "METADATA"), "w", encoding="utf-8") as file:
            file.write(told or f"Metadata-Version: 2.1\nName: runpact\nVersion: {VERSION}\n")
        with open(os.path.join(info, "direct_url.json"), "wb") as origin:
            origin.write(msgspec.json.encode({"url": f"file://{_PACKAGE}", "dir_info": {}}))
    except OSError as error:
        raise CannotStartError(f"runpact cannot be lent: {error.strerror}", at=folder) from error


def demand_runpact(programs: str, *, environ: Mapping[str, str]) -> None:
    """Make sure that programs of an environment can use runpact.

    Args:
        programs: Absolute folder of its programs.
        environ: Environment that they will get.

    Raises:
        CannotStartError: They cannot; it is said what is missing.
    """
    words = [os.path.join(programs, "python"), "-c", _WORKS]
    said, code = _ended(words, cwd=programs, environ=environ)
    if code != 0:
        raise CannotStartError(
            f"runpact {VERSION} was lent to the environment, and does not work there",
            at=programs,
            got=said.strip().rpartition("\n")[2][:300],
        )


def _run(words: Sequence[str], *, cwd: str, environ: Mapping[str, str]) -> None:
    """Run an installer; the end of what it says goes into the error."""
    said, code = _ended(words, cwd=cwd, environ=environ)
    if code != 0:
        told = " / ".join(line.strip() for line in said.strip().splitlines()[-_LINES:])
        raise CannotStartError(
            f"the environment could not be made again: {os.path.basename(words[0])} ended with {code}",
            at=cwd,
            got=told[:600],
        )


def _ended(words: Sequence[str], *, cwd: str, environ: Mapping[str, str]) -> tuple[str, int]:
    """Run a command to its end; return what it said, and its exit code."""
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
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error), 1
    return done.stdout.decode("utf-8", "replace"), done.returncode


def _uv(environ: Mapping[str, str]) -> str | None:
    return shutil.which("uv", path=environ.get("PATH", os.defpath))

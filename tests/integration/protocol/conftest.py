"""What the tests of whole commands share: a workspace, the command line, runs, child programs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import runpact
from runpact.cli.main import run_command_line

CONTRACT = """\
contract: acme.training
version: "1.2.0"
kinds:
  run:
    at: runs/{name}
    clash: "-{n}"
"""


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        return json.loads(self.out)

    @property
    def error(self) -> dict:
        return json.loads(self.err)["error"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a contract of one kind; the current directory."""
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def cli(project: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """The command line, in this process and in the workspace."""

    def call(*arguments: str) -> Said:
        capfd.readouterr()
        code = run_command_line(list(arguments))
        said = Said(code, *capfd.readouterr())
        assert "Traceback" not in said.err
        return said

    return call


@pytest.fixture
def make_run(project: Path) -> Callable[..., Path]:
    """Make a finished run with a point, an artifact and a foreign file, and return its directory."""

    def make(name: str = "first", *, loss: float = 0.5) -> Path:
        with runpact.run(name=name, durability="none", seeds={"python": 7}, config={"lr": 0.1}) as run:
            run.log({"loss": loss}, step=1)
            run.save("result.json", {"loss": loss})
            Path(run.path("notes/free.txt")).write_text("free\n", encoding="utf-8")
        return Path(run.dir)

    return make


@pytest.fixture
def open_run(project: Path) -> Callable[..., Path]:
    """Make a run whose process was killed, and return its directory."""

    def make(name: str = "killed", lines: str = "run.log({'loss': 1.0}, step=1)") -> Path:
        program = (
            "import os, signal, runpact\n"
            f"pending = runpact.run(name={name!r}, durability='none')\n"
            f"run = pending.__enter__()\n{lines}\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        subprocess.run([sys.executable, "-c", program], cwd=project, check=False)
        return project / "runs" / name

    return make


@pytest.fixture
def python(project: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run a Python program in the workspace to its end."""

    def run(program: str, *, setup: Callable[[], None] | None = None) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=project,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=setup,
        )

    return run


@pytest.fixture
def start_python(project: Path):
    """Start a Python program in the workspace; it is ended with the test."""
    started: list[subprocess.Popen] = []

    def start(program: str) -> subprocess.Popen:
        child = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.fixture
def wait_for():
    """Wait until a condition holds."""

    def wait(condition: Callable[[], object], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.01)

    return wait


@pytest.fixture
def is_root() -> bool:
    return os.geteuid() == 0

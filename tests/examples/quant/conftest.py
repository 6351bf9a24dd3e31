"""Makes the example's package importable, and keeps what it makes in a folder of the test."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "quant"
sys.path.insert(0, str(EXAMPLE / "src"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty workspace with the example's contract, in which its functions work, and go there."""
    folder = tmp_path / "desk"
    folder.mkdir()
    shutil.copy(EXAMPLE / "contract.yaml", folder)
    shutil.copytree(EXAMPLE / "schemas", folder / "schemas")
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(folder))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a whole copy of the example, to be called as its user does, and go there."""
    folder = tmp_path / "lab"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("outputs", ".runpact*", "__pycache__"))
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def program() -> ModuleType:
    """Return `main.py` as a module."""
    spec = importlib.util.spec_from_file_location("quant_main", EXAMPLE / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["quant_main"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ask(program: ModuleType, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict]]:
    """Return a function that sends one request and gives exit code and answer."""

    def send(payload: object, *more: str) -> tuple[int, dict]:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        capfd.readouterr()
        code = program.app.main(["--json-request", text, *more])
        said = capfd.readouterr()
        assert "Traceback" not in said.err
        (line,) = said.out.splitlines()
        answer = json.loads(line)
        assert answer["exit_code"] == code
        assert set(answer) == ANSWER
        return code, answer

    return send


ANSWER = {
    *("schema_version", "application", "version", "request_id", "command"),
    *("status", "exit_code", "result", "error"),
}

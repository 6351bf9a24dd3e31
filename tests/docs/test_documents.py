"""The documents say what is true: commands, formats, errors; their code runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from runpact.cli.main import _COMMANDS, run_command_line
from runpact.model import errors

ROOT = Path(__file__).resolve().parents[2]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(name), re.DOTALL)


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_every_command_stands_in_the_readme_and_has_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"runpact {command}" in text("README.md") or f"do.py {command}" in text("README.md")
    assert run_command_line([command, "--help"]) == 0
    assert "Usage: runpact" in capsys.readouterr().out


def test_every_json_document_is_described() -> None:
    names = {
        name
        for path in (ROOT / "src/runpact/cli").glob("*.py")
        for name in re.findall(r'print_json\(\s*"([a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    described = text("docs/FORMAT.md")
    assert {name for name in names if f"`runpact.{name}/1`" not in described} == set()
    assert len(names) >= 7


def test_every_error_is_described_with_its_exit_code() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.RunpactError)
    ]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", text("docs/errors.md"), re.MULTILINE))
    known = {kind.code: str(kind.exit_code) for kind in kinds if kind is not errors.RunpactError}
    assert rows == known | {"internal": "3"}


def test_the_readmes_program_and_contract_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (contract,) = blocks("README.md", "yaml")
    (program,) = blocks("README.md", "python")
    (tmp_path / "contract.yaml").write_text(contract)
    assert run_command_line(["contract", "lint"]) == 0
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert run_command_line(["check"]) == 0
    assert run_command_line(["verify", "second"]) == 0


def test_the_contract_of_the_page_on_views_is_well_formed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (contract,) = blocks("docs/views.md", "yaml contract")
    (tmp_path / "contract.yaml").write_text(contract)
    assert run_command_line(["contract", "lint"]) == 0
    assert run_command_line(["index", "views"]) == 0
    assert run_command_line(["index", "views", "--check"]) == 0

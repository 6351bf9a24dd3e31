"""`runpact lint-repo`, and what doctor says of ledger and repository."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from runpact.cli.main import run_command_line
from runpact.disk.archive import STAGING
from runpact.disk.layout import LEDGER
from runpact.host import gitanswers
from runpact.model.contract.ignoring import ignored_patterns
from runpact.packs import pack_names
from runpact.verbs.contracts.load_contract import load_contract

Captured = pytest.CaptureFixture[str]
ROOT = Path(__file__).resolve().parents[3]


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True)


def found(capsys: Captured, *words: str) -> dict[str, list[str]]:
    capsys.readouterr()
    run_command_line(["lint-repo", "--json", *words])
    codes: dict[str, list[str]] = {}
    for each in json.loads(capsys.readouterr().out)["findings"]:
        codes.setdefault(each["code"], []).append(each["path"])
    return codes


@pytest.mark.requirement("B-101", "B-102", "B-123", "B-124")
def test_what_does_not_belong_is_found_in_index_and_copies(
    workspace: Path, pair: Callable[..., Path], capsys: Captured
) -> None:
    pair()
    assert run_command_line(["promote", "quant8"]) == 0
    assert set(found(capsys)) == {"not-versioned"}
    git(workspace, "init", "-q", "top")
    (workspace / "top" / ".git").rename(workspace / ".git")
    assert "runs-not-ignored" in found(capsys)
    assert run_command_line(["doctor", "--fix"]) in {0, 1}
    git(workspace, "add", "-A")
    assert run_command_line(["lint-repo"]) == 0
    assert "/reports_*/" in (workspace / ".gitignore").read_text(encoding="utf-8")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=workspace, capture_output=True, text=True, check=True
    ).stdout
    assert LEDGER in listed
    assert "reports/baseline/report.json" in listed
    assert "reports_scratch" not in listed
    assert "runs/" not in listed
    (workspace / "model.pt").write_bytes(b"weights")
    (workspace / "reports" / "events.jsonl").write_bytes(b"{}")
    git(workspace, "add", "-A")
    (workspace / "model.pt").unlink()
    assert found(capsys) == {"checkpoint-kept": ["model.pt"], "log-kept": ["reports/events.jsonl"]}
    assert "evidence-too-large" in found(capsys, "--max-size", "100")
    assert run_command_line(["lint-repo"]) == 3
    (workspace / ".gitignore").write_text("/reports/\n/runs/\n", encoding="utf-8")
    assert found(capsys)["promotion-ignored"] == ["reports"]


def test_a_repository_that_cannot_be_asked_is_no_clean_one(
    workspace: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(workspace, "init", "-q", ".")
    monkeypatch.setattr(gitanswers, "git_program", lambda _path: None)
    assert "undecided" in found(capsys)

    def refuse(*_words: object) -> None:
        raise OSError(28, "full")

    monkeypatch.undo()
    monkeypatch.chdir(workspace)
    monkeypatch.setattr(gitanswers, "neutral_git", refuse)
    assert "undecided" in found(capsys)


def test_a_workspace_inside_a_repository_sees_its_own_files_alone(
    tmp_path: Path, workspace: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = workspace / "inner"
    inner.mkdir()
    (workspace / "contract.yaml").rename(inner / "contract.yaml")
    git(workspace, "init", "-q", ".")
    for place in (workspace, inner):
        (place / "model.pt").write_bytes(b"weights")
    git(workspace, "add", "-A")
    monkeypatch.chdir(inner)
    assert found(capsys)["checkpoint-kept"] == ["model.pt"]


@pytest.mark.requirement("B-125")
def test_no_pack_tells_git_to_ignore_what_it_promotes() -> None:
    for name in pack_names():
        contract = load_contract(name).contract
        for promotion in contract.promotions.values():
            folder = promotion.at.split("/")[0]
            assert f"/{folder}/" not in ignored_patterns(contract)
    assert "/reports_*/" in ignored_patterns(load_contract("runpact:evidence@1").contract)


def test_the_doctor_tells_of_a_torn_ledger_and_of_unfinished_copies(
    workspace: Path, capsys: Captured
) -> None:
    (workspace / LEDGER).write_bytes(b'{"action"')
    (workspace / "reports" / f"{STAGING}12").mkdir(parents=True)
    assert run_command_line(["doctor", "--json"]) == 1
    told = {each["code"]: each["path"] for each in json.loads(capsys.readouterr().out)["findings"]}
    assert told == {"ledger-torn": LEDGER, "leftover": f"reports/{STAGING}12"}


def test_the_hook_runs_a_command_that_exists(capsys: Captured) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    program, *words = hook["entry"].split()
    assert program == "runpact"
    assert run_command_line([*words, "--help"]) == 0
    assert hook["pass_filenames"] is False


@pytest.mark.requirement("B-117")
def test_certificates_are_compared_and_never_made_again(
    workspace: Path, pair: Callable[..., Path], capsys: Captured
) -> None:
    one, other = pair("quant8"), pair("quant4", 0.02)
    before = {path: path.read_bytes() for path in (workspace / "reports_scratch").rglob("*.json")}
    assert run_command_line(["diff", str(one), str(other)]) == 1
    told = capsys.readouterr().out
    assert "/primary_metric/ratio_vs_baseline" in told
    assert "not comparable" not in told
    assert run_command_line(["diff", str(one), str(one / "evaluation.cert.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == "equal"
    assert run_command_line(["diff", str(one), str(other), "--all"]) == 1
    (workspace / "reports_scratch" / "baseline" / "report.json").unlink()
    assert run_command_line(["diff", str(one), str(other)]) == 1
    assert all(path.read_bytes() == data for path, data in before.items() if path.exists())
    path = one / "evaluation.cert.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"pass", b"fail", 1))
    assert run_command_line(["diff", str(one), str(other)]) == 2
    assert run_command_line(["diff", "runs/quant8", "runs/quant4"]) == 1

"""Every tier that `runpact:evidence@1` ships leads from runs to a promoted certificate."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import runpact
from evidence_cases import DATA, INVARIANTS, METRIC, SEEDS, arms
from runpact.cli.main import run_command_line

Captured = pytest.CaptureFixture[str]
CONTRACT = "contract: try.shipped\nversion: '1.0.0'\nextends: runpact:evidence@1\n"


def run(*arguments: str) -> int:
    return run_command_line(list(arguments))


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a committed workspace that extends the pack, which is also the current directory."""
    (tmp_path / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "Begin")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def evaluate(name: str, tier: str, shift: float = 0.0) -> None:
    with runpact.run(name=name, seeds=SEEDS, guard="off", durability="none", policy=tier) as run:
        run.event("eval.ended", phase="eval")
        run.evaluation(
            arms(shift=shift, count=200),
            metric=METRIC,
            data=DATA,
            guards=[INVARIANTS],
            seed_notes={"torch": "unused"},
        )


@pytest.mark.parametrize("tier", ["aggressive", "balanced", "conservative"])
def test_a_subject_is_certified_and_promoted_under_a_shipped_tier(
    shipped: Path, capsys: Captured, tier: str
) -> None:
    evaluate("baseline", tier)
    evaluate("quant8", tier, shift=0.01)
    assert run("keygen", "keys/ada", "--owner", "ada", "--json") == 0
    entry = json.loads(capsys.readouterr().out)["entry"]
    trust = {"format": "runpact.trust/1", "roles": {"certify": {"threshold": 1}}, "keys": [entry]}
    Path("trust.json").write_text(json.dumps(trust), encoding="utf-8")
    words = ("--baseline", "baseline", "--policy", tier, "--sign", "keys/ada")
    assert run("report", "quant8", "--format", "cert", *words) == 0, capsys.readouterr().out
    assert run("promote", "quant8", "--trust", "trust.json") == 0, capsys.readouterr().err
    (copy,) = (shipped / "reports").glob(f"quant8_{tier}_*")
    assert run("verify", str(copy), "--trust", "trust.json") == 0
    assert run("check", f"reports/{copy.name}", "reports/baseline") == 0, capsys.readouterr().out

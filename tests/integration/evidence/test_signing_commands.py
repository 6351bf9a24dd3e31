"""Signing and verifying as people use them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence_cases import arms, evaluate
from runpact.cli.main import run_command_line
from runpact.standalone import NAME, verifier_source

Captured = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    return run_command_line(list(arguments))


CERTIFY = ("report", "quant8", "--format", "cert", "--baseline", "baseline")


@pytest.fixture
def folder(workspace: Path, capsys: Captured) -> Path:
    """Two runs, two keys and a trust file that wants both of them."""
    evaluate("baseline")
    evaluate("quant8", arms(shift=0.01))
    entries = []
    for owner in ("ada", "bob"):
        assert run("keygen", f"keys/{owner}", "--owner", owner, "--json") == 0
        entries.append(json.loads(capsys.readouterr().out)["entry"])
    trust = {"format": "runpact.trust/1", "roles": {"certify": {"threshold": 2}}, "keys": entries}
    Path("trust.json").write_text(json.dumps(trust))
    return workspace


@pytest.mark.requirement("B-130", "B-131", "B-132")
def test_two_people_sign_one_after_the_other_and_a_third_verifies(folder: Path, capsys: Captured) -> None:
    assert run(*CERTIFY, "--policy", "balanced", "--sign", "keys/ada", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["attestation"].endswith("attestation.dsse.json")
    verify = ("verify", "reports_scratch", "--trust", "trust.json", "--require-signature")
    assert run(*verify) == 3
    assert "threshold_not_met" in capsys.readouterr().out
    assert run(*CERTIFY, "--policy", "balanced", "--sign", "keys/bob") == 0
    assert "signed: reports_scratch/" in capsys.readouterr().out
    assert run(*verify) == 0
    assert run("explain", "reports_scratch", "--trust", "trust.json") == 0
    told = capsys.readouterr().out
    assert "signed by ada (sha256:" in told
    assert "and bob (sha256:" in told


def test_the_verifier_alone_agrees_with_the_tool_about_a_copied_folder(
    folder: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert run(*CERTIFY, "--policy", "balanced", "--sign", "keys/ada", "--sign", "keys/bob") == 0
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder / "reports_scratch", elsewhere / "reports")
    shutil.copy(folder / "trust.json", elsewhere)
    (elsewhere / NAME).write_bytes(verifier_source())
    balanced = {
        "gates": [{"metric": "primary", "of": "ratio", "statistic": "upper", "max": 1.1}],
        "guards": [{"name": "invariants"}, {"name": "metric_drift", "limits": {"max_drift": 1.0}}],
        "minimum_windows": 20,
    }
    policy = {
        "contract": "try.evidence",
        "version": "1.0.0",
        "kinds": {"run": {"at": "runs/{name}"}},
        "policies": {"balanced": balanced},
    }
    (elsewhere / "policy.json").write_text(json.dumps(policy))
    words = ["--policy", "policy.json", "--trust", "trust.json", "--require-signature"]
    alone = [sys.executable, "-I", NAME, "reports", *words]
    done = subprocess.run(alone, cwd=elsewhere, capture_output=True, text=True, check=False)
    tool = [sys.executable, "-m", "runpact", "verify", "reports", *words]
    ours = subprocess.run(tool, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert (done.returncode, ours.returncode) == (0, 0), done.stdout + ours.stdout + ours.stderr
    assert done.stdout.startswith("OK ")


def test_a_key_with_a_passphrase_signs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("KEY_WORDS", "correct horse")
    assert run("keygen", "keys/eve", "--passphrase-env", "KEY_WORDS") == 0
    sign = (*CERTIFY, "--policy", "balanced", "--sign", "keys/eve")
    assert run(*sign, "--passphrase-env", "KEY_WORDS") == 0
    assert "signed:" in capsys.readouterr().out


def test_a_key_that_cannot_be_used_leaves_no_certificate(folder: Path, capsys: Captured) -> None:
    assert run(*CERTIFY, "--policy", "balanced", "--sign", "keys/nobody") == 2
    assert not (folder / "reports_scratch").exists()
    assert run("report", "quant8", "--format", "md", "--sign", "keys/ada") == 64
    assert "belong to --format cert" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{}", '{"format": 1, "format": 2}', "no JSON"])
def test_a_trust_file_with_faults_believes_nobody(folder: Path, capsys: Captured, text: str) -> None:
    assert run(*CERTIFY, "--policy", "balanced", "--sign", "keys/ada") == 0
    (folder / "trust.json").write_text(text)
    assert run("verify", "reports_scratch", "--trust", "trust.json") == 2
    assert "trust file is malformed" in capsys.readouterr().err

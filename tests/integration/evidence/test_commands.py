"""`report`, `verify` and `explain` as a person meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import runpact
from evidence_cases import arms, evaluate, report, write
from runpact.cli.main import run_command_line

Captured = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    return run_command_line(list(arguments))


def pair(shift: float = 0.01) -> None:
    evaluate("baseline")
    evaluate("quant8", arms(shift=shift))


@pytest.fixture
def certificate(workspace: Path, capsys: Captured) -> Path:
    pair()
    assert run("report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "balanced") == 0
    assert "OK pass: reports_scratch/quant8_balanced_" in capsys.readouterr().out
    (path,) = (workspace / "reports_scratch").glob("*/evaluation.cert.json")
    return path


@pytest.mark.requirement("B-002", "B-131", "B-132", "B-134")
def test_a_certificate_is_made_verified_and_explained(certificate: Path, capsys: Captured) -> None:
    for subject in (certificate, certificate.parent, certificate.parent.parent):
        assert run("verify", str(subject)) == 1
        told = capsys.readouterr().out
        assert "pass under `balanced`, not_authenticated" in told
    assert run("verify", str(certificate), "--require-signature") == 2
    assert "signature_missing" in capsys.readouterr().out
    assert run("verify", str(certificate), "--policy", "contract.yaml#strict") == 3
    assert "policy_differs" in capsys.readouterr().out


@pytest.mark.requirement("B-004")
def test_explain_goes_through_every_step_gate_and_guard(certificate: Path, capsys: Captured) -> None:
    assert run("explain", str(certificate)) == 1
    told = capsys.readouterr().out
    for part in (
        "pairing",
        "statistics",
        "gate primary (ratio, upper)",
        "≤ 1.1",
        "guard metric_drift",
        "limitation",
    ):
        assert part in told
    assert run("explain", str(certificate), "--json") == 1
    (explained,) = json.loads(capsys.readouterr().out)["certificates"]
    assert explained["certificate"]["decision"] == "pass"
    assert [step["name"] for step in explained["steps"]][:3] == ["parse", "evidence", "reports"]
    certificate.chmod(0o644)
    certificate.write_text("{}", encoding="utf-8")
    assert run("explain", str(certificate)) == 3
    assert "malformed_certificate" in capsys.readouterr().out


def test_explain_shows_differences_and_minima_too(workspace: Path, capsys: Captured) -> None:
    text = (workspace / "contract.yaml").read_text(encoding="utf-8")
    primary = "{metric: primary, of: difference, statistic: lower, min: -0.5, max: 0.5}"
    gate = f"[{primary}, {{metric: speed, of: value, min: 1}}]"
    (workspace / "contract.yaml").write_text(
        text.replace("[{metric: primary, of: ratio, statistic: upper, max: 1.1}]", gate), encoding="utf-8"
    )
    metric = {"kind": "loss", "unit": "nats", "direction": "lower", "link": "identity"}
    evaluate("baseline", said={"metric": metric})
    evaluate("quant8", arms(shift=0.01), said={"metric": metric})
    assert run("report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "balanced") == 2
    told = capsys.readouterr().out
    assert "INCOMPLETE insufficient_evidence" in told
    assert "[gate_undecided] speed (value)" in told
    assert run("explain", "reports_scratch") == 2
    told = capsys.readouterr().out
    assert "difference 0.01" in told
    assert "≥ -0.5 and ≤ 0.5" in told
    assert "nothing" in told


def test_an_unpaired_certificate_is_explained_without_statistics(workspace: Path, capsys: Captured) -> None:
    text = (workspace / "contract.yaml").read_text(encoding="utf-8")
    (workspace / "contract.yaml").write_text(
        text.replace("balanced:\n", "balanced:\n    profile: dev\n"), encoding="utf-8"
    )
    evaluate("baseline")
    evaluate("quant8", arms(shift=0.01, count=20))
    assert run("report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "balanced") == 2
    assert run("explain", "reports_scratch") == 3
    assert "lengths_differ" in capsys.readouterr().out


def test_a_failure_is_certified_and_exits_3(workspace: Path, capsys: Captured) -> None:
    pair(shift=0.3)
    command = ["report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "balanced"]
    assert run(*command, "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["decision"], told["verdict"], told["is_new"]) == ("fail", "ERROR", True)
    assert told["reasons"][0]["code"] == "gate_failed"
    assert run(*command) == 3
    assert "it stood there already" in capsys.readouterr().out
    assert run("verify", "reports_scratch") == 3


def test_a_folder_of_certificates_is_verified_whole(certificate: Path, capsys: Captured) -> None:
    for number in range(5):
        evaluate("more", arms(shift=0.01 + number / 1000))
        out = ["--label", f"more{number}"]
        assert (
            run(
                "report",
                "runs/more",
                "--format",
                "cert",
                "--baseline",
                "baseline",
                "--policy",
                "balanced",
                *out,
            )
            == 0
        )
    broken = certificate.parent.parent / "more3" / "report.json"
    broken.chmod(0o644)
    broken.write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert run("verify", "reports_scratch", "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert [each["reason"] for each in told["certificates"]].count("not_authenticated") == 5
    assert [each["reason"] for each in told["certificates"]].count("digest_differs") == 1
    assert len(told["findings"]) == 6
    assert run("verify", "reports_scratch") == 3
    assert "6 certificates: 0 OK, 5 WARNING, 0 INCOMPLETE, 1 ERROR" in capsys.readouterr().out


@pytest.mark.requirement("B-010", "B-080")
def test_out_names_the_folder_and_a_copy_verifies_elsewhere(
    certificate: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    assert (
        run(
            "report",
            "quant8",
            "--format",
            "cert",
            "--baseline",
            "baseline",
            "--policy",
            "balanced",
            "--out",
            "kept",
        )
        == 0
    )
    shutil.copytree(tmp_path / "kept", tmp_path / "far" / "kept")
    monkeypatch.chdir(tmp_path / "far")
    shutil.rmtree(tmp_path / "runs")
    assert run("verify", "kept") == 1
    (tmp_path / "contract.yaml").rename(tmp_path / "policy.yaml")
    capsys.readouterr()
    assert run("verify", "kept") == 2
    assert "no_policy" in capsys.readouterr().out
    assert run("verify", "kept", "--policy", "../policy.yaml") == 1


def test_what_is_no_certificate_is_told(workspace: Path, capsys: Captured) -> None:
    for command in (
        ["explain", "nothing"],
        ["verify", "nothing", "--policy", "balanced"],
        ["verify", ".", "--require-signature"],
    ):
        assert run(*command) == 2
        assert "no_certificate" in capsys.readouterr().err
    assert run("verify", "nothing") == 2
    assert "no-such-run" in capsys.readouterr().err
    assert run("verify", "") == 64
    assert run("report", "x", "--format", "cert") == 64
    assert run("report", "x", "--format", "md", "--baseline", "y") == 64
    assert run("report", "nothing", "--format", "cert", "--baseline", "nothing", "--policy", "balanced") == 2


def test_errors_of_evidence_are_documents_too(workspace: Path, capsys: Captured) -> None:
    path = write(workspace, "report.json", report() | {"guards": 3})
    assert run("report", path, "--format", "cert", "--baseline", path, "--policy", "balanced", "--json") == 2
    told = json.loads(capsys.readouterr().err)["error"]
    assert told["code"] == "evidence"
    assert told["message"].startswith("malformed_report: ")


def test_a_page_about_a_run(workspace: Path, capsys: Captured) -> None:
    config = {"lr": 0.1, "note": "<script>`x`</script>", "deep": {"a": {"b": 1}, "empty": {}}}
    (workspace / "in.txt").write_text("x", encoding="utf-8")
    with runpact.run(name="told", config=config, seeds={"python": 3}, guard="off", durability="none") as made:
        made.log({"loss": 0.5}, step=1)
        made.input("in.txt")
    assert run("report", "runs/told/" + made.id, "--format", "md") == 0
    page = capsys.readouterr().out
    for part in (
        "**state:** `finished`",
        "**verdict:** `OK",
        "**seeds:** `python 3`",
        "`loss`",
        "`deep.a.b`",
        "in.txt",
        "## Files",
    ):
        assert part in page
    assert run("report", made.id, "--format", "html", "--out", "page.html") == 0
    assert "wrote page.html" in capsys.readouterr().out
    html = (workspace / "page.html").read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "default-src" in html
    assert run("report", made.id, "--format", "html", "--out", "page.html", "--json") == 0
    assert json.loads(capsys.readouterr().out)["path"] == "page.html"
    assert run("report", made.id, "--format", "md", "--out", made.dir + "/page.md") == 64
    foreign = workspace / "foreign"
    foreign.mkdir()
    assert run("report", str(foreign), "--format", "md") == 0


@pytest.mark.parametrize("form", ["md", "html"])
def test_a_page_about_evidence_tells_its_metric_and_its_guards(
    workspace: Path, capsys: Captured, form: str
) -> None:
    evaluate("baseline")
    assert run("report", "baseline", "--format", form) == 0
    page = capsys.readouterr().out
    for part in ("Evidence", "Guards", "invariants", "pass", "windows of final", "better"):
        assert part in page


@pytest.mark.requirement("B-001", "B-011", "B-071", "B-072", "B-114")
def test_what_a_certificate_stands_with_keeps_the_contract_of_evidence(
    workspace: Path, capsys: Captured
) -> None:
    (workspace / "contract.yaml").write_text(
        'contract: try.pack\nversion: "1.0.0"\nextends: runpact:evidence@1\n', encoding="utf-8"
    )
    evaluate("baseline", arms(count=120))
    evaluate("quant8", arms(shift=0.01, count=120))
    assert run("report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "balanced") == 0
    shutil.copytree(workspace / "reports_scratch", workspace / "reports")
    capsys.readouterr()
    assert run("check", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [each for each in told["findings"] if each["severity"] != "advice"] == []
    kept = {each["path"] for each in told["runs"]}
    assert len({path for path in kept if path.startswith("reports/")}) == 2
    assert run("verify", "reports") == 1

"""`runpact promote`: what may be promoted, what stands there then, what is refused."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import runpact
from evidence_cases import arms, evaluate
from runpact.cli.main import run_command_line
from runpact.disk.archive import STAGING
from runpact.disk.layout import LEDGER
from runpact.model.archive.copy import RECORD, parse_record, render_record
from runpact.model.errors import MalformedDocumentError
from runpact.verbs.archive.ledger import ledger_of

Captured = pytest.CaptureFixture[str]
Pair = Callable[..., Path]


def run(*arguments: str) -> int:
    return run_command_line(list(arguments))


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.requirement(
    "B-060", "B-062", "B-063", "B-064", "B-080", "B-081", "B-120", "B-121", "B-A2", "B-A6"
)
def test_a_subject_is_promoted_with_its_certificate_and_its_baseline(
    workspace: Path, pair: Pair, capsys: Captured
) -> None:
    scratch = pair()
    assert run("promote", "quant8") == 0
    copy = workspace / "reports" / scratch.name
    for name in ("evaluation.cert.json", "report.json"):
        assert (copy / name).read_bytes() == (scratch / name).read_bytes()
        assert stat.S_IMODE((copy / name).stat().st_mode) == 0o444
    baseline = workspace / "reports" / "baseline" / "report.json"
    assert json.loads(baseline.read_bytes())["evaluation_windows"]["final"]
    (entry,) = ledger_of(str(workspace)).entries
    assert (entry.action, entry.at, entry.role, entry.decision, entry.tier) == (
        "promote",
        f"reports/{scratch.name}",
        "subject",
        "pass",
        "balanced",
    )
    assert entry.run_id == json.loads((copy / "report.json").read_bytes())["meta"]["run_id"]
    assert entry.baseline is not None
    assert entry.baseline.run_id == json.loads(baseline.read_bytes())["meta"]["run_id"]
    assert run("verify", str(copy)) == 1
    assert "as it was promoted" in capsys.readouterr().out


@pytest.mark.requirement("B-005", "B-080")
def test_a_copied_folder_verifies_after_all_runs_are_deleted(
    workspace: Path, pair: Pair, tmp_path: Path
) -> None:
    scratch = pair()
    assert run("promote", "quant8") == 0
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(workspace / "reports", elsewhere / "reports")
    assert sum(path.stat().st_size for path in elsewhere.rglob("*") if path.is_file()) < 1_000_000
    shutil.rmtree(workspace / "runs")
    shutil.rmtree(workspace / "reports_scratch")
    assert run("verify", "reports", "--policy", "contract.yaml") == 1
    assert run("verify", str(elsewhere / "reports"), "--policy", "contract.yaml") == 1
    assert run("contract", "policies", "--output", str(elsewhere / "policy.json")) == 0
    alone = [sys.executable, f"reports/{scratch.name}/runpact_verify.py", f"reports/{scratch.name}"]
    done = subprocess.run(
        [*alone, "--policy", "policy.json"], cwd=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "not_authenticated" in done.stdout + done.stderr


@pytest.mark.requirement("B-066")
def test_promoting_twice_finds_what_is_there(workspace: Path, pair: Pair, capsys: Captured) -> None:
    pair()
    assert run("promote", "quant8") == 0
    assert run("promote", "baseline") == 0
    before, ledger = files(workspace / "reports"), (workspace / LEDGER).read_bytes()
    assert (run("promote", "quant8"), run("promote", "baseline", "--json")) == (0, 0)
    assert '"is_new": false' in capsys.readouterr().out
    assert files(workspace / "reports") == before
    assert (workspace / LEDGER).read_bytes() == ledger


@pytest.mark.requirement("B-120", "B-A7")
def test_a_failing_certificate_is_archived_only_as_what_it_is(
    workspace: Path, pair: Pair, capsys: Captured
) -> None:
    scratch = pair("quant2", 0.5)
    assert run("promote", "quant2") == 3
    assert "no pass" in capsys.readouterr().err
    assert not (workspace / "reports").exists()
    assert run("promote", "quant2", "--failed") == 0
    copy = workspace / "reports" / f"{scratch.name}_failed"
    record = parse_record((copy / RECORD).read_bytes())
    assert (record.failed, record.decision) == (True, "fail")
    assert run("verify", str(copy)) == 3
    assert "archived as failed" in capsys.readouterr().out
    assert run("verify", "reports") == 1
    assert "archived as such" in capsys.readouterr().out
    assert run("contract", "policies") == 0
    assert '"balanced"' in capsys.readouterr().out
    (copy / "report.json").chmod(0o644)
    (copy / "report.json").write_bytes((copy / "report.json").read_bytes().replace(b"0", b"1", 1))
    assert run("verify", "reports") == 3
    pair("quant8")
    assert run("promote", "quant8", "--failed") == 2


@pytest.mark.requirement("B-061", "B-A5")
def test_what_was_not_validated_is_not_promoted(workspace: Path, pair: Pair, capsys: Captured) -> None:
    evaluate("baseline")
    evaluate("quant8")
    assert run("promote", "quant8") == 2
    assert "no certificates of this run" in capsys.readouterr().err
    pair("quant4")
    (report,) = workspace.glob("runs/quant4/*/report.json")
    report.write_bytes(report.read_bytes().replace(b"0", b"1"))
    assert run("promote", "quant4") == 3
    assert "not-promotable" in capsys.readouterr().err
    with runpact.run(kind="run", name="none", workspace=workspace):
        pass
    assert run("promote", "none", "--as", "baseline") == 2
    assert "no_report" in capsys.readouterr().err
    with pytest.raises(ValueError, match="broken"), runpact.run(kind="run", name="cut", workspace=workspace):
        raise ValueError("broken")
    assert run("promote", str(next((workspace / "runs" / "cut").iterdir()))) == 2
    (workspace / "runs" / "foreign" / "20260101_000000").mkdir(parents=True)
    assert run("promote", "runs/foreign/20260101_000000") == 2
    assert not (workspace / "reports").exists()


@pytest.mark.requirement("B-051", "B-084")
def test_a_certificate_that_was_altered_is_not_promoted(
    workspace: Path, pair: Pair, capsys: Captured
) -> None:
    path = pair() / "evaluation.cert.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"decision": "pass"', b'"decision": "fail"'))
    assert run("promote", "quant8") == 2
    assert run("promote", "quant8", "--certificate", str(path.parent)) == 2
    assert not (workspace / "reports").exists()


def test_a_certificate_under_another_policy_is_not_promoted(
    workspace: Path, pair: Pair, capsys: Captured
) -> None:
    scratch = pair()
    contract = workspace / "contract.yaml"
    contract.write_text(
        contract.read_text(encoding="utf-8").replace("max: 1.1", "max: 1.2"), encoding="utf-8"
    )
    assert run("promote", "quant8", "--certificate", str(scratch / "evaluation.cert.json")) == 3
    assert "policy_differs" in capsys.readouterr().err
    assert list((workspace / "reports").iterdir()) == []
    assert ledger_of(str(workspace)).entries == ()


def test_one_of_several_certificates_has_to_be_named(workspace: Path, pair: Pair, capsys: Captured) -> None:
    scratch = pair()
    shutil.copytree(scratch, scratch.with_name("again"))
    assert run("promote", "quant8") == 2
    assert "2 certificates" in capsys.readouterr().err
    assert run("promote", "quant8", "--certificate", str(scratch), "--as", "mine") == 0
    assert (workspace / "reports" / "mine" / "evaluation.cert.json").exists()
    assert run("promote", "quant8", "--certificate", str(scratch), "--as", "baseline") == 2


def test_a_copy_is_never_overwritten(workspace: Path, pair: Pair, capsys: Captured) -> None:
    pair()
    assert run("promote", "quant8", "--as", "mine") == 0
    before = files(workspace / "reports")
    pair("quant4")
    assert run("promote", "quant4", "--as", "mine") == 3
    assert "never overwritten" in capsys.readouterr().err
    assert files(workspace / "reports") == before
    evaluate("other")
    assert run("promote", "other", "--as", "baseline") == 3


@pytest.mark.requirement("B-065")
def test_annotations_are_carried_and_never_judged(workspace: Path, pair: Pair) -> None:
    scratch = pair()
    (workspace / "notes.json").write_text('{"ticket": 7}', encoding="utf-8")
    (workspace / "list.json").write_text("[]", encoding="utf-8")
    assert run("promote", "quant8", "--metadata", "list.json") == 2
    assert run("promote", "quant8", "--metadata", "notes.json") == 0
    copy = workspace / "reports" / scratch.name
    assert (copy / "metadata.json").read_bytes() == b'{"ticket": 7}'
    (copy / "metadata.json").unlink()
    (copy / "metadata.json").write_text("anything", encoding="utf-8")
    assert run("verify", str(copy)) == 1
    assert run("promote", "quant8") == 0


@pytest.mark.parametrize("change", ["edit", "remove", "add", "link", "record", "form"])
def test_a_copy_that_was_altered_is_found(workspace: Path, pair: Pair, capsys: Captured, change: str) -> None:
    pair()
    assert run("promote", "baseline") == 0
    folder = workspace / "reports" / "baseline"
    report, record = folder / "report.json", folder / RECORD
    if change == "edit":
        report.chmod(0o644)
        report.write_bytes(report.read_bytes() + b" ")
    elif change in {"remove", "link"}:
        report.unlink()
    elif change == "add":
        (folder / "sub").mkdir()
        (folder / "sub" / "more.json").write_text("{}", encoding="utf-8")
    else:
        record.chmod(0o644)
        record.write_bytes(b"{" if change == "record" else b" " + record.read_bytes())
    if change == "link":
        report.symlink_to("/etc/hostname")
    capsys.readouterr()
    assert run("verify", str(folder), "--json") == 3
    assert json.loads(capsys.readouterr().out)["copies"][0]["verdict"] == "ERROR"
    assert run("verify", str(folder)) == 3


def test_plain_files_are_promoted_when_the_condition_holds(workspace: Path, capsys: Captured) -> None:
    for loss in (2.0, 0.5):
        with runpact.run(kind="study", name=f"s{loss}", workspace=workspace) as made:
            made.save("result.json", {"loss": loss})
            made.save("plots/a.svg", b"<svg/>")
            made.save("big.bin", b"left out")
    assert run("promote", "s2.0") == 2
    assert "condition does not hold" in capsys.readouterr().err
    assert run("promote", "s0.5") == 0
    (copy,) = (workspace / "results").iterdir()
    assert set(files(copy)) == {"result.json", "plots/a.svg", RECORD}
    assert run("verify", str(copy)) == 0
    with runpact.run(kind="study", name="none", workspace=workspace) as made:
        made.save("result.json", {"loss": "x"})
    assert run("promote", "none") == 2
    assert "undecided" in capsys.readouterr().err


def test_a_promotion_needs_files_to_copy(workspace: Path, pair: Pair, capsys: Captured) -> None:
    text = (workspace / "contract.yaml").read_text(encoding="utf-8")
    entries = "entries: [{file: result.json}, {files"
    changed = text.replace(f"needs: doc.result.loss < 1.0\n    {entries}", "entries: [{files")
    assert changed != text
    (workspace / "contract.yaml").write_text(changed.replace(", required: false}]\npolicies", "}]\npolicies"))
    with runpact.run(kind="study", name="none", workspace=workspace) as made:
        made.save("result.json", {"loss": 1})
    assert run("promote", "none") == 2
    assert "no file that the promotion names" in capsys.readouterr().err


def test_a_certificate_needs_the_reports_beside_it(workspace: Path, pair: Pair, capsys: Captured) -> None:
    scratch = pair()
    (scratch.parent / "baseline" / "report.json").unlink()
    assert run("promote", "quant8") == 2
    assert "evidence_missing" in capsys.readouterr().err


def test_a_kind_without_a_promotion_is_told_how_to_have_one(workspace: Path, capsys: Captured) -> None:
    text = (workspace / "contract.yaml").read_text(encoding="utf-8")
    evaluate("baseline")
    for change, told in (("from: [study]", 'at: "reports'), ('from: [run]\n    at: "more/{label}"', "--to")):
        contract = (
            text.replace("from: [run]", "from: [study]")
            if "study" in change
            else text.replace("  results:", '  more: {from: [run], at: "more/{label}"}\n  results:')
        )
        (workspace / "contract.yaml").write_text(contract, encoding="utf-8")
        assert run("promote", "baseline") == 2
        assert ("docs/promotion.md" if "study" in change else told) in capsys.readouterr().err
    assert run("promote", "baseline", "--to", "nowhere") == 2
    assert run("promote", "baseline", "--to", "reports") == 0


def test_a_promotion_whose_place_cannot_be_told_is_refused(workspace: Path, capsys: Captured) -> None:
    text = (workspace / "contract.yaml").read_text(encoding="utf-8")
    (workspace / "contract.yaml").write_text(text.replace("reports/{label}", "reports/{what}/{label}"))
    evaluate("baseline")
    assert run("promote", "baseline") == 2
    assert "nothing is called" in capsys.readouterr().err


def test_what_an_interrupted_promotion_left_is_removed_by_the_next(workspace: Path, pair: Pair) -> None:
    pair()
    left = workspace / "reports" / f"{STAGING}1234" / "baseline"
    left.mkdir(parents=True)
    (left / "report.json").write_bytes(b"half")
    assert run("promote", "quant8") == 0
    assert not list((workspace / "reports").glob(".*"))


def test_the_record_of_a_copy_has_one_form(workspace: Path, pair: Pair) -> None:
    pair()
    assert run("promote", "baseline") == 0
    data = (workspace / "reports" / "baseline" / RECORD).read_bytes()
    assert render_record(parse_record(data)) == data
    with pytest.raises(MalformedDocumentError):
        parse_record(data.replace(b"promotion/1", b"promotion/2"))


@pytest.mark.requirement("B-A1", "B-A3", "B-A8", "B-113", "B-116")
def test_the_names_of_copies_and_digests_follow_from_the_evidence_alone(workspace: Path, pair: Pair) -> None:
    scratch = pair()
    assert run("promote", "quant8") == 0
    report = json.loads((scratch / "report.json").read_bytes())
    certificate = json.loads((scratch / "evaluation.cert.json").read_bytes())
    started = report["meta"]["started"].replace("-", "").replace(":", "")
    assert scratch.name == f"quant8_balanced_{started[:13]}Z"
    assert report["auto"]["policy_digest"] == certificate["auto"]["policy_digest"]
    assert certificate["policy_digest"]["thresholds_hash"] != certificate["auto"]["policy_digest"]
    assert list(workspace.rglob("seed_bundle.json")) == []
    flat = workspace / "reports" / "flat" / "quant8.cert.json"
    flat.parent.mkdir()
    flat.write_bytes((scratch / "evaluation.cert.json").read_bytes())
    (flat.parent / "report.json").write_bytes((scratch / "report.json").read_bytes())
    assert run("verify", str(flat)) == 1


@pytest.mark.requirement("B-015", "B-025")
def test_runs_of_several_names_are_listed_in_the_order_of_their_names(
    workspace: Path, capsys: Captured
) -> None:
    for name in ("baseline", "quant8", "baseline"):
        evaluate(name)
    capsys.readouterr()
    assert run("ls", "--json") == 0
    listed = json.loads(capsys.readouterr().out)["runs"]
    assert {each["name"] for each in listed} == {"baseline", "quant8"}
    assert all(each["started"].endswith("Z") for each in listed)
    by_name = sorted((each["path"] for each in listed if each["name"] == "baseline"), reverse=True)
    assert by_name == [each["path"] for each in listed if each["name"] == "baseline"]


def test_a_name_means_the_run_and_never_its_copy(workspace: Path, pair: Pair, capsys: Captured) -> None:
    pair()
    assert run("promote", "baseline") == 0
    capsys.readouterr()
    assert runpact.open_run("baseline").kind == "run"
    assert run("show", "reports/baseline") == 0
    assert run("promote", "baseline") == 0
    assert "stood there already" in capsys.readouterr().out
    before = (workspace / "reports/baseline/report.json").read_bytes()
    evaluate("later", arms(shift=0.02))
    words = ("--baseline", "baseline", "--policy", "balanced", "--label", "later")
    assert run("report", "later", "--format", "cert", *words) == 0
    assert (workspace / "reports/baseline/report.json").read_bytes() == before
    assert run("show", "reports/base") == 2


def test_a_policy_chooses_among_several_certificates(workspace: Path, pair: Pair, capsys: Captured) -> None:
    contract = workspace / "contract.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text + "  loose: {like: balanced, minimum_windows: 10}\n", encoding="utf-8")
    pair()
    assert run("report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "loose") == 2
    assert run("promote", "quant8") == 2
    assert "its tier with --policy" in capsys.readouterr().err
    assert run("promote", "quant8", "--policy", "balanced") == 0
    assert "quant8_balanced_" in capsys.readouterr().out


def test_copies_are_no_runs_where_the_contract_says_how_they_are_judged(
    workspace: Path, pair: Pair, capsys: Captured
) -> None:
    kinds = 'kinds:\n  evidence: {at: "reports/{label}", entries: [{file: report.json}]}\n'
    contract = workspace / "contract.yaml"
    contract.write_text(contract.read_text().replace("kinds:\n", kinds, 1))
    pair()
    assert run("promote", "quant8") == 0
    capsys.readouterr()
    for words in (["ls"], ["retain"], ["lineage", "quant8", "--up"]):
        run(*words, "--json")
        told = json.loads(capsys.readouterr().out)
        assert "reports/baseline" not in {
            each["path"] for key in ("runs", "decisions", "nodes") for each in told.get(key, [])
        }
    assert run("check", "reports/baseline") == 0
    capsys.readouterr()
    run("check", "--json")
    assert "reports/baseline" in {each["path"] for each in json.loads(capsys.readouterr().out)["runs"]}


def test_explain_says_that_a_difference_has_no_ratio(workspace: Path, capsys: Captured) -> None:
    metric = {"kind": "accuracy", "unit": "share", "direction": "higher", "link": "identity"}
    for name, shift in (("baseline", 0.0), ("quant8", 0.01)):
        evaluate(name, arms(shift=shift), said={"metric": metric})
    assert run("report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "balanced") == 2
    (folder,) = workspace.glob("reports_scratch/quant8*")
    assert run("explain", str(folder)) == 2
    assert "which goes with `of: difference`" in capsys.readouterr().out

"""Certificates are made once, of sound reports, and say what follows."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from evidence_cases import POLICY, balanced, certified, judging, report, write
from runpact.model.contract.language import Contract, Kind
from runpact.model.errors import CannotStartError, UnsafeNameError, WriteOnceError
from runpact.model.evidence.certificate import label_of, without_volatile
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import read_report
from runpact.model.evidence.statistics import resample_plainly
from runpact.verbs.archive.reports import find_report
from runpact.verbs.evidence.certify import certify
from runpact.verbs.evidence.normal import normal_report
from runpact.verbs.evidence.policies import find_policy
from runpact.verbs.evidence.verify_certificate import verify_certificate

LABEL = "quant8_balanced_20260309T0700Z"


def document(path: str) -> dict:
    return json.loads(Path(path).read_text(encoding="utf-8"))


@pytest.mark.requirement("B-063", "B-066", "B-070", "B-071", "B-073", "B-074", "B-131")
def test_a_certificate_stands_with_its_evidence_and_says_what_follows(tmp_path: Path) -> None:
    made = certified(tmp_path)
    folder = tmp_path / "reports"
    assert made.path == str(folder / LABEL / "evaluation.cert.json")
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert found == ["baseline/report.json", f"{LABEL}/evaluation.cert.json", f"{LABEL}/report.json"]
    told, subject = document(made.path), report(shift=0.01)
    assert told["decision"] == "pass"
    assert told["reasons"] == []
    assert told["baseline"] == {"report_path": "../baseline/report.json", "run_id": "20260309_064210"}
    assert told["meta"]["seeds"] == subject["meta"]["seeds"]
    assert told["data"] == {key: subject["data"][key] for key in ("dataset_hash", "tokenizer_hash")}
    assert told["auto"] == {"tier": "balanced", "policy_digest": POLICY.digest}
    assert told["attempt"] == subject["meta"]["attempt"]
    assert told["primary_metric"]["ratio_vs_baseline"] == pytest.approx(2.718281828**0.01, rel=1e-6)
    assert told["dataset"]["windows"]["stats"]["paired_windows"] == 24
    assert told["validation"] == {
        "paired": True,
        "primary_metric_acceptable": True,
        "preview_final_drift_acceptable": True,
        "invariants_pass": True,
        "variance_acceptable": True,
    }
    assert told["variance"] == {"tap": "evaluation_windows", "targets": ["final"]}


@pytest.mark.requirement("B-118")
def test_nothing_is_written_twice(tmp_path: Path) -> None:
    made = certified(tmp_path)
    before = Path(made.path).read_bytes()
    assert stat.S_IMODE(Path(made.path).stat().st_mode) & 0o222 == 0
    again = certified(tmp_path)
    assert (made.is_new, again.is_new, again.path) == (True, False, made.path)
    with pytest.raises(WriteOnceError):
        certified(tmp_path, report(shift=0.02), label=LABEL)
    with pytest.raises(WriteOnceError):
        certified(tmp_path, report(shift=0.01), report(noise=0.0, device="gpu"), label="other")
    assert Path(made.path).read_bytes() == before


def test_a_damaged_certificate_in_the_way_is_not_replaced(tmp_path: Path) -> None:
    made = certified(tmp_path)
    place = Path(made.path)
    place.chmod(0o644)
    place.write_text("{}", encoding="utf-8")
    with pytest.raises(WriteOnceError):
        certified(tmp_path)
    place.unlink()
    place.mkdir()
    with pytest.raises(WriteOnceError):
        certified(tmp_path)


@pytest.mark.requirement("B-003", "B-035", "B-119")
def test_the_same_evidence_gives_the_same_certificate_elsewhere(tmp_path: Path) -> None:
    one = certified(tmp_path / "a")
    subject = write(tmp_path / "b", "s.json", report(shift=0.01))
    baseline = write(tmp_path / "b", "b.json", report())
    other = certify(
        subject, baseline, POLICY, folder=str(tmp_path / "c"), label=None, resampler=resample_plainly
    )
    told = [without_volatile(document(each.path)) for each in (one, other)]
    assert told[0] == told[1]
    assert document(one.path).keys() - told[0].keys() == {"created_at", "digest", "producer"}


@pytest.mark.requirement("B-062")
def test_the_normal_form_is_its_own_normal_form_and_keeps_everything(tmp_path: Path) -> None:
    path = write(tmp_path, "report.json", report() | {"ours": {"x": 1}})
    data, _stored = normal_report(path)
    assert json.loads(data) == report() | {"ours": {"x": 1}}
    (tmp_path / "normal.json").write_bytes(data)
    assert normal_report(str(tmp_path / "normal.json"))[0] == data


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "malformed_report"),
        (b"[]", "malformed_report"),
        (b'{"a": 1, "a": 2}', "malformed_report"),
        (json.dumps(report() | {"big": 2**60}).encode(), "malformed_report"),
        (b"{}", "no_windows"),
    ],
)
def test_a_report_that_is_none_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(EvidenceError) as refused:
        normal_report(str(tmp_path / "report.json"))
    assert refused.value.reason == reason


def test_a_report_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as refused:
        normal_report(str(tmp_path / "nothing.json"))
    assert refused.value.reason == "report_unreadable"


def test_the_baseline_is_no_subject(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as refused:
        certified(tmp_path, report(), report())
    assert refused.value.reason == "self_comparison"
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("profile", ["ci", "release"])
@pytest.mark.requirement("B-133")
def test_what_is_no_pair_is_refused_where_it_counts(tmp_path: Path, profile: str) -> None:
    policy = balanced(profile=profile)
    with pytest.raises(EvidenceError) as refused:
        certified(tmp_path, report(shift=0.01, windows=20, policy=policy), policy=policy)
    assert refused.value.reason == "lengths_differ"
    assert refused.value.exit_code == 2
    assert not (tmp_path / "reports").exists()


@pytest.mark.requirement("B-085")
def test_in_development_it_is_told_as_unpaired_and_verifies_nowhere(tmp_path: Path) -> None:
    policy = balanced(profile="dev")
    made = certified(tmp_path, report(shift=0.01, windows=22, policy=policy), policy=policy)
    told = document(made.path)
    assert told["validation"]["paired"] is False
    assert told["decision"] == "insufficient_evidence"
    assert told["statistics"] is None
    assert told["dataset"]["windows"]["stats"]["paired_windows"] == 0
    assert told["primary_metric"]["display_ci"] == [None, None]
    for judge in (policy, POLICY):
        found = verify_certificate(made.path, judging(judge), shown="x")
        assert (found.reason, found.verdict.exit_code) == ("lengths_differ", 3)


@pytest.mark.parametrize(
    ("subject", "changes", "decision"),
    [
        (report(shift=0.2), {}, "fail"),
        (report(shift=0.01, noise=0.5), {"guards": (), "maximum_width": 0.01}, "insufficient_evidence"),
        (report(shift=0.01), {"minimum_windows": 100}, "insufficient_evidence"),
    ],
)
def test_an_honest_certificate_of_a_failure_says_so(
    tmp_path: Path, subject: dict, changes: dict, decision: str
) -> None:
    policy = balanced(**changes)
    subject["auto"]["policy_digest"] = policy.digest
    made = certified(tmp_path, subject, policy=policy)
    assert made.certificate.decision == decision
    assert made.certificate.reasons
    found = verify_certificate(made.path, judging(policy), shown="x")
    assert found.verdict.exit_code == {"fail": 3, "insufficient_evidence": 2}[decision]
    assert found.decision == decision


def test_labels_are_safe_and_not_that_of_the_baseline(tmp_path: Path) -> None:
    with pytest.raises(UnsafeNameError):
        certified(tmp_path, label="../x")
    with pytest.raises(EvidenceError):
        certified(tmp_path, label="baseline")
    bare = read_report(report(shift=0.1, nickname=None, started=None))
    assert label_of(bare.meta, "balanced") == "20260309_070000_balanced"
    assert certified(tmp_path, label="mine").path.endswith("/mine/evaluation.cert.json")


def test_limitations_say_what_no_number_says(tmp_path: Path) -> None:
    subject, baseline = report(shift=0.01, attempt=None), report()
    for each in (subject, baseline):
        del each["data"]["sequence_length"], each["data"]["stride"]
    subject["guards"].append({"name": "ours", "verdict": "warn"})
    subject["evaluation_windows"].pop("preview")
    baseline["evaluation_windows"].pop("preview")
    for each in (subject, baseline):
        each["metrics"]["primary_metric"].pop("preview")
        each["data"]["windows"] = {}
    policy = balanced(guards=())
    subject["auto"]["policy_digest"] = policy.digest
    told = certified(tmp_path, subject, baseline, policy=policy).certificate
    assert told.variance is None
    assert told.primary_metric.preview is None
    text = " ".join(told.limitations)
    assert "attempts" in text
    assert "`ours` warned" in text
    assert "windows were cut" in text


CONTRACT = Contract(
    contract="x.y",
    version="1.0.0",
    kinds={"run": Kind(at="runs/{name}")},
    policies={"balanced": POLICY.policy, "empty": balanced(gates=(), guards=()).policy},
)


def test_a_policy_is_found_by_its_tier_in_a_contract(tmp_path: Path) -> None:
    def find(reference: str | None, tier: str | None = None, contract: Contract | None = CONTRACT) -> str:
        return find_policy(reference, tier=tier, contract=contract, cwd=str(tmp_path)).tier

    assert find("balanced") == find(None, "balanced") == find(None) == "balanced"
    (tmp_path / "c.yaml").write_text(
        'contract: x.y\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\npolicies:\n'
        "  own: {gates: [{metric: primary, max: 1.5}]}\n  other: {gates: [{metric: primary, max: 1.6}]}\n",
        encoding="utf-8",
    )
    assert find("c.yaml#own") == find("c.yaml", "own") == find(f"{tmp_path}/c.yaml#own") == "own"
    for reference, tier, contract, reason in (
        ("c.yaml", None, CONTRACT, "no_policy"),
        ("c.yaml", "balanced", CONTRACT, "no_policy"),
        ("strict", None, CONTRACT, "no_policy"),
        (None, "strict", CONTRACT, "no_policy"),
        (None, "balanced", None, "no_policy"),
        (None, None, None, "no_policy"),
        ("empty", None, CONTRACT, "empty_policy"),
        ("runpact:basic@1#balanced", None, CONTRACT, "no_policy"),
    ):
        with pytest.raises(EvidenceError) as refused:
            find(reference, tier, contract)
        assert refused.value.reason == reason
    with pytest.raises(CannotStartError):
        find("nothing.yaml#own")


def test_a_report_is_found_by_its_path_or_its_run(tmp_path: Path) -> None:
    path = write(tmp_path / "reports" / "x", "report.json", report())

    def find(reference: str) -> str:
        return find_report(reference, cwd=str(tmp_path), resolve=lambda _reference: str(tmp_path / "run"))

    assert find("reports/x/report.json") == find("reports/x") == path
    (tmp_path / "run").mkdir()
    with pytest.raises(EvidenceError) as refused:
        find("run")
    assert refused.value.reason == "run_not_finished"


def test_a_run_is_certified_only_when_it_finished_is_sound_and_has_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import runpact

    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.yaml").write_text(
        'contract: x.y\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}", entries: '
        "[{file: out/report.json, as: report, required: false}]}}\n",
        encoding="utf-8",
    )
    with runpact.run(name="named", guard="off") as named:
        named.save("report", report())
    with runpact.run(name="plain", guard="off") as plain:
        plain.save("report.json", report())
    with runpact.run(name="bare", guard="off") as bare:
        pass

    def find(directory: str) -> str:
        return find_report("no-such-path", cwd=str(tmp_path), resolve=lambda _reference: directory)

    assert find(named.dir) == f"{named.dir}/out/report.json"
    assert find(plain.dir) == f"{plain.dir}/report.json"
    with pytest.raises(EvidenceError) as refused:
        find(bare.dir)
    assert refused.value.reason == "no_report"
    copy = shutil.copytree(named.dir, tmp_path / "copy")
    (copy / "out/report.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EvidenceError) as refused:
        find(str(copy))
    assert refused.value.reason == "run_not_sound"

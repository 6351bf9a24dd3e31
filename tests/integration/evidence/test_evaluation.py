"""A run records what it evaluated as its report, and is paired with its baseline before and while it runs."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import pytest

import runpact
from evidence_cases import DATA, INVARIANTS, METRIC, SEEDS, arms, digest, evaluate, report, write
from runpact.cli.main import run_command_line
from runpact.model.errors import UsageError, ValueRefusedError
from runpact.model.evidence.announced import Announced, announced_in
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import read_report
from runpact.model.evidence.window import Window


def document(path: Path) -> dict:
    return json.loads(path.read_bytes())


def events(path: Path) -> list[dict]:
    lines = (path.parent / ".runpact/events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.requirement("B-020", "B-023", "B-030", "B-031", "B-032", "B-034", "B-113")
def test_a_report_says_all_that_the_run_knows(workspace: Path) -> None:
    path = evaluate("baseline", said={"metrics": {"seconds": 2.0}, "model": {"name": "toy"}, "device": "cpu"})
    told = document(path)
    assert read_report(told).meta.run_id == path.parent.name
    assert told["meta"]["seeds"] == SEEDS
    assert told["meta"]["seed_notes"] == {"torch": "the run recorded no seed for it"}
    assert told["meta"]["nickname"] == "baseline"
    assert told["meta"]["attempt"] == {"number": 1, "earlier": []}
    assert told["auto"]["tier"] == "balanced"
    assert told["edit"] == {"name": "none", "deltas": {}}
    assert told["metrics"]["primary_metric"]["final"] == pytest.approx(
        report()["metrics"]["primary_metric"]["final"]
    )
    assert told["data"]["windows"] == {"preview": 24, "final": 24}
    assert told["provenance"]["confinement"]["level"].startswith("W")
    assert (workspace / "runs/baseline/report.json").read_bytes() == path.read_bytes()
    (recorded,) = [each for each in events(path) if each["event"] == "evaluation.recorded"]
    assert recorded["windows"] == {"preview": 24, "final": 24}


def test_the_report_is_in_normal_form_and_stays_small(workspace: Path) -> None:
    from runpact.model.digest import canonical_json

    path = evaluate("baseline", arms(count=200), said={"sidecar": {"final-0000": [1, 2, 3]}})
    assert path.read_bytes() == canonical_json(document(path))
    assert path.stat().st_size < 100_000
    assert document(path)["artifacts"]["sidecar"] == "evaluation_sidecar.json"
    assert json.loads((path.parent / "evaluation_sidecar.json").read_bytes()) == {"final-0000": [1, 2, 3]}


@pytest.mark.requirement("B-012")
def test_attempts_are_counted_by_name(workspace: Path) -> None:
    first, other, second = evaluate("baseline"), evaluate("other"), evaluate("baseline")
    shutil.copytree(first.parent, workspace / "runs/baseline/broken")
    (workspace / "runs/baseline/broken/.runpact/run.json").write_text("{", encoding="utf-8")
    third = evaluate("baseline")
    assert document(other)["meta"]["attempt"]["number"] == 1
    assert document(second)["meta"]["attempt"] == {"number": 2, "earlier": [first.parent.name]}
    assert document(third)["meta"]["attempt"] == {
        "number": 3,
        "earlier": [first.parent.name, second.parent.name],
    }


def test_windows_may_be_values_of_a_program(workspace: Path) -> None:
    @dataclasses.dataclass
    class Own:
        id: str
        content_digest: str
        weight: int
        value: float

    found = arms()
    mixed = {
        "preview": [Own(**each) for each in found["preview"]],
        "final": [Window(**each) for each in found["final"]],
    }
    assert document(evaluate("baseline", mixed))["evaluation_windows"]["preview"] == found["preview"]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda w: w["final"].append(w["final"][0]), ValueRefusedError),
        (lambda w: w["final"][0].update(weight=0), ValueRefusedError),
        (lambda w: w["final"][0].update(value=float("nan")), ValueRefusedError),
        (lambda w: w["final"].clear(), ValueRefusedError),
        (lambda w: w["final"].append(3), UsageError),
        (lambda w: w["final"].append(Window), UsageError),
    ],
)
def test_what_is_no_evidence_is_refused_and_nothing_is_written(workspace: Path, spoil, error) -> None:
    windows = arms()
    spoil(windows)
    with pytest.raises(error):
        evaluate("baseline", windows)
    assert list(workspace.rglob("report.json")) == []


@pytest.mark.requirement("B-041")
def test_a_guard_that_triggers_leaves_an_event(workspace: Path) -> None:
    guards = [
        INVARIANTS | {"verdict": "fail"},
        {"name": "metric_drift", "verdict": "warn", "evidence": {"drift": 2.0}},
        {"name": "ours", "verdict": "fail", "evidence": {"x": 1}},
    ]
    told = [
        each
        for each in events(evaluate("baseline", said={"guards": guards}))
        if each["event"] == "guard.triggered"
    ]
    assert [(each["guard"], each["verdict"], each["limits"]) for each in told] == [
        ("invariants", "fail", {}),
        ("metric_drift", "warn", {"max_drift": 1.0}),
        ("ours", "fail", {}),
    ]
    assert told[1]["observed"] == {"drift": 2.0}


def test_without_a_choice_of_policies_none_is_announced(workspace: Path) -> None:
    with runpact.run(name="a", seeds=SEEDS, guard="off", durability="none") as run:
        path = run.evaluation(arms(), metric=METRIC, data=DATA, guards=[INVARIANTS | {"verdict": "fail"}])
    assert document(Path(path))["auto"]["tier"] is None
    with runpact.run(name="a", seeds=SEEDS, guard="off", durability="none") as run:
        path = run.evaluation(arms(), metric=METRIC, data=DATA, policy="strict")
    assert document(Path(path))["auto"]["tier"] == "strict"
    with pytest.raises(EvidenceError, match="no_policy"):
        evaluate("a", said={"policy": "lenient"})


PROGRAM = """
import json, runpact
said = json.load(open("said.json"))
runpact.current().evaluation(said["windows"], metric=said["metric"], data=said["data"], guards=said["guards"])
"""


def program(workspace: Path, windows: dict) -> list[str]:
    said = {"windows": windows, "metric": METRIC, "data": DATA, "guards": [INVARIANTS]}
    write(workspace, "said.json", said)
    (workspace / "evaluate.py").write_text(PROGRAM, encoding="utf-8")
    return ["--", sys.executable, "evaluate.py"]


RUN = ["run", "--durability", "none", "--quiet", "--seed", "python=1"]


@pytest.mark.requirement("B-130")
def test_a_command_is_paired_with_the_newest_run_of_a_name(workspace: Path) -> None:
    evaluate("baseline")
    evaluate("other")
    seeds = ["--seed", "numpy=1", "--policy", "balanced"]
    command = program(workspace, arms(shift=0.01))
    assert run_command_line([*RUN, *seeds, "--name", "quant8", "--baseline", "baseline", *command]) == 0
    (path,) = (workspace / "runs/quant8").glob("*_*/report.json")
    told = document(path)
    assert told["baseline"]["paired"] is True
    assert told["baseline"]["run_id"] == document(workspace / "runs/baseline/report.json")["meta"]["run_id"]
    assert told["auto"]["tier"] == "balanced"
    assert "baseline" in {
        each["name"]
        for each in json.loads((path.parent / ".runpact/manifest.json").read_bytes())["provenance"]["inputs"]
    }


@pytest.mark.requirement("B-082", "B-130")
def test_an_evaluation_that_is_no_pair_is_refused_when_it_comes(workspace: Path) -> None:
    baseline = evaluate("baseline")
    with pytest.raises(EvidenceError) as refused:
        evaluate("quant8", arms(shift=0.01, count=20), baseline=baseline)
    assert refused.value.reason == "lengths_differ"
    assert list((workspace / "runs/quant8").glob("*/report.json")) == []
    for profile in ("dev", "ci"):
        assert document(evaluate("quant8", arms(shift=0.01), baseline=baseline, profile=profile))["baseline"][
            "paired"
        ]
    path = evaluate("quant9", arms(shift=0.01, count=20), baseline=baseline, profile="dev")
    assert document(path)["baseline"]["paired"] is False
    (told,) = [each for each in events(path) if each["event"] == "evaluation.unpaired"]
    assert told["reason"] == "lengths_differ"


def spoiled(change) -> dict:
    other = report()
    change(other)
    return other


BASELINES = {
    "report_unreadable": None,
    "malformed_report": b"{",
    "no_windows": spoiled(lambda d: d.update(evaluation_windows={})),
    "lengths_differ": spoiled(lambda d: d["data"].update(windows={"final": 3})),
    "duplicate_windows": spoiled(lambda d: d["evaluation_windows"]["final"][1].update(id="final-0000")),
    "arms_overlap": spoiled(lambda d: d["evaluation_windows"]["final"][1].update(id="preview-0000")),
    "report_inconsistent": spoiled(lambda d: d["evaluation_windows"]["final"][1].update(value=0.0)),
    "dataset_differs": spoiled(lambda d: d["data"].update(dataset_hash=digest("x"))),
    "encoder_differs": spoiled(lambda d: d["data"].update(tokenizer_hash=digest("x"))),
    "split_differs": spoiled(lambda d: d["data"].update(split="train")),
    "settings_differ": spoiled(lambda d: d["data"].update(stride=1)),
}


@pytest.mark.requirement("B-082", "B-083", "B-133")
@pytest.mark.parametrize("reason", BASELINES)
@pytest.mark.parametrize("profile", ["ci", "release", "dev"])
def test_a_run_is_refused_at_once_for_its_baseline(
    workspace: Path, reason: str, profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = BASELINES[reason]
    path = workspace / "b" / "report.json"
    if isinstance(content, dict):
        write(workspace / "b", "report.json", content)
    elif content is not None:
        path.parent.mkdir()
        path.write_bytes(content)
    data = report()["data"]
    config = write(workspace, "config.json", {"data": {key: data[key] for key in data if key != "windows"}})
    argv = [
        *RUN,
        "--name",
        "q",
        "--baseline",
        "b/report.json",
        "--profile",
        profile,
        "--config",
        config,
        "--",
        "true",
    ]
    code = run_command_line(argv)
    told = capsys.readouterr().err
    if reason == "report_unreadable":
        assert (code, "no-such-run" in told) == (2, True)
        return
    assert f"{reason}: " in told
    assert code == (0 if profile == "dev" else 2)
    assert (workspace / "runs").exists() is (profile == "dev")
    assert ("not paired" in told) is (profile == "dev")


def test_a_configuration_without_data_is_compared_later(workspace: Path) -> None:
    baseline = write(workspace / "b", "report.json", report())
    for config in ("{}", '{"data": 3}', '{"data": {"split": "test"}}'):
        (workspace / "config.json").write_text(config, encoding="utf-8")
        argv = [*RUN, "--name", "q", "--baseline", baseline, "--config", "config.json", "--", "true"]
        assert run_command_line(argv) == 0


def test_a_policy_that_does_not_exist_begins_no_run(workspace: Path) -> None:
    assert run_command_line([*RUN, "--policy", "lenient", "--", "true"]) == 2
    assert not (workspace / "runs").exists()


def test_a_command_is_handed_what_was_announced() -> None:
    for said in (
        Announced(),
        Announced(policy="balanced", baseline="/b/report.json", is_strict=True),
        Announced(baseline="/b/report.json", is_strict=False),
    ):
        assert announced_in({"PATH": "/bin", **said.environment()}) == said

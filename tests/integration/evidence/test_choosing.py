"""Which policy, folder and certificate are meant when nobody says."""

from __future__ import annotations

from pathlib import Path

import pytest

import runpact
from evidence_cases import DATA, INVARIANTS, METRIC, SEEDS, arms, evaluate
from runpact.cli.main import run_command_line
from runpact.verbs.evidence.policies import tier_named

Captured = pytest.CaptureFixture[str]
CERTIFY = ("--format", "cert", "--baseline", "baseline")


def run(*arguments: str) -> int:
    return run_command_line(list(arguments))


def test_the_tier_that_a_run_announced_judges_it(workspace: Path, capsys: Captured) -> None:
    evaluate("baseline")
    evaluate("quant8", arms(shift=0.01))
    assert run("report", "quant8", *CERTIFY) == 0
    assert "/quant8_balanced_" in capsys.readouterr().out


def test_without_an_announced_tier_one_of_several_has_to_be_named(workspace: Path, capsys: Captured) -> None:
    evaluate("baseline")
    with runpact.run(name="quiet", seeds=SEEDS, guard="off", durability="none") as quiet:
        quiet.evaluation(arms(shift=0.01), metric=METRIC, data=DATA, guards=[INVARIANTS])
    assert run("report", "quiet", *CERTIFY) == 2
    assert "several policies to choose from" in capsys.readouterr().err


def test_a_folder_of_another_attempt_is_told_with_its_run(workspace: Path, capsys: Captured) -> None:
    evaluate("baseline")
    first = evaluate("quant8", arms(shift=0.01)).parent.name
    assert run("report", "quant8", *CERTIFY, "--label", "mine") == 0
    evaluate("quant8", arms(shift=0.02))
    assert run("report", "quant8", *CERTIFY, "--label", "mine") == 3
    told = capsys.readouterr().err
    assert f"the folder `mine` belongs to run {first}" in told
    assert "--label NAME" in told
    report = workspace / "reports_scratch" / "mine" / "report.json"
    report.chmod(0o644)
    report.write_text("{}", encoding="utf-8")
    assert run("report", "quant8", *CERTIFY, "--label", "mine") == 3
    assert "belongs to something that is no report" in capsys.readouterr().err
    assert run("report", "quant8", *CERTIFY, "--label", "other") == 0


def test_another_baseline_in_the_folder_is_told_as_such(workspace: Path, capsys: Captured) -> None:
    evaluate("baseline")
    evaluate("quant8", arms(shift=0.01))
    assert run("report", "quant8", *CERTIFY, "--label", "mine") == 0
    evaluate("baseline", arms(shift=0.001))
    assert run("report", "quant8", *CERTIFY, "--label", "again") == 3
    assert "--out" in capsys.readouterr().err


def test_a_policy_names_a_tier_in_three_ways() -> None:
    named = {each: tier_named(each) for each in (None, "a", "c.yaml", "c.yaml#b", "runpact:evidence@1#d")}
    assert named == {None: None, "a": "a", "c.yaml": None, "c.yaml#b": "b", "runpact:evidence@1#d": "d"}


def test_explain_names_the_number_that_fails_a_gate_and_who_failed_a_guard(
    workspace: Path, capsys: Captured
) -> None:
    evaluate("baseline")
    failed = {"name": "metric_drift", "verdict": "fail", "evidence": {"drift": 0.0}}
    evaluate("worse", arms(shift=0.5), said={"guards": [INVARIANTS, failed]})
    assert run("report", "worse", *CERTIFY, "--label", "worse") == 3
    capsys.readouterr()
    assert run("explain", "reports_scratch/worse") == 3
    told = capsys.readouterr().out
    (gate,) = [line for line in told.splitlines() if "gate primary" in line]
    assert "upper 1.64872, estimate 1.64872" in gate
    (guard,) = [line for line in told.splitlines() if "guard metric_drift" in line]
    assert "fail: the run reported that it failed" in guard


def test_a_signature_that_nobody_checked_says_what_would_check_it(workspace: Path, capsys: Captured) -> None:
    evaluate("baseline")
    evaluate("quant8", arms(shift=0.01))
    assert run("keygen", "ada", "--owner", "ada") == 0
    assert run("report", "quant8", *CERTIFY, "--label", "q", "--sign", "ada") == 0
    capsys.readouterr()
    assert run("verify", "reports_scratch/q") == 1
    assert "it was not checked: give --trust FILE" in capsys.readouterr().out
    assert run("verify", "reports_scratch/q", "--require-signature") == 2
    assert "give --trust FILE" in capsys.readouterr().out


def test_one_of_a_sort_is_counted_as_one_and_answers_are_words(workspace: Path, capsys: Captured) -> None:
    evaluate("baseline")
    assert run("index", "rebuild") == 0
    assert "indexed 1 run\n" in capsys.readouterr().out
    evaluate("quant8", arms(shift=0.01))
    evaluate("quant2", arms(shift=0.5))
    for name, code in (("quant8", 0), ("quant2", 3)):
        assert run("report", name, *CERTIFY, "--label", name) == code
    capsys.readouterr()
    assert run("diff", "reports_scratch/quant8", "reports_scratch/quant2", "--all") == 1
    told = capsys.readouterr().out.split()
    assert not {"True", "False", "None"} & set(told)
    assert {"yes", "no"} <= set(told)

"""Gates, guards and demands give three answers, each with what was seen."""

from __future__ import annotations

import pytest

from evidence_cases import POLICY, balanced, report
from runpact.formats.resample import resample_with_numpy
from runpact.model.contract.rule import Rule
from runpact.model.contract.surroundings import Gate, Guard, Policy
from runpact.model.evidence.comparison import Comparison, compare_pair
from runpact.model.evidence.demands import judge_demands
from runpact.model.evidence.gate import judge_gate
from runpact.model.evidence.guard import judge_guard
from runpact.model.evidence.outcome import Cause, decide
from runpact.model.evidence.policy import NamedPolicy, demand_judging
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import read_report
from runpact.model.evidence.step import Step


def compared(subject: dict, baseline: dict | None = None) -> Comparison:
    return compare_pair(
        read_report(subject),
        read_report(baseline or report()),
        confidence=0.95,
        resampler=resample_with_numpy,
    )


def as_identity(document: dict) -> dict:
    document["metrics"]["primary_metric"]["link"] = "identity"
    return document


WORSE = report(shift=0.05, noise=0.02)
LOG = compared(WORSE)
PLAIN = compared(as_identity(report(shift=0.05, noise=0.02)), as_identity(report()))
UNPAIRED = compared(report(windows=20, shift=0.01))
INSIDE = (PLAIN.difference[0] + PLAIN.difference[2]) / 2
METRICS = {"seconds": 3.5, "flag": True, "name": "x"}


@pytest.mark.parametrize(
    ("gate", "comparison", "expected"),
    [
        (Gate(metric="primary", max=1.1, statistic="upper"), LOG, "pass"),
        (Gate(metric="log_loss", max=1.1, min=0.9), LOG, "pass"),
        (Gate(metric="primary", max=1.0, statistic="upper"), LOG, "fail"),
        (Gate(metric="primary", min=1.0513, statistic="lower"), LOG, "fail"),
        (Gate(metric="primary", max=INSIDE, of="difference"), PLAIN, "insufficient_evidence"),
        (Gate(metric="primary", max=0.06, of="difference"), PLAIN, "pass"),
        (Gate(metric="primary", max=1.1, of="ratio"), PLAIN, "insufficient_evidence"),
        (Gate(metric="primary", max=3.0, of="value"), PLAIN, "pass"),
        (Gate(metric="primary", max=1.0, of="value"), PLAIN, "fail"),
        (Gate(metric="primary", max=3.0, of="value", statistic="upper"), PLAIN, "insufficient_evidence"),
        (Gate(metric="primary", max=1.1), UNPAIRED, "insufficient_evidence"),
        (Gate(metric="primary", max=3.0, of="value"), UNPAIRED, "pass"),
        (Gate(metric="seconds", max=4, of="value"), LOG, "pass"),
        (Gate(metric="seconds", max=3, of="value"), LOG, "fail"),
        (Gate(metric="seconds", max=4), LOG, "insufficient_evidence"),
        (Gate(metric="seconds", max=4, of="value", statistic="upper"), LOG, "insufficient_evidence"),
        (Gate(metric="flag", max=4, of="value"), LOG, "insufficient_evidence"),
        (Gate(metric="name", max=4, of="value"), LOG, "insufficient_evidence"),
        (Gate(metric="nothing", max=4, of="value"), LOG, "insufficient_evidence"),
    ],
)
def test_a_gate_passes_fails_or_cannot_tell(gate: Gate, comparison: Comparison, expected: str) -> None:
    result, cause = judge_gate(gate, comparison, METRICS, None)
    assert result.outcome == expected
    codes = {"pass": None, "fail": "gate_failed", "insufficient_evidence": "gate_undecided"}
    assert (cause.code if cause else None) == codes[expected]


def test_a_gate_on_the_estimate_takes_a_narrow_interval_across_its_bound_and_no_wide_one() -> None:
    estimate, lower, upper = LOG.ratio
    gate = Gate(metric="primary", max=(estimate + upper) / 2)
    width = upper - lower
    assert judge_gate(gate, LOG, {}, None)[0].outcome == "insufficient_evidence"
    assert judge_gate(gate, LOG, {}, width * 0.9)[0].outcome == "insufficient_evidence"
    assert judge_gate(gate, LOG, {}, width * 1.1)[0].outcome == "pass"
    ends = Gate(metric="primary", max=(estimate + upper) / 2, statistic="upper")
    assert judge_gate(ends, LOG, {}, width * 1.1)[0].outcome == "insufficient_evidence"


def test_differences_too_large_for_a_ratio_have_none() -> None:
    far = compared(report(shift=800.0))
    assert far.ratio is None
    assert far.shown == far.difference


def guard_of(name: str, subject: dict, **limits: object) -> tuple[str | None, str | None, dict]:
    new = read_report(subject)
    result, cause = judge_guard(
        Guard(name=name, limits=limits), new, read_report(report()), compared(subject)
    )
    return (
        (result.outcome if result else None),
        (cause.code if cause else None),
        result.observed if result else {},
    )


def with_guard(name: str, verdict: str = "pass", point: object = None, **evidence: object) -> dict:
    document = report(shift=0.05, noise=0.02)
    record = {"name": name, "verdict": verdict, "evidence": evidence}
    document["guards"] = [record | ({"measurement_point": point} if point else {})]
    return document


PASS, FAIL, OPEN = ("pass", None), ("fail", "guard_failed"), ("insufficient_evidence", "guard_undecided")


@pytest.mark.parametrize(
    ("name", "subject", "limits", "expected"),
    [
        ("invariants", with_guard("invariants", checks={"a": True}), {}, PASS),
        ("invariants", with_guard("invariants", checks={"a": True, "b": False}), {}, FAIL),
        ("invariants", with_guard("invariants", checks={"a": 1}), {}, FAIL),
        ("invariants", with_guard("invariants", checks={}), {}, FAIL),
        ("invariants", with_guard("invariants", checks=True), {}, FAIL),
        ("invariants", with_guard("invariants", "fail", checks={"a": True}), {}, FAIL),
        ("invariants", with_guard("invariants", "skipped", checks={"a": True}), {}, OPEN),
        ("invariants", with_guard("invariants", "warn", checks={"a": True}), {}, PASS),
        ("norm", with_guard("norm", norms={"w": 0.1, "b": -0.3}), {"max_norm": 0.3}, PASS),
        ("norm", with_guard("norm", norms={"w": 0.1, "b": -0.4}), {"max_norm": 0.3}, FAIL),
        ("norm", with_guard("norm", norms={"w": 0.1, "b": "?"}), {"max_norm": 0.3}, OPEN),
        ("norm", with_guard("norm", norms={}), {"max_norm": 0.3}, OPEN),
        ("norm", with_guard("norm", norms={"w": 0.1}), {}, OPEN),
        ("metric_drift", report(shift=0.05), {"max_drift": 5.0}, PASS),
        ("metric_drift", report(shift=0.05), {"max_drift": 0.0}, FAIL),
        ("metric_drift", report(shift=0.05), {}, OPEN),
        ("variance", report(shift=0.05), {"max_ratio": 1.0001}, PASS),
        ("variance", report(shift=0.05, noise=2), {"max_ratio": 1.0001}, FAIL),
        ("negative_control", with_guard("negative_control", control=9.0), {"min_effect": 1.0}, PASS),
        ("negative_control", with_guard("negative_control", control=2.1), {"min_effect": 1.0}, FAIL),
        ("negative_control", with_guard("negative_control", control=True), {"min_effect": 1.0}, OPEN),
        ("negative_control", with_guard("negative_control"), {"min_effect": 1.0}, OPEN),
        ("ours", with_guard("ours", seconds=2.0, mode="x", ok=True), {"max_seconds": 3}, PASS),
        ("ours", with_guard("ours", seconds=2.0), {"min_seconds": 3}, FAIL),
        ("ours", with_guard("ours", mode="x"), {"mode": "x"}, PASS),
        ("ours", with_guard("ours", mode="x"), {"mode": "y"}, FAIL),
        ("ours", with_guard("ours", ok=1), {"ok": True}, FAIL),
        ("ours", with_guard("ours"), {"mode": "y"}, OPEN),
        ("ours", with_guard("ours"), {"max_x": 1}, OPEN),
        ("ours", with_guard("ours", x="text"), {"max_x": 1}, OPEN),
        ("ours", with_guard("ours", x=1), {"max_x": "text"}, OPEN),
        ("ours", with_guard("ours", max_=1), {"max_": 1}, PASS),
        ("ours", with_guard("ours"), {}, PASS),
        ("ours", report(), {}, (None, "guard_missing")),
    ],
)
def test_a_guard_is_judged_by_what_was_measured(name, subject, limits, expected) -> None:
    outcome, code, _seen = guard_of(name, subject, **limits)
    assert (outcome, code) == expected


def test_a_guard_that_may_be_absent_may_be() -> None:
    new = read_report(report())
    assert judge_guard(Guard(name="ours", required=False), new, new, LOG) == (None, None)


def test_without_a_preview_there_is_no_drift() -> None:
    document = report(shift=0.05)
    del document["evaluation_windows"]["preview"], document["metrics"]["primary_metric"]["preview"]
    document["data"]["windows"] = {}
    new = read_report(document)
    result, cause = judge_guard(Guard(name="metric_drift", limits={"max_drift": 1}), new, new, LOG)
    assert (result.outcome, cause.code) == ("insufficient_evidence", "guard_undecided")


def test_a_better_control_is_no_harm_when_higher_is_better() -> None:
    document = with_guard("negative_control", control=1.0)
    document["metrics"]["primary_metric"]["direction"] = "higher"
    baseline = report()
    baseline["metrics"]["primary_metric"]["direction"] = "higher"
    new, old = read_report(document), read_report(baseline)
    result, _cause = judge_guard(
        Guard(name="negative_control", limits={"min_effect": 0.5}), new, old, compared(document, baseline)
    )
    assert result.outcome == "pass"


def test_values_that_do_not_scatter_have_a_variance_all_the_same() -> None:
    flat, rough = report(shift=0.05), report(shift=0.05)
    for window in flat["evaluation_windows"]["final"]:
        window["value"] = 2.0
    flat["metrics"]["primary_metric"]["final"] = 2.0
    limit = Guard(name="variance", limits={"max_ratio": 1.0})
    smooth = read_report(flat)
    assert judge_guard(limit, smooth, smooth, LOG)[0].outcome == "pass"
    assert judge_guard(limit, read_report(rough), smooth, LOG)[0].outcome == "insufficient_evidence"


@pytest.mark.requirement("B-075")
def test_a_guard_says_where_it_measured() -> None:
    points = [{"tap": "block.out", "matched": ["w1", "w2"]}, "everywhere", None]
    told = []
    for point in points:
        new = read_report(with_guard("norm", point=point, norms={"w1": 0.1}))
        result, _cause = judge_guard(Guard(name="norm", limits={"max_norm": 1}), new, new, LOG)
        told.append((result.tap, result.matched))
    assert told == [("block.out", ("w1", "w2")), ("everywhere", ()), ("", ())]


def causes(subject: dict, policy: NamedPolicy) -> list[str]:
    return [each.code for each in judge_demands(read_report(subject), policy, compared(subject))]


def lacking(**parts: object) -> dict:
    document = report(shift=0.01)
    document["provenance"] |= parts
    return document


@pytest.mark.parametrize(
    ("subject", "changes", "expected"),
    [
        (lacking(), {}, []),
        (lacking(), {"minimum_windows": 25}, ["too_few_windows"]),
        (lacking(), {"minimum_windows": None, "maximum_width": 1e-12}, []),
        (report(noise=0.5, shift=0.01), {"maximum_width": 0.01}, ["interval_too_wide"]),
        (report(windows=20, shift=0.01), {}, ["unpaired", "too_few_windows"]),
        (lacking(), {"confinement": "W1"}, []),
        (lacking(), {"confinement": "W1+hook"}, []),
        (lacking(), {"confinement": "W2"}, ["confinement_too_low"]),
        (lacking(confinement=None), {"confinement": "W0"}, ["confinement_too_low"]),
        (
            lacking(confinement={"requested": "off", "level": "W1"}),
            {"confinement": "W1+hook"},
            ["confinement_too_low"],
        ),
        (lacking(), {"confinement": "much"}, ["confinement_too_low"]),
        (lacking(), {"provenance": ("commit", "clean", "lock", "inputs", "config")}, []),
        (
            lacking(commit="unknown", dirty=None, locks=[], inputs={}, config_digest=""),
            {"provenance": ("commit", "clean", "lock", "inputs", "config")},
            ["provenance_missing"] * 5,
        ),
        (lacking(), {"provenance": ("blood",)}, ["provenance_missing"]),
    ],
)
def test_what_the_evidence_lacks(subject: dict, changes: dict, expected: list[str]) -> None:
    policy = balanced(**changes)
    subject["auto"] = {"tier": "balanced", "policy_digest": policy.digest}
    assert causes(subject, policy) == expected


def test_a_policy_is_announced_before_it_judges() -> None:
    other = balanced(minimum_windows=3)
    assert causes(report(shift=0.01), other) == ["policy_not_announced"]
    nameless = report(shift=0.01)
    nameless["auto"] = {"tier": None, "policy_digest": None}
    assert causes(nameless, POLICY) == ["policy_not_announced"]
    renamed = NamedPolicy("lenient", POLICY.policy)
    assert causes(report(shift=0.01), renamed) == ["policy_not_announced"]
    undigested = report(shift=0.01)
    undigested["auto"]["policy_digest"] = None
    assert causes(undigested, POLICY) == ["policy_not_announced"]


def test_a_decision_is_the_weightiest_cause() -> None:
    failed, open_one = Cause("gate_failed", "a", ""), Cause("too_few_windows", "b", "")
    assert decide([]) == "pass"
    assert decide([open_one]) == "insufficient_evidence"
    assert decide([open_one, failed]) == "fail"


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Policy(), "empty_policy"),
        (Policy(minimum_windows=100, keep={"newest": 3}), "empty_policy"),
        (Policy(guards=(Guard(name="ours", required=False),)), "empty_policy"),
        (Policy(gates=(Gate(metric="primary"),)), "empty_policy"),
        (
            Policy(gates=(Gate(metric="primary", max=1),), rules=(Rule(id="R", check="true"),)),
            "unsupported_policy",
        ),
        (Policy(guards=(Guard(name="ours", required="run.ok"),)), "unsupported_policy"),
    ],
)
def test_a_policy_that_demands_nothing_or_too_much_does_not_judge(policy: Policy, reason: str) -> None:
    with pytest.raises(EvidenceError) as refused:
        demand_judging(NamedPolicy("own", policy))
    assert refused.value.reason == reason


@pytest.mark.requirement("B-072", "B-133")
def test_the_digest_of_a_policy_covers_what_judges_and_nothing_else() -> None:
    assert demand_judging(POLICY) is POLICY
    assert balanced(description="other words", keep={"newest": 3}).digest == POLICY.digest
    others = [
        balanced(gates=(Gate(metric="primary", max=1.2, statistic="upper"),)),
        balanced(minimum_windows=21),
        balanced(maximum_width=0.5),
        balanced(confidence=0.9),
        balanced(confinement="W1"),
        balanced(provenance=("commit",)),
        balanced(signature="required"),
        balanced(profile="release"),
        balanced(guards=()),
    ]
    assert len({each.digest for each in others} | {POLICY.digest}) == 10
    assert balanced(signature="required").thresholds_digest == POLICY.thresholds_digest
    assert [balanced(profile=name).is_strict for name in ("dev", "ci", "release")] == [False, True, True]


def test_a_step_holds_when_it_has_no_reason() -> None:
    assert Step(name="pairing").holds
    assert not Step(name="pairing", reason="contents_differ").holds

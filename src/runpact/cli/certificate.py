"""Certificates on the terminal: `runpact verify` of one, and `runpact explain`.

Knows: how steps, gates and guards are laid out.
Does not know: how any of it follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import (
    demand_meant,
    json_option,
    open_workspace,
    policy_option,
    signature_option,
    store_option,
    trust_file_option,
    workspace_options,
)
from runpact.cli.output import (
    VERDICT_COLOUR,
    finding_documents,
    finding_lines,
    paint,
    plain,
    print_json,
    say,
    table_lines,
)
from runpact.model.evidence.certificate import Certificate, sealed
from runpact.model.evidence.gate import PRIMARY
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.step import Step, Verification
from runpact.model.finding import Verdict, worst
from runpact.workspace.archiving import verify_copy
from runpact.workspace.certifying import certificates, verify_certificates

if TYPE_CHECKING:
    from runpact.model.archive.copy import CopyRecord
    from runpact.model.finding import Report
    from runpact.workspace import Workspace


def show_certificates(
    place: Workspace,
    paths: tuple[str, ...],
    folders: tuple[str, ...] = (),
    *,
    policy: str | None,
    needs_signature: bool,
    trust_file: str | None,
    store: str | None,
    is_json: bool,
) -> int:
    """Verify certificates and curated copies, print what they come to, return the exit code of the worst."""
    judged = {folder: verify_copy(folder) for folder in folders}
    copied = [(place.shown(folder), *answer) for folder, answer in judged.items()]
    archived = [
        folder for folder, (record, report) in judged.items() if record and record.failed and report.is_ok
    ]
    found = verify_certificates(
        place,
        paths,
        policy=policy,
        needs_signature=needs_signature,
        trust_file=trust_file,
        store=store,
        archived=archived if len(judged) > 1 else (),  # one that is named alone is judged as what it is
    )
    verdict = worst(
        (*(each.verdict for each in found), *(report.verdict for _path, _record, report in copied))
    )
    if is_json:
        findings = [finding for each in found for finding in each.report.findings]
        print_json(
            "verify-certificate",
            verdict=verdict.value,
            findings=finding_documents(findings),
            certificates=[_document(each) for each in found],
            copies=[_copy_document(*each) for each in copied],
        )
        return verdict.exit_code
    for path, record, report in copied:
        for line in _copy_lines(path, record, report):
            say(line)
    for each in found:
        say(_headline(each))
        for step in each.steps:
            if not step.holds:
                for line in _refusal(step):
                    say(line)
    if len(found) > 1:
        counts = [f"{sum(each.verdict is sort for each in found)} {sort.value}" for sort in Verdict]
        say(f"{len(found)} certificates: {', '.join(counts)}")
    return verdict.exit_code


def _copy_document(path: str, record: CopyRecord | None, report: Report) -> dict[str, object]:
    return {
        "path": path,
        "role": record.role if record else None,
        "run_id": record.run.id if record and record.run else None,
        "verdict": report.verdict.value,
        "findings": finding_documents(report.findings),
    }


def _copy_lines(path: str, record: CopyRecord | None, report: Report) -> Iterator[str]:
    verdict = paint(report.verdict.value, VERDICT_COLOUR[report.verdict])
    told = "altered"
    if record and report.is_ok:
        told = f"{record.role} {plain(record.run.id if record.run else record.label)}, as it was promoted"
    yield f"{verdict} {plain(path)}: {told}{', archived as failed' if record and record.failed else ''}"
    yield from finding_lines(report.findings)


def _document(found: Verification) -> dict[str, object]:
    return {
        "path": found.path,
        "run_id": found.run_id,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "decision": found.decision,
        "tier": found.tier,
        "steps": [
            {"holds": step.holds, **step_document}
            for step in found.steps
            if isinstance(step_document := msgspec.to_builtins(step), dict)
        ],
    }


def _headline(found: Verification) -> str:
    verdict = paint(found.verdict.value, VERDICT_COLOUR[found.verdict])
    if found.decision:
        told = f"{found.decision} under `{found.tier}`"
        told += f", {found.reason}" if found.reason else ""
        told += ", archived as such" if found.is_archived else ""
    else:
        told = found.reason
    return f"{verdict} {plain(found.path)}: {plain(told)}"


def _refusal(step: Step) -> Iterator[str]:
    said = f": {plain(step.message)}" if step.message else ""
    yield f"  {plain(step.name)} [{step.reason}]{said}"
    if step.expected:
        yield f"      expected  {plain(step.expected)}"
    if step.observed:
        yield f"      observed  {plain(step.observed)}"


@click.command("explain")
@click.argument("certificate", metavar="CERT|DIR")
@policy_option
@signature_option
@trust_file_option
@store_option
@workspace_options
@json_option
def explain_command(
    *,
    certificate: str,
    policy: str | None,
    needs_signature: bool,
    trust_file: str | None,
    store: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Go through everything that a certificate rests on, step by step, from the stored evidence alone.

    Exit codes are those of `runpact verify`.
    """
    demand_meant(policy=policy, trust=trust_file, store=store)
    place = open_workspace(workspace, workdir, contract)
    paths = certificates(place, certificate)
    if not paths:
        raise EvidenceError("no_certificate", f"no certificate at `{certificate}`", at=certificate)
    found = verify_certificates(
        place, paths, policy=policy, needs_signature=needs_signature, trust_file=trust_file, store=store
    )
    verdict = worst(each.verdict for each in found)
    if is_json:
        parts = [{**_document(each), "certificate": each.rebuilt} for each in found]
        print_json("explain", verdict=verdict.value, certificates=parts)
        return verdict.exit_code
    for each in found:
        for line in _explained(each):
            say(line)
    return verdict.exit_code


def _explained(found: Verification) -> Iterator[str]:
    yield _headline(found)
    yield ""
    for step in found.steps:
        if step.holds:
            yield f"  {paint('holds', 'green')}  {step.name:<10}  {plain(step.observed)}"
        else:
            first, *others = _refusal(step)
            yield f"  {paint('fails', 'red')}  {first.strip()}"
            yield from others
    if found.rebuilt is not None:
        yield from _judged(msgspec.convert(sealed(found.rebuilt), Certificate))


def _judged(follows: Certificate) -> Iterator[str]:
    """Yield what the evidence says: the comparison, every gate, every guard."""
    metric, statistics = follows.primary_metric, follows.statistics
    yield ""
    yield f"  {plain(metric.kind)} in {plain(metric.unit)}, {metric.direction} is better"
    yield f"    subject {metric.final:.6g}, baseline {metric.baseline_final:.6g}"
    if statistics is not None:
        shown = "difference" if metric.ratio_vs_baseline is None else "ratio"
        value = metric.difference_vs_baseline if shown == "difference" else metric.ratio_vs_baseline
        low, high = metric.display_ci
        yield (
            f"    {shown} {value:.6g}, {statistics.confidence:.0%} interval {low:.6g} to {high:.6g}, "
            f"{statistics.windows} windows ({statistics.effective_windows:.1f} of equal weight)"
        )
    rows = [_gate_row(gate, _estimates(follows)) for gate in follows.gates]
    stated = {cause.subject: cause.message for cause in follows.reasons if cause.code.startswith("guard_")}
    rows += [_guard_row(guard, stated.get(guard.name, "")) for guard in follows.guards]
    yield ""
    for line in table_lines(("judged", "observed", "demanded", "outcome"), rows):
        yield f"  {line}"
    if follows.limitations:
        yield ""
        yield from (f"  limitation: {plain(each)}" for each in follows.limitations)


def _estimates(follows: Certificate) -> dict[tuple[str, str], float | None]:
    """Return the estimates that a gate on an end of the interval is failed by."""
    metric = follows.primary_metric
    found = {"ratio": metric.ratio_vs_baseline, "difference": metric.difference_vs_baseline}
    told = {(name, of): value for name in (PRIMARY, metric.kind) for of, value in found.items()}
    return told | ({("", "ratio"): None} if metric.link == "identity" else {})


def _gate_row(gate: object, estimates: Mapping[tuple[str, str], float | None]) -> Sequence[str]:
    facts = msgspec.to_builtins(gate)
    bounds = [
        f"{word} {facts[key]:.6g}"
        for key, word in (("minimum", "≥"), ("maximum", "≤"))
        if facts[key] is not None
    ]
    observed = "nothing" if facts["observed"] is None else f"{facts['observed']:.6g}"
    if facts["observed"] is None and facts["of"] == "ratio" and ("", "ratio") in estimates:
        observed = "no ratio: the metric's link is `identity`, which goes with `of: difference`"
    estimate = estimates.get((facts["metric"], facts["of"]))
    if facts["observed"] is not None and facts["statistic"] != "value" and estimate is not None:
        observed = f"{facts['statistic']} {observed}, estimate {estimate:.6g}"
    name = f"gate {facts['metric']} ({facts['of']}, {facts['statistic']})"
    return name, observed, " and ".join(bounds), facts["outcome"]


def _guard_row(guard: object, why: str) -> Sequence[str]:
    """Return the row of a guard, and why it is no pass: its own limits may well be kept."""
    facts = msgspec.to_builtins(guard)
    observed, limits = (
        ", ".join(f"{key} {_short(value)}" for key, value in facts[part].items())
        for part in ("observed", "limits")
    )
    return (
        f"guard {facts['name']} at {facts['tap'] or 'an unnamed place'}",
        observed,
        limits,
        f"{facts['outcome']}: {plain(why)}" if why else facts["outcome"],
    )


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)

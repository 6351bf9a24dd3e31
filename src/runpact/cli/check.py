"""`runpact check` and `runpact verify`.

Knows: flags, text and JSON of verdicts.
Does not know: how a run is judged.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from runpact.cli.options import (
    demand_meant,
    json_option,
    open_workspace,
    policy_option,
    signature_option,
    store_option,
    trust_file_option,
    trust_option,
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
)
from runpact.model.errors import EvidenceError, UsageError
from runpact.model.finding import Finding, Report, Severity, Verdict, worst
from runpact.model.names import counted
from runpact.workspace.archiving import copies
from runpact.workspace.certifying import certificates

if TYPE_CHECKING:
    from runpact.workspace import CheckedRun, Workspace


@click.command("check")
@click.argument("runs", nargs=-1, metavar="[RUN]…")
@click.option("--strict", "is_strict", is_flag=True, help="A rule that had nothing to judge is INCOMPLETE.")
@trust_option
@workspace_options
@json_option
def check_command(
    *,
    runs: tuple[str, ...],
    is_strict: bool,
    trust_contract: bool,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Judge runs against their contract; all runs of the workspace when none is named.

    RUN is an id, `parent/id`, a path, a uid, a unique prefix, or a name. A directory that runpact did
    not make is judged too. Without RUN, directories that stand where only runs may stand are told as well.

    \b
      runpact check
      runpact check baseline-2026
      runpact check --contract contract.yaml path/to/old_run
    """
    place = open_workspace(workspace, workdir, contract, trust_contract=trust_contract)
    return show_check(place, runs, is_json=is_json, is_strict=is_strict)


def show_check(
    place: Workspace, runs: Sequence[str], *, is_json: bool = False, is_strict: bool = False
) -> int:
    """Judge runs, print the verdict, return its exit code."""
    checked = place.check(runs, is_strict=is_strict)
    beside = Report(() if runs else place.surroundings())
    verdict = worst((beside.verdict, *(run.verdict for run in checked)))
    if not checked and beside.is_ok:
        verdict = Verdict.INCOMPLETE
    if is_json:
        _print_check(checked, beside.findings, verdict)
        return verdict.exit_code
    for run in checked:
        say(_headline(run.path, run.verdict, _remark(run), run.report.findings))
        for line in finding_lines(run.report.findings):
            say(line)
    if beside.findings:
        say(_headline(place.data_root, beside.verdict, "beside the runs", beside.findings))
        for line in finding_lines(beside.findings):
            say(line)
    if not checked and not beside.findings:
        say(
            f"{paint(verdict.value, VERDICT_COLOUR[verdict])}: no run to check below {plain(place.data_root)}"
        )
    elif len(checked) > 1:
        copies = sum(run.is_copy for run in checked)
        beyond = f" and {counted(copies, 'copy', 'copies')}" if copies else ""
        say(f"{counted(len(checked) - copies, 'run', 'runs')}{beyond}: {_counts(checked)}")
    return verdict.exit_code


def _remark(run: CheckedRun) -> str:
    tiers = f", {', '.join(run.report.tiers)}" if run.report.tiers else ""
    return f"contract {run.judged_by}{tiers}"


def _print_check(checked: Sequence[CheckedRun], beside: Sequence[Finding], verdict: Verdict) -> None:
    runs = [
        {
            "id": run.id,
            "path": run.path,
            "state": run.state.value,
            "verdict": run.verdict.value,
            "judged_by": run.judged_by,
            "tiers": list(run.report.tiers),
        }
        for run in checked
    ]
    findings = [*(finding for run in checked for finding in run.report.findings), *beside]
    print_json("check", verdict=verdict.value, findings=finding_documents(findings), runs=runs)


@click.command("verify")
@click.argument("subject", metavar="RUN|CERT|DIR")
@policy_option
@signature_option
@trust_file_option
@store_option
@workspace_options
@json_option
def verify_command(
    *,
    subject: str,
    policy: str | None,
    needs_signature: bool,
    trust_file: str | None,
    store: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Re-derive from the bytes that the record of a run, or a certificate, is true.

    A run: exit 0 when it is intact, 2 when it was never sealed, 3 for any byte that changed.

    \b
    A certificate, or a folder of them: exit 0 for an intact pass, 1 when nobody vouches for it, 2 when
    evidence or policy is missing or too little, 3 when the policy is not met or anything does not follow.
    """
    if not subject:
        raise UsageError("nothing was named", expected="a run, a certificate or a folder of certificates")
    demand_meant(policy=policy, trust=trust_file, store=store)
    place = open_workspace(workspace, workdir, contract)
    paths, folders = certificates(place, subject), copies(place, subject)
    if paths or folders:
        from runpact.cli.certificate import show_certificates  # noqa: PLC0415 - verifying a run needs none of it

        return show_certificates(
            place,
            paths,
            folders,
            policy=policy,
            needs_signature=needs_signature,
            trust_file=trust_file,
            store=store,
            is_json=is_json,
        )
    if policy or needs_signature or trust_file or store:
        raise EvidenceError("no_certificate", f"no certificate at `{subject}`", at=subject)
    return show_verify(place, subject, is_json=is_json)


def show_verify(place: Workspace, run: str, *, is_json: bool = False) -> int:
    """Verify a run, print the verdict, return its exit code."""
    directory, standing, report = place.verify(run)
    if is_json:
        print_json(
            "verify",
            id=posixpath.basename(directory),
            path=place.shown(directory),
            state=standing.state.value,
            verdict=report.verdict.value,
            findings=finding_documents(report.findings),
        )
        return report.verdict.exit_code
    say(
        _headline(
            place.shown(directory),
            report.verdict,
            "its records are true" if report.is_ok else "",
            report.findings,
        )
    )
    for line in finding_lines(report.findings):
        say(line)
    return report.verdict.exit_code


def _headline(path: str, verdict: Verdict, remark: str, findings: Sequence[Finding]) -> str:
    counted = [f for f in findings if f.because is None and f.severity is not Severity.ADVICE]
    faults = f", {len(counted)} finding{'s' if len(counted) != 1 else ''}" if counted else ""
    said = f": {remark}" if remark else ""
    return f"{paint(verdict.value, VERDICT_COLOUR[verdict])} {plain(path)}{said}{faults}"


def _counts(checked: Sequence[CheckedRun]) -> str:
    verdicts = [run.verdict for run in checked]
    return ", ".join(
        f"{verdicts.count(verdict)} {verdict.value}" for verdict in Verdict if verdict in verdicts
    )

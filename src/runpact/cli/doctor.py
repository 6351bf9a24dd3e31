"""`runpact doctor`: examine a workspace.

Knows: how diagnoses and remedies are shown.
Does not know: what is examined.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click
import msgspec

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import VERDICT_COLOUR, finding_lines, has_colour, note, paint, plain, print_json, say
from runpact.model.doctor.diagnosis import Diagnosis, remedy_name, remedy_text
from runpact.model.finding import Severity
from runpact.workspace.doctoring import Consultation, Treated, consult_doctor

_MOST_ALIKE = 10
"""Findings of one code that are shown in full."""


@click.command("doctor")
@click.option("--fix", "is_fixed", is_flag=True, help="Carry out the remedies; nothing is removed.")
@workspace_options
@json_option
def doctor_command(
    *, is_fixed: bool, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Examine the workspace: unsealed runs, damage, leftovers, the index, what git would commit.

    Without --fix it says what it would do. No sealed run is ever touched, and nothing is removed: what is
    in the way is moved to `.runpact-aside/`.
    """
    place = open_workspace(workspace, workdir, contract)
    if place.reference is None:
        note(f"there is no contract.yaml at or above {place.cwd}; looking where `runpact:basic@1` puts runs")
    try:
        consultation = consult_doctor(place, is_fixed=is_fixed, tell=_tell)
    finally:
        _tell("")
    if is_json:
        _print_document(consultation)
    else:
        _print_text(consultation, is_fixed=is_fixed)
    return consultation.verdict.exit_code


def _tell(name: str) -> None:
    """Say on a terminal what is looked at, on a line that goes away."""
    if has_colour(sys.stderr) and sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{f'looking at {name} …' if name else ''}")
        sys.stderr.flush()


def _print_document(consultation: Consultation) -> None:
    print_json(
        "doctor",
        verdict=consultation.verdict.value,
        runs=consultation.runs,
        findings=[_document(diagnosis) for diagnosis in consultation.diagnoses],
        treated=[_treated_document(each) for each in consultation.treated],
    )


def _document(diagnosis: Diagnosis) -> dict[str, object]:
    remedy = diagnosis.remedy
    said = None if remedy is None else {"name": remedy_name(remedy), "does": remedy_text(remedy)}
    return {**msgspec.to_builtins(diagnosis.finding), "remedy": said}


def _treated_document(treated: Treated) -> dict[str, object]:
    return {
        **_document(treated.diagnosis),
        "refusal": treated.refusal or None,
        "set_aside": [plain(path) for path in treated.kept],
    }


def _print_text(consultation: Consultation, *, is_fixed: bool) -> None:
    for treated in consultation.treated:
        for line in _treated_lines(treated):
            say(line)
    for code in dict.fromkeys(each.finding.code for each in consultation.diagnoses):
        alike = [each for each in consultation.diagnoses if each.finding.code == code]
        for line in _alike_lines(alike):
            say(line)
    say(_summary(consultation, is_fixed=is_fixed))


def _treated_lines(treated: Treated) -> Iterator[str]:
    finding, remedy = treated.diagnosis.finding, treated.diagnosis.remedy
    word = paint("refused", "red") if treated.refusal else paint("done", "green")
    does = remedy_text(remedy) if remedy is not None else ""
    yield f"  {paint(plain(finding.path) or '.', 'bold')}"
    yield f"    {word}[{finding.code}]: {plain(does)}"
    if treated.refusal:
        yield f"      why       {plain(treated.refusal)}"
    for path in treated.kept:
        yield f"      set aside {plain(path)}"


def _alike_lines(alike: Sequence[Diagnosis]) -> Iterator[str]:
    for diagnosis in alike[:_MOST_ALIKE]:
        yield from finding_lines([diagnosis.finding])
        if diagnosis.remedy is not None:
            yield f"    {paint('remedy', 'cyan')}: {plain(remedy_text(diagnosis.remedy))}"
    if len(alike) > _MOST_ALIKE:
        yield f"  … and {len(alike) - _MOST_ALIKE} more of {alike[0].finding.code}; --json lists all"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _summary(consultation: Consultation, *, is_fixed: bool) -> str:
    verdict = consultation.verdict
    counted = [each for each in consultation.diagnoses if each.finding.severity is not Severity.ADVICE]
    mendable = sum(each.remedy is not None for each in consultation.diagnoses)
    parts = [_counted(consultation.runs, "run"), _counted(len(counted), "finding")]
    advice = len(consultation.diagnoses) - len(counted)
    parts += [f"{advice} advice"] * bool(advice)
    if mendable and not is_fixed:
        parts.append(f"`runpact doctor --fix` has a remedy for {mendable}")
    return f"{paint(verdict.value, VERDICT_COLOUR[verdict])}: {', '.join(parts)}"

"""Why evidence is refused, a certificate is not accepted, or a decision is not `pass`: stable codes.

Knows: each code, what it means, how much it weighs.
Does not know: where it is noticed.
"""

from __future__ import annotations

import msgspec

from runpact.model.finding import Severity
from runpact.model.signing.reasons import SIGNATURE_REASONS


class Reason(msgspec.Struct, frozen=True):
    """One cause; no two causes share a code."""

    severity: Severity
    """What `runpact verify` makes of it: warning exits 1, incomplete 2, error 3."""
    meaning: str


def _reasons(severity: Severity, **meanings: str) -> dict[str, Reason]:
    return {code: Reason(severity, meaning) for code, meaning in meanings.items()}


REASONS: dict[str, Reason] = {
    **_reasons(
        Severity.WARNING,
        not_authenticated="Everything agrees and nobody vouches for it: there is no signature.",
        signature_not_checked="There is a signature, and nothing to check it by.",
    ),
    **_reasons(
        Severity.INCOMPLETE,
        no_policy="No policy was named, and the workspace's contract has none of the certificate's tier.",
        empty_policy="The policy demands nothing.",
        unsupported_policy="The policy has conditions that certificates cannot judge.",
        no_certificate="The folder holds no certificate.",
        evidence_missing="A report that the certificate refers to is not there.",
        report_unreadable="A report cannot be read.",
        run_not_finished="The run did not finish.",
        run_not_sound="The records of the run are not true.",
        no_report="The run has no report.",
        no_windows="A report has no evaluation windows in its arm `final`.",
        unpaired="Subject and baseline are not paired, and the certificate says so.",
        policy_not_announced="The subject was made under another policy, or none.",
        too_few_windows="There are fewer paired windows than the policy demands.",
        interval_too_wide="The interval is wider than the policy allows.",
        gate_undecided="An interval lies on both sides of a gate's bound, or the number is not there.",
        guard_missing="A guard that the policy demands left no measurement.",
        guard_undecided="A guard's measurement lacks what its limits speak of.",
        confinement_too_low="Less was done against writes outside the run than the policy demands.",
        provenance_missing="The report lacks provenance that the policy demands.",
        signature_missing="A signature is demanded and there is none.",
    ),
    **_reasons(
        Severity.ERROR,
        malformed_certificate="The certificate is no strict JSON of its schema, or not in its one form.",
        unknown_version="The certificate has another major version.",
        altered_certificate="The certificate is not the one that its own digest was taken of.",
        escaping_path="A reference leads out of the folder of the evidence, or is no plain relative path.",
        wrong_references="The certificate refers to something else than two reports, the subject's first.",
        digest_differs="A report is not the one that the certificate refers to.",
        extra_file="A file stands beside the certificate that does not belong there.",
        malformed_report="A report lacks a field, or has one of another type.",
        seed_unexplained="A seed is null without a reason.",
        report_inconsistent="A report states a number that its own windows contradict.",
        duplicate_windows="A report has a window twice.",
        arms_overlap="A window stands in two arms.",
        self_comparison="Subject and baseline are the same report.",
        lengths_differ="The arms have other numbers of windows.",
        windows_differ="A window has another id, or stands at another place.",
        contents_differ="A window has another content.",
        weights_differ="A window has another weight.",
        encoder_differs="The reports were made with other encoders.",
        dataset_differs="The reports were made on other data.",
        split_differs="The reports were made on other splits.",
        settings_differ="The windows were cut otherwise: sequence length, stride, provider or their seed.",
        seeds_differ="The runs had other seeds.",
        metric_differs="The reports measure another metric.",
        policy_differs="The certificate was made under another policy than the one it is judged by.",
        pairing_differs="What the certificate says of the pairing is not what the reports say.",
        statistics_differ="The certificate's statistics are not those of the reports.",
        gates_differ="The certificate's gates are not those that follow.",
        guards_differ="The certificate's guards are not those that follow.",
        decision_differs="The certificate's decision is not the one that follows.",
        attempts_differ="The certificate's attempts are not those of the report.",
        fields_differ="A field of the certificate is not what the reports say.",
        gate_failed="A metric is beyond the bound of a gate.",
        guard_failed="A guard's measurement is beyond its limits, or the run reported that it failed.",
        **SIGNATURE_REASONS,
    ),
}
"""Meaning and weight by code."""


def reasons_table() -> str:
    """Return the table of all codes for the reference."""
    exits = {Severity.WARNING: 1, Severity.INCOMPLETE: 2, Severity.ERROR: 3}
    lines = ["| reason | exit | meaning |", "|---|---|---|"]
    lines += [
        f"| `{code}` | {exits[reason.severity]} | {reason.meaning} |" for code, reason in REASONS.items()
    ]
    return "\n".join(lines) + "\n"

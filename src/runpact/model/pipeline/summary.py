"""The summary of a stage's attempt, as its consumers read it.

Knows: which field follows from what was measured, and which from the claim.
Does not know: where it is written, how a verdict follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from runpact.model.finding import Finding, Severity
from runpact.model.names import is_relative
from runpact.model.pipeline.claim import Claim, Counts
from runpact.model.pipeline.result import StageOutput, StageResult

_OF_INPUTS = frozenset({"missing-artifact", "stale-artifact", "invalid-artifact", "ambiguous-artifact"})
_GRAVE = frozenset({Severity.ERROR, Severity.INCOMPLETE})


class SummaryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary is made of."""

    experiment: str
    """Its id."""
    result: StageResult
    claim: Claim | None = None
    """What the program said of itself."""
    rows: int | None = None
    """Of the tables that it wrote; None when it wrote none, or they cannot be read."""
    aliases: Mapping[str, str] = {}
    """Folder that each alias of this stage leads to, relative to the experiment; none where it is no link."""
    git_sha: str
    created_at: str
    """When the summary was made, RFC 3339."""


def summary_document(facts: SummaryFacts) -> dict[str, object]:
    """Return the summary: status, exit code and counts that do not contradict each other.

    Args:
        facts: What was measured, and what the program claims.
    """
    result, claim = facts.result, facts.claim or Claim(origin="summary")
    told = [finding for finding in result.findings if finding.because is None]
    errors = [_line(each) for each in told if each.severity in _GRAVE and each.code != "claimed"]
    warnings = [_line(each) for each in told if each.severity is Severity.WARNING and each.code != "claimed"]
    return {
        "stage": result.name,
        "experiment": facts.experiment,
        "status": result.status.value,
        "exit_code": result.exit_code,
        "counts": msgspec.to_builtins(_counts(result, claim.counts or Counts(), facts.rows)),
        "errors": [*errors, *claim.errors],
        "warnings": [*warnings, *claim.warnings],
        "artifacts": _artifacts(facts, claim),
        "meta": _meta(facts),
    }


def _meta(facts: SummaryFacts) -> dict[str, object]:
    result = facts.result
    measured = result.measured
    return {
        "git_sha": facts.git_sha,
        "created_at": facts.created_at,
        "duration_seconds": measured.duration_seconds,
        "process": {"exit_code": measured.exit_code, "signal": measured.signal},
        "attempt": result.attempt,
        "launched_by": result.launched_by,
        "seed": result.seed,
        "resolved_from_legacy": any(each.resolved_from_legacy for each in result.inputs),
    }


def _counts(result: StageResult, claimed: Counts, rows: int | None) -> Counts:
    """Return the counts of the claim where they add up, else those of the files that the stage reads."""
    total, good, failed = claimed.inputs_total, claimed.inputs_ok, claimed.inputs_failed
    if total is None and good is not None and failed is not None:
        total = good + failed
    elif good is None and total is not None:
        good = total - (failed or 0)
    if total is not None and good is not None and failed is None:
        failed = total - good
    if total is None or good is None or failed is None or good + failed != total or min(good, failed) < 0:
        faulty = {
            each.path for each in result.findings if each.code in _OF_INPUTS and each.severity in _GRAVE
        }
        good, failed = len({each.path for each in result.inputs} - faulty), len(faulty)
    counted = rows if rows is not None else claimed.outputs_rows or 0
    return Counts(inputs_total=good + failed, inputs_ok=good, inputs_failed=failed, outputs_rows=counted)


def _artifacts(facts: SummaryFacts, claim: Claim) -> dict[str, str]:
    """Return the artifacts by logical name, through their alias: as claimed, else one for each alias."""
    wrong = {
        each.path.rpartition("#/artifacts/")[2]
        for each in facts.result.findings
        if each.code == "contradiction"
    }
    said = {name: path for name, path in claim.artifacts.items() if name not in wrong and is_relative(path)}
    if said:
        return {name: through_alias(path, facts.aliases) for name, path in said.items()}
    return dict(_of_aliases(facts.result.outputs, facts.aliases))


def _of_aliases(outputs: Iterable[StageOutput], aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    by_alias: dict[str, list[str]] = {}
    for output in outputs:
        by_alias.setdefault(output.alias, []).append(output.path)
    for alias, paths in by_alias.items():
        is_folder = len(paths) > 1 and alias in aliases
        yield alias, alias if is_folder else through_alias(paths[0], {alias: aliases.get(alias, "")})


def through_alias(path: str, aliases: Mapping[str, str]) -> str:
    """Return how consumers name a file or folder: by the alias that leads to its folder, where one does.

    Args:
        path: Relative to the experiment.
        aliases: Folder that each alias leads to.
    """
    leading = [
        (folder, alias) for alias, folder in aliases.items() if folder and f"{path}/".startswith(f"{folder}/")
    ]
    if not leading:
        return path
    folder, alias = max(leading)
    return alias + path.removeprefix(folder)


def _line(finding: Finding) -> str:
    parts = [
        f"{finding.code}: {finding.path}: {finding.message}"
        if finding.path
        else f"{finding.code}: {finding.message}"
    ]
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"got {finding.got}"] if finding.got else []
    return ", ".join(parts)

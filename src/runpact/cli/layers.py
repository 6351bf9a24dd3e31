"""`runpact lint-layers`: ask whether code imports what its layer may not, or a change set mixes layers.

Knows: the flags, what a person is told.
Does not know: what a layer is.
"""

from __future__ import annotations

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import (
    VERDICT_COLOUR,
    finding_documents,
    finding_lines,
    paint,
    plain,
    print_json,
    say,
)
from runpact.model.errors import UsageError
from runpact.model.finding import Verdict
from runpact.model.layers import TRAILER, LayerReport
from runpact.workspace import Workspace
from runpact.workspace.layers import imports_judged, layers_changed

_MOST_SHOWN = 10
"""Paths of one layer that are shown; JSON has them all."""


@click.command("lint-layers")
@click.option("--base", metavar="REF", help="Judge a change set: what the work will join, as in origin/main.")
@click.option("--allow-mixed", "label", metavar="REASON", help="Why several layers must change at once.")
@workspace_options
@json_option
def lint_layers_command(
    *,
    base: str | None,
    label: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Ask whether code imports what its layer may not; with --base, whether a change set mixes layers.

    Without --base the Python files of all layers are read, never run: a layer imports itself and those below;
    library code catches no broad exceptions. Exit 0 when nothing was found, 1 for warnings, 3 for errors.

    With --base the commits since REF are judged: whether they change several layers that the contract keeps
    apart. A commit with the trailer `Mixed-Layers: REASON` says why they must change at once, as
    --allow-mixed does. Exit 0 when one layer changed, or several with a reason; 3 when they are mixed; 2 when
    nothing changed.
    """
    demand_meant(base=base, **{"allow-mixed": label})
    place = open_workspace(workspace, workdir, contract)
    if base is None:
        if label is not None:
            raise UsageError("--allow-mixed excuses a change set", expected="--base REF", got="none")
        return _judge_imports(place, is_json=is_json)
    report = layers_changed(place, base=base, label=label or "")
    if is_json:
        print_json(
            "lint-layers",
            verdict=report.verdict.value,
            base=report.base,
            mixed=report.is_mixed,
            layers=report.layers,
            others=report.others,
            labels=report.labels,
        )
        return report.verdict.exit_code
    for name, paths in (*report.layers.items(), ("no layer", report.others)):
        _say_paths(name, paths)
    say(f"{paint(report.verdict.value, VERDICT_COLOUR[report.verdict])} {_told(report)}")
    return report.verdict.exit_code


def _judge_imports(place: Workspace, *, is_json: bool) -> int:
    judged = imports_judged(place)
    findings, verdict = judged.report.findings, judged.report.verdict
    if is_json:
        documents = finding_documents(findings)
        print_json("lint-imports", verdict=verdict.value, files=judged.files, findings=documents)
        return verdict.exit_code
    for line in finding_lines(findings):
        say(line)
    told = ", ".join(f"{plain(layer)} {count}" for layer, count in judged.files.items())
    say(f"{paint(verdict.value, VERDICT_COLOUR[verdict])} files by layer: {told}; {len(findings)} findings")
    return verdict.exit_code


def _say_paths(name: str, paths: tuple[str, ...]) -> None:
    if not paths:
        return
    say(f"{paint(plain(name), 'bold')}: {len(paths)}")
    for path in paths[:_MOST_SHOWN]:
        say(f"  {plain(path)}")
    if len(paths) > _MOST_SHOWN:
        say(f"  … and {len(paths) - _MOST_SHOWN} more")


def _told(report: LayerReport) -> str:
    since = f"since {report.base[:12]}"
    if report.verdict is Verdict.INCOMPLETE:
        return f"nothing changed {since}"
    if not report.is_mixed:
        return f"one layer at most changed {since}"
    names = ", ".join(plain(name) for name in report.layers)
    if report.labels:
        return f"{names} are mixed {since}: {plain('; '.join(report.labels))}"
    return f"{names} are mixed {since}: part them, or say why with a trailer `{TRAILER}: REASON`"

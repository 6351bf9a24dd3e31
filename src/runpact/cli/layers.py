"""`runpact lint-layers`: ask whether a change set mixes layers of the code.

Knows: the flags, what a person is told.
Does not know: what a layer is.
"""

from __future__ import annotations

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import VERDICT_COLOUR, paint, plain, print_json, say
from runpact.model.finding import Verdict
from runpact.model.layers import TRAILER, LayerReport
from runpact.workspace.layers import layers_changed

_MOST_SHOWN = 10
"""Paths of one layer that are shown; JSON has them all."""


@click.command("lint-layers")
@click.option("--base", required=True, metavar="REF", help="What the work will join, as in origin/main.")
@click.option("--allow-mixed", "label", metavar="REASON", help="Why several layers must change at once.")
@workspace_options
@json_option
def lint_layers_command(
    *,
    base: str,
    label: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Ask whether the commits since REF change several layers that the contract keeps apart.

    A commit with the trailer `Mixed-Layers: REASON` says why they must change at once, as --allow-mixed does.
    Exit 0 when one layer changed, or several with a reason; 3 when they are mixed; 2 when nothing changed.
    """
    demand_meant(base=base, **{"allow-mixed": label})
    report = layers_changed(open_workspace(workspace, workdir, contract), base=base, label=label or "")
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

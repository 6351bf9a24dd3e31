"""`runpact lint-repo`: what does not belong into the repository.

Knows: its options, how findings are shown.
Does not know: what belongs.
"""

from __future__ import annotations

import click

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import VERDICT_COLOUR, finding_documents, finding_lines, paint, print_json, say
from runpact.workspace.archiving import lint_repo


@click.command("lint-repo")
@click.option(
    "--max-size",
    "largest",
    type=click.IntRange(min=0),
    metavar="BYTES",
    help="Of one file; by default 1 MB among curated copies, 10 MB in the index.",
)
@workspace_options
@json_option
def lint_repo_command(
    *, largest: int | None, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Look for weights, event logs and large files among curated copies and in the index of git.

    Also that git ignores runs and does not ignore curated copies. Made to be a pre-commit hook; nothing is
    changed, and the repository runs nothing.
    """
    report = lint_repo(open_workspace(workspace, workdir, contract), largest=largest)
    if is_json:
        print_json("lint-repo", verdict=report.verdict.value, findings=finding_documents(report.findings))
        return report.verdict.exit_code
    for line in finding_lines(report.findings):
        say(line)
    verdict = paint(report.verdict.value, VERDICT_COLOUR[report.verdict])
    say(f"{verdict}: {len(report.findings)} findings")
    return report.verdict.exit_code

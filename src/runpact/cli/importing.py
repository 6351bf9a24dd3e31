"""`runpact import`: take over a legacy folder into a new experiment.

Knows: the flags, what a person is told.
Does not know: how files are recognised or copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import VERDICT_COLOUR, paint, plain, print_json, say
from runpact.model.finding import Verdict

if TYPE_CHECKING:
    from runpact.model.pipeline.legacy import Mode


@click.command("import")
@workspace_options
@click.argument("folder")
@click.option("--as", "name", required=True, metavar="X", help="Name of the experiment; made when it is new.")
@click.option("--copy", "mode", flag_value="copy", default=True, help="Copy the files; the default.")
@click.option(
    "--link", "mode", flag_value="link", help="Link to them; such an experiment cannot be promoted."
)
@click.option("--map", "rules", metavar="FILE", help="Which files stand behind which alias: YAML or JSON.")
@click.option("--config", metavar="FILE", help="Configuration of the experiment, for its further stages.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one configuration key."
)
@click.option("--kind", metavar="K", help="Kind of the contract; not needed when only one has stages.")
@json_option
def import_command(
    *,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    folder: str,
    name: str,
    mode: str,
    rules: str | None,
    config: str | None,
    overrides: tuple[str, ...],
    kind: str | None,
    is_json: bool,
) -> int:
    """Take over the results in FOLDER as a new experiment, whose stages may then be run.

    The folder is never changed; links, pipes, sockets and devices in it are listed, never opened. Exit 1 when
    something was left over, 2 when nothing is recognised. To import again changes nothing.

    \b
      runpact import outputs/fase11 --as old-2024 --map legacy.yaml
    """
    from runpact.workspace.importing import import_folder  # noqa: PLC0415 - help does not need it
    from runpact.workspace.pipelines import Ordered  # noqa: PLC0415 - as above

    demand_meant(name=name, kind=kind, rules=rules, config=config)
    place = open_workspace(workspace, workdir, contract)
    ordered = Ordered(experiment=name, kind=kind, config=config, overrides=overrides)
    linked: Mode = "link" if mode == "link" else "copy"
    directory, end = import_folder(place, folder, ordered, mode=linked, rules_file=rules)
    verdict = Verdict.WARNING if end.record.left_over or end.changed else Verdict.OK
    if is_json:
        print_json(
            "import-result",
            path=place.shown(directory),
            verdict=verdict.value,
            added=end.added,
            changed=end.changed,
            record=end.record,
        )
        return verdict.exit_code
    for alias in sorted(end.record.aliases):
        count = sum(file.alias == alias for file in end.record.files)
        say(f"{alias}: {count} files")
    for left in end.record.left_over:
        say(plain(f"left over: {left.path}: {left.reason}"))
    for path in end.changed:
        say(plain(f"changed since it was imported: {path}"))
    word = paint(verdict.value, VERDICT_COLOUR[verdict])
    say(f"{word} {plain(place.shown(directory))}: {end.added} of {len(end.record.files)} files are new")
    return verdict.exit_code

"""`runpact models`: weights that runs use, kept for good.

Knows: the words and flags of entering one.
Does not know: what may be entered, how it is shown, what is done with one that is entered.
"""

from __future__ import annotations

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.registered import add_commands, tell_entered
from runpact.workspace import registering

_DESCRIBE = click.option(
    "--describe",
    metavar="FILE",
    help="JSON or YAML: input_spec, class_map, export; else the run's model.json.",
)


@click.group("models")
def models_command() -> None:
    """Keep weights for good, and name them by URI.

    \b
    local://<domain>/<skill>/<model>/trained/<dataset>/<date>_<commit>    from runs
    local://<domain>/<skill>/<model>/pretrained/<source>                  from elsewhere
    """


@models_command.command("promote")
@click.argument("run", metavar="RUN")
@click.option("--to", "target", required=True, metavar="DOMAIN/SKILL/MODEL/trained/DATASET")
@click.option("--checkpoint", default="best", show_default=True, metavar="NAME", help="Or a path in the run.")
@_DESCRIBE
@workspace_options
@json_option
def promote_command(
    *,
    run: str,
    target: str,
    checkpoint: str,
    describe: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Copy a checkpoint of a finished run, with its manifest, configuration and metrics.

    The run must keep its contract and verify. What the model is stands in `artifacts/model.json` of the run,
    or in --describe: input_spec with resolution and normalization, class_map, export with opset.

    \b
      runpact models promote detector --to vision/depth/tiny/trained/indoor
    """
    demand_meant(checkpoint=checkpoint, describe=describe, to=target)
    place = open_workspace(workspace, workdir, contract)
    made = registering.promote_model(place, run, target, checkpoint=checkpoint, describe=describe)
    return tell_entered(place, made, is_json=is_json)


@models_command.command("add")
@click.argument("file", metavar="FILE")
@click.option("--to", "target", required=True, metavar="DOMAIN/SKILL/MODEL")
@click.option("--from", "source", required=True, metavar="SOURCE", help="Who made them: the URI's last part.")
@_DESCRIBE
@workspace_options
@json_option
def add_command(
    *,
    file: str,
    target: str,
    source: str,
    describe: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Enter weights from elsewhere.

    \b
      runpact models add net.onnx --to vision/depth/tiny --from midas --describe net.yaml
    """
    demand_meant(describe=describe, to=target)
    place = open_workspace(workspace, workdir, contract)
    made = registering.add_model(place, file, target, source=source, describe=describe)
    return tell_entered(place, made, is_json=is_json)


add_commands(models_command, "models")

"""`runpact plot`.

Knows: how a picture is asked for in words.
Does not know: how it is drawn.
"""

from __future__ import annotations

import click

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import plain, print_json, say
from runpact.model.errors import UsageError
from runpact.model.plot.heat import Heat
from runpact.model.plot.picture import VALUES, Drawing, Parallel, Picture
from runpact.model.sweep.picture import FORMS
from runpact.workspace import Workspace
from runpact.workspace.comparing import plot, plot_sweep

_LOG = {"auto": None, "log": True, "linear": False}


@click.command("plot")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="What to draw; repeatable. Not of a sweep."
)
@click.option(
    "--x", "over", type=click.Choice(["step", "time"]), default="step", show_default=True,
    help="What a series is drawn over.",
)  # fmt: skip
@click.option("--where", metavar="FILTER", default="", help="Draw the runs that it holds for, as in `ls`.")
@click.option(
    "--scatter", metavar="KEY", help="Draw the metric of each run against this configuration value."
)
@click.option(
    "--parallel", metavar="KEYS", default="", help="Parallel coordinates of these, by commas, and the metric."
)
@click.option(
    "--value", type=click.Choice(VALUES), default="last", show_default=True,
    help="Which value of the metric stands for a run in these two.",
)  # fmt: skip
@click.option(
    "--picture", "form", type=click.Choice(FORMS), default="auto", show_default=True,
    help="Of a sweep: its trials in order, a scatter, a heat map of two keys, parallel coordinates.",
)  # fmt: skip
@click.option(
    "--scale", type=click.Choice(list(_LOG)), default="auto", show_default=True, help="The vertical axis."
)
@click.option(
    "--output", "-o", required=True, metavar="FILE", help=".svg, .png (with matplotlib) or .json (Vega-Lite)."
)
@workspace_options
@json_option
def plot_command(
    *,
    runs: tuple[str, ...],
    metrics: tuple[str, ...],
    over: str,
    where: str,
    scatter: str | None,
    parallel: str,
    value: str,
    form: str,
    scale: str,
    output: str,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Draw metrics of RUNs, or of all runs: series over each other, a scatter, parallel coordinates.

    A sweep is drawn without --metric: its objective by its keys.
    """
    place = open_workspace(workspace, workdir, contract)
    keys = tuple(key.strip() for key in parallel.split(",") if key.strip())
    drawing = Drawing(
        metrics=metrics, over=over, scatter=scatter, parallel=keys, value=value, is_log=_LOG[scale]
    )
    if metrics:
        picture: Picture | Parallel | Heat = plot(place, runs, drawing, output=output, where=where)
    else:
        picture = _swept(place, runs, form, drawing, output=output, where=where)
    drawn = _drawn(picture)
    if is_json:
        print_json("plot", output=output, title=picture.title, drawn=drawn, left_out=picture.left_out)
        return 0
    say(f"{plain(output)}: {plain(picture.title)}, {len(drawn)} drawn")
    if picture.left_out:
        shown = ", ".join(map(plain, picture.left_out[:5])) + (" …" if len(picture.left_out) > 5 else "")  # noqa: PLR2004 - as many as fit a line
        say(f"not drawn, for want of values: {shown}")
    return 0


def _swept(
    place: Workspace, runs: tuple[str, ...], form: str, drawing: Drawing, *, output: str, where: str
) -> Picture | Parallel | Heat:
    """Draw the one run that is named, which must be a sweep."""
    if len(runs) != 1 or where or drawing.scatter is not None or drawing.parallel:
        raise UsageError(
            "nobody says what is to be drawn",
            expected="--metric NAME, or one sweep without it",
            got=f"{len(runs)} runs",
        )
    return plot_sweep(place, runs[0], form, output=output, is_log=drawing.is_log)


def _drawn(picture: Picture | Parallel | Heat) -> list[dict[str, object]]:
    """Return what is drawn, for programs."""
    if isinstance(picture, Parallel):
        return [{"label": label, "points": len(values)} for label, values in picture.rows]
    if isinstance(picture, Heat):
        return [{"label": label, "points": 1} for label, *_cell in picture.cells]
    return [{"label": line.label, "points": line.count} for line in picture.lines]

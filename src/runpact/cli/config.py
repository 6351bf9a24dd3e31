"""`runpact config`: the configuration that a run would get.

Knows: its subcommands.
Does not know: how a configuration is resolved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.contracttext import write_page
from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import paint, plain, print_json, say, table_lines
from runpact.workspace.configuring import example, shown
from runpact.workspace.pagefile import read_page

if TYPE_CHECKING:
    from runpact.workspace.configuring import ShownConfig

_STALE = 3


@click.group("config")
def config_command() -> None:
    """See the configuration that a run would get, or write one to begin with."""


@config_command.command("show")
@click.option(
    "--config", metavar="FILE", help="Configuration: JSON, YAML or TOML; by default the kind's own."
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one configuration key."
)
@click.option("--kind", metavar="KIND", help="Kind of the contract; needed when there are several.")
@click.option("--origin", "has_origin", is_flag=True, help="Say where each value comes from.")
@workspace_options
@json_option
def show_command(
    *,
    config: str | None,
    overrides: tuple[str, ...],
    kind: str | None,
    has_origin: bool,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Show every value of the resolved configuration, without secrets.

    Later layers win: defaults of the schema, the file, --set, --workdir. Exit 2 with every fault when the
    configuration is not what the schema declares.
    """
    demand_meant(kind=kind, config=config)
    found = shown(open_workspace(workspace, workdir, contract), config, overrides, kind=kind)
    if is_json:
        print_json("config", **_document(found))
        return 0
    for line in _lines(found, has_origin=has_origin):
        say(line)
    return 0


def _document(found: ShownConfig) -> dict[str, object]:
    return {
        "config": found.resolved,
        "digest": found.digest,
        "source": found.source,
        "origins": {each.key: each.origin for each in found.values},
    }


def _lines(found: ShownConfig, *, has_origin: bool) -> list[str]:
    rows = [(each.key, msgspec.json.encode(each.value).decode(), each.origin) for each in found.values]
    if not rows:
        return ["the configuration is empty"]
    header = ("KEY", "VALUE", "ORIGIN") if has_origin else ("KEY", "VALUE")
    lines = table_lines(header, [row[: len(header)] for row in rows])
    return [*lines, paint(f"digest {found.digest}", "dim")]


@config_command.command("example")
@click.option("--kind", metavar="KIND", help="Kind of the contract; needed when there are several.")
@click.option("--output", metavar="PATH", help="Write the example there instead of printing it.")
@click.option(
    "--check", "compared", metavar="PATH", help="Exit 3 when the example at PATH is stale; write nothing."
)
@workspace_options
def example_command(
    *,
    kind: str | None,
    output: str | None,
    compared: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
) -> int:
    """Write an annotated configuration of all keys at their defaults, from the schema."""
    demand_meant(kind=kind, output=output, check=compared)
    text = example(open_workspace(workspace, workdir, contract), kind=kind)
    if compared is not None:
        written = read_page(compared)
        is_current = written == text
        word = paint("OK", "green") if is_current else paint("ERROR", "red")
        told = "says what the schema says" if is_current else "is stale; write it anew with --output"
        told = told if written else "is not there; write it with --output"
        say(f"{word} {plain(compared)} {told}")
        return 0 if is_current else _STALE
    if output is None:
        say(text.rstrip("\n"))
    else:
        write_page(output, text)
    return 0

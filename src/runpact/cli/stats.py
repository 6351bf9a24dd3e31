"""`runpact stats`: what a telemetry database says.

Knows: its subcommands, how answers are shown.
Does not know: how the database is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import print_json, say, table_lines
from runpact.workspace.telemetry import telemetry, telemetry_at

if TYPE_CHECKING:
    from runpact.telemetry import StatsStore

_Function = TypeVar("_Function", bound=Callable[..., object])


@click.group("stats")
def stats_command() -> None:
    """Ask the telemetry database: what a detector in service has seen."""


def _options(function: _Function) -> _Function:
    """Add what says which database is asked, and --json."""
    database = click.option(
        "--db", "database", metavar="FILE", help="The database; by default stats/stats.db of the data root."
    )
    return database(workspace_options(json_option(function)))


_source_option = click.option("--source", metavar="ID", help="Events of this source only.")


@stats_command.command("overview")
@_options
def overview_command(*, is_json: bool, **where: str | None) -> int:
    """Say how many events and detections there are, from how many sources, how fast and until when."""
    with _opened(**where) as store:
        found = store.overview()
    if is_json:
        print_json("stats", overview=msgspec.to_builtins(found))
        return 0
    for name, value in msgspec.to_builtins(found).items():
        say(f"{name:<20} {_cell(value)}")
    return 0


@stats_command.command("recent")
@click.option(
    "--limit",
    type=click.IntRange(1, 2000),
    default=20,
    show_default=True,
    metavar="N",
    help="Events, 1 to 2000.",
)
@_source_option
@_options
def recent_command(*, limit: int, source: str | None, is_json: bool, **where: str | None) -> int:
    """List the events that arrived last, newest first."""
    with _opened(**where) as store:
        found = store.recent(limit, source=source)
    return _answer("events", found, is_json=is_json)


@stats_command.command("classes")
@click.option(
    "--last",
    type=click.IntRange(0),
    default=500,
    show_default=True,
    metavar="N",
    help="Over so many events; 0 for all.",
)
@_source_option
@_options
def classes_command(*, last: int, source: str | None, is_json: bool, **where: str | None) -> int:
    """Count the detections of each class, most first."""
    with _opened(**where) as store:
        found = store.per_class(last or None, source=source)
    if is_json:
        print_json("stats", classes=found)
        return 0
    return _shown(("CLASS", "DETECTIONS"), [(name, str(count)) for name, count in found.items()])


@stats_command.command("sources")
@_options
def sources_command(*, is_json: bool, **where: str | None) -> int:
    """List the sources with their totals."""
    with _opened(**where) as store:
        found = store.per_source()
    return _answer("sources", found, is_json=is_json)


@stats_command.command("buckets")
@click.option(
    "--seconds",
    type=click.IntRange(1, 31_622_400),
    default=60,
    show_default=True,
    metavar="N",
    help="Length of a stretch.",
)
@click.option("--since", metavar="TIME", help="From then on: ISO 8601, UTC.")
@click.option("--until", metavar="TIME", help="Before then.")
@_source_option
@_options
def buckets_command(
    *,
    seconds: int,
    since: str | None,
    until: str | None,
    source: str | None,
    is_json: bool,
    **where: str | None,
) -> int:
    """Add up events over stretches of time, oldest first."""
    demand_meant(since=since, until=until)
    with _opened(**where) as store:
        found = store.buckets(seconds, since=since, until=until, source=source)
    return _answer("buckets", found, is_json=is_json)


def _opened(
    *, workspace: str | None, workdir: str | None, contract: str | None, database: str | None
) -> StatsStore:
    demand_meant(db=database)
    if database is not None:
        return telemetry_at(database)
    return telemetry(open_workspace(workspace, workdir, contract))


def _answer(name: str, found: Sequence[msgspec.Struct], *, is_json: bool) -> int:
    rows = [msgspec.to_builtins(each) for each in found]
    if is_json:
        print_json("stats", **{name: rows})
        return 0
    header = [key.upper() for key in rows[0]] if rows else []
    return _shown(header, [[_cell(value) for value in row.values()] for row in rows])


def _shown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    for line in table_lines(header, rows) if rows else ["no events"]:
        say(line)
    return 0


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}:{count}" for key, count in value.items())
    if isinstance(value, float):
        return f"{value:.3f}"
    return "-" if value is None else str(value)

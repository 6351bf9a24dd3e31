"""`runpact ls`: find runs among many.

Knows: the options of a question, the forms of an answer.
Does not know: what a filter means, how runs are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.find import age_of, remark_on
from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import STATE_COLOUR, note, plain, print_json, say, table_lines, terminal_width
from runpact.model.errors import UsageError
from runpact.model.query.fields import AGE
from runpact.model.query.order import NEWEST, parse_columns
from runpact.model.query.tree import Field, Scalar
from runpact.model.run import State
from runpact.workspace.finding import FoundRun, Question, Runs, count, facets, page

if TYPE_CHECKING:
    from runpact.workspace import Workspace
_STATES = tuple(state.value for state in State)
_SCREENFUL = 50
"""Runs that text shows when nobody says how many."""
_SHOWN_ANYWAY = frozenset({"state", AGE, "path"})
"""Fields that have a column of their own in text."""
_SHORT_COMMIT = 7
_FIXED = "path,id,state,kind,started,duration,reason"


@click.command("ls")
@click.argument("filters", nargs=-1, metavar="[FILTER]")
@workspace_options
@click.option(
    "--state",
    "states",
    type=click.Choice(_STATES),
    multiple=True,
    metavar="STATE",
    help=f"Only runs in this state: {', '.join(_STATES)}.",
)
@click.option("--kind", metavar="K", help="Only runs of this kind.")
@click.option(
    "--sort", metavar="FIELDS", help="Order, by default -started; `-` before a field turns it around."
)
@click.option("--columns", default="", metavar="FIELDS", help="Fields to show, as metrics.loss,config.lr.")
@click.option("--facets", "counted", default="", metavar="FIELDS", help="Count runs by these fields instead.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs.")
@click.option("--after", metavar="TOKEN", help="Go on where the page before ended.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option("--md", "form", flag_value="md", help="Print a Markdown table.")
@json_option
def ls_command(
    *,
    filters: tuple[str, ...],
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    states: tuple[str, ...],
    kind: str | None,
    sort: str | None,
    columns: str,
    counted: str,
    limit: int | None,
    after: str | None,
    form: str | None,
    is_json: bool,
) -> int:
    """List the runs of the workspace, newest first, whatever their state.

    FILTER says which, as in `metrics.loss < 2.1 and state = finished`; docs/query.md has the grammar.
    """
    if form is not None and is_json:
        raise UsageError("only one form can be printed", expected="one of --json, --csv, --md")
    place, fields = open_workspace(workspace, workdir, contract), parse_columns(columns)
    is_text = form is None and not is_json
    question = Question(
        filter=" ".join(filters),
        also=_narrowed(states, kind),
        sort=sort or NEWEST,
        limit=_SCREENFUL if limit is None and is_text and not counted else limit,
        after=after,
    )
    form = "json" if is_json else form
    if not counted:
        return _print_page(place, question, fields, form=form)
    given = {"--sort": sort, "--columns": columns, "--after": after}
    for option in (name for name, value in given.items() if value):
        raise UsageError(f"{option} says nothing about counted runs", expected="--limit, --csv, --md, --json")
    return _print_facets(place, question, parse_columns(counted), form=form)


def _narrowed(states: tuple[str, ...], kind: str | None) -> tuple[str, ...]:
    """Return the filters that options stand for."""
    found = [f"state in ({', '.join(map(_quoted, states))})"] if states else []
    return (*found, f"kind = {_quoted(kind)}") if kind is not None else tuple(found)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _print_page(place: Workspace, question: Question, fields: tuple[Field, ...], *, form: str | None) -> int:
    runs = page(place, question, columns=fields)
    for remark in runs.remarks:
        note(remark)
    if form == "json":
        is_all = runs.next is None and question.after is None
        total = len(runs) if is_all else count(place, question)
        print_json("runs", runs=[_document(run, fields) for run in runs], total=total, next=runs.next)
    elif form is not None:
        columns = tuple(dict.fromkeys((*parse_columns(_FIXED), *fields)))
        rows = [[run.value(field) for field in columns] for run in runs]
        _print_rows(form, [field.name for field in columns], rows)
    elif runs:
        _print_text(runs, fields)
        _say_more(place, question, runs)
    elif question.filter or question.also:
        say(f"no such runs below {plain(place.data_root)}; `runpact ls` lists all")
    else:
        say(f"no runs below {plain(place.data_root)}; make one with `runpact run -- COMMAND`")
    return 0


def _document(run: FoundRun, fields: tuple[Field, ...]) -> dict[str, object]:
    summary: dict[str, object] = msgspec.to_builtins(run.known.summary)
    document = summary | {"tags": list(run.tags)}
    return document | ({"columns": {field.name: run.value(field) for field in fields}} if fields else {})


def _print_text(runs: Runs, fields: tuple[Field, ...]) -> None:
    middle = [field for field in fields or parse_columns("kind") if field.name not in _SHOWN_ANYWAY]
    names = [field.name for field in middle] if fields else ["KIND"]
    header = ("STATE", "AGE", "RUN", *names, "")
    rows = [
        (
            run.state.value,
            age_of(run.started),
            run.path,
            *(_cell_of(run, field) for field in middle),
            remark_on(run),
        )
        for run in runs
    ]
    width = terminal_width()
    for line in table_lines(header, rows, colours=[STATE_COLOUR[run.state] for run in runs], width=width):
        say(line)


def _cell_of(run: FoundRun, field: Field) -> str:
    """Return a value as a table shows it; a commit by the digits that people know it by."""
    if field.name == "duration" and run.duration_seconds is not None:
        return f"{run.duration_seconds:.3g}s"
    text = cell(run.value(field))
    return text[:_SHORT_COMMIT] if field.name == "git" else text


def _say_more(place: Workspace, question: Question, runs: Runs) -> None:
    if runs.next is not None:
        total = count(place, question)
        of = f"at least {len(runs) + 1}" if total is None else str(total)
        say(f"{len(runs)} of {of} runs; --limit shows more, or go on with --after {runs.next}")


def cell(value: Scalar) -> str:
    """Return a value as a table shows it: numbers in six digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _print_rows(form: str, header: Sequence[str], rows: Iterable[Sequence[Scalar]]) -> None:
    """Print rows as the files of a registry view hold them: harmless to spreadsheets, free of markup."""
    from runpact.model.registry.cells import csv_cell, csv_name, markdown_cell  # noqa: PLC0415 - only these forms pay for it

    if form == "csv":
        say(",".join(map(csv_name, header)))
        for row in rows:
            say(",".join(map(csv_cell, row)))
        return
    say(f"| {' | '.join(map(markdown_cell, header))} |")
    say(f"|{' --- |' * len(header)}")
    for row in rows:
        say(f"| {' | '.join(map(markdown_cell, row))} |")


def _print_facets(
    place: Workspace, question: Question, fields: tuple[Field, ...], *, form: str | None
) -> int:
    found = facets(place, fields, question)
    if form == "json":
        values = {name: msgspec.to_builtins(counted.values) for name, counted in found.items()}
        print_json("facets", facets=values, more={name: counted.more for name, counted in found.items()})
        return 0
    rows = [(name, each.value, each.runs) for name, counted in found.items() for each in counted.values]
    if form is not None:
        _print_rows(form, ("field", "value", "runs"), rows)
    else:
        texts = [(name, cell(value), str(runs)) for name, value, runs in rows]
        for line in table_lines(("FIELD", "VALUE", "RUNS"), texts):
            say(line)
    for name, counted in found.items():
        if counted.more:
            note(f"{name} has {counted.more} more values; --limit shows more")
    return 0

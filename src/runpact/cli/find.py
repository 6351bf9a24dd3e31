"""`runpact show`.

Knows: ages, layout of a page about one run.
Does not know: where runs stand.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.origintext import origin_lines
from runpact.cli.output import STATE_COLOUR, paint, plain, print_json, say, table_lines
from runpact.model.confinement import ANY, Confinement
from runpact.model.inputs import Input
from runpact.model.masking import Masking
from runpact.model.names import counted
from runpact.model.place import SWEEP
from runpact.model.provenance import Config
from runpact.workspace.finding import parts_by_state

if TYPE_CHECKING:
    from runpact.model.summary import RunSummary
    from runpact.workspace import RunDetails, Workspace
    from runpact.workspace.sweeping import SweepSummary

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def remark_on(run: RunSummary) -> str:
    """Return what a person should know of a run besides its state."""
    parts = (f"part of {_outer(run)}" if run.parent else "", run.reason)
    return "; ".join(part for part in parts if part)[:100]


def _outer(run: RunSummary) -> str:
    return run.parent_path or run.parent or ""


def age_of(started: str | None, now: datetime | None = None) -> str:
    """Return how long ago a moment was, in one unit."""
    if started is None:
        return "?"
    try:
        seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return "?"
    if seconds < _MINUTE:
        return f"{max(0, int(seconds))}s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)}min"
    return f"{int(seconds // _HOUR)}h" if seconds < 2 * _DAY else f"{int(seconds // _DAY)}d"


@click.command("show")
@click.argument("run")
@workspace_options
@json_option
def show_command(
    *, run: str, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Show what is recorded about RUN: state, origin, configuration, metrics, events, files."""
    place = open_workspace(workspace, workdir, contract)
    details = place.show(run)
    parts = parts_by_state(place, details.summary.uid) if details.summary.uid else {}
    sweep = _swept(place, run, details)
    if is_json:
        print_json("show", **_document(details), parts=parts, sweep=sweep)
        return 0
    for line in [*_page(details), *_parts(parts), *_sweep(sweep)]:
        say(line)
    return 0


def _swept(place: Workspace, run: str, details: RunDetails) -> SweepSummary | None:
    """Return what a sweep came to; None for any other run."""
    events = (str(event.get("event", "")) for event in details.last_events)
    if details.summary.kind != SWEEP and not any(event.startswith("sweep.") for event in events):
        return None
    from runpact.workspace.sweeping import summary  # noqa: PLC0415 - few runs are sweeps

    return summary(place, run)


def _parts(parts: dict[str, int]) -> list[str]:
    return _pairs("runs that are part of it", [(state, str(number)) for state, number in parts.items()])


def _sweep(sweep: SweepSummary | None) -> list[str]:
    if sweep is None:
        return []
    best = "nothing is ranked" if sweep.best_result is None else _short(sweep.best_result)
    told = f"{sweep.counts.told}, of {sweep.counts.asked}"
    return _pairs(
        "sweep", [("objective", f"{sweep.objective} ({sweep.mode})"), ("trials", told), ("best", best)]
    )


def _document(details: RunDetails) -> dict[str, object]:
    document = msgspec.to_builtins(details)
    summary = document.pop("summary")
    return {**summary, **document}


def _page(details: RunDetails) -> list[str]:
    run = details.summary
    lines = [f"{paint(plain(run.path), 'bold')}  {paint(run.state.value, STATE_COLOUR[run.state])}"]
    lines += _pairs("", _facts(details))
    lines += _pairs("notes", [(each.time[:16].replace("T", " "), each.text) for each in details.notes])
    lines += _pairs("configuration", [(key, _short(value)) for key, value in details.config.items()])
    lines += _pairs("inputs", _inputs(details))
    lines += _metrics(details)
    lines += _pairs(
        "events", [(str(event.get("time", ""))[11:19], _event(event)) for event in details.last_events]
    )
    files = [
        (file.path, f"{file.size:,} B  {file.type or file.entry}{_by(file.producer)}".rstrip())
        for file in details.files[:20]
    ]
    more = len(details.files) - len(files)
    lines += _pairs(f"files ({len(details.files)})", files)
    return [*lines, f"  … and {more} more"] if more > 0 else lines


def _by(producer: str) -> str:
    return f" by {producer}" if producer else ""


def _facts(details: RunDetails) -> list[tuple[str, str]]:
    run, origin = details.summary, details.provenance
    facts = [
        ("reason", run.reason),
        ("verdict", details.verdict.value if details.verdict is not None else ""),
        ("tags", " ".join(details.tags)),
        ("uid", run.uid or ""),
        ("part of", f"{_outer(run)} ({run.parent})" if run.parent_path else _outer(run)),
        ("kind", run.kind or ""),
        ("contract", run.contract or ""),
        ("started", run.started or ""),
        ("ended", run.ended or ""),
        ("duration", f"{run.duration_seconds:.3f} s" if run.duration_seconds is not None else ""),
    ]
    if origin is not None:
        facts += [
            *origin_lines(origin),
            (
                "seeds",
                ", ".join(
                    f"{name} {'none' if seed is None else seed}" for name, seed in origin.seeds.items()
                ),
            ),
            ("config", _config(details, origin.config)),
            (
                "confinement",
                _confinement(origin.confinement) if details.held is None else _held(details.held),
            ),
            ("secrets", _masking(origin.masking)),
        ]
    return [(name, value) for name, value in facts if value]


def _config(details: RunDetails, config: Config) -> str:
    if not config.resolved:
        return ""
    begun = "given in the program" if details.held is None else "frozen when it began"
    changed = f", with --set {' --set '.join(config.overrides)}" * bool(config.overrides)
    return f"{config.source or begun}{changed}"


def _held(held: dict[str, int]) -> str:
    levels = (f"{level} in {count} stage{'s' * (count > 1)}" for level, count in held.items())
    return ", ".join(levels) or "that of each stage; none has run"


def _masking(masking: Masking) -> str:
    count = sum(masking.places.values())
    return f"masked in {count} place{'s' if count > 1 else ''}: {', '.join(masking.places)}" if count else ""


def _confinement(confinement: Confinement) -> str:
    strays = confinement.strays
    refused = sum(stray.refused for stray in strays)
    written = len(strays) - refused + confinement.more_strays
    told = [f"{refused} write{'s' * (refused > 1)} outside refused"] * bool(refused)
    told += [f"{written} change{'s' * (written > 1)} outside"] * bool(written)
    level = confinement.level
    if confinement.lacking:
        level += f" ({confinement.requested} was asked for)"
    told += [f"reads {confinement.reads}"] * (confinement.reads != ANY)
    told += [f"network {confinement.network}"] * (confinement.network != "open")
    return ", ".join([level, *told])


def _inputs(details: RunDetails) -> list[tuple[str, str]]:
    inputs = details.provenance.inputs if details.provenance else ()
    return [(each.name, _input(each)) for each in inputs]


def _input(each: Input) -> str:
    what = (
        f"{each.size:,} B"
        if each.files is None
        else f"{counted(each.files, 'file', 'files')}, {each.size:,} B"
    )
    origin = f"  of run {each.run}" if each.run else ""
    return f"{what}  {each.digest[:19]}{origin}" + ("  changed meanwhile" if each.changed else "")


def _metrics(details: RunDetails) -> list[str]:
    if not details.metrics:
        return []
    header = ("metric", "points", "last", "min", "max")
    rows = [
        (_short(m.name), str(m.count), f"{m.last:.6g}", f"{m.min:.6g}", f"{m.max:.6g}")
        for m in details.metrics
    ]
    return ["", paint("metrics", "bold"), *("  " + line for line in table_lines(header, rows))]


def _pairs(title: str, pairs: list[tuple[str, str]]) -> list[str]:
    if not pairs:
        return []
    width = max(len(plain(name)) for name, _value in pairs)
    head = ["", paint(title, "bold")] if title else []
    return head + [f"  {plain(name):<{width}}  {plain(value)}" for name, value in pairs]


def _event(event: dict[str, object]) -> str:
    rest = {key: value for key, value in event.items() if key not in {"seq", "time", "event"}}
    return f"{event.get('event', '?')}" + (f"  {_short(rest)}" if rest else "")


def _short(value: object) -> str:
    limit = 100
    text = msgspec.json.encode(value).decode() if not isinstance(value, str) else value
    return text if len(text) <= limit else text[: limit - 1] + "…"

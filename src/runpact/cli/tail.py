"""`runpact tail`.

Knows: how news of a run are shown, as lines to read and as JSON lines.
Does not know: where they come from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import Seconds, json_option, open_workspace, workspace_options
from runpact.cli.output import STATE_COLOUR, encode_json, paint, plain, say
from runpact.model.run import Standing, State
from runpact.workspace.comparing import follow

if TYPE_CHECKING:
    from runpact.workspace.comparing import News

FORMAT = "runpact.tail/1"
_MOST_METRICS = 8
_LONGEST = 100
_LONGEST_NAME = 40


@click.command("tail")
@click.argument("run")
@click.option(
    "-n", "--last", type=click.IntRange(min=0), default=10, show_default=True, metavar="N",
    help="Begin with N events and points of the past.",
)  # fmt: skip
@click.option("--all", "is_all", is_flag=True, help="Begin with everything.")
@click.option(
    "--interval", type=Seconds(min=0.01), default=0.5, show_default=True, metavar="SECONDS",
    help="How often to look.",
)  # fmt: skip
@workspace_options
@json_option
def tail_command(
    *,
    run: str,
    last: int,
    is_all: bool,
    interval: float,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Follow RUN until it ends: events, metrics, state. With --json each is one line.

    Exit codes: 0 when the run finished, 3 when it ended otherwise. Ctrl-C ends the watching alone.
    """
    place = open_workspace(workspace, workdir, contract)
    shown: Standing | None = None
    for news in follow(place, run, last=None if is_all else last, seconds=interval):
        lines = _documents(news, shown) if is_json else _lines(news, shown)
        for line in lines:
            say(line)
        sys.stdout.flush()
        shown = news.standing
    return 0 if shown is not None and shown.state is State.FINISHED else 3


def _documents(news: News, shown: Standing | None) -> Iterator[str]:
    if shown is None:
        yield _document("state", _state(news.standing))
    told = [(_second(event.get("time")), "event", event) for event in news.events]
    told += [(_second(point.get("time")), "metrics", _timed(point)) for point in news.metrics]
    for _moment, what, fields in sorted(told, key=lambda each: each[0]):
        yield _document(what, fields)
    if shown is not None and shown != news.standing:
        yield _document("state", _state(news.standing))


def _state(standing: Standing) -> dict[str, object]:
    return {"state": standing.state.value, "reason": standing.reason}


def _document(what: str, fields: dict[str, object]) -> str:
    rest = {key: value for key, value in fields.items() if key != "crc"}
    return encode_json({"format": FORMAT, "what": what, **rest}).decode()


def _lines(news: News, shown: Standing | None) -> Iterator[str]:
    if shown is None:
        yield _standing(news.standing)
    told = [
        (_second(event.get("time")), f"{str(event.get('time', ''))[11:19]}  {plain(_cut(_event(event)))}")
        for event in news.events
    ]
    if news.metrics:
        told.append((_second(news.metrics[-1].get("time")), _metrics(news.metrics)))
    yield from (line for _moment, line in sorted(told, key=lambda each: each[0]))
    if shown is not None and shown != news.standing:
        yield _standing(news.standing)


def _event(event: dict[str, object]) -> str:
    rest = {key: value for key, value in event.items() if key not in {"seq", "time", "event"}}
    told = msgspec.json.encode(rest).decode() if rest else ""
    return f"{event.get('event', '?')}  {told}".rstrip()


def _metrics(points: list[dict[str, object]]) -> str:
    """Return the newest value of each metric in one line, however many points came."""
    newest: dict[str, object] = {}
    for point in points:
        values = point.get("values")
        newest |= values if isinstance(values, dict) else {}
    told = [
        f"{_cut(name, _LONGEST_NAME)} {_number(value)}"
        for name, value in list(newest.items())[:_MOST_METRICS]
    ]
    told += [f"and {len(newest) - _MOST_METRICS} more"] if len(newest) > _MOST_METRICS else []
    step = points[-1].get("step")
    at = f"step {_number(step)}  " if step is not None else ""
    count = f"({len(points):,} point{'s' * (len(points) != 1)})"
    return f"{_clock(points[-1].get('time'))}  {at}{plain('  '.join(told))}  {count}"


def _second(time: object) -> float:
    """Return a moment, as events or points tell it, in seconds since 1970; 0 for what tells none."""
    try:
        return time if isinstance(time, int | float) else datetime.fromisoformat(str(time)).timestamp()
    except ValueError:
        return 0.0


def _timed(point: dict[str, object]) -> dict[str, object]:
    """Return a point whose time is written as that of events."""
    time = point.get("time")
    if not isinstance(time, int | float):
        return point
    return point | {"time": datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds")[:26] + "Z"}


def _clock(time: object) -> str:
    if not isinstance(time, int | float):
        return "??:??:??"
    return datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S")


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else "?"


def _standing(standing: Standing) -> str:
    reason = f": {plain(standing.reason)}" if standing.reason else ""
    return f"{paint(standing.state.value, STATE_COLOUR[standing.state])}{reason}"


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"

"""`runpact sessions`: see what sessions do, what is wrong with them, end them.

Knows: its subcommands, how sessions are shown.
Does not know: how a session is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.find import age_of
from runpact.cli.options import Seconds, in_workspace, json_option
from runpact.cli.output import VERDICT_COLOUR, paint, plain, print_json, say, table_lines
from runpact.cli.viewtext import print_views
from runpact.model.finding import Verdict
from runpact.workspace import sessions as front

if TYPE_CHECKING:
    from runpact.workspace import Workspace
    from runpact.workspace.sessions import Alerts, Readiness, SeenSession

_COLOURS = {
    "running": "cyan",
    "ended": "green",
    "failed": "red",
    "aborted": "yellow",
    "stale": "yellow",
    "quiet": "dim",
    "damaged": "red",
}
_GRAVITY = {"critical": "red", "warning": "yellow", "ok": "green"}


@click.group("sessions")
def sessions_command() -> None:
    """Look after sessions: runs that live for long, with a lifecycle document.

    A session whose process is gone is told at once, from its lock and its process, never by a timeout.
    """


def _stale_option(function: Callable[..., int]) -> Callable[..., int]:
    return click.option(
        "--stale-minutes",
        type=float,
        default=front.STALE_MINUTES,
        show_default=True,
        metavar="N",
        help="A session on another host that was not heard of for so long is stale.",
    )(function)


_kind_option = click.option("--kind", metavar="K", help="Only sessions of this kind.")


@sessions_command.command("list")
@_kind_option
@_stale_option
@in_workspace
@json_option
def list_command(*, kind: str | None, stale_minutes: float, place: Workspace, is_json: bool) -> int:
    """List sessions, newest first."""
    found = front.all_sessions(place, kind=kind, stale_minutes=stale_minutes)
    if is_json:
        print_json("sessions", sessions=[msgspec.to_builtins(each) for each in found], total=len(found))
        return 0
    if not found:
        say(f"no sessions below {plain(place.data_root)}")
        return 0
    rows = [
        (
            each.health.value,
            each.status or "",
            each.status_reason or "",
            age_of(each.started_at),
            "" if each.duration_seconds is None else f"{each.duration_seconds:.3g}s",
            each.path,
        )
        for each in found
    ]
    header = ("HEALTH", "STATUS", "REASON", "AGE", "LASTED", "SESSION")
    for line in table_lines(header, rows, colours=[_COLOURS[each.health.value] for each in found]):
        say(line)
    return 0


@sessions_command.command("show")
@click.argument("session")
@_stale_option
@in_workspace
@json_option
def show_command(*, session: str, stale_minutes: float, place: Workspace, is_json: bool) -> int:
    """Show one session: its state, and what its document tells."""
    found = front.show(place, session, stale_minutes=stale_minutes)
    if is_json:
        print_json("session", session=msgspec.to_builtins(found))
        return 0
    _say_session(found)
    return 0


def _say_session(session: SeenSession) -> None:
    health = session.health.value
    say(f"{paint(health, _COLOURS[health])} {plain(session.path)}")
    told = msgspec.to_builtins(session)
    for name in ("kind", "state", "why", "status", "status_reason", "terminal"):
        _say_fact(name, told[name])
    for name in (
        "started_at",
        "updated_at",
        "finished_at",
        "duration_seconds",
        "error_type",
        "message",
        "uid",
    ):
        _say_fact(name, told[name])


def _say_fact(name: str, value: object) -> None:
    if value not in (None, ""):
        say(f"  {name:<16}  {plain(str(value).lower() if isinstance(value, bool) else str(value))}")


@sessions_command.command("health")
@_kind_option
@_stale_option
@in_workspace
@json_option
def health_command(*, kind: str | None, stale_minutes: float, place: Workspace, is_json: bool) -> int:
    """Say how the sessions are, in short: 0 when nothing is wrong, 1 for a warning, 3 when it is critical."""
    report = front.health(place, kind=kind, stale_minutes=stale_minutes)
    if is_json:
        print_json("sessions-health", **msgspec.to_builtins(report), verdict=report.verdict.value)
        return report.verdict.exit_code
    say(f"{paint(report.alert_status, _GRAVITY[report.alert_status])}: {report.sessions} sessions")
    for name, number in report.by_health.items():
        say(f"  {name:<8}  {number}")
    for each in report.running:
        say(f"  running now: {plain(each)}")
    for code, number in report.alerts.items():
        say(f"  {plain(code)}: {number}")
    return report.verdict.exit_code


@sessions_command.command("alerts")
@_kind_option
@_stale_option
@in_workspace
@json_option
def alerts_command(*, kind: str | None, stale_minutes: float, place: Workspace, is_json: bool) -> int:
    """List what is wrong: failed (critical), aborted and stale (warnings). Exit codes as of `health`."""
    found = front.alerts(place, kind=kind, stale_minutes=stale_minutes)
    if is_json:
        print_json(
            "sessions-alerts",
            alert_status=found.alert_status,
            verdict=found.verdict.value,
            sessions=found.sessions,
            alerts=found.alerts,
        )
    else:
        _say_alerts(found)
    return found.verdict.exit_code


def _say_alerts(found: Alerts) -> None:
    for alert in found.alerts:
        grave = paint(alert.severity, _GRAVITY[alert.severity])
        say(f"{grave}[{alert.code}]: {plain(alert.path)}: {plain(alert.message)}")
        if alert.hint:
            say(f"  {paint('hint', 'cyan')}: {plain(alert.hint)}")
    status = found.alert_status
    say(f"{paint(status, _GRAVITY[status])}: {len(found.alerts)} alerts on {found.sessions} sessions")


@sessions_command.command("index")
@click.option("--check", "is_check", is_flag=True, help="Only say which files are not up to date.")
@in_workspace
@json_option
def index_command(*, is_check: bool, place: Workspace, is_json: bool) -> int:
    """Write the registry files of sessions that the contract names; the registry of runs is not touched.

    A session that ends, in whichever way, brings them up to date by itself.
    """
    views = front.check_index(place) if is_check else front.write_index(place)
    verdict = views.verdict if is_check else Verdict.OK
    if is_json:
        print_json("sessions-index", verdict=verdict.value, files=views.files, damaged=views.damaged)
    else:
        print_views(views)
    return verdict.exit_code


@sessions_command.command("promotion")
@click.argument("session", required=False)
@in_workspace
@json_option
def promotion_command(*, session: str | None, place: Workspace, is_json: bool) -> int:
    """Say which sessions are ready for promotion, with reasons: 0 when there is one, else 2."""
    found = front.promotion(place, session)
    if is_json:
        print_json(
            "sessions-promotion",
            verdict=found.verdict.value,
            candidates=found.candidates,
            sessions=found.sessions,
        )
    else:
        for each in found.sessions:
            _say_readiness(each)
        say(f"candidates: {plain(', '.join(found.candidates)) or 'none'}")
    return found.verdict.exit_code


def _say_readiness(each: Readiness) -> None:
    word = paint("ready", "green") if each.ready else paint("blocked", VERDICT_COLOUR[Verdict.INCOMPLETE])
    say(f"{word} {plain(each.path)}")
    for reason in each.reasons:
        say(f"  holds     {plain(reason)}")
    for blocker in each.blockers:
        say(f"  blocks    {plain(blocker)}")


@sessions_command.command("abort")
@click.argument("session")
@click.option(
    "--wait",
    "wait_seconds",
    type=Seconds(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long its process has to end.",
)
@click.option("--kill", "is_killed", is_flag=True, help="Kill a process that does not end in that time.")
@in_workspace
@json_option
def abort_command(
    *,
    session: str,
    wait_seconds: float,
    is_killed: bool,
    place: Workspace,
    is_json: bool,
) -> int:
    """End a session. Its process is asked to; where it is gone already, the end is recorded."""
    ended = front.abort(place, session, wait_seconds=wait_seconds, is_killed=is_killed)
    state, reason = ended.standing.state.value, ended.standing.reason
    if is_json:
        print_json("sessions-abort", path=ended.path, done=ended.done, state=state, reason=reason)
        return 0
    told = {
        "asked": "its process ended it",
        "killed": "its process was killed",
        "recorded": "its process was gone; the end is recorded now",
        "nothing": "it had ended before",
    }
    say(f"{state} {plain(ended.path)}: {told[ended.done]}")
    return 0

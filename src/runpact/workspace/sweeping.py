"""The front door to sweeps.

Knows: which kinds sweeps and trials are of, how a trial becomes a run, where an earlier one is found.
Does not know: in which order settings are tried, what a leaderboard looks like.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from runpact.model.errors import CannotStartError, RunpactError, UsageError
from runpact.model.facts import Json
from runpact.model.finding import Verdict
from runpact.model.names import is_text, readable_path
from runpact.model.place import SWEEP
from runpact.model.run import State
from runpact.model.sweep.board import board_of
from runpact.model.sweep.leaderboard import Counts, counts_of, ranked
from runpact.model.sweep.plan import Plan, Saying, plan_of, saying_of
from runpact.model.sweep.source import Source
from runpact.model.sweep.trial import filled
from runpact.workspace.goingon import earlier_in, first_of, folder_of, trials_of
from runpact.workspace.sweepplans import (
    Planned,
    home_of,
    planned,
    read_saying,
    remarks_on,
    source_for,
    with_kinds,
)
from runpact.workspace.trials import CommandTrials, Trials, base_digest

if TYPE_CHECKING:
    from runpact.model.sweep.objective import Objective
    from runpact.verbs.judging.check import CheckedRun
    from runpact.verbs.life.active import ActiveRun
    from runpact.verbs.life.request import Request
    from runpact.verbs.sweep.conduct import TrialNews
    from runpact.verbs.sweep.documents import Outcome
    from runpact.verbs.sweep.earlier import Earlier, Sweep
    from runpact.workspace import Workspace

__all__ = [
    "Going",
    "Plan",
    "Planned",
    "Saying",
    "SweepResult",
    "SweepSummary",
    "begin",
    "first_of",
    "plan_of",
    "planned",
    "read_saying",
    "resume",
    "saying_of",
    "summary",
    "sweep",
    "with_kinds",
]


class SweepResult(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep that was sealed, and the verdict on it."""

    run: ActiveRun
    """Its own run, sealed."""
    id: str
    uid: str
    path: str
    state: State
    reason: str
    interrupted_by: int | None
    outcome: Outcome
    files: tuple[str, ...]
    checked: CheckedRun
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What a caller should make of it: the sweep's own check, and how its trials went."""
        counts = self.outcome.counts
        if not counts.finished:
            doubt = Verdict.ERROR
        elif not counts.ranked:
            doubt = Verdict.INCOMPLETE
        else:
            doubt = Verdict.WARNING if counts.failed else Verdict.OK
        return max((self.checked.verdict, doubt), key=lambda verdict: verdict.exit_code)

    def document(self) -> dict[str, object]:
        """Return the result as plain data, for programs."""
        outcome = self.outcome
        return {
            "id": self.id,
            "uid": self.uid,
            "path": self.path,
            "state": self.state.value,
            "reason": self.reason,
            "interrupted_by": self.interrupted_by,
            "verdict": self.verdict.value,
            "judged_by": self.checked.judged_by,
            "counts": msgspec.to_builtins(outcome.counts),
            "best_result": outcome.best_result,
            "best_config": outcome.best_config,
            "leaderboard": outcome.rows,
            "out_of_sample": outcome.board.out_of_sample,
            "files": list(self.files),
            "remarks": list(self.remarks),
            "findings": [msgspec.to_builtins(finding) for finding in self.checked.report.findings],
        }


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """How a sweep is gone about."""

    jobs: int | None = None
    """By default one, or as many as the sweep had that is gone on with."""
    words: tuple[str, ...] = ()
    """The command that begins it anew; by default that of this process."""
    tell: Callable[[TrialNews], None] = lambda _news: None
    expect: Callable[[int, Objective], None] = lambda _count, _objective: None
    """Is told how many trials there will be at most, and what they are after."""
    report: Callable[[ActiveRun, Outcome], None] | None = None
    """The program's own last words in the sweep's run, before it is sealed."""
    within: ActiveRun | None = None
    """The open run of this process that the sweep is part of."""
    callers: tuple[str, ...] = ()
    """Files whose code asks for the sweep, nearest first; the command of its trials answers without any."""


def sweep(place: Workspace, said: Saying | Mapping[str, object], going: Going | None = None) -> SweepResult:
    """Try what a plan says, each trial a run of its command.

    Args:
        place: The workspace.
        said: The plan, as a document says it.
        going: How many at once, whom to tell.

    Raises:
        UsageError: Something in the plan is not understood; nothing was made.
        ConfigError: The base configuration is refused; nothing was made.
    """
    saying = said if isinstance(said, Saying) else saying_of(said, file="the plan")
    plan = with_kinds(place, plan_of(saying))
    if not plan.command:
        raise UsageError("a sweep needs a command", expected="-- CMD …", got="none")
    odd = next((word for word in plan.command if not is_text(word)), None)
    if odd is not None:
        raise UsageError(f"a word of the command is no UTF-8: `{readable_path(odd)}`", expected="-- CMD …")
    return begin(place, plan, CommandTrials(place, plan), going or Going())


def resume(
    place: Workspace, reference: str, going: Going | None = None, *, retry: int | None = None
) -> SweepResult:
    """Go on with a sweep that was interrupted, in its own folder: what finished is not tried again.

    Args:
        place: The workspace.
        reference: The sweep, or one that went on with it.
        going: How many at once, whom to tell.
        retry: Try failed trials again, so often; by default as planned, and those that failed stay failed.

    Raises:
        CannotStartError: It is no sweep, it still runs, or nothing is left to do.
    """
    first = first_of(place, reference)
    if not first.plan.command:
        raise CannotStartError(
            f"the trials of `{first.path}` are calls of a function",
            at=first.path,
            hint="go on with it in Python: runpact.sweep(…, resume=…)",
        )
    plan = first.plan if retry is None else msgspec.structs.replace(first.plan, retry=retry)
    going = going or Going()
    going = msgspec.structs.replace(going, jobs=going.jobs or first.jobs, words=first.words)
    there = folder_of(place, first)
    return begin(there, plan, CommandTrials(there, plan), going, first=first, is_failed_again=bool(retry))


def begin(
    place: Workspace,
    plan: Plan,
    trials: Trials,
    going: Going,
    *,
    first: Sweep | None = None,
    is_failed_again: bool = False,
    given: Mapping[str, object] | None = None,
) -> SweepResult:
    """Begin a sweep, or go on with one; the arguments are those of `sweep` and `resume`."""
    from runpact.verbs.sweep.earlier import going_on

    jobs = 1 if going.jobs is None else going.jobs
    if jobs < 1:
        raise UsageError("no such number of jobs", expected="1 or more", got=str(jobs))
    digest = base_digest(place, plan, given)
    with contextlib.ExitStack() as held:
        earlier = None
        if first is not None:
            held.enter_context(going_on(first))
            earlier = earlier_in(place, first, digest, is_failed_again=is_failed_again)
        source = source_for(plan, earlier)
        trials.demand_ready()
        ready = _Ready(plan=plan, source=source, digest=digest, first=first, earlier=earlier, given=given)
        return _conducted(place, ready, trials, going)


class _Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep that can begin."""

    plan: Plan
    source: Source
    digest: str
    """Of the base configuration."""
    first: Sweep | None
    earlier: Earlier | None
    given: Mapping[str, object] | None
    """The base configuration, where a program gave it."""


def _conducted(place: Workspace, ready: _Ready, trials: Trials, going: Going) -> SweepResult:
    from runpact.verbs.sweep.conduct import Handling
    from runpact.verbs.sweep.story import Begun, conduct

    plan, first = ready.plan, ready.first
    home = home_of(place, plan)
    going.expect(ready.source.count, plan.objective)
    with trials.at_work():
        run = home.start(_sweep_request(home, ready, going))
        trials.begin(run)
        handling = Handling(
            run=trials.run,
            note=lambda _end: None,
            tell=going.tell,
            is_stopped=lambda: trials.interrupted_by is not None,
            stop=trials.stop,
            jobs=going.jobs or 1,
            retry=plan.retry,
        )
        begun = Begun(
            plan=plan,
            source=ready.source,
            config_digest=ready.digest,
            earlier=ready.earlier,
            first=first.uid if first is not None else None,
            report=going.report,
            words=going.words,
        )
        conducted = conduct(run, begun, handling, lambda: trials.interrupted_by)
    if any(end.is_done for end in conducted.outcome.ends):
        _refresh_views(place)
    return SweepResult(
        run=run,
        id=run.id,
        uid=run.uid,
        path=place.shown(run.dir),
        state=conducted.standing.state,
        reason=conducted.standing.reason,
        interrupted_by=conducted.interrupted_by,
        outcome=conducted.outcome,
        files=conducted.files,
        checked=home.check([run.dir])[0],
        remarks=remarks_on(plan),
    )


class SweepSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep in short, also while it runs, and with what went on with it."""

    mode: str
    objective: str
    counts: Counts
    best_result: dict[str, Json] | None
    """The first line of its leaderboard; of a walk, the setting that it speaks for."""
    out_of_sample: dict[str, Json] | None = None
    """Of a walk, what it comes to over all its test windows."""


def summary(place: Workspace, reference: str) -> SweepSummary | None:
    """Return a sweep in short; None for a run that is no sweep."""
    try:
        plan, ends = trials_of(place, reference)
    except CannotStartError:
        return None
    board = board_of(plan, ends)
    asked = source_for(plan).count if plan.method != "optuna" else plan.trials or 0
    return SweepSummary(
        mode=plan.mode,
        objective=plan.objective.text,
        counts=counts_of(ranked(ends, plan.objective), asked=asked, resumed=0),
        out_of_sample=board.out_of_sample,
        best_result=board.best_row,
    )


def _refresh_views(place: Workspace) -> None:
    """List all trials, some of which the views had no time for."""
    from runpact.workspace.finding import write_views

    if place.contract is not None and place.contract.contract.workspace.indexes:
        with contextlib.suppress(RunpactError):  # they are marked stale, and the sweep is sealed
            write_views(place)


def _sweep_request(home: Workspace, ready: _Ready, going: Going) -> Request:
    """Return what is asked of the sweep's own run; it writes nothing itself but its records."""
    from runpact.model.confinement import OFF
    from runpact.verbs.life.start import filled_captures, takes_name

    plan, first, given = ready.plan, ready.first, ready.given
    kind = plan.sweep_kind or SWEEP
    words = {"mode": plan.mode, "seed": str(plan.seed), "digest": plan.digest.rpartition(":")[2]}
    rules = home.working_contract.contract.kinds[kind]
    asked = {key: filled(text, words) for key, text in plan.sweep_captures.items()}
    captures = filled_captures(rules, asked, words)
    request = home.request(
        within=going.within,
        kind=kind,
        name=plan.name if takes_name(rules, captures) else None,
        captures=captures,
        config=plan.config if given is None else given,
        overrides=plan.overrides,
        seeds={"sweep": plan.seed},
        command=plan.command or tuple(sys.orig_argv) or (sys.executable,),
        guard=OFF,
        callers=going.callers,
    )
    return request if first is None else msgspec.structs.replace(request, outer=first.outer)

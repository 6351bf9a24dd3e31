"""How a trial becomes a run.

Knows: what a trial's run is asked, how its command is run, how its end is read.
Does not know: which trials there are.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from runpact.model.errors import ConfigError, RunpactError, UsageError
from runpact.model.sweep.plan import Plan
from runpact.model.sweep.trial import REFUSED, Trial, TrialEnd, filled, known_words, placeholders

if TYPE_CHECKING:
    from runpact.host.relay import Relay
    from runpact.verbs.judging.check import CheckedRun
    from runpact.verbs.life.active import ActiveRun
    from runpact.verbs.life.request import Request
    from runpact.workspace import Workspace

__all__ = ["CommandTrials", "Trials", "base_digest", "base_of", "ended", "refused", "trial_request"]

REFUSALS = (ConfigError, UsageError)
"""Errors of one trial alone: its settings, or names that were made of them."""


class Trials:
    """Runs trials; what they are is somebody else's to say."""

    @property
    def interrupted_by(self) -> int | None:
        """The signal that was to end the sweep; None without one."""
        return None

    def demand_ready(self) -> None:
        """Make sure that trials can be run, before anything is made."""

    def begin(self, run: ActiveRun) -> None:
        """Hear whose trials they are, before the first."""

    def run(self, trial: Trial) -> TrialEnd:
        """Run one trial to its end."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the trials that run."""

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Take signals for the length of the block."""
        yield


class CommandTrials(Trials):
    """Trials that are runs of a command."""

    def __init__(self, place: Workspace, plan: Plan) -> None:
        """Store what is run."""
        self._place, self._plan = place, plan
        self._relay: Relay | None = None
        self._within: ActiveRun | None = None

    def demand_ready(self) -> None:
        """Make sure that the command can be started, and be handed its configuration.

        Raises:
            CommandNotFoundError: There is no such program.
            ConfigError: The base configuration is too large.
        """
        from runpact.verbs.life.execute import check_command, check_handed

        command = self._plan.command
        check_handed(base_of(self._place, self._plan).config.resolved)
        if not placeholders(command[0]):
            check_command(command, cwd=self._place.cwd, environ=os.environ)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Pass signals on to the commands for the length of the block."""
        from runpact.host.relay import Relay

        self._relay = Relay()
        with self._relay.at_work():
            yield

    @property
    def interrupted_by(self) -> int | None:
        """The signal that was to end the sweep."""
        return self._relay.received if self._relay is not None else None

    def begin(self, run: ActiveRun) -> None:
        """Hear whose trials they are."""
        self._within = run

    def run(self, trial: Trial) -> TrialEnd:
        """Run one command to its end."""
        from runpact.workspace.executing import executed

        try:
            request = trial_request(self._place, self._plan, trial, self._within)
            run, execution = executed(self._place, request, tee=False, relay=self._relay)
        except REFUSALS as error:
            return refused(trial, error)
        checked = self._place.check([run.dir])[0]
        return ended(self._place, self._plan, trial, checked, reason=execution.reason)


def ended(place: Workspace, plan: Plan, trial: Trial, checked: CheckedRun, *, reason: str = "") -> TrialEnd:
    """Return the end of a trial by its run."""
    from runpact.verbs.finding.standing import stand
    from runpact.verbs.sweep.measure import ended_run

    reading, _standing = stand(posixpath.normpath(posixpath.join(place.data_root, checked.path)))
    return ended_run(trial, reading, checked, plan.objective, reason=reason)


def base_digest(place: Workspace, plan: Plan, given: Mapping[str, object] | None = None) -> str:
    """Return the digest of the base configuration in the form in which it is recorded."""
    return _recorded_digest(place, plan, base_of(place, plan, given=given))


def _recorded_digest(place: Workspace, plan: Plan, request: Request) -> str:
    from runpact.verbs.capturing.mask import masked_config
    from runpact.verbs.life.start import masker_for, pick_kind

    loaded = place.working_contract
    _name, kind = pick_kind(loaded.contract, plan.kind)
    return masked_config(request.config, masker_for(loaded, kind, request, dict(os.environ))).digest


def base_of(
    place: Workspace, plan: Plan, trial: Trial | None = None, *, given: Mapping[str, object] | None = None
) -> Request:
    """Return the request for a trial's run, or for one of the base configuration alone."""
    overrides = plan.overrides if trial is None else (*plan.overrides, *trial.overrides)
    return place.request(kind=plan.kind, config=plan.config if given is None else given, overrides=overrides)


def trial_request(
    place: Workspace,
    plan: Plan,
    trial: Trial,
    within: ActiveRun | None,
    *,
    base: Mapping[str, object] | None = None,
) -> Request:
    """Return the request for a trial's run, its command and captures filled.

    Args:
        place: The workspace.
        plan: Of the sweep.
        trial: What is tried.
        within: The sweep's run, where it is open in this process.
        base: The base configuration, where a program gave it.
    """
    from runpact.verbs.life.start import filled_captures, takes_name

    seed = trial.seed(plan.seed)
    request = place.request(
        within=within,
        kind=plan.kind,
        config=plan.config if base is None else base,
        overrides=(*plan.overrides, *trial.overrides),
        seeds={"trial": seed},
        caches=plan.caches,
        inputs=plan.inputs,
        durability=plan.durability,
    )
    is_named = any("digest" in placeholders(text) for text in (*plan.captures.values(), *plan.command))
    digest = _recorded_digest(place, plan, request) if is_named else ""
    words = known_words(trial, seed=seed, name=plan.name, digest=digest)
    kind = place.working_contract.contract.kinds[plan.kind or "run"]
    given = {key: filled(text, words) for key, text in plan.captures.items()}
    captures = filled_captures(kind, given, {**words, "mode": plan.kind or "run"})
    return msgspec.structs.replace(
        request,
        captures=captures,
        name=f"{plan.name}-{trial.number:04}" if takes_name(kind, captures) else None,
        command=tuple(filled(word, words) for word in plan.command),
        is_trial=True,
    )


def refused(trial: Trial, error: RunpactError) -> TrialEnd:
    """Return the end of a trial that could not be begun."""
    faults = "; ".join(f"{fault.at}: {fault.message}" for fault in error.faults[:3])
    return TrialEnd(trial=trial, state=REFUSED, reason=f"{error.message}{': ' if faults else ''}{faults}")

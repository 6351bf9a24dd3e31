"""runpact: runs under contract.

The public names are loaded when they are first used, so that `import runpact` costs next to nothing.
"""

from __future__ import annotations

from runpact.version import VERSION

TYPE_CHECKING = False
"""True for type checkers alone; importing it from `typing` would cost every start milliseconds."""
if TYPE_CHECKING:
    from runpact.api import current, run
    from runpact.api.doctor import doctor
    from runpact.api.finding import list_runs, runs
    from runpact.api.judging import check, diff, verify
    from runpact.api.reading import open_run, read, workspace_root
    from runpact.api.registered import resolve
    from runpact.api.sessions import abort_session, session_alerts, sessions
    from runpact.api.stage import stage
    from runpact.api.sweep import OpenTrial, splits, sweep
    from runpact.api.tidy import unchanged
    from runpact.app import App
    from runpact.app.signals import read_signals
    from runpact.model.errors import RunpactError
    from runpact.model.facts import ValidatorFault
    from runpact.model.finding import Finding, Report, Severity, Verdict
    from runpact.model.run import State
    from runpact.verbs.life.active import ActiveRun
    from runpact.verbs.machine.carry_out import Call
    from runpact.verbs.machine.outcome import CommandError
    from runpact.verbs.pipeline.stage import ActiveStage

__version__ = VERSION

__all__ = [
    "ActiveRun",
    "ActiveStage",
    "App",
    "Call",
    "CommandError",
    "Finding",
    "OpenTrial",
    "Report",
    "RunpactError",
    "Severity",
    "State",
    "ValidatorFault",
    "Verdict",
    "__version__",
    "abort_session",
    "check",
    "current",
    "diff",
    "doctor",
    "list_runs",
    "open_run",
    "read",
    "read_signals",
    "resolve",
    "run",
    "runs",
    "session_alerts",
    "sessions",
    "splits",
    "stage",
    "sweep",
    "unchanged",
    "verify",
    "workspace_root",
]

_HOMES = {
    "ActiveRun": "runpact.verbs.life.active",
    "ActiveStage": "runpact.verbs.pipeline.stage",
    "App": "runpact.app",
    "Call": "runpact.verbs.machine.carry_out",
    "CommandError": "runpact.verbs.machine.outcome",
    "Finding": "runpact.model.finding",
    "OpenTrial": "runpact.api.sweep",
    "Report": "runpact.model.finding",
    "RunpactError": "runpact.model.errors",
    "Severity": "runpact.model.finding",
    "State": "runpact.model.run",
    "ValidatorFault": "runpact.model.facts",
    "Verdict": "runpact.model.finding",
    "abort_session": "runpact.api.sessions",
    "check": "runpact.api.judging",
    "current": "runpact.api",
    "diff": "runpact.api.judging",
    "doctor": "runpact.api.doctor",
    "list_runs": "runpact.api.finding",
    "load_ipython_extension": "runpact.integrations.notebook",
    "resolve": "runpact.api.registered",
    "open_run": "runpact.api.reading",
    "read": "runpact.api.reading",
    "read_signals": "runpact.app.signals",
    "run": "runpact.api",
    "runs": "runpact.api.finding",
    "splits": "runpact.api.sweep",
    "session_alerts": "runpact.api.sessions",
    "sessions": "runpact.api.sessions",
    "stage": "runpact.api.stage",
    "sweep": "runpact.api.sweep",
    "unchanged": "runpact.api.tidy",
    "verify": "runpact.api.judging",
    "workspace_root": "runpact.api.reading",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        message = f"module 'runpact' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - only the first use of a name pays for it

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

"""What a Python program uses: make runs, check and verify them.

Knows: the shapes a caller may hand in (dicts, paths, decorated functions).
Does not know: how a verb works.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import msgspec

from runpact.api.configured import given_config
from runpact.api.context import CURRENT, leave
from runpact.api.fencing import fence_in, wanted_by
from runpact.host.callers import calling_files
from runpact.model.confinement import MODES, REFUSE
from runpact.model.errors import ContractBrokenError, UsageError
from runpact.model.finding import Finding, Verdict
from runpact.model.run import State
from runpact.verbs.capturing.said import all_texts, text_or_none, texts_by_name
from runpact.verbs.judging.check import CheckedRun
from runpact.verbs.life.active import ActiveRun, state_after
from runpact.verbs.life.attach import attached_run
from runpact.verbs.life.request import Request
from runpact.workspace import Where, Workspace
from runpact.workspace.certifying import announcing

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
PathLike = str | os.PathLike[str]


def run(
    *,
    kind: str | None = None,
    name: str | None = None,
    config: object = None,
    typed: type | None = None,
    overrides: tuple[str, ...] = (),
    seeds: Mapping[str, int | None] | None = None,
    captures: Mapping[str, str] | None = None,
    contract: PathLike | None = None,
    workspace: PathLike | None = None,
    workdir: PathLike | None = None,
    out: PathLike | None = None,
    guard: str = REFUSE,
    fence: bool | str = False,
    caches: Iterable[str] | str = (),
    secrets: Iterable[str] | str = (),
    baseline: PathLike | None = None,
    policy: str | None = None,
    profile: str | None = None,
    durability: str = "commit",
    record_host: bool = False,
    unsafe_skip_check: bool = False,
) -> PendingRun:
    """Describe a run; it begins with `with`, or around each call of a decorated function.

    Args:
        kind: Kind of the contract; not needed when there is only one.
        name: Fills the place's `{name}`, or its only free capture.
        config: Resolved configuration, or a JSON, YAML or TOML file to read it from. A namespace of argparse,
            a value of a dataclass, a struct or a pydantic model, or a configuration of OmegaConf as well.
        typed: Dataclass, `msgspec.Struct` or pydantic model that the resolved configuration must fit:
            `run.typed` is a value of it. Else every fault is told with its key, and no run is made.
        overrides: `dotted.key=value`, applied in order.
        seeds: Seeds by library; None for a library that is absent.
        captures: Further captures of the place.
        contract: Contract file or pack; by default the workspace's.
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.
        out: Directory that is to hold the run instead of the contract's place.
        guard: What happens to writes outside the run: `refuse` (Python's own raise an error, the rest is
            looked for when the run took a second or more), `record`, `compare` (looked for), or `off`.
        fence: True has the kernel restrict the calling thread and all that it starts to the run, for good:
            afterwards as well they can write nowhere else, nor make another run. Where it cannot, that is
            said; `required` raises an error instead.
        caches: Globs that anyone may write: relative to the workspace as in `tmp/**`, absolute, or from `~/`.
        secrets: Environment variables that hold a secret, by name or glob, besides those whose name says so;
            behind a `!`, that hold none. No secret is recorded.
        baseline: Run or report that its evaluation is to be paired with; refused at once if it cannot be.
        policy: Tier of the contract that its evidence is to be judged by.
        profile: `dev`, `ci` or `release`: how strict pairing is; by default the policy's, without one `ci`.
        durability: `commit` (durable once sealed) or `none` (for tests).
        record_host: Record host name, user and absolute paths; without it none of them is.
        unsafe_skip_check: Do not judge the run when it is sealed.

    Returns:
        A context manager that gives the open run, and a decorator.
    """
    where = Where(workspace=_text(workspace), workdir=_text(workdir), contract=_text(contract))
    return PendingRun(
        where,
        calling_files(),
        kind=kind,
        name=name,
        config=config,
        typed=typed,
        overrides=overrides,
        seeds={} if seeds is None else seeds,
        captures={} if captures is None else captures,
        out=_text(out),
        guard=guard,
        fence=fence,
        caches=caches,
        secrets=secrets,
        evidence=(_text(baseline), policy, profile),
        durability=durability,
        record_host=record_host,
        is_checked=not unsafe_skip_check,
    )


def current() -> ActiveRun:
    """Return the open run of this context, or of the command that this process belongs to.

    Raises:
        UsageError: No run is open here.
    """
    active = open_here()
    if active is None:
        raise UsageError(
            "no run is open here",
            expected="a call inside `with runpact.run(...)`, or in the command of `runpact run`",
            hint="start one, or hand the run to this code; a thread knows no run but those that it began",
        )
    return active


def open_here() -> ActiveRun | None:
    """Return the open run of this context or of this process's command; None when there is none."""
    return CURRENT.get(None) or attached_run(os.environ)


class PendingRun:
    """A run to be: a context manager and a decorator; begins when entered."""

    def __init__(
        self,
        where: Where,
        callers: tuple[str, ...],
        *,
        kind: str | None,
        name: str | None,
        config: object,
        typed: type | None,
        overrides: tuple[str, ...],
        seeds: Mapping[str, int | None],
        captures: Mapping[str, str],
        out: str | None,
        guard: str,
        fence: bool | str,
        caches: Iterable[str] | str,
        secrets: Iterable[str] | str,
        evidence: tuple[str | None, str | None, str | None],
        durability: str,
        record_host: bool,
        is_checked: bool,
    ) -> None:
        """Store what the caller said."""
        if durability not in {"commit", "none"}:
            raise UsageError("unknown durability", expected="`commit` or `none`", got=durability)
        if guard not in MODES:
            raise UsageError("unknown guard", expected=" or ".join(f"`{mode}`" for mode in MODES), got=guard)
        self._where, self._callers = where, callers
        self._kind, self._name = text_or_none(kind, what="the kind"), text_or_none(name, what="the name")
        self._captures = texts_by_name(captures, what="captures")
        self._config, self._typed = config, typed
        self._overrides, self._seeds = overrides, seeds
        self._out, self._durability, self._is_checked = out, durability, is_checked
        self._guard, self._wanted = guard, wanted_by(fence)
        self._caches = all_texts(caches, what="a cache")
        self._record_host = record_host
        self._evidence = evidence
        self._secrets = all_texts(secrets, what="the name of a secret")
        self._workspace: Workspace | None = None
        self._active: ActiveRun | None = None
        self._signals = contextlib.ExitStack()

    def __enter__(self) -> ActiveRun:
        """Start the run.

        Raises:
            UsageError: It is open already.
        """
        if self._active is not None:
            raise UsageError("this run is open already", hint="call runpact.run(...) again for another one")
        from runpact.host.signals import raising_on_termination  # noqa: PLC0415 - only a started run needs it

        self._signals.enter_context(raising_on_termination())
        try:
            return self._start()
        except BaseException as error:
            self._abort(error)
            raise

    def _start(self) -> ActiveRun:
        self._workspace = Workspace.open(**self._where)
        if self._workspace.contract is None:
            sys.stderr.write("runpact: no contract here; using the pack runpact:basic@1\n")
        request = self._request(self._workspace)
        value = None if self._typed is None else _typed_value(self._typed, request)
        self._active = self._workspace.start(request)
        self._active.typed = value
        self._signals.callback(leave, CURRENT.set(self._active))
        if self._wanted is not None:
            fence_in(self._active, self._wanted)
        return self._active

    def _abort(self, error: BaseException) -> None:
        """Seal a run whose block was never entered: a signal came in between, and nobody else will."""
        active, self._active = self._active, None
        with self._signals:
            if active is not None:
                active.__exit__(type(error), error, error.__traceback__)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Seal the run, then judge it.

        Raises:
            ContractBrokenError: The block succeeded and the run does not keep its contract.
        """
        active, self._active = self._active, None
        if active is None or self._workspace is None:
            return
        try:
            active.__exit__(kind, error, trace)
        finally:
            self._signals.close()
        if not active.writer.is_own:
            return  # a forked child leaves the block as well; the run is its parent's to judge
        if self._is_checked and (error is None or state_after(error) is State.FINISHED):
            _demand_kept(self._workspace.check([active.dir])[0])

    def __call__(self, function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
        """Make each call of `function` a run of its own; the open run is `runpact.current()`.

        Raises:
            UsageError: It is a coroutine or a generator, whose call returns before its body has run.
        """
        import inspect  # noqa: PLC0415 - only a decorated function pays for it

        later = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
        if any(is_later(function) for is_later in later):
            raise UsageError(
                "a coroutine or generator cannot be decorated: its call returns before its body has run",
                expected="a function",
                got=getattr(function, "__qualname__", "a callable"),
                hint="write `with runpact.run(...)` inside it",
            )

        @functools.wraps(function)
        def wrapped(*arguments: _Parameters.args, **keywords: _Parameters.kwargs) -> _Result:
            with self._again():
                return function(*arguments, **keywords)

        return wrapped

    def _again(self) -> PendingRun:
        again = copy.copy(self)
        clean = None, None, contextlib.ExitStack()
        again._workspace, again._active, again._signals = clean  # noqa: SLF001 - of its own class
        return again

    def asked_by(self, callers: tuple[str, ...]) -> Self:
        """Return this run as one that the code of these files asks for, nearest first."""
        self._callers = callers
        return self

    @property
    def workspace(self) -> Workspace:
        """Where it is to stand."""
        return self._workspace or Workspace.open(**self._where)

    def _request(self, workspace: Workspace) -> Request:
        given = given_config(self._config)
        request = workspace.request(
            within=CURRENT.get(None),
            callers=self._callers,
            kind=self._kind,
            name=self._name,
            captures=self._captures,
            config=given.values,
            overrides=self._overrides,
            seeds=self._seeds,
            command=tuple(sys.orig_argv) or (sys.executable,),
            out=os.path.abspath(self._out) if self._out else None,
            guard=self._guard,
            wanted=self._wanted,
            caches=self._caches,
            secrets=self._secrets,
            durability=self._durability,
            record_host=self._record_host,
        )
        request = msgspec.structs.replace(request, config=given.recorded(request.config))
        baseline, policy, profile = self._evidence
        return announcing(workspace, request, policy=policy, baseline=baseline, profile=profile)


def _typed_value(kind: type, request: Request) -> object:
    from runpact.model.config.typed import typed_value  # noqa: PLC0415 - only who asks for it pays

    return typed_value(kind, request.config.resolved)


def _demand_kept(checked: CheckedRun) -> None:
    if checked.verdict in {Verdict.OK, Verdict.WARNING}:
        return
    worst = [
        finding for finding in checked.report.findings if finding.severity.value in {"error", "incomplete"}
    ]
    lines = "; ".join(f"{finding.path}: {finding.message}{_got(finding)}" for finding in worst[:5])
    more = f"; and {len(worst) - 5} more" if len(worst) > 5 else ""  # noqa: PLR2004 - as many as fit a message
    raise ContractBrokenError(
        f"the run does not keep its contract: {lines}{more}",
        at=checked.path,
        expected="OK",
        got=checked.verdict.value,
        hint=f"`runpact check {checked.path}` lists every finding",
    )


def _got(finding: Finding) -> str:
    return f" (it is {finding.got})" if finding.code == "format" and finding.got else ""


def _text(path: PathLike | None) -> str | None:
    return None if path is None else os.fspath(path)

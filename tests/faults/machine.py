"""A run as a state machine: any calls in any order, each with a fault, against what was acknowledged.

Knows: which calls a program may make next, what it was told by each, how to crash it within this process.
Does not know: what must be true afterwards (`faults.oracle`).

A crash is an exception that no code of runpact catches and behind which no system call has an effect. What
the kernel does for a process that ended is done then: its descriptors are closed, and with them its lock.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import runpact
from faults.inject import ERRORS, Fault, Injector, install
from faults.oracle import End, runs_of, violations
from faults.scenario import CONFIG, NAME, Fact, Program, lay_out, part_of, result_of, write_plainly
from faults.sweep import SHARED_MEMORY
from runpact.model.errors import ContractBrokenError, RunpactError

INTERRUPTED = 130
REFUSED = 3


class CrashError(BaseException):
    """The process is gone."""


class Crashing(Injector):
    """Injects faults within this process; after a crash nothing has an effect any more."""

    def __init__(self) -> None:
        """Begin without a fault."""
        super().__init__()
        self.is_dead = False
        self.descriptors: set[int] = set()

    def arm(self, fault: Fault | None) -> None:
        """Let a fault strike, its point counted from now."""
        self.calls.clear()
        self.fault = fault

    def call(self, name: str, real: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Make one call, or what the fault makes of it."""
        if self.is_dead:
            raise CrashError
        fault = self.fault
        if fault and fault.mode in TEARING and name != "write" and fault.point == len(self.calls):
            self.fault = replace(fault, point=fault.point + 1)  # the next write, then

        def noted(*arguments: Any, **keywords: Any) -> Any:
            value = real(*arguments, **keywords)
            if name == "open":
                self.descriptors.add(value)
            elif name == "close":
                self.descriptors.discard(arguments[0])
            return value

        return super().call(name, noted, *arguments, **keywords)

    def forget(self, descriptor: int) -> None:
        """Close what the caller will never learn of."""
        self.descriptors.discard(descriptor)
        super().forget(descriptor)

    def die(self) -> None:
        """Crash."""
        self.is_dead = True
        raise CrashError

    def bury(self) -> None:
        """Do what the kernel does when a process has ended."""
        self.is_dead = False
        self.fault = None
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors.clear()


TEARING = frozenset({"torn", "short", "burst"})
MODES = ("once", "short", "burst", "late", "interrupt", "sticky", "before", "after", "torn")
FAULT = st.builds(
    Fault,
    point=st.integers(0, 12),
    mode=st.sampled_from(MODES),
    error=st.sampled_from(ERRORS),
    length=st.integers(1, 12),
)
FAULTS = st.one_of(st.none(), st.none(), FAULT)
FIRST_FAULTS = st.one_of(*[st.none()] * 6, FAULT)
DURABILITIES = st.sampled_from(["commit", "none"])


class RunMachine(RuleBasedStateMachine):
    """A program that makes one run and does not give up."""

    ended: ClassVar[Counter[str]] = Counter()
    """How the runs of all examples ended."""

    @classmethod
    def tally(cls) -> str:
        """Return how many programs were run, and what became of their runs."""
        ends = ", ".join(f"{count} {end}" for end, count in sorted(cls.ended.items()))
        return f"{sum(cls.ended.values())} programs ({ends}), 0 violations"

    def __init__(self) -> None:
        """Lay a workspace out."""
        super().__init__()
        base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
        self.home = Path(tempfile.mkdtemp(prefix="runpact-machine-", dir=base))
        self.folder = self.home / "w"
        lay_out(self.folder)
        self.injector = Crashing()
        self.step_aside = install(self.injector)
        self.facts: list[Fact] = []
        self.pending: Any = None
        self.program: Program | None = None
        self.end: End | None = None
        self.number = 0
        self.bare: list[str] = []

    @initialize(kind=st.sampled_from(["run", "placed"]), durability=DURABILITIES, fault=FIRST_FAULTS)
    def begin(self, kind: str, durability: str, fault: Fault | None) -> None:
        """Start the run."""
        self.pending = runpact.run(
            kind=kind, name=NAME, config=CONFIG, workspace=self.folder, durability=durability
        )

        def call() -> None:
            run = self.pending.__enter__()
            self._tell("begun", id=run.id, uid=run.uid, kind=kind, durability=durability)
            self.program = Program(run, self._tell, write=write_plainly, stubborn=True)

        outcome = self._attempt(call, fault)
        if outcome != "done" and self.end is None:
            is_interrupt = outcome == "interrupted"
            self._ended(End("exit", INTERRUPTED if is_interrupt else REFUSED, is_interrupt=is_interrupt))

    @precondition(lambda self: self.end is None)
    @rule(fault=FAULTS)
    def event(self, fault: Fault | None) -> None:
        """Log an event."""
        self.number += 1
        self._attempt(lambda: self.program.event(self.number), fault)

    @precondition(lambda self: self.end is None)
    @rule(fault=FAULTS, count=st.integers(1, 3))
    def points(self, fault: Fault | None, count: int) -> None:
        """Log metric points, the first of them under a fault."""
        for place in range(count):
            if self.end is None:
                self.number += 1
                self._attempt(lambda: self.program.points(self.number), None if place else fault)

    @precondition(lambda self: self.end is None)
    @rule(fault=FAULTS, name=st.sampled_from(["result.json", "parts/a.bin", "parts/b.bin"]))
    def artifact(self, fault: Fault | None, name: str) -> None:
        """Save an artifact, perhaps once more under a name that is taken."""
        value = result_of(1) if name == "result.json" else part_of(len(name))
        self._attempt(lambda: self.program.artifact(name, value), fault)

    @precondition(lambda self: self.end is None)
    @rule(fault=FAULTS)
    def own_file(self, fault: Fault | None) -> None:
        """Write a file as a program does without asking."""
        self.number += 1
        path = f"notes/{self.number}.txt"
        self._attempt(lambda: self.program.own_file(path, path.encode()), fault)

    @precondition(lambda self: self.end is None and self.number > 1)
    @rule(fault=FAULTS, how=st.sampled_from(["finish", "finish", "fail", "crash"]))
    def leave(self, fault: Fault | None, how: str) -> None:
        """Leave the block, by an exception of the program's own or without; or end the process in it."""
        if how == "crash":
            self._ended(End("killed"))
        else:
            self._leave(fault, ValueError("the program's own") if how == "fail" else None)

    @precondition(lambda self: self.end is not None and self.end.how == "killed")
    @rule(tail=st.binary(min_size=1, max_size=40), name=st.sampled_from(["events", "metrics"]))
    def tear(self, tail: bytes, name: str) -> None:
        """Leave a torn line at the end of a log, as the kernel may."""
        for run in runs_of(self.folder):
            log = run.folder / run.records.get(name, "nowhere")
            if not run.is_sealed and log.exists():
                with log.open("ab") as file:
                    file.write(tail.replace(b"\n", b" "))

    @precondition(lambda self: self.end is not None)
    @rule()
    def read(self) -> None:
        """Look at what is left; that changes nothing."""
        assert runs_of(self.folder) == runs_of(self.folder)

    @invariant()
    def holds(self) -> None:
        """Ask the oracle, once the process has ended."""
        assert self.bare == []
        if self.end is not None:
            assert violations(self.folder, self.facts, self.end, rerun=False) == []

    def teardown(self) -> None:
        """Judge a run that was still open as one whose process was killed; make another; clean up."""
        try:
            if self.pending is not None:
                self._ended(self.end or End("killed"))
                self.ended.update([run.state for run in runs_of(self.folder)] or ["without a run"])
                assert violations(self.folder, self.facts, self.end) == []
        finally:
            self.step_aside()
            self.injector.bury()
            if self.pending is not None:
                self.pending._signals.close()
            shutil.rmtree(self.home)

    def _tell(self, fact: str, **fields: object) -> None:
        self.facts.append({"fact": fact, **fields})

    def _attempt(self, call: Callable[[], None], fault: Fault | None) -> str:
        """Make one call of the program under a fault; return what it was told."""
        self.injector.arm(fault)
        try:
            call()
        except RunpactError:
            return "refused"
        except KeyboardInterrupt:
            return "interrupted"
        except CrashError:
            self._ended(End("killed"))
            return "crashed"
        except Exception as error:  # noqa: BLE001 - whatever else comes out is a violation
            self.bare.append(f"{type(error).__name__}: {error}")
            return "bare"
        finally:
            self.injector.fault = None
        return "done"

    def _leave(self, fault: Fault | None, error: ValueError | None) -> None:
        run = self.program.run

        def call() -> None:
            try:
                self.pending.__exit__(type(error) if error else None, error, None)
            except ContractBrokenError as broken:
                self._tell("sealed", doubt=run.standing.reason, broken=broken.message)
                raise
            if error is None:
                self._tell("sealed", doubt=run.standing.reason)

        outcome = self._attempt(call, fault)
        if self.end is not None:
            return
        if outcome == "interrupted":
            self._ended(End("exit", INTERRUPTED, is_interrupt=True))
        elif outcome == "done" and error is None:
            self._ended(End("exit", 1 if run.standing.reason else 0))
        else:
            self._ended(End("exit", REFUSED))

    def _ended(self, end: End) -> None:
        self.end = end
        held = self.program.run.held if self.program else None
        if held is not None:
            held.guard.end()
            if end.how == "exit":
                self.bare.append("the guard of a run that ended is still at work")
        self.injector.bury()

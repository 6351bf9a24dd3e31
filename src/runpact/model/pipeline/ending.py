"""How a stage's program really ended, held against what it claims.

Knows: which exit codes are believed, and when a claim contradicts what was measured.
Does not know: how a program is run, where its summary lies.

The orchestrator owns the truth. A program that speaks `contract` exit codes is believed when it left a
summary that says the same: Python itself exits with 1, argparse with 2, and neither writes a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.names import is_relative
from runpact.model.pipeline.claim import SUMMARY, Claim, Counts
from runpact.model.pipeline.result import Measured

Speaks = Literal["contract", "plain"]

_VERDICTS = {verdict.exit_code: verdict for verdict in Verdict}
_SEVERITY = {
    Verdict.WARNING: Severity.WARNING,
    Verdict.INCOMPLETE: Severity.INCOMPLETE,
    Verdict.ERROR: Severity.ERROR,
}
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
    24: "SIGXCPU",
    25: "SIGXFSZ",
}
_SIGNALLED = 128
"""A shell adds the number of the signal that ended its command."""
_MOST_TOLD = 5


class EndReading(msgspec.Struct, frozen=True, kw_only=True):
    """How the end of a stage's program was read."""

    why: str
    """In words, for the record."""
    is_believed: bool
    """The exit code was taken as a verdict of the stage's own."""
    findings: tuple[Finding, ...] = ()
    """Paths relative to the experiment."""


def read_end(
    measured: Measured,
    claim: Claim | None,
    *,
    name: str,
    experiment: str,
    speaks: Speaks,
    rows: int | None = None,
    stands: Callable[[str], bool] = lambda _path: True,
) -> EndReading:
    """Read how a stage's program ended; the worst finding is the verdict on it.

    Args:
        measured: How it ended, as whoever ran it saw it.
        claim: What it said of itself; None when it left nothing.
        name: `NN_slug` of the stage.
        experiment: Its id.
        speaks: Whether the program's exit codes 0 to 3 are verdicts.
        rows: How many rows the tables have that it wrote; None when it wrote none, or they cannot be read.
        stands: Tells whether a path relative to the experiment leads to something there.
    """
    end = _End(measured, claim, f"{name}/{SUMMARY}" if claim is not None else name, speaks)
    findings = (*end.findings(), *_contents(claim, end, name, experiment, rows, stands))
    believed = speaks == "contract" and not end.is_broken and measured.exit_code in _VERDICTS
    is_believed = believed and not any(finding.code in _UNBELIEVED for finding in findings)
    return EndReading(why=end.why(is_believed), is_believed=is_believed, findings=findings)


def following(judged: Iterable[Finding], end: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings about outputs; what a program that failed did not get to make follows from its end."""
    cause = next((each.path for each in end if each.code in _FAILED), None)
    return tuple(
        msgspec.structs.replace(each, because=cause)
        if cause is not None and each.because is None and each.code in _NOT_MADE
        else each
        for each in judged
    )


_FAILED = frozenset(
    {"failed-command", "foreign-exit-code", "not-believed", "ended-by-signal", "timed-out", "stopped"}
)
_NOT_MADE = frozenset({"missing", "too-few"})
_UNBELIEVED = frozenset({"no-summary", "not-believed", "contradiction", "malformed-claim"})


class _End:
    """One end and the claim about it."""

    def __init__(self, measured: Measured, claim: Claim | None, path: str, speaks: Speaks) -> None:
        self.measured = measured
        self.claim = claim
        self.path = path
        self.speaks = speaks

    @property
    def status(self) -> Verdict | None:
        """The verdict that the program claims, by its word or else by its exit code."""
        if self.claim is None or self.claim.status is not None:
            return self.claim.status if self.claim is not None else None
        return _VERDICTS.get(self.claim.exit_code) if self.claim.exit_code is not None else None

    @property
    def is_broken(self) -> bool:
        """Whether the program did not come to an end of its own."""
        measured = self.measured
        return (
            measured.never_began is not None
            or measured.timed_out_seconds is not None
            or measured.exit_code is None
            or measured.interrupted_by is not None
        )

    def why(self, is_believed: bool) -> str:  # noqa: FBT001 - private, and named at its one call
        """Return in words how the end was read."""
        measured = self.measured
        if self.is_broken:
            return next(iter(self._broken())).message
        told = f"exit code {measured.exit_code}"
        if is_believed and measured.exit_code is not None:
            return f"{told}, {_VERDICTS[measured.exit_code].value} by the contract"
        return f"{told}{_of_shell(measured.exit_code)}"

    def findings(self) -> Iterator[Finding]:
        """Yield what the end itself comes to, then where status and exit code of the claim disagree."""
        yield from self._broken()
        if not self.is_broken:
            yield from self._by_code()
        if self.measured.log_fault is not None:
            yield self._fault("log-lost", f"its output could not be stored: {self.measured.log_fault}")
        if self.claim is not None:
            yield from self._within_claim(self.claim)

    def _broken(self) -> Iterator[Finding]:
        measured = self.measured
        if measured.never_began is not None:
            yield Finding(
                code="not-begun", severity=Severity.INCOMPLETE, path=self.path, message=measured.never_began
            )
        elif measured.timed_out_seconds is not None:
            yield self._fault(
                "timed-out", f"stopped after {measured.timed_out_seconds:g} s: its time was over"
            )
        elif measured.interrupted_by is not None:
            yield self._fault(
                "stopped", f"stopped together with runpact by {_signal(measured.interrupted_by)}"
            )
        elif measured.exit_code is None:
            yield self._fault("ended-by-signal", f"ended by {_signal(measured.signal or 0)}")

    def _by_code(self) -> Iterator[Finding]:
        code = self.measured.exit_code or 0
        if self.speaks == "plain":
            yield from self._plain(code)
        elif code not in _VERDICTS:
            yield self._fault(
                "foreign-exit-code",
                f"exit code {code}{_of_shell(code)} is no verdict",
                expected="0, 1, 2 or 3",
            )
        elif self.claim is None:
            yield self._unclaimed(code)
        elif self.claim.fault is None:
            yield from self._claimed(code)

    def _plain(self, code: int) -> Iterator[Finding]:
        status = self.status
        if code != 0:
            says = self.claim if status is Verdict.ERROR else None
            told = f", and says: {_reasons(says)}" if says is not None else ""
            speaks = says is None and status is not None and status.exit_code == code
            yield self._fault(
                "failed-command",
                f"it exited with {code}{_of_shell(code)}{told}",
                expected="0",
                got=str(code),
                hint="say `exit_codes: contract` for this stage if its exit codes are verdicts"
                if speaks
                else "look into logs/stderr.log",
            )
        if (status in {Verdict.INCOMPLETE, Verdict.ERROR}) is not (code != 0) and status is not None:
            yield self.contradiction("status", f"exit code {code}", status.value)
        elif status is Verdict.WARNING:
            yield self._said(status)

    def _unclaimed(self, code: int) -> Finding:
        if code == 0:
            return self._fault(
                "no-summary",
                "it left no summary, so it counts as failed",
                expected="a JSON summary at the path in RUNPACT_STAGE_SUMMARY",
                got="nothing",
                hint="write one, use `runpact.stage()`, or say `exit_codes: plain` for this stage",
            )
        return self._fault(
            "not-believed",
            f"exit code {code} without a summary is not believed: Python uses 1 by itself, argparse 2",
            expected="a summary that says the same",
            got=f"exit code {code} and no summary",
            hint="look into logs/stderr.log",
        )

    def _claimed(self, code: int) -> Iterator[Finding]:
        status, verdict = self.status, _VERDICTS[code]
        if status is None:
            yield self._fault(
                "malformed-claim", "the summary says no status", expected=verdict.value, got="nothing"
            )
        elif status is not verdict:
            yield self.contradiction("status", f"exit code {code}, which is {verdict.value}", status.value)
        elif verdict is not Verdict.OK:
            yield self._said(verdict)

    def _said(self, verdict: Verdict) -> Finding:
        claim = self.claim or Claim(origin="summary")
        return Finding(
            code="claimed",
            severity=_SEVERITY[verdict],
            path=self.path,
            message=f"the program says {verdict.value}: {_reasons(claim)}",
        )

    def _within_claim(self, claim: Claim) -> Iterator[Finding]:
        if claim.fault is not None:
            yield self._fault("malformed-claim", f"the summary cannot be used: {claim.fault}")
        if claim.exit_code is None:
            return
        if claim.status is not None and claim.exit_code != claim.status.exit_code:
            message = f"status {claim.status.value} and exit code {claim.exit_code} contradict each other"
            yield self._fault(
                "contradiction", message, expected=str(claim.status.exit_code), got=str(claim.exit_code)
            )
        elif not self.is_broken and claim.exit_code != self.measured.exit_code:
            yield self.contradiction(
                "exit_code", f"exit code {self.measured.exit_code}", str(claim.exit_code)
            )

    def contradiction(self, key: str, measured: str, said: str) -> Finding:
        """Return the finding that a part of the summary is not what was measured."""
        return self._fault(
            "contradiction",
            f"`{key}` of the summary is not what was measured",
            key=key,
            expected=measured,
            got=said,
            hint="what was measured counts; mend what the program writes",
        )

    def _fault(
        self,
        code: str,
        message: str,
        *,
        key: str = "",
        expected: str | None = None,
        got: str | None = None,
        hint: str | None = None,
    ) -> Finding:
        path = f"{self.path}#/{key}" if key else self.path
        return Finding(
            code=code,
            severity=Severity.ERROR,
            path=path,
            message=message,
            expected=expected,
            got=got,
            hint=hint,
        )


def _contents(
    claim: Claim | None,
    end: _End,
    name: str,
    experiment: str,
    rows: int | None,
    stands: Callable[[str], bool],
) -> Iterator[Finding]:
    """Yield where the rest of a claim contradicts what is known, and what its counts come to."""
    if claim is None:
        return
    for key, said, known in (("stage", claim.stage, name), ("experiment", claim.experiment, experiment)):
        if said is not None and said != known:
            yield end.contradiction(key, known, said)
    yield from _counts(claim, end, rows)
    for key, path in claim.artifacts.items():
        if not is_relative(path) or not stands(path):
            yield end.contradiction(
                f"artifacts/{key}", "a path that stands in the experiment, relative to it", path
            )
    if claim.errors and claim.status is Verdict.OK:
        message = f"the program says OK and lists errors: {claim.errors[0]}"
        yield Finding(code="claimed", severity=Severity.WARNING, path=end.path, message=message)


def _counts(claim: Claim, end: _End, rows: int | None) -> Iterator[Finding]:
    counts = claim.counts or Counts()
    total, good, failed = counts.inputs_total, counts.inputs_ok, counts.inputs_failed
    if total is not None and good is not None and failed is not None and good + failed != total:
        yield end.contradiction("counts/inputs_total", f"{good} + {failed} = {good + failed}", str(total))
    if rows is not None and counts.outputs_rows is not None and counts.outputs_rows != rows:
        yield end.contradiction("counts/outputs_rows", str(rows), str(counts.outputs_rows))
    if failed:
        yield Finding(
            code="inputs-failed",
            severity=Severity.WARNING,
            path=f"{end.path}#/counts/inputs_failed",
            message=f"{failed} of {total if total is not None else 'its'} inputs failed",
            expected="0",
            got=str(failed),
        )


def _reasons(claim: Claim) -> str:
    reasons = (*claim.errors, *claim.warnings)
    more = f"; and {len(reasons) - _MOST_TOLD} more" if len(reasons) > _MOST_TOLD else ""
    return "; ".join(reasons[:_MOST_TOLD]) + more or "no reason is given"


def _signal(number: int) -> str:
    return f"signal {number} ({_SIGNALS[number]})" if number in _SIGNALS else f"signal {number}"


def _of_shell(code: int | None) -> str:
    number = (code or 0) - _SIGNALLED
    return f" (a shell's word for {_SIGNALS[number]})" if number in _SIGNALS else ""

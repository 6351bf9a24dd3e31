"""Gates: whether what a stage is about to read may be read.

Knows: what closes a gate, and the line that says so.
Does not know: files, how a type is judged.

A gate answers for the consumer: whatever is wrong with an input, the consumer cannot go on: INCOMPLETE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.pipeline.result import Source, StageInput, StageResult
from runpact.model.run import State

_ABSENT = frozenset({"missing", "too-few", "gap"})
"""Codes of the judge that tell of what is not there."""
_USABLE = frozenset({Verdict.OK, Verdict.WARNING})


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The last attempt of the stage that makes an artifact."""

    stage: str
    """`NN_slug`."""
    state: State | None = None
    """None when it never ran."""
    status: Verdict | None = None
    """None when its result cannot be read, or is not there."""
    why: str = ""
    """In words, as its result tells, or why its result cannot be read."""
    stale: str = ""
    """Why it is out of date; empty when it is not."""
    recorded: Mapping[str, str] = {}
    """Digest of each file behind the alias, by path."""


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one artifact that a stage reads."""

    alias: str
    type: str = ""
    is_required: bool = True
    source: Source
    place: str
    """Where it was looked for, as findings name it."""
    made: Made | None = None
    """None when no stage of this experiment makes it, or another place was named."""
    present: Mapping[str, str | None] = {}
    """Digest of each file that stands there, by path; None for one that cannot be read."""
    faults: Sequence[Finding] = ()
    """What its type and its count say against it."""
    regenerate: str = ""
    """The command that makes it anew."""


def judge_needed(needed: Needed) -> tuple[Finding, ...]:
    """Return everything that keeps the gate closed because of one artifact; nothing when it may be read.

    Args:
        needed: What was found of it.
    """
    judged = _Needed(needed)
    return tuple(msgspec.structs.replace(each, rule=needed.alias) for each in judged.findings())


class _Needed:
    """One artifact under judgement."""

    def __init__(self, needed: Needed) -> None:
        self.needed = needed
        self.made = needed.made

    def findings(self) -> Iterator[Finding]:
        """Yield each fault once: what follows from another one is not told again."""
        unmade = self._unmade()
        if unmade:
            if self.needed.is_required:
                yield self._fault("missing-artifact", self.needed.place, unmade, got="nothing")
            return
        if not self.needed.present and not (self.made and self.made.recorded):
            if self.needed.is_required:
                yield self._fault("missing-artifact", self.needed.place, self._nothing(), got="nothing")
            return
        if self.made is not None:
            yield from self._of_producer(self.made)
            yield from self._of_digests(self.made.recorded)
        else:
            yield from self._unread()
        yield from self._of_type()
        if self.needed.source == "legacy":
            yield Finding(
                code="legacy-artifact",
                severity=Severity.WARNING,
                path=self.needed.place,
                message="it comes from a legacy folder: resolved_from_legacy=true",
                hint=self._hint,
            )

    def _unmade(self) -> str:
        """Return why the producer has made nothing yet; empty when it has come to an end."""
        made = self.made
        if made is None:
            return ""
        if made.state is None:
            return f"stage {made.stage} has not run"
        if made.state in {State.RUNNING, State.UNKNOWN}:
            return f"stage {made.stage} is {made.state.value}"
        if made.state in {State.INTERRUPTED, State.ABANDONED}:
            return f"stage {made.stage} was {made.state.value} before it ended"
        return ""

    def _nothing(self) -> str:
        made = self.made
        if made is None or made.status is None or made.status in _USABLE:
            return "nothing stands there"
        reason = f": {made.why}" if made.why else ""
        return f"nothing stands there: stage {made.stage} ended with {made.status.value}{reason}"

    def _of_producer(self, made: Made) -> Iterator[Finding]:
        reason = f": {made.why}" if made.why else ""
        if made.state is State.CORRUPT or (made.state is not State.FINISHED and made.status in _USABLE):
            message = f"stage {made.stage} is {(made.state or State.UNKNOWN).value}{reason}"
            yield self._fault("invalid-artifact", self.needed.place, message, expected="a finished attempt")
        elif made.status is None:
            message = f"no record says how stage {made.stage} ended{reason}"
            yield self._fault(
                "invalid-artifact", self.needed.place, message, expected="OK or WARNING", got="no record"
            )
        elif made.status not in _USABLE:
            message = f"stage {made.stage} ended with {made.status.value}{reason}"
            yield self._fault(
                "invalid-artifact",
                self.needed.place,
                message,
                expected="OK or WARNING",
                got=made.status.value,
            )
        if made.stale:
            yield self._fault(
                "stale-artifact", self.needed.place, f"stage {made.stage} is out of date: {made.stale}"
            )

    def _of_digests(self, recorded: Mapping[str, str]) -> Iterator[Finding]:
        present = self.needed.present
        for path in sorted({*recorded, *present}):
            if path not in present:
                yield self._fault(
                    "missing-artifact",
                    path,
                    "it was made and is gone",
                    expected=recorded[path],
                    got="nothing",
                )
            elif path not in recorded:
                message = "its producer's record does not name it"
                yield self._fault(
                    "invalid-artifact", path, message, expected="a registered output", got=present[path]
                )
            elif present[path] is None:
                yield self._unreadable(path)
            elif present[path] != recorded[path]:
                message = "it is not the file that its producer recorded"
                yield self._fault(
                    "invalid-artifact", path, message, expected=recorded[path], got=present[path]
                )

    def _unread(self) -> Iterator[Finding]:
        yield from (self._unreadable(path) for path, digest in self.needed.present.items() if digest is None)

    def _unreadable(self, path: str) -> Finding:
        return self._fault("invalid-artifact", path, "it cannot be read", expected="a file that can be read")

    def _of_type(self) -> Iterator[Finding]:
        """Yield what the type says against it; a clause that only warns does not close the gate."""
        for fault in self.needed.faults:
            if fault.because is not None or fault.severity is Severity.ADVICE:
                continue
            code = "missing-artifact" if fault.code in _ABSENT else "invalid-artifact"
            weight = Severity.WARNING if fault.severity is Severity.WARNING else Severity.INCOMPLETE
            told = self._fault(code, fault.path, fault.message, expected=fault.expected, got=fault.got)
            yield msgspec.structs.replace(told, severity=weight, hint=told.hint or fault.hint)

    def _fault(
        self, code: str, path: str, message: str, *, expected: str | None = None, got: str | None = None
    ) -> Finding:
        sort = f" ({self.needed.type})" if self.needed.type else ""
        return Finding(
            code=code,
            severity=Severity.INCOMPLETE,
            path=path,
            message=f"`{self.needed.alias}`{sort}: {message}",
            expected=expected,
            got=got,
            hint=self._hint,
        )

    @property
    def _hint(self) -> str | None:
        return f"regenerate it: {self.needed.regenerate}" if self.needed.regenerate else None


def gate_line(finding: Finding) -> str:
    """Return the line by which a gate tells of one fault: `missing_artifact: …`."""
    parts = [finding.path, finding.message]
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"found {finding.got}"] if finding.got else []
    parts += [finding.hint] if finding.hint else []
    text = "; ".join(part for part in parts if part)
    return f"{finding.code.replace('-', '_')}: {' '.join(text.split())}"


def stale_stages(results: Mapping[str, StageResult], changed: Mapping[str, str]) -> dict[str, str]:
    """Return why each stage's last attempt is no longer the latest; nothing for those that are.

    Args:
        results: The last result of each stage, by its id, in the order in which stages feed each other.
        changed: Why a stage would follow from something else now than what it reads, by its id.
    """
    stale: dict[str, str] = {}
    for stage, result in results.items():
        read = (why for each in result.inputs if (why := _outdated(each, results, stale)))
        why = changed.get(stage) or next(read, "")
        if why:
            stale[stage] = why
    return stale


def _outdated(read: StageInput, results: Mapping[str, StageResult], stale: Mapping[str, str]) -> str:
    producer = results.get(read.producer.stage) if read.producer is not None else None
    if producer is None or read.producer is None:
        return ""
    if read.producer.stage in stale:
        return f"stage {producer.name}, which it reads, is out of date itself"
    made = {each.path: each.digest for each in producer.outputs}
    if read.path not in made:
        return f"{read.path} is no longer made by stage {producer.name}"
    if made[read.path] != read.digest:
        return f"{read.path} was made anew by stage {producer.name} and is another file now"
    return ""

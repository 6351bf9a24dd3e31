"""The definition of done of a stage: eight points, each by what was measured.

Knows: what each point asks, and that a stage that fails one of them is in development.
Does not know: how anything is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from runpact.model.contract.language import ArtifactType, Stage
from runpact.model.contract.stages import directory_of, outputs_of, reads_of
from runpact.model.facts import Json
from runpact.model.finding import Finding, Severity
from runpact.model.pipeline.result import StageInput, StageResult
from runpact.model.pipeline.view import StageRow

POINTS = (
    "takes the experiment it is given",
    "reads its inputs by alias or manifest",
    "validates its inputs",
    "writes its outputs where the contract says",
    "validates its outputs",
    "stands in the manifest",
    "leaves summary and logs",
    "passes the smoke experiment",
)
_GRAVE = frozenset({Severity.ERROR, Severity.INCOMPLETE})
_ELSEWHERE = frozenset({"stray-write", "unexpected"})
_LOGS = ("logs/stdout.log", "logs/stderr.log")


class Smoke(msgspec.Struct, frozen=True, kw_only=True):
    """How a stage did in the experiment that stands for all."""

    experiment: str = ""
    """Its name; empty when the contract names none."""
    fault: str = ""
    """Why it could not be looked at."""
    row: StageRow | None = None
    """The last attempt there."""
    why: str = ""
    """Why the stage would run again there; empty when it is up to date."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one stage of an experiment."""

    stage: Stage
    experiment: str
    types: Mapping[str, ArtifactType]
    written: Mapping[str, tuple[str, ...]] = {}
    """Types of what stands behind each alias of the experiment; an empty one for what has none."""
    row: StageRow | None
    """Its last attempt."""
    why: str = ""
    """Why it would run now; empty when it is up to date."""
    gate: tuple[Finding, ...] = ()
    """What keeps its gate closed now, every input judged by its type."""
    outputs: tuple[Finding, ...] = ()
    """What is wrong with its outputs now, each judged by its type."""
    damage: tuple[Finding, ...] = ()
    """What the bytes of the attempt say against its records."""
    lost: Mapping[str, str] = {}
    """Where an alias of it should lead and does not, by alias."""
    line: tuple[Finding, ...] = ()
    """Where the manifest of the experiment says otherwise than the attempt."""
    sealed: frozenset[str] = frozenset()
    """Files that the attempt's manifest names."""
    summary: Json = None
    """Its summary, as it stands there."""
    summary_path: str = ""
    """Where the layout has the summary, relative to the stage; empty when it has none."""
    smoke: Smoke = Smoke()


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One point of the definition of done."""

    number: int
    name: str
    holds: bool
    evidence: str
    """What was measured, or what is not as it should be."""


class DoneStage(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stage is."""

    name: str
    points: tuple[Point, ...]

    @property
    def is_done(self) -> bool:
        """Whether all eight points hold; else the stage is in development."""
        return all(point.holds for point in self.points)

    @property
    def label(self) -> str:
        """`done` or `in development`."""
        return "done" if self.is_done else "in development"


_Answer = tuple[bool, str]


def judge_done(found: Measurement) -> DoneStage:
    """Hold a stage against the eight points."""
    result = found.row.result if found.row is not None else None
    if result is None:
        state = f"its last attempt is {found.row.state.value}" if found.row is not None else "it has not run"
        answers: tuple[_Answer, ...] = ((False, state),) * (len(POINTS) - 1)
    else:
        answers = (
            _takes_experiment(found, result),
            _reads_by_alias(found, result),
            _validates_inputs(found, result),
            _writes_in_layout(found, result),
            _validates_outputs(found, result),
            _stands_in_manifest(found, result),
            _leaves_summary(found, result),
        )
    answers = (*answers, _passes_smoke(found.smoke))
    points = (
        Point(number=number, name=name, holds=holds, evidence=evidence)
        for number, (name, (holds, evidence)) in enumerate(zip(POINTS, answers, strict=True), start=1)
    )
    return DoneStage(name=directory_of(found.stage), points=tuple(points))


def _takes_experiment(found: Measurement, result: StageResult) -> _Answer:
    if not result.is_usable:
        return False, f"attempt {result.attempt} ended with {result.status.value}"
    if found.why:
        return False, f"attempt {result.attempt} is of an older state: {found.why}"
    return True, (
        f"attempt {result.attempt} ran for `{found.experiment}` and ended with {result.status.value}, "
        f"{_counted(len(result.outputs), 'file')} written there"
    )


def _reads_by_alias(found: Measurement, result: StageResult) -> _Answer:
    reads = reads_of(found.stage)
    if not reads:
        return True, "it reads no artifact"
    odd = next((each for each in result.inputs if not _is_resolved(each, found)), None)
    if odd is not None:
        how = "from a legacy folder" if odd.resolved_from_legacy else f"by {odd.source}"
        return False, f"`{odd.path}` was found {how}"
    aliases = {each.alias for each in result.inputs}
    lost = next((alias for alias, read in reads.items() if read.required and alias not in aliases), None)
    if lost is not None:
        return False, f"nothing was read behind `{lost}`"
    return True, f"{_counted(len(result.inputs), 'file')} behind {_counted(len(aliases), 'alias')}"


def _is_resolved(each: StageInput, found: Measurement) -> bool:
    """Whether an input was named by record or contract, or is one that the command line must name."""
    read = reads_of(found.stage).get(each.alias)
    is_named = each.source in {"manifest", "contract"} or (read is not None and bool(read.outside))
    return is_named and not each.resolved_from_legacy


def _validates_inputs(found: Measurement, result: StageResult) -> _Answer:
    reads = reads_of(found.stage)
    if not reads:
        return True, "it reads no artifact"
    sorts = {
        alias: (read.type_,) if read.type_ else found.written.get(alias, ("",))
        for alias, read in reads.items()
    }
    return _typed(sorts, found.types, found.gate) or (
        True,
        f"{_counted(len(result.inputs), 'file')} judged now by {_listed(sorts)}",
    )


def _validates_outputs(found: Measurement, result: StageResult) -> _Answer:
    sorts = {alias: found.written.get(alias, ("",)) for alias, _output in outputs_of(found.stage)}
    if not sorts:
        return False, "the contract names no output of it"
    return _typed(sorts, found.types, found.outputs) or (
        True,
        f"{_counted(len(result.outputs), 'file')} judged now by {_listed(sorts)}",
    )


def _typed(
    sorts: Mapping[str, tuple[str, ...]], types: Mapping[str, ArtifactType], faults: tuple[Finding, ...]
) -> _Answer | None:
    """Return why artifacts count as not validated: one has no type, or is not of its type."""
    for alias, names in sorts.items():
        if not all(_demands(types.get(name)) for name in names):
            return False, f"`{alias}` has no type that demands anything"
    fault = _worst(faults)
    return (False, fault) if fault else None


def _demands(sort: ArtifactType | None) -> bool:
    return sort is not None and any(
        each is not None for each in (sort.format_, sort.schema, sort.table, sort.arrays, sort.text)
    )


def _writes_in_layout(found: Measurement, result: StageResult) -> _Answer:
    written = {each.alias for each in result.outputs}
    absent = [
        alias for alias, output in outputs_of(found.stage) if output.required is True and alias not in written
    ]
    if absent:
        return False, f"nothing stands behind `{absent[0]}`"
    if not written:
        return False, "it has written nothing that the contract names"
    told = [each for each in result.findings if each.severity is not Severity.ADVICE]
    stray = next((each for each in told if each.code in _ELSEWHERE), None)
    fault = _worst(found.damage) or (f"{stray.path}: {stray.message}" if stray is not None else "")
    if fault:
        return False, fault
    if found.lost:
        alias, target = next(iter(found.lost.items()))
        return False, f"the alias `{alias}` does not lead to {target}"
    return True, (
        f"{_counted(len(result.outputs), 'file')} behind {_counted(len(written), 'alias')}, "
        "as they were sealed"
    )


def _stands_in_manifest(found: Measurement, result: StageResult) -> _Answer:
    if found.line:
        return False, found.line[0].message
    return True, f"its line names attempt {result.attempt} and the digest of its manifest"


def _leaves_summary(found: Measurement, result: StageResult) -> _Answer:
    if not found.summary_path:
        return False, (
            "the layout has no summary of a stage: "
            "`{file: stage_summary.json, written: seal, fields: summary}` in `each_stage`"
        )
    absent = [path for path in (found.summary_path, *_LOGS) if path not in found.sealed]
    if absent:
        return False, f"`{absent[0]}` is not in the attempt"
    said = found.summary.get("status") if isinstance(found.summary, dict) else None
    if said != result.status.value:
        return False, f"the summary says {said}, the record {result.status.value}"
    return True, f"{found.summary_path} says {said}, as the record does; {' and '.join(_LOGS)} are sealed"


def _passes_smoke(smoke: Smoke) -> _Answer:
    if not smoke.experiment:
        return False, "no smoke experiment is named: `smoke` of the kind, or --smoke"
    if smoke.fault:
        return False, smoke.fault
    result = smoke.row.result if smoke.row is not None else None
    if result is None:
        return False, f"it has not run to its end in `{smoke.experiment}`"
    if not result.is_usable:
        return False, f"it ended with {result.status.value} in `{smoke.experiment}`"
    if smoke.why:
        return False, f"in `{smoke.experiment}` it ran in an older state: {smoke.why}"
    return True, f"attempt {result.attempt} in `{smoke.experiment}` ended with {result.status.value}"


def _worst(findings: Iterable[Finding]) -> str:
    """Return the first finding that counts as a fault, as text; empty when there is none."""
    return next((f"{each.path}: {each.message}" for each in findings if each.severity in _GRAVE), "")


def _listed(sorts: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(sorted({name for names in sorts.values() for name in names}))


def _counted(count: int, word: str) -> str:
    more = "es" if word.endswith("s") else "s"
    return f"{count} {word}{more if count != 1 else ''}"

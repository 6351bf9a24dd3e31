"""What a stage is about to read: where it stands, and whether it may be read.

Knows: how the facts are gathered that a gate is judged by, who is asked where an input is.
Does not know: what closes a gate, how a type is judged.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from runpact.disk.alias import link_target
from runpact.disk.legacy import standing_at
from runpact.disk.stamps import stamp_of
from runpact.host.realpath import real_path
from runpact.model.contract.language import Read, Stage
from runpact.model.contract.stages import directory_of, reads_of
from runpact.model.finding import Finding, Report, Severity, Verdict
from runpact.model.names import relative_to
from runpact.model.pipeline.gate import Made, Needed, judge_needed
from runpact.model.pipeline.legacy import FOLDER, ImportRecord
from runpact.model.pipeline.plan import command_line
from runpact.model.pipeline.resolve import Resolved, Sources, resolve
from runpact.model.pipeline.result import Producer, StageInput
from runpact.model.pipeline.view import StageRow
from runpact.model.run import State
from runpact.verbs.pipeline.behind import Behind, look_behind
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.remedy import first_to_run

_SIZE = 1
"""Index of the size in a stamp."""
_OPEN = frozenset({Verdict.OK, Verdict.WARNING})
Given = Mapping[str, tuple[str, ...]]
"""Absolute paths that the caller names for an alias."""


class Gathered(msgspec.Struct, frozen=True):
    """What a stage reads, and what keeps its gate closed."""

    inputs: tuple[StageInput, ...]
    folders: Mapping[str, str]
    """Absolute path of what each alias leads to."""
    findings: tuple[Finding, ...]
    """Paths relative to the experiment."""
    named: Mapping[str, str] = MappingProxyType({})
    """What a caller named for an alias: below the data root relative to it, else absolute."""
    remembered: tuple[str, ...] = ()
    """Aliases of these for which nothing was named now, but for the last attempt."""
    first: str = ""
    """Id of the stage to begin with so that the gate opens; empty when no stage can do that."""

    @property
    def verdict(self) -> Verdict:
        """OK or WARNING when the gate is open, INCOMPLETE when it is closed."""
        return Report(self.findings).verdict

    @property
    def is_open(self) -> bool:
        """Whether the stage may begin."""
        return self.verdict in _OPEN


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one alias."""

    place: str
    """Absolute."""
    present: Mapping[str, str | None]
    """Digest of each file by the path that records give it."""
    files: Mapping[str, str]
    """Absolute path of each of them."""
    faults: tuple[Finding, ...] = ()
    """Paths as records give them."""
    made: Made | None = None


def gather_inputs(
    experiment: Experiment,
    stage: Stage,
    given: Given = MappingProxyType({}),
    *,
    is_thorough: bool = False,
    changed: Mapping[str, str] = MappingProxyType({}),
) -> Gathered:
    """Return what a stage would read now.

    Args:
        experiment: The experiment.
        stage: The consumer.
        given: Absolute paths that the caller names, by alias.
        is_thorough: Judge the types also of what its producer was judged by under the same contract.
        changed: Why stages before it would follow from something else now, by id.
    """
    gate = _Gate(experiment, stage, given, is_thorough=is_thorough, changed=changed)
    inputs: list[StageInput] = []
    folders: dict[str, str] = {}
    findings: list[Finding] = []
    named: dict[str, str] = {}
    closing: list[str] = []
    for alias, read in reads_of(stage).items():
        answer = resolve(alias, gate.sources(alias, read))
        if isinstance(answer, Finding):
            found = _unresolved(answer, alias, read)
            findings += found
            closing += [alias] * bool(found)
            continue
        if answer.source == "cli":
            named[alias] = answer.path.removeprefix(experiment.root.rstrip("/") + "/")
            answer = gate.followed(answer)
        seen = gate.look(alias, read, answer)
        found = list(gate.judge(alias, read, answer, seen))
        findings += found
        closing += [alias] * (answer.source != "cli" and Report(tuple(found)).verdict not in _OPEN)
        inputs += gate.rows(alias, answer, seen)
        folders[alias] = gate.told(alias, answer)
    remembered = tuple(alias for alias in named if alias not in given)
    return Gathered(tuple(inputs), folders, tuple(findings), named, remembered, gate.first(closing))


def _named_anew(alias: str) -> str:
    return f"put it there, name another with --input {alias}=PATH, or forget what was named: --input {alias}="


def _unresolved(finding: Finding, alias: str, read: Read) -> list[Finding]:
    if finding.code == "missing-artifact" and not read.required:
        return []
    hint = finding.hint or f"name it with --input {alias}=PATH"
    return [msgspec.structs.replace(finding, rule=alias, hint=hint)]


class _Gate:
    """The gate before one stage."""

    def __init__(
        self,
        experiment: Experiment,
        stage: Stage,
        given: Given,
        *,
        is_thorough: bool,
        changed: Mapping[str, str],
    ) -> None:
        self.experiment = experiment
        self.changed = changed
        self.stage = stage
        self.given = given
        self.is_thorough = is_thorough
        self.imported = experiment.imported()
        self._stale: dict[str, str] | None = None

    # -- where it is ---------------------------------------------------------------------------------------

    def sources(self, alias: str, read: Read) -> Sources:
        """Return who names a place; the record answers for every stage that has begun."""
        experiment, writer = self.experiment, self.experiment.graph.writer.get(alias)
        has_begun = writer is not None and experiment.row(writer) is not None
        legacy = (self._imported_at(alias) or self._legacy(alias)) if not has_begun else ()
        is_recorded = writer is not None and (has_begun or not legacy)
        recorded = experiment.target(writer, alias) if writer is not None else ""
        declared = (posixpath.join(experiment.root, read.outside),) if isinstance(read.outside, str) else ()
        is_answered = is_recorded or declared or legacy
        return Sources(
            given=self.given.get(alias, () if is_answered else self._remembered(alias)),
            declared=declared,
            recorded=(posixpath.join(experiment.directory, recorded),) if is_recorded else (),
            legacy=legacy,
        )

    def _remembered(self, alias: str) -> tuple[str, ...]:
        """Return what was named for the last attempt, so that nobody must name it each time."""
        row = self.experiment.row(self.stage)
        path = row.result.named.get(alias) if row is not None and row.result is not None else None
        return (posixpath.join(self.experiment.root, path),) if path is not None else ()

    def _imported_at(self, alias: str) -> tuple[str, ...]:
        """Return the folder that holds what was imported for an alias."""
        record = self.imported
        folder = record.aliases.get(alias) if record is not None and record.is_complete else None
        return (posixpath.join(self.experiment.directory, folder),) if folder is not None else ()

    def _legacy(self, alias: str) -> tuple[str, ...]:
        template = self.experiment.kind.legacy.get(alias, "")
        for name, value in self.experiment.record.captures.items():
            template = template.replace(f"{{{name}}}", value)
        root = self.experiment.root
        return tuple(posixpath.join(root, path) for path in standing_at(root, template)) if template else ()

    def followed(self, answer: Resolved) -> Resolved:
        """Return what a caller named; of a link that leads out of the workspace, what it leads to."""
        real = real_path(answer.path)
        is_inside = real.startswith(real_path(self.experiment.root).rstrip("/") + "/")
        return answer if is_inside else msgspec.structs.replace(answer, path=real)

    def told(self, alias: str, answer: Resolved) -> str:
        """Return the path that the consumer is told: the alias itself, where it stands on disk."""
        is_alias = answer.source == "manifest" and self.experiment.kind.aliases != "record"
        return posixpath.join(self.experiment.directory, alias) if is_alias else answer.path

    # -- what stands there ---------------------------------------------------------------------------------

    def look(self, alias: str, read: Read, answer: Resolved) -> _Seen:
        """Return what stands at the place of an alias."""
        writer = self.experiment.graph.writer.get(alias)
        if answer.source == "legacy" and self.imported is not None and self._imported_at(alias):
            return self._taken_over(self.imported, alias, read, answer.path)
        if answer.source != "manifest" or writer is None:
            return self._foreign(self._behind(answer.path, alias, read))
        row = self.experiment.row(writer)
        made = self._made(writer, alias, row)
        place = answer.path
        if self.experiment.kind.aliases == "directory" and made.recorded:
            place = posixpath.join(self.experiment.directory, alias)
        if not self._must_be_judged(row):
            return self._as_recorded(writer, alias, made, place)
        behind = self._behind(place, alias, read)
        target = self.experiment.target(writer, alias)
        files = {posixpath.join(target, path): file for path, file in behind.pairs}
        told = self._all_placed(behind.faults, place)
        return _Seen(place=place, present=self._digests(files), files=files, faults=told, made=made)

    def _must_be_judged(self, row: StageRow | None) -> bool:
        return self.is_thorough or (row is not None and row.contract_digest != self.experiment.loaded.digest)

    def _behind(self, place: str, alias: str, read: Read) -> Behind:
        experiment = self.experiment
        writer = experiment.graph.writer.get(alias)
        return look_behind(
            place,
            alias,
            read,
            writer,
            loaded=experiment.loaded,
            root=experiment.root,
            home=experiment.directory,
        )

    def _foreign(self, behind: Behind) -> _Seen:
        files = {
            self._shown(file): behind.led.get(file) or _inside(file, behind.place)
            for _path, file in behind.pairs
        }
        faults = self._all_placed(behind.faults, behind.folder)
        return _Seen(place=behind.place, present=self._digests(files), files=files, faults=faults)

    def _taken_over(self, record: ImportRecord, alias: str, read: Read, place: str) -> _Seen:
        """Return what was imported; links are judged where they lead to."""
        below = posixpath.join(FOLDER, alias)
        behind = self._behind(place, alias, read)
        recorded = {file.path: file.digest for file in record.files if file.alias == alias}
        seen = {posixpath.join(below, path): behind.led.get(file, file) for path, file in behind.pairs}
        made = Made(
            stage=f"import of {record.source}", state=State.FINISHED, status=Verdict.OK, recorded=recorded
        )
        told = self._all_placed(behind.faults, place)
        return _Seen(place=place, present=self._digests(seen), files=seen, faults=told, made=made)

    def _as_recorded(self, writer: Stage, alias: str, made: Made, place: str) -> _Seen:
        """Return the files that the producer recorded and that stand there; their types were judged."""
        target = self.experiment.target(writer, alias)
        files = {path: f"{place}/{relative_to(path, target)}" for path in made.recorded}
        files = {path: file for path, file in files.items() if stamp_of(file) is not None}
        return _Seen(place=place, present=self._digests(files), files=files, made=made)

    def _digests(self, files: Mapping[str, str]) -> dict[str, str | None]:
        return {path: self.experiment.proven.digest(file) for path, file in files.items()}

    def _made(self, writer: Stage, alias: str, row: StageRow | None) -> Made:
        name = directory_of(writer)
        if row is None:
            return Made(stage=name)
        result = row.result
        outputs = result.outputs if result is not None else ()
        return Made(
            stage=name,
            state=row.state,
            status=result.status if result is not None else None,
            why=row.reason.removeprefix(f"{result.status.value}: ") if result is not None else row.reason,
            stale=self._stale_stages().get(name, ""),
            recorded={each.path: each.digest for each in outputs if each.alias == alias},
        )

    def _stale_stages(self) -> Mapping[str, str]:
        if self._stale is None:
            self._stale = self.experiment.stale(self.experiment.rows(), self.changed)
        return self._stale

    def first(self, closing: Iterable[str]) -> str:
        """Return the id of the first stage to run again so that these aliases may be read."""
        writer = self.experiment.graph.writer
        return min((self._root(writer[each]) for each in closing if each in writer), default="")

    def _root(self, writer: Stage) -> str:
        return first_to_run(self.experiment, writer, self._stale_stages())

    # -- what is said of it --------------------------------------------------------------------------------

    def judge(self, alias: str, read: Read, answer: Resolved, seen: _Seen) -> Iterator[Finding]:
        """Yield everything that keeps the gate closed because of one alias."""
        writer = self.experiment.graph.writer.get(alias) if answer.source == "manifest" else None
        needed = Needed(
            alias=alias,
            type=read.type_ or "",
            is_required=read.required or answer.source == "cli",
            source=answer.source,
            place=self._shown(seen.place),
            made=seen.made,
            present=seen.present,
            faults=seen.faults,
        )
        if answer.source == "cli" and not seen.present:
            yield from (
                msgspec.structs.replace(each, hint=_named_anew(alias)) for each in judge_needed(needed)
            )
            return
        if writer is None:
            yield from judge_needed(needed)
            return
        if judge_needed(needed):  # an open gate needs no remedy, which takes a look around
            needed = msgspec.structs.replace(needed, regenerate=self._again(writer))
        for finding in judge_needed(needed):
            yield self._as_met(finding, alias, seen.place)
        if seen.made is not None and seen.made.recorded:
            yield from self._alias(alias, writer, seen.made)

    def _again(self, writer: Stage) -> str:
        """Return the command that makes what a stage writes anew."""
        return command_line(self.experiment.name, first=self._root(writer), last=writer.id)

    def _as_met(self, finding: Finding, alias: str, place: str) -> Finding:
        """Return a finding about the file that a person meets: records name the original, not its copy."""
        target = self.experiment.target(self.experiment.graph.writer[alias], alias)
        if not finding.path.startswith(f"{target}/"):
            return finding
        below = relative_to(finding.path, target)
        return msgspec.structs.replace(finding, path=self._shown(posixpath.join(place, below)))

    def _alias(self, alias: str, writer: Stage, made: Made) -> Iterator[Finding]:
        """Yield why an alias does not lead to what its stage made."""
        expected = self.experiment.target(writer, alias)
        got = link_target(self.experiment.directory, alias)
        if self.experiment.kind.aliases != "link" or got == expected or made.status is None:
            return
        yield Finding(
            code="missing-artifact" if got is None else "invalid-artifact",
            severity=Severity.INCOMPLETE,
            path=alias,
            rule=alias,
            message=f"the alias `{alias}` does not lead to what stage {made.stage} made",
            expected=f"a link to {expected}",
            got=f"a link to {got}" if got is not None else "no link",
            hint=f"regenerate it: {self._again(writer)}",
        )

    def rows(self, alias: str, answer: Resolved, seen: _Seen) -> Iterator[StageInput]:
        """Yield each file that the stage would read, for the record."""
        writer = self.experiment.graph.writer.get(alias) if answer.source == "manifest" else None
        row = self.experiment.row(writer) if writer is not None else None
        uid = row.uid or "" if row is not None else ""
        producer = Producer(writer.id, uid) if writer is not None else None
        for path, digest in seen.present.items():
            stamp = stamp_of(seen.files[path]) or ()
            yield StageInput(
                alias=alias,
                path=path,
                digest=digest or "",
                size=stamp[_SIZE] if len(stamp) > _SIZE else 0,
                producer=producer,
                source=answer.source,
                resolved_from_legacy=answer.resolved_from_legacy,
            )

    def _shown(self, path: str) -> str:
        """Return how records name a path: relative to the experiment, absolute outside the workspace."""
        is_inside = f"{path}/".startswith(self.experiment.root.rstrip("/") + "/")
        return relative_to(path, self.experiment.directory) if is_inside else path

    def _all_placed(self, faults: tuple[Finding, ...], folder: str) -> tuple[Finding, ...]:
        return tuple(self._placed(fault, folder) for fault in faults)

    def _placed(self, fault: Finding, folder: str) -> Finding:
        file, mark, pointer = fault.path.partition("#")
        path = self._shown(posixpath.join(folder, file).rstrip("/"))
        return msgspec.structs.replace(fault, path=f"{path}{mark}{pointer}")


def _inside(file: str, place: str) -> str:
    """Return what a link in a folder leads to, as long as that stands in the folder; else the link itself."""
    real = real_path(file)
    return real if real.startswith(real_path(place).rstrip("/") + "/") else file

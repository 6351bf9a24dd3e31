"""Stage directories and owned places: parts of a run that are judged like runs of their own.

Knows: which directories are stages, what a part shares with its run.
Does not know: any clause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from runpact.model.contract.language import EachStage, Kind
from runpact.model.contract.stages import attempt_kind
from runpact.model.facts import RunTree
from runpact.model.finding import Finding, Severity
from runpact.model.judge.subject import Subject
from runpact.model.template import PathTemplate

Judge = Callable[[Subject], None]


def judge_stages(subject: Subject, judge: Judge) -> Iterator[Finding]:
    """Yield every finding about the stage directories of a run, each named from the run's directory."""
    each_stage = subject.kind.each_stage
    if each_stage is None:
        return
    stages = {stage.id: stage for stage in subject.kind.stages}
    types = subject.loaded.contract.types
    template = PathTemplate.parse(each_stage.at)
    found = False
    for fact in subject.tree.files:
        captures = template.match(fact.path) if fact.kind == "dir" else None
        if captures is None:
            continue
        found = True
        stage = {name.removeprefix("stage."): value for name, value in captures.items()}
        kind = attempt_kind(subject.kind, stages.get(stage.get("id", "")), types)
        run = {**subject.tree.run, "stage": stage}
        part = Subject(kind, subject.loaded, below(subject.tree, fact.path, run), {"stage": stage})
        judge(part)
        yield from (moved(finding, fact.path) for finding in part.findings)
    if not found:
        yield _no_stage(each_stage)


def judge_places(subject: Subject, judge: Judge) -> Iterator[Finding]:
    """Yield every finding about the places a run owns, each named from the run's directory."""
    for name, place in subject.kind.places.items():
        if name in subject.tree.places:
            prefix, tree = subject.tree.places[name]
            kind = Kind(at="place", entries=place.entries, others=place.others)
            part = Subject(kind, subject.loaded, tree)
            judge(part)
            yield from (moved(finding, prefix) for finding in part.findings)


def _no_stage(each_stage: EachStage) -> Finding:
    return Finding(
        code="vacuous",
        severity=Severity.ADVICE,
        rule="each_stage",
        message="no directory of a stage stands here",
        expected=each_stage.at,
        got="nothing",
        hint="`--strict` makes this INCOMPLETE",
    )


def below(tree: RunTree, folder: str, run: dict[str, object]) -> RunTree:
    """Return the part of a tree below one of its directories, its paths relative to that."""
    prefix = f"{folder}/"
    files = tuple(
        msgspec.structs.replace(fact, path=fact.path.removeprefix(prefix))
        for fact in tree.files
        if fact.path.startswith(prefix)
    )
    return msgspec.structs.replace(
        tree,
        files=files,
        run=run,
        document=lambda path, form: tree.document(prefix + path, form),
        content=lambda path, form: tree.content(prefix + path, form),
        rows=lambda path, form: tree.rows(prefix + path, form),
        table=lambda path, form: tree.table(prefix + path, form),
        arrays=lambda path: tree.arrays(prefix + path),
        values=lambda path, name: tree.values(prefix + path, name),
        header=lambda path: tree.header(prefix + path),
        text=lambda path: tree.text(prefix + path),
        is_canonical=lambda path: tree.is_canonical(prefix + path),
        digest=lambda path, algorithm: tree.digest(prefix + path, algorithm),
        chunk=lambda path, start, count: tree.chunk(prefix + path, start, count),
    )


def moved(finding: Finding, folder: str) -> Finding:
    """Return a finding of a part, named from the run's directory."""
    because = f"{folder}/{finding.because}" if finding.because is not None else None
    path = f"{folder}/{finding.path}".rstrip("/")
    return msgspec.structs.replace(finding, path=path, because=because)

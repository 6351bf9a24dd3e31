"""What a stage wrote: registered by digest, judged by the contract.

Knows: which files stand behind which alias, who judges them.
Does not know: a single rule.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

import msgspec

from runpact.disk.tree import Folders, digest_file, list_tree
from runpact.formats.inspect import inspect_file
from runpact.host.quiet import quiet_expressions
from runpact.model.contract.language import Kind, LoadedContract, Stage
from runpact.model.contract.stages import attempt_kind, directory_of, outputs_of
from runpact.model.errors import StorageError
from runpact.model.facts import TableFact
from runpact.model.finding import Finding
from runpact.model.judge import judge
from runpact.model.judge.parts import moved
from runpact.model.manifest import FileRecord
from runpact.model.names import readable_path
from runpact.model.pipeline.result import StageOutput
from runpact.model.run import State
from runpact.model.template import PathTemplate
from runpact.model.variables import run_variables
from runpact.verbs.finding.gather import tree_of
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.pipeline.experiment import Experiment


def stage_kind(kind: Kind, stage: Stage, loaded: LoadedContract) -> Kind:
    """Return what an attempt at a stage must hold: what every stage does, and what this one writes."""
    return attempt_kind(kind, stage, loaded.contract.types)


def register_outputs(run: ActiveRun, experiment: Experiment, stage: Stage) -> tuple[StageOutput, ...]:
    """Pin every file that stands behind an alias of the stage, sorted by path."""
    patterns = [
        (alias, output, PathTemplate.pattern(output.file or output.files or ""))
        for alias, output in outputs_of(stage)
    ]
    name = directory_of(stage)
    registered = []
    with Folders(run.dir) as folders:
        for fact in list_tree(run.dir):
            if fact.kind != "file" or fact.path.startswith(".runpact/"):
                continue
            for alias, output, pattern in patterns:
                if pattern.match(fact.path) is None:
                    continue
                record = _pinned(run, folders, fact.path, alias, output.type_ or "")
                if record is not None:
                    registered.append(
                        StageOutput(
                            alias=alias,
                            path=f"{name}/{readable_path(fact.path)}",
                            digest=record.digest,
                            size=record.size,
                            type=record.type,
                        )
                    )
    del experiment
    return tuple(registered)


def _pinned(run: ActiveRun, folders: Folders, path: str, alias: str, sort: str) -> FileRecord | None:
    """Hash an output once, also for the seal; None for one that cannot be read, which the seal tells."""
    try:
        digest, size = digest_file(run.dir, path, folders=folders)
    except StorageError:
        return None
    record = FileRecord(path, size, digest, entry=alias, type=sort)
    run.stored[path] = record
    return record


def rows_written(run: ActiveRun, outputs: Iterable[StageOutput]) -> int | None:
    """Return how many rows the tables have that a stage wrote; None when it wrote none that can be read."""
    prefix = f"{posixpath.basename(run.dir)}/"
    tables = {each.path.removeprefix(prefix) for each in outputs if each.path.endswith((".csv", ".tsv"))}
    facts = [inspect_file(posixpath.join(run.dir, path)) for path in sorted(tables)]
    counts = [fact.rows for fact in facts if isinstance(fact, TableFact)]
    return sum(counts) if counts and len(counts) == len(facts) else None


def judge_outputs(run: ActiveRun, experiment: Experiment, stage: Stage) -> tuple[Finding, ...]:
    """Return every finding about the directory of an attempt that is about to be sealed."""
    quiet_expressions()
    loaded = experiment.loaded
    tree = tree_of(run.dir, loaded, experiment.root, is_own=True)
    told = {"id": stage.id, "slug": stage.slug}
    known = run_variables(run.record, State.FINISHED, "", None, run.provenance)
    known |= {"id": experiment.name, "stage": told}
    report = judge(run.kind, loaded, msgspec.structs.replace(tree, run=known), {"stage": told})
    return tuple(moved(finding, directory_of(stage)) for finding in report.findings)

"""Judges one run against its contract: pure rules, no disk.

Each clause of a kind has a module; adding one touches this list and that module.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from runpact.model.contract.language import Kind, LoadedContract
from runpact.model.facts import RunTree
from runpact.model.finding import Finding, Report, Severity
from runpact.model.judge.arrays import judge_arrays
from runpact.model.judge.documents import judge_documents
from runpact.model.judge.formats import judge_formats
from runpact.model.judge.inventories import judge_inventories
from runpact.model.judge.others import judge_others
from runpact.model.judge.parts import judge_places, judge_stages
from runpact.model.judge.presence import judge_presence
from runpact.model.judge.rules import judge_rules
from runpact.model.judge.states import judge_states
from runpact.model.judge.subject import Subject
from runpact.model.judge.tables import judge_tables
from runpact.model.judge.texts import judge_texts
from runpact.model.judge.tiers import reached

CLAUSES = (
    judge_presence,
    judge_documents,
    judge_tables,
    judge_texts,
    judge_arrays,
    judge_formats,
    judge_others,
    judge_inventories,
    judge_states,
    judge_rules,
)


def judge(
    kind: Kind,
    loaded: LoadedContract,
    tree: RunTree,
    constants: Mapping[str, object] = MappingProxyType({}),
) -> Report:
    """Return every finding about a run, in the order of the contract's clauses.

    Args:
        kind: The kind the run is of.
        loaded: The contract that judges, with its schema documents.
        tree: What stands in the run directory.
        constants: Names that every expression knows.
    """
    subject = Subject(kind, loaded, tree, constants)
    _judge(subject)
    subject.add(judge_stages(subject, _judge))
    subject.add(judge_places(subject, _judge))
    if not (kind.entries or kind.rules or kind.inventories or kind.each_stage or kind.places):
        subject.add([_bare(loaded)])
    return Report(tuple(subject.findings), reached(subject))


def _judge(subject: Subject) -> None:
    for clause in CLAUSES:
        subject.add(clause(subject))
    subject.settle()


def is_of_kind(kind: Kind, loaded: LoadedContract, tree: RunTree) -> bool:
    """Whether a run is of a kind by what it contains; a question without answer says no."""
    return kind.told_by is None or Subject(kind, loaded, tree).decide(kind.told_by) is True


def _bare(loaded: LoadedContract) -> Finding:
    return Finding(
        code="bare-contract",
        severity=Severity.ADVICE,
        message="the contract demands no file: judged by runpact's own records alone",
        expected="entries or rules",
        got="none",
        hint=f"add entries to `{loaded.contract.contract}` to say what a run must contain",
    )

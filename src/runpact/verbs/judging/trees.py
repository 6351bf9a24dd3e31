"""Judge the good and bad trees that a contract carries.

Knows: where cases stand, how a bad tree is made of a good one, which rules no tree breaks.
Does not know: a single rule.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from runpact.disk.contractfiles import is_file, read_beneath
from runpact.disk.scratch import ScratchTree, scratch_copy
from runpact.formats.encode import encode_value
from runpact.formats.inspect import parse_document
from runpact.model.contract.cases import Case, Edit, disagreements, rule_ids
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import CannotStartError
from runpact.model.facts import FormatFault
from runpact.model.reference import parts_of, replaced_at
from runpact.verbs.finding.find import list_runs
from runpact.verbs.finding.strays import check_surroundings
from runpact.verbs.judging.check import check_run

CASES = ("cases.yaml", "cases.json")
TREES = "trees"


class TriedCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case, and in what its judgement was not as expected."""

    tree: str
    verdict: str
    rule: str | None
    faults: tuple[str, ...]


class TriedContract(msgspec.Struct, frozen=True, kw_only=True):
    """All cases of a contract, and the rules that no bad tree breaks."""

    id: str
    cases: tuple[TriedCase, ...]
    unbroken: tuple[str, ...]

    @property
    def right(self) -> int:
        """How many cases were judged as expected."""
        return sum(not case.faults for case in self.cases)

    @property
    def is_ok(self) -> bool:
        """Whether there are cases, all were judged as expected and every rule is broken by one."""
        return bool(self.cases) and self.right == len(self.cases) and not self.unbroken


def try_trees(loaded: LoadedContract, folder: str) -> TriedContract:
    """Judge every tree of a contract.

    Args:
        loaded: The contract.
        folder: Absolute folder that holds its cases.

    Raises:
        CannotStartError: There are no cases, or they cannot be read.
    """
    cases = read_cases(folder)
    wrong: set[str] = set()
    tried = tuple(_try_on(wrong, loaded, folder, case) for case in cases)
    broken = {case.rule for case in cases if case.verdict == "fail"} | {
        rule for case in cases for rule in case.warn
    }
    rules = rule_ids(loaded.contract, loaded.schemas)
    unbroken = tuple(rule for rule in rules if rule not in broken)
    return TriedContract(id=loaded.contract.contract, cases=tried, unbroken=unbroken)


def _try_on(wrong: set[str], loaded: LoadedContract, folder: str, case: Case) -> TriedCase:
    """Judge a tree, unless the one it is made of was judged wrong: its faults would be told again."""
    if case.base in wrong:
        faults = (f"not tried: it is made of `{case.base}`, which is not judged as it should be",)
        return TriedCase(tree=case.tree, verdict=case.verdict, rule=case.rule, faults=faults)
    tried = _try(loaded, folder, case)
    if tried.faults:
        wrong.add(case.tree)
    return tried


def read_cases(folder: str) -> tuple[Case, ...]:
    """Return the cases of a contract.

    Raises:
        CannotStartError: There are none, or they are malformed.
    """
    name = next((name for name in CASES if is_file(folder, name)), None)
    if name is None:
        raise CannotStartError(
            "the contract carries no cases",
            at=folder,
            expected=" or ".join(CASES),
            got="nothing",
            hint="write one good tree below trees/ and say in cases.yaml how each bad one differs from it",
        )
    value = parse_document(name, read_beneath(folder, name))
    listed = value.get("cases") if isinstance(value, dict) else value
    try:
        return msgspec.convert(listed, tuple[Case, ...])
    except msgspec.ValidationError as error:
        reason = value.message if isinstance(value, FormatFault) else str(error)
        raise CannotStartError(
            f"the cases cannot be read: {reason}", at=posixpath.join(folder, name), expected="a list of cases"
        ) from error


def _try(loaded: LoadedContract, folder: str, case: Case) -> TriedCase:
    begun = posixpath.join(folder, _tree_of(case))
    with scratch_copy(begun) as tree:
        if case.edit is not None:
            _change(tree, case.edit, folder)
        faults = tuple(_judged(loaded, tree.root, case))
    return TriedCase(tree=case.tree, verdict=case.verdict, rule=case.rule, faults=faults)


def _tree_of(case: Case) -> str:
    name = case.base if case.base is not None and case.edit is not None else case.tree
    return name if name.startswith(f"{TREES}/") else posixpath.join(TREES, name)


def _judged(loaded: LoadedContract, root: str, case: Case) -> Iterator[str]:
    runs = list_runs(root, loaded.contract, with_copies=True)
    checked = [
        check_run(
            posixpath.normpath(posixpath.join(root, run.path)), root=root, contract=loaded, is_named=True
        )
        for run in runs
    ]
    findings = [finding for run in checked for finding in run.report.findings]
    findings += check_surroundings(root, loaded)
    tiers = [tier for run in checked for tier in run.report.tiers]
    if not checked and not findings:
        yield "no run stands in this tree"
    yield from disagreements(case, findings, tiers)


def _change(tree: ScratchTree, edit: Edit, folder: str) -> None:
    for path in edit.delete:
        tree.delete(path)
    for old, new in edit.rename.items():
        tree.rename(old, new)
    for path, text in edit.write.items():
        tree.write(path, text.encode())
    for path, source in edit.copy.items():
        tree.write(path, read_beneath(folder, source))
    for place, value in edit.set.items():
        _rewrite(tree, place, value)
    for place in edit.unset:
        _rewrite(tree, place, None, is_removed=True)


def _rewrite(tree: ScratchTree, place: str, value: object, *, is_removed: bool = False) -> None:
    path, _hash, pointer = place.partition("#")
    rows = path.endswith(".jsonl")
    data = tree.read(path)
    document = (
        msgspec.json.decode(b"[" + b",".join(data.splitlines()) + b"]")
        if rows
        else parse_document(path, data)
    )
    if isinstance(document, FormatFault):
        raise CannotStartError(f"`{path}` cannot be changed: {document.message}", at=path)
    try:
        changed = replaced_at(document, parts_of(pointer), value, is_removed=is_removed)
    except KeyError as error:
        raise CannotStartError(f"`{place}` cannot be changed: there is no {error}", at=place) from error
    tree.write(path, encode_value(changed, posixpath.splitext(path)[1])[0])

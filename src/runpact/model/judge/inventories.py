"""Files that list files with their digests.

Knows: the three forms, what must be listed, that every digest is true.
Does not know: how a digest is computed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from runpact.model.contract.language import Inventory
from runpact.model.digest import HEX_DIGITS
from runpact.model.expression import Undecided
from runpact.model.facts import FormatFault
from runpact.model.finding import Finding, Severity
from runpact.model.judge.claim import Claim
from runpact.model.judge.grade import Fault
from runpact.model.judge.presence import undecided
from runpact.model.judge.subject import Subject
from runpact.model.names import is_relative
from runpact.model.reference import at_pointer, pointer_of
from runpact.model.template import compile_glob

_LINE = re.compile(r"(?P<digest>[0-9A-Fa-f]+) [ *](?:[.]/)?(?P<path>[^\0\n]+)")
_DIGEST = re.compile(r"(?:(?P<prefix>[a-z0-9]+):)?(?P<hex>[0-9A-Fa-f]+)")


class _Listed(msgspec.Struct, frozen=True):
    """One line of an inventory."""

    path: str
    """Relative to the run."""
    digest: str
    """`sha256:<hex>`; empty when it is malformed."""
    place: str


class _Reading(msgspec.Struct, frozen=True):
    """What an inventory says, and what is wrong with its form."""

    listed: tuple[_Listed, ...] = ()
    faults: tuple[Fault, ...] = ()


def judge_inventories(subject: Subject) -> Iterator[Finding]:
    """Yield what is malformed, left out, too much or untrue in every inventory."""
    for inventory in subject.kind.inventories:
        for claim in subject.names.claims_of(inventory.of):
            yield from _judge(subject, inventory, claim)


def _judge(subject: Subject, inventory: Inventory, claim: Claim) -> Iterator[Finding]:
    usual = inventory.id or f"inventories/{inventory.of}"
    aspects = inventory.rules
    reading = _read(subject, inventory, claim.path)
    for fault in reading.faults:
        yield subject.finding(inventory, aspects.form or usual, fault)
    for fault in _coverage(subject, inventory, claim, reading):
        yield subject.finding(inventory, aspects.covers or usual, fault)
    for listed in reading.listed:
        for fault in _truth(subject, inventory, listed):
            yield subject.finding(inventory, aspects.digests or usual, fault)


def _read(subject: Subject, inventory: Inventory, path: str) -> _Reading:
    reading = (
        _lines(subject, inventory, path) if inventory.form == "lines" else _entries(subject, inventory, path)
    )
    paths = [listed.path for listed in reading.listed]
    faults = list(reading.faults)
    if inventory.sorted and paths != sorted(paths):
        faults.append(
            Fault(code="order", path=path, message="its paths are not sorted", expected="ascending paths")
        )
    faults += [
        Fault(code="duplicate", path=path, message=f"`{twice}` is listed {count} times", got=twice)
        for twice, count in Counter(paths).items()
        if count > 1
    ]
    return _Reading(reading.listed, tuple(faults))


def _lines(subject: Subject, inventory: Inventory, path: str) -> _Reading:
    text = subject.tree.text(path)
    if isinstance(text, FormatFault):
        return _Reading(faults=(_undecidable(path, text),))
    listed: list[_Listed] = []
    faults: list[Fault] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else ()):
        place = f"{path}#/{number}"
        found = _LINE.fullmatch(line)
        if found is None or not is_relative(found["path"]) or not _is_whole(inventory, found["digest"]):
            faults.append(
                Fault(
                    code="checksum-line",
                    path=place,
                    message="the line is no digest and path",
                    expected=f"{HEX_DIGITS[inventory.algorithm]} hex digits, two blanks, a path inside",
                    got=line[:120],
                )
            )
        else:
            listed.append(
                _Listed(_based(inventory, found["path"]), _digest(inventory, found["digest"]), path)
            )
    return _Reading(tuple(listed), tuple(faults))


def _entries(subject: Subject, inventory: Inventory, path: str) -> _Reading:
    document = subject.document(path)
    if isinstance(document, FormatFault):
        return _Reading(faults=(_undecidable(path, document),))
    try:
        value = at_pointer(document.value, inventory.at)
    except KeyError:
        value = None
    pairs = _pairs(inventory, value)
    if pairs is None:
        place = f"{path}#{inventory.at}" if inventory.at else path
        fault = Fault(
            code="inventory",
            path=place,
            message="there is no list of files with digests",
            expected=f"a {inventory.form} of paths and digests",
            leans=(path,),
        )
        return _Reading(faults=(fault,))
    listed: list[_Listed] = []
    faults: list[Fault] = []
    for name, digest, pointer in pairs:
        place = f"{path}#{inventory.at}{pointer}"
        wrong = _malformed(inventory, name, digest, place)
        if wrong is not None:
            faults.append(wrong)
        else:
            found = str(digest).rpartition(":")[2]
            listed.append(_Listed(_based(inventory, str(name)), _digest(inventory, found), place))
    return _Reading(tuple(listed), tuple(faults))


def _pairs(inventory: Inventory, value: object) -> list[tuple[object, object, str]] | None:
    if inventory.form == "map" and isinstance(value, dict):
        return [(name, digest, pointer_of([name])) for name, digest in value.items()]
    if inventory.form == "list" and isinstance(value, list):
        return [
            (item.get(inventory.path), item.get(inventory.digest), f"/{index}")
            if isinstance(item, dict)
            else (None, None, f"/{index}")
            for index, item in enumerate(value)
        ]
    return None


def _malformed(inventory: Inventory, name: object, digest: object, place: str) -> Fault | None:
    if not isinstance(name, str) or not is_relative(name):
        expected, got = "a relative POSIX path that stays inside", str(name)
    else:
        found = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
        has_prefix = bool(found and found["prefix"])
        unfit = (has_prefix and inventory.prefix == "forbidden") or (
            not has_prefix and inventory.prefix == "required"
        )
        is_whole = found is not None and _is_whole(inventory, found["hex"])
        if is_whole and not unfit and (not has_prefix or (found and found["prefix"] == inventory.algorithm)):
            return None
        expected, got = f"{HEX_DIGITS[inventory.algorithm]} hex digits", str(digest)
    return Fault(
        code="inventory",
        path=place,
        message="it is no path with its digest",
        expected=expected,
        got=got[:120],
    )


def _coverage(subject: Subject, inventory: Inventory, claim: Claim, reading: _Reading) -> Iterator[Fault]:
    if not inventory.covers:
        return
    place = f"{claim.path}#{inventory.at}" if inventory.at else claim.path
    if isinstance(inventory.covers, str):
        wanted = subject.evaluate(inventory.covers, claim.frame)
        if isinstance(wanted, Undecided):
            yield undecided(subject, place, wanted, (inventory.covers,), "what must be listed", claim.frame)
            return
        paths = [str(path) for path in wanted] if isinstance(wanted, list) else []
        due = {path for path in paths if path in subject.by_path and subject.by_path[path].kind == "file"}
    else:
        due = _below(subject, inventory, claim.path)
    listed = {each.path for each in reading.listed}
    if any(fault.code in {"checksum-line", "inventory"} for fault in reading.faults):
        return
    for path in sorted(due - listed):
        yield Fault(
            code="not-listed",
            severity=Severity.INCOMPLETE,
            path=place,
            message=f"`{path}` is not listed",
            expected=path,
            got="nothing",
            hint="write the list last, over every file",
        )
    if inventory.closed:
        for path in sorted((listed - due) & subject.by_path.keys()):
            message = f"`{path}` must not be listed"
            yield Fault(code="too-much-listed", path=place, message=message, got=path)


def _below(subject: Subject, inventory: Inventory, own: str) -> set[str]:
    covered = [compile_glob(pattern) for pattern in inventory.covers]
    left_out = [compile_glob(pattern) for pattern in inventory.exclude]
    return {
        fact.path
        for fact in subject.tree.files
        if fact.kind == "file"
        and fact.path != own
        and not subject.is_record(fact.path)
        and any(pattern.fullmatch(fact.path) for pattern in covered)
        and not any(pattern.fullmatch(fact.path) for pattern in left_out)
    }


def _is_whole(inventory: Inventory, digits: str) -> bool:
    return len(digits) == HEX_DIGITS[inventory.algorithm]


def _digest(inventory: Inventory, digits: str) -> str:
    return f"{inventory.algorithm}:{digits.lower()}"


def _truth(subject: Subject, inventory: Inventory, listed: _Listed) -> Iterator[Fault]:
    fact = subject.by_path.get(listed.path)
    if fact is None or fact.kind not in {"file", "symlink"}:
        yield Fault(
            code="missing",
            severity=Severity.INCOMPLETE,
            path=listed.path,
            message="a listed file is missing",
            expected=listed.digest,
            got="nothing",
            leans=(listed.path,),
        )
        return
    digest = subject.tree.digest(listed.path, inventory.algorithm)
    if digest != listed.digest:
        yield Fault(
            code="digest-mismatch",
            path=listed.path,
            message=f"it is not the file that {listed.place} names",
            expected=listed.digest,
            got=digest,
        )


def _undecidable(path: str, fault: FormatFault) -> Fault:
    return Fault(
        code="undecided",
        severity=Severity.INCOMPLETE,
        path=path,
        message=f"it cannot be read: {fault.message}",
        leans=(path,),
    )


def _based(inventory: Inventory, path: str) -> str:
    return path if inventory.base in {".", ""} else f"{inventory.base.rstrip('/')}/{path}"

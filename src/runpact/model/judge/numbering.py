"""Numbers without gaps in the names of files.

Knows: groups of names that differ in one number.
Does not know: where the names came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from runpact.model.contract.language import Entry, Numbering
from runpact.model.finding import Severity
from runpact.model.judge.claim import Claim
from runpact.model.judge.grade import Fault
from runpact.model.template import PathTemplate

_MOST_NAMED = 20


def gaps(entry: Entry, pattern: str, claims: list[Claim]) -> Iterator[Fault]:
    """Yield the names that are missing from the numbering of a pattern's files, at most 20 of them.

    `pattern` is the entry's, with what is bound filled in.
    """
    numbering = entry.numbering if isinstance(entry.numbering, Numbering) else _only(claims)
    if numbering is None:
        return
    named = 0
    for numbers in _groups(claims, numbering.of).values():
        first = numbering.from_ if isinstance(entry.numbering, Numbering) else min(1, *numbers)
        for number in range(first, max(numbers)):
            if number not in numbers and named < _MOST_NAMED:
                named += 1
                yield _gap(_sibling(numbers[min(numbers)], numbering.of, number, pattern), number)


def _only(claims: list[Claim]) -> Numbering | None:
    """Return the one capture that is a number in every name."""
    numeric = [
        name
        for name, value in (claims[0].frame.variables.items() if claims else ())
        if isinstance(value, str) and value.isdigit()
    ]
    return Numbering(of=numeric[0]) if len(numeric) == 1 else None


def _groups(claims: list[Claim], of: str) -> dict[tuple[tuple[str, str], ...], dict[int, Claim]]:
    groups: dict[tuple[tuple[str, str], ...], dict[int, Claim]] = defaultdict(dict)
    for claim in claims:
        value = str(claim.frame.variables.get(of, ""))
        if value.isdigit():
            others = {
                name: text
                for name, text in claim.frame.variables.items()
                if isinstance(text, str) and name != of
            }
            groups[tuple(sorted(others.items()))][int(value)] = claim
    return groups


def _sibling(claim: Claim, of: str, number: int, pattern: str) -> str:
    """Return the path that another number would have; the path at hand where a glob hides it."""
    captured = None if {"*", "?"} & set(pattern) else PathTemplate.pattern(pattern).match(claim.path)
    return claim.path if captured is None else PathTemplate.parse(pattern).render({**captured, of: number})


def _gap(path: str, number: int) -> Fault:
    return Fault(
        code="gap",
        severity=Severity.INCOMPLETE,
        path=path,
        message=f"number {number} is missing",
        expected="numbers without a gap",
        got="nothing",
    )

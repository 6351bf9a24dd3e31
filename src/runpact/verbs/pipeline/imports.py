"""Ask which code of a workspace imports what it should not.

Knows: which files are looked at.
Does not know: Python's grammar, which imports are allowed.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.disk.source import matching_files, read_source
from runpact.formats.pythonsource import read_python
from runpact.model.codes import CODES
from runpact.model.contract.language import Contract
from runpact.model.errors import CannotStartError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.imports import CodeMap, judge_source

_LARGEST = 4 << 20
"""Bytes of a source file that are read."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the code of a workspace imports against its layers."""

    files: dict[str, int]
    """How many files each layer has."""
    report: Report


def report_imports(root: str, contract: Contract) -> ImportReport:
    """Judge the Python files of all layers.

    Args:
        root: Absolute folder of the contract.
        contract: Declares the layers and what they may import.

    Raises:
        CannotStartError: It says nothing of imports, or a file cannot be read.
    """
    rules, layers = contract.workspace.imports, contract.workspace.layers
    if rules is None:
        raise CannotStartError(
            "the contract does not say which layer imports which",
            expected="workspace: {imports: {order: [core, libs, skills, projects]}}",
            got="none",
            hint="or ask about a change set: `runpact lint-layers --base REF`",
        )
    globs = dict.fromkeys(glob for each in layers.values() for glob in each)
    found = sorted({path for glob in globs for path in matching_files(root, glob) if path.endswith(".py")})
    code = CodeMap(found, layers)
    findings: list[Finding] = []
    for path in found:
        facts = read_python(read_source(posixpath.join(root, path), limit=_LARGEST))
        findings += (
            [_undecided(path, facts)] if isinstance(facts, str) else judge_source(path, facts, code, rules)
        )
    names = (place.layer for place in code.places.values())
    files = dict.fromkeys(layers, 0)
    for name in names:
        files[name] += 1
    if not found:
        findings.append(_undecided("", "no layer has a Python file"))
    return ImportReport(files=files, report=Report(tuple(findings)))


def _undecided(path: str, message: str) -> Finding:
    code = "undecided"
    severity = CODES[code].severity if path else Severity.INCOMPLETE
    return Finding(code=code, severity=severity, message=message, path=path)

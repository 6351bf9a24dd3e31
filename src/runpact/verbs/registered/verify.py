"""Verify what the registries hold.

Knows: that files, record, manifest, place and ledger must agree.
Does not know: what a model is good for.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.model.errors import RunpactError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.ledger.entry import Ledger
from runpact.model.registered.uri import Uri
from runpact.verbs.archive.ledger import ledger_of
from runpact.verbs.archive.verify_copy import archive_fault, verify_copy
from runpact.verbs.finding.resolve import Registered, resolve


def verify_registered(root: str, uri: Uri, ledger: Ledger | None = None) -> Report:
    """Return what is wrong with one model or data set.

    Args:
        root: Absolute data root.
        uri: Of one version.
        ledger: What is known to have been entered; read when it is not given.
    """
    try:
        found = resolve(root, str(uri))
    except RunpactError as error:
        return Report((_finding("damaged-record", uri.folder, error.message, error.got),))
    _record, report = verify_copy(found.folder)
    findings = [
        msgspec.structs.replace(
            each,
            path=posixpath.join(uri.folder, each.path),
            hint="restore it from a copy, or remove the version and register it anew",
        )
        for each in report.findings
    ]
    return Report((*findings, *_of_manifest(found, uri), *_of_ledger(root, uri, ledger or ledger_of(root))))


def nothing_in(registry: str) -> Report:
    """Return what verifying an empty registry comes to."""
    return Report(
        (
            Finding(
                code="registry-empty", severity=Severity.INCOMPLETE, path=registry, message="it holds nothing"
            ),
        )
    )


def _of_manifest(found: Registered, uri: Uri) -> list[Finding]:
    """Say where the manifest and the record name other files or other bytes."""
    stated, recorded = found.manifest.files, found.record.files
    differing = [path for path, file in stated.items() if recorded.get(path) != file]
    return [
        _finding("damaged-record", f"{uri.folder}/{path}", "manifest and record do not agree on a file", "")
        for path in differing
    ]


def _of_ledger(root: str, uri: Uri, ledger: Ledger) -> list[Finding]:
    entry = ledger.last_at(uri.folder)
    if entry is None or entry.action == "remove":
        return [
            Finding(
                code="ledger-unknown",
                severity=Severity.WARNING,
                path=uri.folder,
                message="the ledger does not know it"
                if entry is None
                else "the ledger says that it was removed",
                hint="whoever was interrupted enters, or removes, it again; a workspace that was copied "
                "without its ledger knows nothing",
            )
        ]
    fault = archive_fault(root, entry)
    return [_finding("digest-mismatch", uri.folder, f"the ledger tells otherwise: {fault}", "")] * bool(fault)


def _finding(code: str, path: str, message: str, got: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message, got=got or None)

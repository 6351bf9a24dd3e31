"""What was registered, and is not found any more.

Knows: that the ledger remembers what a registry no longer shows.
Does not know: what stands in a version.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from runpact.disk.registered import absence
from runpact.model.errors import StorageError, UsageError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.ledger.entry import Ledger
from runpact.model.registered.uri import Registry, Uri, uri_at

_HINT = "bring it back from a copy, or let it go as well: runpact {} remove {} --force --reason WHY"


def gone_from(
    root: str, registry: Registry, ledger: Ledger, found: Iterable[Uri]
) -> Iterator[tuple[Uri, str]]:
    """Yield what the ledger says is registered and nobody finds, and why.

    Args:
        root: Absolute data root.
        registry: Which of both.
        ledger: What was entered.
        found: What stands there.
    """
    there = {uri.folder for uri in found}
    for folder in ledger.kept_in(registry):
        with contextlib.suppress(UsageError):  # a later runpact may name its folders otherwise
            uri = uri_at(folder)
            if folder not in there:
                yield uri, absence(root, folder)


def report_of_gone(uri: Uri, why: str) -> Report:
    """Return what verifying something that is not found comes to."""
    return Report(
        (
            Finding(
                code="registered-gone",
                severity=Severity.ERROR,
                path=uri.folder,
                message=f"the ledger says that it is registered, and {why}",
                hint=_HINT.format(uri.registry, uri),
            ),
        )
    )


def error_of_gone(uri: Uri, why: str) -> StorageError:
    """Return what stands in a list for something that is not found."""
    return StorageError(f"the ledger says that it is registered, and {why}", at=uri.folder)

"""Let a run use a model or a data set, and record which one.

Knows: that what is used must be what was entered, and that a run names it by URI, version and digest.
Does not know: what the run does with it.
"""

from __future__ import annotations

from runpact.disk.archive import files_of_copy
from runpact.disk.inputs import pin_input
from runpact.model.archive.copy import RECORD, judge_copy
from runpact.model.errors import DamagedCopyError
from runpact.model.registered.manifest import own_files
from runpact.model.registered.uri import Registry
from runpact.verbs.finding.resolve import Registered, resolve
from runpact.verbs.life.inputs import note_input
from runpact.verbs.life.opened import OpenRun


def use(run: OpenRun, uri: str, registry: Registry | None = None) -> Registered:
    """Record that an open run uses what a URI names, and return it.

    Args:
        run: An open run.
        uri: Of a model or a data set.
        registry: Which of both it must be; None for either.

    Raises:
        UsageError: It is no URI of this registry.
        CannotStartError: It names nothing, or several things.
        DamagedCopyError: It is not what was entered: a file was changed.
    """
    found = resolve(run.root, uri, registry)
    report = judge_copy(found.record.files, files_of_copy(found.folder), open_names=frozenset({RECORD}))
    if not report.is_ok:
        first = report.findings[0]
        raise DamagedCopyError(
            f"`{found.uri}` is not what was registered: {first.message}",
            at=f"{found.folder}/{first.path}",
            expected=first.expected or "",
            got=first.got or "",
            hint="`runpact models verify` tells all of it; restore the folder, or register it anew",
        )
    origin = found.manifest.origin
    note_input(
        run,
        found.path,
        pin_input(found.path, without=own_files(found.uri)),
        name=found.uri,
        origin=origin.run if origin is not None else None,
        uri=found.uri,
    )
    return found

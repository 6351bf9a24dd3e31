"""Hold a run against a golden record.

Knows: which facts of a run must be as recorded.
Does not know: how far values may be apart; the contract says it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.formats.heldvalues import load_held
from runpact.model.compare.artifacts import artifact_rows
from runpact.model.compare.side import Side
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import CannotStartError
from runpact.model.golden.contents import HeldContents
from runpact.model.golden.departure import Departure, GoldenAnswer, counted, departures
from runpact.model.golden.record import Golden
from runpact.model.manifest import FileRecord
from runpact.model.run import State
from runpact.verbs.golden.subject import Subject, subject


def compare_with_golden(golden: Golden, directory: str, *, root: str, loaded: LoadedContract) -> GoldenAnswer:
    """Return where a run departs from a golden record.

    Args:
        golden: The record.
        directory: Absolute, of the run.
        root: Absolute data root.
        loaded: The contract that says what may differ, and by how much.

    Raises:
        CannotStartError: It is no run of the record's kind under this contract.
    """
    held = subject(directory, root=root, loaded=loaded, chosen=golden.chosen)
    if (held.record.contract.id, held.record.kind) != (golden.contract.id, golden.kind):
        raise CannotStartError(
            f"`{held.side.shown}` is not of the golden record's kind",
            expected=f"{golden.contract.id}, kind `{golden.kind}`",
            got=f"{held.record.contract.id}, kind `{held.record.kind}`",
        )
    rows = list(artifact_rows((_side(golden), held.side), held.allowance, held.forms))
    paths = {file.path for file in golden.files}
    compared, equal, tolerated = counted(rows, paths)
    tables = {file.path for file in golden.files if isinstance(file.rows, list)}
    told = (
        *_of_configuration(golden, held),
        *_of_stages(golden, held),
        *departures(rows, held.allowance, tables),
    )
    return GoldenAnswer(
        name=golden.name,
        run=held.side.shown,
        departures=tuple(_explained(each, held) for each in told),
        compared=compared,
        equal=equal,
        tolerated=tolerated,
    )


def _side(golden: Golden) -> Side:
    return Side(
        shown=golden.name,
        state=State.FINISHED,
        files={file.path: FileRecord(file.path, 0, file.digest) for file in golden.files},
        contents=HeldContents(golden.files, load_held),
    )


def _of_configuration(golden: Golden, held: Subject) -> Iterator[Departure]:
    """Yield that the run had another configuration, unless the contract lets its file differ."""
    is_free = held.config_file is not None and held.allowance.of_file(held.config_file).is_volatile(())
    if golden.config_digest != held.config_digest and not is_free:
        yield Departure(
            what="undecided",
            path=held.config_file or "configuration",
            golden=golden.config_digest,
            now=held.config_digest,
            remark="the run had another configuration",
        )


def _of_stages(golden: Golden, held: Subject) -> Iterator[Departure]:
    """Yield which stages that the record speaks of are out of date."""
    stages = {file.path.partition("/")[0] for file in golden.files}
    standing = {path.partition("/")[0] for path in held.side.files}
    for name, why in held.unusable.items():
        if name in stages & standing:
            yield Departure(what="undecided", path=name, remark=why)


def _explained(departure: Departure, held: Subject) -> Departure:
    """Say why a file is missing, where its stage tells it."""
    why = held.unusable.get(departure.path.partition("/")[0])
    is_file = departure.what == "missing" and not departure.pointer
    return msgspec.structs.replace(departure, remark=why) if is_file and why else departure

"""Hold a run that was made again against the original, under the contract's rules of determinism.

Knows: what counts: the files of the layout, the last values of metrics, the end, the configuration.
Does not know: how values are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.model.compare.artifacts import artifact_rows
from runpact.model.compare.side import Side
from runpact.model.contract.kind import Kind
from runpact.model.contract.language import LoadedContract
from runpact.model.golden.departure import counted, departures
from runpact.model.reproduce.answer import Reproduced, setting_remarks, word_for
from runpact.verbs.golden.subject import Subject, subject
from runpact.verbs.life.execute import STDERR, STDOUT
from runpact.verbs.reproduce.plan import Original


def outcome_of(
    original: Original, directory: str, *, root: str, there: str, loaded: LoadedContract
) -> Reproduced:
    """Return whether a run came out as the original.

    What runpact itself wrote from its record is no outcome, nor is what a command printed.

    Args:
        original: The run that was to be made again.
        directory: Absolute path of the new one.
        root: Absolute data root of the original.
        there: Absolute data root of the new one.
        loaded: The contract that says what may differ.
    """
    first = subject(original.directory, root=root, loaded=loaded)
    second = subject(directory, root=there, loaded=loaded)
    sides = _outcome(first), _outcome(second)
    rows = list(artifact_rows(sides, first.allowance, first.forms))
    tables = {path for path in sides[0].files if path.endswith((".csv", ".tsv"))}
    found = tuple(departures(rows, first.allowance, tables))
    compared, equal, tolerated = counted(rows, {path for side in sides for path in side.files})
    remarks = tuple(_remarks(original, first, second))
    return Reproduced(
        word=word_for(found, remarks, compared),
        plan=original.plan,
        departures=found,
        remarks=remarks or (() if compared else ("neither run made anything to compare",)),
        compared=compared,
        equal=equal,
        tolerated=tolerated,
    )


def _outcome(found: Subject) -> Side:
    """Return a run without what says when and where it was made."""
    own = {STDOUT, STDERR, *_written(found.kind)}
    files = {path: file for path, file in found.side.files.items() if path not in own}
    return msgspec.structs.replace(found.side, files=files)


def _written(kind: Kind) -> Iterator[str]:
    """Yield the files that runpact writes from the record of a run."""
    for entry in kind.entries:
        if entry.fields is not None and entry.single is not None:
            yield entry.single


def _remarks(original: Original, first: Subject, second: Subject) -> Iterator[str]:
    if second.standing.state is not original.state:
        reason = f" ({second.standing.reason})" if second.standing.reason else ""
        yield f"the run {second.standing.state.value}{reason}; the original {original.state.value}"
    if first.config_digest != second.config_digest:
        yield from setting_remarks(*(each.record.provenance.config.resolved for each in (first, second)))

"""What a folder of the trash holds, so that it can be taken back without anything else.

Knows: the record's form.
Does not know: files.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Literal

import msgspec

from runpact.model.digest import canonical_json
from runpact.model.errors import MalformedDocumentError
from runpact.model.names import is_relative

FORMAT = "runpact.trash/1"


class PrunedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was pruned."""

    uid: str
    run_id: str
    path: str
    """Relative to the workspace."""
    places: tuple[str, ...] = ()
    """Directories that it owned elsewhere, relative to the workspace."""
    basis: Literal["archived", "policy"]
    reason: str


class TrashRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was to be moved to a folder of the trash."""

    format: str = FORMAT
    pruned: str
    """When, RFC 3339."""
    runs: tuple[PrunedRun, ...]


def render_trash(record: TrashRecord) -> bytes:
    """Return the record as it is written."""
    return canonical_json(msgspec.to_builtins(record)) + b"\n"


def parse_trash(data: bytes) -> TrashRecord:
    """Read a record.

    Raises:
        MalformedDocumentError: It is none, or a path in it leads out of the workspace.
    """
    try:
        record = msgspec.json.decode(data, type=TrashRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedDocumentError(f"the record of the trash cannot be read: {error}") from error
    paths = [path for run in record.runs for path in (run.path, *run.places)]
    if record.format != FORMAT or not all(map(is_relative, paths)):
        raise MalformedDocumentError(
            "the record of the trash is none", expected=FORMAT, got=record.format[:80]
        )
    return record

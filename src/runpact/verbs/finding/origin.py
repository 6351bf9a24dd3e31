"""Say where a run comes from, as its records know last.

Knows: that a sealed manifest knows more than the birth record, and the log of an unsealed run too.
Does not know: how facts were captured.
"""

from __future__ import annotations

import msgspec

from runpact.disk.reader import Reading
from runpact.disk.storedlog import StoredLog
from runpact.model.inputs import inputs_of
from runpact.model.provenance import Provenance


def origin_of(reading: Reading) -> Provenance | None:
    """Return the provenance of a run; None when there is no birth record to tell."""
    manifest, record = reading.manifest, reading.record
    if manifest is not None and manifest.sealed and manifest.provenance is not None:
        return manifest.provenance
    if record is None:
        return None
    inputs = inputs_of(StoredLog(reading.directory, record.records["events"]).entries())
    return msgspec.structs.replace(record.provenance, inputs=inputs)

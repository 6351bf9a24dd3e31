"""PyTorch checkpoints, by their list of members.

Knows: what a checkpoint looks like from outside, and that it holds a pickle.
Does not know: torch; nothing is ever unpickled.
"""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from runpact.formats.archive import open_archive
from runpact.formats.sniff import LEGACY
from runpact.formats.ziparchive import members_of
from runpact.model.facts import ArchiveFact, FormatFault


def inspect(stream: BinaryIO) -> ArchiveFact | FormatFault:
    """Report the members of a checkpoint, whichever of its two forms it has."""
    head = stream.read(64)
    stream.seek(0)
    if LEGACY in head:
        return ArchiveFact("torch-legacy", pickle=True)
    opened = open_archive(stream)
    if isinstance(opened, FormatFault):
        return opened
    with opened[0] as archive:
        if not is_checkpoint(archive):
            return FormatFault("invalid-torch", "an archive without `data.pkl`")
        return ArchiveFact("torch", members_of(archive), pickle=True)


def is_checkpoint(archive: zipfile.ZipFile) -> bool:
    """Whether a member is the pickle of a checkpoint."""
    return any(name == "data.pkl" or name.endswith("/data.pkl") for name in archive.namelist())

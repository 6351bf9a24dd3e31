"""Zip archives, by their list of members.

Knows: names and sizes.
Does not know: what the members mean.
"""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from runpact.formats.archive import open_archive
from runpact.model.facts import ArchiveFact, FormatFault, MemberFact


def inspect(stream: BinaryIO) -> ArchiveFact | FormatFault:
    """Report the members of an archive."""
    opened = open_archive(stream)
    if isinstance(opened, FormatFault):
        return opened
    with opened[0] as archive:
        return ArchiveFact("zip", members_of(archive))


def members_of(archive: zipfile.ZipFile) -> tuple[MemberFact, ...]:
    """Return the members of an archive whose list was found believable."""
    return tuple(MemberFact(member.filename, member.file_size) for member in archive.infolist())

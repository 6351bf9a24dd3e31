"""NPZ and NPY files, by header only.

Knows: which arrays a file holds, and that an object dtype is a pickle.
Does not know: any value of any array; numpy.
"""

from __future__ import annotations

import os
import zipfile
from typing import BinaryIO

from runpact.formats.archive import REFUSALS, open_archive, zip_fault
from runpact.formats.npyheader import read_header
from runpact.model.facts import ArrayFact, ArraysFact, FormatFault

_SUFFIX = ".npy"


def inspect(stream: BinaryIO) -> ArraysFact | FormatFault:
    """Report the arrays of an NPZ file."""
    opened = open_archive(stream)
    if isinstance(opened, FormatFault):
        return opened
    archive, _size = opened
    with archive:
        return arrays(archive)


def inspect_npy(stream: BinaryIO) -> ArraysFact | FormatFault:
    """Report the one array of an NPY file; its name is empty."""
    try:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        array = read_header(stream, "", size)
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
    return array if isinstance(array, FormatFault) else ArraysFact((array,))


def arrays(archive: zipfile.ZipFile) -> ArraysFact | FormatFault:
    """Report the arrays of an archive whose list of members was found believable."""
    facts: list[ArrayFact] = []
    for member in archive.infolist():
        if not member.filename.endswith(_SUFFIX):
            return FormatFault("invalid-npz", f"member `{member.filename[:80]}` is no array")
        fact = _array(archive, member)
        if isinstance(fact, FormatFault):
            return fact
        facts.append(fact)
    return ArraysFact(tuple(facts))


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ArrayFact | FormatFault:
    name = member.filename.removesuffix(_SUFFIX)
    try:
        with archive.open(member) as stream:
            return read_header(stream, name, member.file_size)  # type: ignore[arg-type]  # it reads, that is enough
    except REFUSALS as error:
        return zip_fault(error)

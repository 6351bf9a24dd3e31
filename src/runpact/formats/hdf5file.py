"""HDF5 files, by the descriptions of their datasets.

Knows: that the format's library reads damaged files at its own risk, so that it works in a process of its
own, with limits of time and memory.
Does not know: values.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import BinaryIO

from runpact.formats import jsondoc
from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header
from runpact.model.facts import FormatFault, HeaderFact, Json

_SECONDS = 20
_READER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hdf5reader.py")
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def inspect(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report datasets with types, shapes and attributes: `{datasets: {name: {dtype, shape, …}}, …}`."""
    if importlib.util.find_spec("h5py") is None:
        return FormatFault("no-reader", "h5py is not installed; runpact's extra `arrays` brings it")
    return read_header(stream, "invalid-hdf5", _hdf5)


def _hdf5(source: HeaderBytes) -> Json:
    if source.at(0, 8) != _SIGNATURE:
        raise DamagedHeaderError("it does not begin as HDF5 does")
    os.lseek(source.stream.fileno(), 0, os.SEEK_SET)
    try:
        reader = subprocess.run(
            [sys.executable, "-P", _READER],
            stdin=source.stream.fileno(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DamagedHeaderError(f"reading it took more than {_SECONDS} seconds") from error
    document = jsondoc.parse(reader.stdout) if reader.returncode == 0 else None
    if document is None or isinstance(document, FormatFault):
        raise DamagedHeaderError(_complaint(reader))
    if isinstance(document.value, dict) and "fault" in document.value:
        raise DamagedHeaderError(str(document.value["fault"]))
    return document.value


def _complaint(reader: subprocess.CompletedProcess[bytes]) -> str:
    if reader.returncode < 0:
        return f"its library was ended by signal {-reader.returncode} while reading it"
    lines = reader.stderr.decode("utf-8", "replace").splitlines()
    return f"its library cannot read it: {json.dumps(lines[-1][:200]) if lines else 'no reason given'}"

"""Safetensors, by header only.

Knows: the names, types and shapes of tensors, and that their bytes fill the file.
Does not know: any value.

Source:
    https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import itertools
import math
from typing import BinaryIO

from runpact.formats import jsondoc
from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header
from runpact.formats.limits import MAX_SIZE
from runpact.model.facts import FormatFault, HeaderFact, Json

_BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
_MOST_AXES = 64
_Span = tuple[int, int]


def inspect(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report the tensors of a file: `{tensors: {name: {dtype, shape}}, metadata: {…}}`."""
    return read_header(stream, "invalid-safetensors", _tensors)


def _tensors(source: HeaderBytes) -> Json:
    length = source.number(0, 8)
    if length > MAX_SIZE:
        raise DamagedHeaderError(f"its header claims {length} bytes")
    document = jsondoc.parse(source.at(8, length))
    if isinstance(document, FormatFault):
        raise DamagedHeaderError(f"its header is no document: {document.message}")
    header = document.value
    if not isinstance(header, dict):
        raise DamagedHeaderError("its header is no map")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise DamagedHeaderError("its metadata are no map of texts")
    read = {name: _tensor(name, told) for name, told in header.items()}
    _check_spans(sorted(span for _told, span in read.values()), source.size - 8 - length)
    return {"tensors": {name: told for name, (told, _span) in read.items()}, "metadata": metadata}


def _tensor(name: str, told: Json) -> tuple[dict[str, Json], _Span]:
    match told:
        case {
            "dtype": str() as dtype,
            "shape": list() as shape,
            "data_offsets": [int() as start, int() as end],
        }:
            sizes = [size for size in shape if isinstance(size, int) and size >= 0]
            bits = _BITS.get(dtype)
            if bits is None:
                raise DamagedHeaderError(f"tensor `{name[:80]}` has the unknown type `{dtype[:40]}`")
            if len(sizes) == len(shape) <= _MOST_AXES and (end - start) * 8 == math.prod(sizes) * bits:
                return {"dtype": dtype, "shape": shape}, (start, end)
    raise DamagedHeaderError(f"tensor `{name[:80]}` does not agree with its bytes")


def _check_spans(spans: list[_Span], size: int) -> None:
    """Refuse a file whose tensors overlap, leave holes or do not fill it."""
    edges = [(0, 0), *spans, (size, size)]
    if any(before[1] != after[0] for before, after in itertools.pairwise(edges)):
        raise DamagedHeaderError("its tensors do not fill it without holes")

"""WAV sounds, by header only.

Knows: the chunks that say how a sound is coded and how long it is.
Does not know: samples.

Source:
    Multimedia Programming Interface and Data Specifications 1.0, "Waveform Audio File Format".
"""

from __future__ import annotations

from typing import BinaryIO

from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header
from runpact.model.facts import FormatFault, HeaderFact, Json

_MOST_CHUNKS = 10_000
_ENCODINGS = {1: "pcm", 3: "float", 6: "alaw", 7: "mulaw"}
_EXTENSIBLE = 0xFFFE
_EXTENSIBLE_SIZE = 40
_FORM_SIZE = 16


def inspect(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report channels, rate, coding and length of a sound."""
    return read_header(stream, "invalid-sound", _wav)


def _wav(source: HeaderBytes) -> Json:
    start = source.at(0, 12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        raise DamagedHeaderError("it does not begin as a WAV does")
    offset, form = 12, b""
    for _chunk in range(_MOST_CHUNKS):
        name, size = source.at(offset, 4), source.number(offset + 4, 4)
        if name == b"fmt ":
            form = source.at(offset + 8, min(size, _EXTENSIBLE_SIZE))
        if name == b"data":
            if offset + 8 + size > source.size:
                raise DamagedHeaderError(f"its samples claim {size} bytes, more than it has")
            return _told(form, size)
        offset += 8 + size + size % 2
    raise DamagedHeaderError("it has no samples")


def _told(form: bytes, size: int) -> Json:
    if len(form) < _FORM_SIZE:
        raise DamagedHeaderError("it does not say how its samples are coded")
    coding, channels = int.from_bytes(form[:2], "little"), int.from_bytes(form[2:4], "little")
    rate, width = int.from_bytes(form[4:8], "little"), int.from_bytes(form[12:14], "little")
    if coding == _EXTENSIBLE and len(form) == _EXTENSIBLE_SIZE:
        coding = int.from_bytes(form[24:26], "little")
    if not (channels and rate and width):
        raise DamagedHeaderError("its samples have no channel, no rate or no size")
    frames = size // width
    return {
        "channels": channels,
        "sample_rate": rate,
        "bits": int.from_bytes(form[14:16], "little"),
        "encoding": _ENCODINGS.get(coding, str(coding)),
        "frames": frames,
        "seconds": frames / rate,
    }

"""PNG, GIF, JPEG and WebP, by header only.

Knows: where each of them says how large it is and what a pixel consists of.
Does not know: pixels.

Source:
    PNG: W3C Recommendation, 11.2.1. GIF: 89a specification, 17 and 18. JPEG: ITU-T T.81, B.2.
    WebP: RFC 9649, 2.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header
from runpact.model.facts import FormatFault, HeaderFact, Json

_PNG_COLORS = {
    0: ("gray", 1, (1, 2, 4, 8, 16)),
    2: ("rgb", 3, (8, 16)),
    3: ("palette", 1, (1, 2, 4, 8)),
    4: ("gray_alpha", 2, (8, 16)),
    6: ("rgba", 4, (8, 16)),
}
"""Name, channels and bit depths by colour type."""
_MOST_SEGMENTS = 10_000
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame."""
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_ENDS = {0xD9, 0xDA}
"""JPEG markers that no frame follows."""
_MARK = 0xFF
_LOSSLESS = 0x2F
_ALONE = {0x01, *range(0xD0, 0xD8)}
"""JPEG markers that nothing belongs to."""


def inspect_png(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report size and colours of a PNG."""
    return read_header(stream, "invalid-image", _png)


def inspect_gif(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report the size of a GIF."""
    return read_header(stream, "invalid-image", _gif)


def inspect_jpeg(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report size and channels of a JPEG."""
    return read_header(stream, "invalid-image", _jpeg)


def inspect_webp(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report size and sort of a WebP."""
    return read_header(stream, "invalid-image", _webp)


def _png(source: HeaderBytes) -> Json:
    if source.at(0, 16) != b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR":
        raise DamagedHeaderError("it does not begin as a PNG does")
    data = source.at(16, 13)
    if zlib.crc32(b"IHDR" + data) != source.number(29, 4, big=True):
        raise DamagedHeaderError("the checksum of its header is wrong")
    width, height = _size(int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big"))
    depth, color, *methods = data[8:]
    name, channels, depths = _PNG_COLORS.get(color, ("", 0, ()))
    if depth not in depths or methods[:2] != [0, 0] or methods[2] > 1:
        raise DamagedHeaderError("its header combines what PNG does not")
    return {
        "width": width,
        "height": height,
        "channels": channels,
        "bit_depth": depth,
        "color": name,
        "interlaced": methods[2] == 1,
    }


def _gif(source: HeaderBytes) -> Json:
    data = source.at(0, 13)
    if data[:6] not in {b"GIF87a", b"GIF89a"}:
        raise DamagedHeaderError("it does not begin as a GIF does")
    width, height = _size(int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    has_palette = bool(data[10] & 0x80)
    return {"width": width, "height": height, "colors": 2 << (data[10] & 7) if has_palette else 0}


def _jpeg(source: HeaderBytes) -> Json:
    if source.at(0, 2) != b"\xff\xd8":
        raise DamagedHeaderError("it does not begin as a JPEG does")
    offset = 2
    for _segment in range(_MOST_SEGMENTS):
        before, marker = source.at(offset, 2)
        if before != _MARK:
            raise DamagedHeaderError("its segments do not follow one another")
        if marker == _MARK or marker in _ALONE:
            offset += 1 if marker == _MARK else 2
            continue
        if marker in _FRAMES:
            return _frame(source.at(offset + 4, 6), is_progressive=marker in _PROGRESSIVE)
        if marker in _ENDS:
            break
        offset += 2 + source.number(offset + 2, 2, big=True)
    raise DamagedHeaderError("no frame says how large it is")


def _frame(data: bytes, *, is_progressive: bool) -> Json:
    width, height = _size(int.from_bytes(data[3:5], "big"), int.from_bytes(data[1:3], "big"))
    if not data[5]:
        raise DamagedHeaderError("its frame has no channel")
    return {
        "width": width,
        "height": height,
        "channels": data[5],
        "bit_depth": data[0],
        "progressive": is_progressive,
    }


def _webp(source: HeaderBytes) -> Json:
    start = source.at(0, 16)
    if start[:4] != b"RIFF" or start[8:12] != b"WEBP":
        raise DamagedHeaderError("it does not begin as a WebP does")
    if int.from_bytes(start[4:8], "little") + 8 > source.size:
        raise DamagedHeaderError("it is cut short")
    read = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _extended}.get(start[12:16])
    if read is None:
        raise DamagedHeaderError("its first chunk is no picture")
    return read(source)


def _lossy(source: HeaderBytes) -> Json:
    data = source.at(20, 10)
    if data[3:6] != b"\x9d\x01\x2a":
        raise DamagedHeaderError("its picture does not begin as VP8 does")
    across, down = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    return _told(*_size(across & 0x3FFF, down & 0x3FFF), channels=3, is_lossless=False)


def _lossless(source: HeaderBytes) -> Json:
    data = source.at(20, 5)
    if data[0] != _LOSSLESS:
        raise DamagedHeaderError("its picture does not begin as VP8L does")
    bits = int.from_bytes(data[1:], "little")
    channels = 4 if bits >> 28 & 1 else 3
    return _told((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, channels=channels, is_lossless=True)


def _extended(source: HeaderBytes) -> Json:
    data = source.at(20, 10)
    width, height = int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    channels = 4 if data[0] & 0x10 else 3
    return {"width": width, "height": height, "channels": channels, "animated": bool(data[0] & 0x02)}


def _told(width: int, height: int, *, channels: int, is_lossless: bool) -> Json:
    return {
        "width": width,
        "height": height,
        "channels": channels,
        "animated": False,
        "lossless": is_lossless,
    }


def _size(width: int, height: int) -> tuple[int, int]:
    if not width or not height:
        raise DamagedHeaderError("it has no pixel")
    return width, height

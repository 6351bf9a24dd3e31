"""TIFF and GeoTIFF, by header only.

Knows: the tags that say what a pixel is and where the picture lies on earth.
Does not know: pixels, projections.

Source:
    TIFF Revision 6.0, sections 2 and 8. OGC 19-008r4 (GeoTIFF 1.1), 7.1 and annex B.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import BinaryIO

import msgspec

from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header, text_of
from runpact.model.facts import FormatFault, HeaderFact, Json

_FORMS = {
    1: "B",
    2: "s",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "B",
    8: "h",
    9: "i",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
"""How `struct` spells a value, by TIFF type."""
_ASCII = 2
_MOST_PAGES = 10_000
_MOST_TAGS = 4_096
_LONGEST = 1 << 20
"""Most bytes of one tag."""
_TAGS = {
    256: "width",
    257: "height",
    258: "bits",
    259: "compression",
    277: "bands",
    322: "tile",
    339: "sample",
    33550: "scale",
    33922: "tie",
    34735: "keys",
    34737: "texts",
    42113: "nodata",
}
_SAMPLES = {1: "u", 2: "i", 3: "f", 6: "c"}
_COMPRESSIONS = {
    1: "none",
    5: "lzw",
    7: "jpeg",
    8: "deflate",
    32773: "packbits",
    32946: "deflate",
    50000: "zstd",
    50001: "webp",
}
_MODELS = {1: "projected", 2: "geographic", 3: "geocentric"}
_RASTERS = {1: "area", 2: "point"}
_EPSG_KEYS = (3072, 2048)
"""Projected, else geodetic reference system."""
_USER_DEFINED = 32767
_Values = tuple[int | float | bytes, ...]


class _Layout(msgspec.Struct, frozen=True):
    """How numbers and offsets are written in one file."""

    order: str
    """As `struct` spells it."""
    is_big: bool
    """BigTIFF: offsets of eight bytes."""

    def number(self, source: HeaderBytes, offset: int, count: int) -> int:
        """Return an unsigned number."""
        return source.number(offset, count, big=self.order == ">")

    @property
    def width(self) -> int:
        """Bytes of an offset."""
        return 8 if self.is_big else 4


def inspect(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report size, bands, types and place on earth of a TIFF's first page, and how many pages it has."""
    return read_header(stream, "invalid-image", _tiff)


def _tiff(source: HeaderBytes) -> Json:
    start = source.at(0, 8)
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    version = int.from_bytes(start[2:4], "big" if order == ">" else "little")
    if order is None or version not in {42, 43}:
        raise DamagedHeaderError("it does not begin as a TIFF does")
    layout = _Layout(order, is_big=version == 43)  # noqa: PLR2004 - the format's number for BigTIFF
    offset = layout.number(source, 8 if layout.is_big else 4, layout.width)
    tags, following = _page(source, layout, offset)
    return _told(tags, layout) | {"pages": 1 + _further(source, layout, {offset}, following)}


def _further(source: HeaderBytes, layout: _Layout, seen: set[int], offset: int) -> int:
    """Return how many pages follow."""
    while offset:
        if offset in seen or len(seen) > _MOST_PAGES:
            raise DamagedHeaderError("its pages do not end")
        seen.add(offset)
        number, start, entry = _table(source, layout, offset)
        offset = layout.number(source, start + number * entry, layout.width)
    return len(seen) - 1


def _table(source: HeaderBytes, layout: _Layout, offset: int) -> tuple[int, int, int]:
    """Return how many tags a page has, where they begin and how long each is."""
    number = layout.number(source, offset, 8 if layout.is_big else 2)
    if not 0 < number <= _MOST_TAGS:
        raise DamagedHeaderError(f"a page has {number} tags")
    return number, offset + (8 if layout.is_big else 2), 20 if layout.is_big else 12


def _page(source: HeaderBytes, layout: _Layout, offset: int) -> tuple[dict[str, _Values], int]:
    """Return the tags of a page that say something here, and where the next page is."""
    number, start, entry = _table(source, layout, offset)
    tags: dict[str, _Values] = {}
    for index in range(number):
        at = start + index * entry
        name = _TAGS.get(layout.number(source, at, 2))
        if name is not None:
            tags[name] = _values(source, layout, at)
    return tags, layout.number(source, start + number * entry, layout.width)


def _values(source: HeaderBytes, layout: _Layout, at: int) -> _Values:
    sort, width = layout.number(source, at + 2, 2), layout.width
    count = layout.number(source, at + 4, width)
    form = _FORMS.get(sort)
    if form is None:
        raise DamagedHeaderError(f"a tag has the unknown type {sort}")
    size = struct.calcsize(f"{layout.order}{form}") * count
    if size > _LONGEST:
        raise DamagedHeaderError(f"a tag claims {size} bytes")
    where = at + 4 + width
    data = source.at(where if size <= width else layout.number(source, where, width), size)
    if sort == _ASCII:
        return (data,)
    return struct.unpack(f"{layout.order}{form * count}", data)


def _told(tags: Mapping[str, _Values], layout: _Layout) -> dict[str, Json]:
    width, height = _whole(tags, "width"), _whole(tags, "height")
    if not width or not height:
        raise DamagedHeaderError("it does not say how large it is")
    bits = tags.get("bits", (1,))
    told: dict[str, Json] = {
        "width": width,
        "height": height,
        "bands": _whole(tags, "bands") or 1,
        "dtype": _dtype(bits, tags.get("sample", (1,)), layout),
        "compression": _COMPRESSIONS.get(_whole(tags, "compression"), str(_whole(tags, "compression"))),
        "tiled": "tile" in tags,
    }
    if "nodata" in tags:
        told["nodata"] = _text(tags["nodata"])
    if "keys" in tags:
        told["geo"] = _geo(tags)
    return told


def _whole(tags: Mapping[str, _Values], name: str) -> int:
    first = tags.get(name, (0,))[:1]
    return first[0] if first and isinstance(first[0], int) else 0


def _dtype(bits: _Values, samples: _Values, layout: _Layout) -> str:
    """Return what a pixel of each band is, as NumPy spells it; the bits where it has no spelling."""
    kinds, widths = set(samples), set(bits)
    width = next(iter(widths), 1)
    kind = _SAMPLES.get(next(iter(kinds), 1))  # type: ignore[arg-type]  # any value may be looked up
    if len(kinds) != 1 or len(widths) != 1 or kind is None or not isinstance(width, int) or width % 8:
        return f"{'/'.join(sorted(str(each) for each in widths))} bits"
    order = "|" if width == 8 else layout.order  # noqa: PLR2004 - a byte
    return f"{order}{kind}{width // 8}"


def _geo(tags: Mapping[str, _Values]) -> dict[str, Json]:
    keys = _keys(tags)
    geo: dict[str, Json] = {
        "model": _MODELS.get(keys.get(1024, 0), "user-defined"),
        "raster": _RASTERS.get(keys.get(1025, 0), "area"),
    }
    epsg = next((keys[key] for key in _EPSG_KEYS if keys.get(key, 0) not in {0, _USER_DEFINED}), None)
    if epsg is not None:
        geo["epsg"] = epsg
    scale = _floats(tags, "scale", 2)
    if scale is not None:
        geo["pixel_size"] = scale
    tie = _floats(tags, "tie", 6)
    if tie is not None and scale is not None:
        geo["origin"] = _finite([tie[3] - tie[0] * scale[0], tie[4] + tie[1] * scale[1]])
    if "texts" in tags:
        geo["citation"] = _text(tags["texts"]).rstrip("|")
    return geo


def _keys(tags: Mapping[str, _Values]) -> dict[int, int]:
    """Return the GeoKeys whose value is a number in the directory itself."""
    numbers = [value for value in tags["keys"] if isinstance(value, int)]
    rows = [numbers[at : at + 4] for at in range(4, len(numbers) - 3, 4)]
    return {key: value for key, location, _count, value in rows if location == 0}


def _floats(tags: Mapping[str, _Values], name: str, count: int) -> list[float] | None:
    values = [float(value) for value in tags.get(name, ())[:count] if not isinstance(value, bytes)]
    return _finite(values) if len(values) == count else None


def _finite(values: list[float]) -> list[float]:
    if not all(math.isfinite(value) for value in values):
        raise DamagedHeaderError("its place on earth is no number")
    return values


def _text(values: _Values) -> str:
    data = values[0] if values and isinstance(values[0], bytes) else b""
    return text_of(data.rstrip(b"\0 "))

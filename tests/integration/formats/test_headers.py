"""Headers of binary files, as documents: real files of other libraries, and damaged ones."""

from __future__ import annotations

import io
import json
import random
import re
import sqlite3
import struct
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from runpact.formats import (
    hdf5file,
    hdf5reader,
    onnxfile,
    parquetfile,
    pictures,
    safetensors,
    sqlitefile,
    tiff,
    wav,
    ziparchive,
)
from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header
from runpact.formats.inspect import Inspector
from runpact.formats.protobuf import MOST_FIELDS
from runpact.formats.registry import FORMATS, TEXTUAL
from runpact.formats.sniff import sniff
from runpact.model.facts import FormatFault, HeaderFact, MemberFact

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parent / "samples"
TOLD = {
    "rgba.png": {"channels": 4, "bit_depth": 8, "color": "rgba", "interlaced": False},
    "palette.png": {"channels": 1, "bit_depth": 1, "color": "palette", "interlaced": False},
    "photo.jpg": {"channels": 3, "bit_depth": 8, "progressive": False},
    "progressive.jpg": {"channels": 1, "bit_depth": 8, "progressive": True},
    "mark.gif": {"colors": 2},
    "lossy.webp": {"channels": 3, "animated": False, "lossless": False},
    "lossless.webp": {"channels": 4, "animated": False, "lossless": True},
    "animated.webp": {"channels": 3, "animated": True},
    "alpha.webp": {"channels": 4, "animated": False},
    "geo.tif": {
        "bands": 1,
        "dtype": "<f8",
        "compression": "none",
        "tiled": False,
        "nodata": "-9999",
        "geo": {
            "model": "projected",
            "raster": "area",
            "epsg": 32633,
            "pixel_size": [10.0, 10.0],
            "origin": [500000.0, 4600000.0],
            "citation": "WGS 84 / UTM",
        },
        "pages": 1,
    },
    "big.tif": {"bands": 3, "dtype": "|u1", "compression": "deflate", "tiled": True, "pages": 1},
    "motorola.tif": {"bands": 1, "dtype": ">i4", "compression": "none", "tiled": False, "pages": 1},
    "pages.tif": {"bands": 1, "dtype": "<u2", "compression": "none", "tiled": False, "pages": 3},
}


def samples() -> Inspector:
    return Inspector(str(SAMPLES))


@pytest.mark.parametrize("name", TOLD)
def test_a_picture_says_how_large_it_is_and_what_a_pixel_is(name: str) -> None:
    assert samples().header(name) == {"width": 7, "height": 5, **TOLD[name]}


def test_a_sound_says_how_it_is_coded_and_how_long_it_is() -> None:
    assert samples().header("sound.wav") == {
        "channels": 2,
        "sample_rate": 8000,
        "bits": 16,
        "encoding": "pcm",
        "frames": 100,
        "seconds": 0.0125,
    }


def test_a_model_says_what_goes_in_and_comes_out() -> None:
    assert samples().header("model.onnx") == {
        "ir_version": 14,
        "producer": "me",
        "producer_version": "2",
        "opset": {"ai.onnx": 17, "ai.onnx.ml": 3},
        "metadata": {"k": "v"},
        "graph": "net",
        "nodes": 1,
        "weights": 1,
        "inputs": {"x": {"dtype": "float32", "shape": ["batch", 3]}},
        "outputs": {"y": {"dtype": "float32", "shape": ["*", 4]}, "z": {"dtype": "int8"}},
    }


def test_a_parquet_table_says_its_columns_and_rows() -> None:
    types = {"id": "int64", "name": "string", "at": "timestamp", "count": "uint8", "pair.left": "float64"}
    assert samples().header("table.parquet") == {
        "rows": 3,
        "row_groups": 2,
        "columns": {name: {"type": sort, "required": False} for name, sort in types.items()},
        "metadata": {},
        "created_by": "parquet-cpp-arrow version 26.0.1",
    }


def test_tensors_are_told_with_types_and_shapes(tmp_path: Path) -> None:
    tensors = {"w": np.zeros((2, 3), np.float32), "b": np.zeros(3, np.float16)}
    save_file(tensors, str(tmp_path / "a.safetensors"), metadata={"epoch": "3"})
    assert Inspector(str(tmp_path)).header("a.safetensors") == {
        "tensors": {"w": {"dtype": "F32", "shape": [2, 3]}, "b": {"dtype": "F16", "shape": [3]}},
        "metadata": {"epoch": "3"},
    }


def test_a_database_is_told_without_touching_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.executescript("""
        PRAGMA user_version = 7; PRAGMA application_id = 9; PRAGMA journal_mode = WAL;
        CREATE TABLE runs(id TEXT, n INTEGER, PRIMARY KEY (n, id));
        CREATE VIEW latest AS SELECT * FROM runs;
        CREATE INDEX by_id ON runs(id);
        CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);
    """)
    connection.close()
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    header = Inspector(str(tmp_path)).header("a.db")
    tables = header.pop("tables")
    assert header == {
        "user_version": 7,
        "application_id": 9,
        "page_size": 4096,
        "encoding": "UTF-8",
        "views": ["latest"],
        "indexes": ["by_id"],
    }
    assert tables["runs"] == {"columns": {"id": "TEXT", "n": "INTEGER"}, "key": ["n", "id"], "virtual": False}
    assert tables["boxes"] == {"columns": {}, "key": [], "virtual": True}
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def _hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        data = file.create_dataset("group/data", (4, 2), "<f4", chunks=(2, 2), compression="gzip")
        data.attrs["unit"] = "rad"
        data.attrs["limits"] = [0.5, np.nan]
        data.attrs["long"] = np.zeros(1000)
        data.attrs["bytes"] = np.bytes_(b"abc")
        data.attrs["reference"] = data.ref
        file.create_dataset("names", data=["a", "b"])
        file.create_dataset("records", data=np.zeros(2, [("x", "<f4")]))
        file.create_dataset("pointers", (1,), h5py.ref_dtype)
        file.create_dataset("nothing", data=h5py.Empty("<f8"))
        file.attrs["version"] = 3


HDF5 = {
    "datasets": {
        "group/data": {
            "dtype": "<f4",
            "shape": [4, 2],
            "compression": "gzip",
            "chunks": [2, 2],
            "attributes": {
                "unit": "rad",
                "limits": [0.5, None],
                "long": None,
                "bytes": "abc",
                "reference": None,
            },
        },
        "names": {"dtype": "text", "shape": [2], "compression": None, "chunks": None, "attributes": {}},
        "nothing": {"dtype": "<f8", "shape": None, "compression": None, "chunks": None, "attributes": {}},
        "pointers": {"dtype": "other", "shape": [1], "compression": None, "chunks": None, "attributes": {}},
        "records": {"dtype": "record", "shape": [2], "compression": None, "chunks": None, "attributes": {}},
    },
    "groups": {"group": {"attributes": {}}},
    "attributes": {"version": 3},
}


def test_hdf5_is_told_by_a_process_of_its_own(tmp_path: Path) -> None:
    _hdf5(tmp_path / "a.h5")
    assert Inspector(str(tmp_path)).header("a.h5") == HDF5


def test_the_reader_of_hdf5_tells_the_same_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hdf5(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert hdf5reader._file(file) == HDF5
        monkeypatch.setattr(hdf5reader, "_MOST_OBJECTS", 3)
        assert hdf5reader._file(file) == {"fault": "it has more than 3 groups and datasets"}


def test_damaged_hdf5_is_a_fault_and_so_is_a_reader_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hdf5(tmp_path / "a.h5")
    data = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(data[: len(data) // 2])
    inspector = Inspector(str(tmp_path))
    fault = inspector.header("cut.h5")
    assert fault.code == "invalid-hdf5"
    assert "truncated" in fault.message
    ends = {
        "import os; os.kill(os.getpid(), 11)": "ended by signal 11",
        "import sys; sys.exit('what is this')": '"what is this"',
        "raise SystemExit(1)": "no reason given",
        "print('no document')": "no reason given",
        "import time; time.sleep(9)": "more than 0.5 seconds",
    }
    monkeypatch.setattr(hdf5file, "_READER", str(tmp_path / "reader.py"))
    monkeypatch.setattr(hdf5file, "_SECONDS", 0.5)
    for number, (program, message) in enumerate(ends.items()):
        (tmp_path / "reader.py").write_text(program)
        (tmp_path / f"{number}.h5").write_bytes(data)
        fault = inspector.header(f"{number}.h5")
        assert fault.code == "invalid-hdf5"
        assert message in fault.message


def test_without_h5py_the_fault_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5file.importlib.util, "find_spec", lambda _name: None)
    fault = hdf5file.inspect(io.BytesIO())
    assert (fault.code, "extra `arrays`" in fault.message) == ("no-reader", True)


def test_archives_are_told_by_their_members(tmp_path: Path) -> None:
    for name in ("a.zip", "a.pt"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("m/data.pkl", b"\x80\x02}.")
    inspector = Inspector(str(tmp_path))
    members = [{"path": "m/data.pkl", "size": 4}]
    assert inspector.header("a.zip") == {"content": "zip", "pickle": False, "members": members}
    assert inspector.header("a.pt") == {"content": "torch", "pickle": True, "members": members}
    with (tmp_path / "a.zip").open("rb") as stream:
        assert ziparchive.inspect(stream).members == (MemberFact("m/data.pkl", 4),)
    assert ziparchive.inspect(io.BytesIO(b"PK\x05\x06")).code == "invalid-zip"


def test_arrays_are_told_by_name_and_the_one_of_an_npy_file_alone(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 3), "<f4"))
    np.save(tmp_path / "a.npy", np.zeros(2, "|u1"))
    (tmp_path / "a.md").write_text("x")
    inspector = Inspector(str(tmp_path))
    assert inspector.header("a.npz") == {"x": {"dtype": "<f4", "shape": [2, 3]}}
    assert inspector.header("a.npy") == {"dtype": "|u1", "shape": [2]}
    assert inspector.header("a.md").code == "not-a-document"


def test_every_header_stands_in_its_page(tmp_path: Path) -> None:
    page = (ROOT / "docs/headers.md").read_text()
    _hdf5(tmp_path / "a.h5")
    headers = [samples().header(each.name) for each in SAMPLES.iterdir() if each.suffix != ".md"]
    words = {key for header in [*headers, HDF5] for key in header}
    assert {word for word in words if f"`{word}" not in page} == set()
    binary = [each for each in FORMATS if each.inspect is not None and each.contents != TEXTUAL]
    told = [each.name for each in binary if each.name not in {"npz", "npy", "pt"}]
    assert len(told) == 12
    assert [name for name in told if f"| `{name}`" not in page and f", `{name}`" not in page] == []


# ---------------------------------------------------------------- damage


def chunk(name: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    told = zlib.crc32(name + data) if crc is None else crc
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", told)


def png(*header: int, crc: int | None = None) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *header), crc=crc)


def riff(name: bytes, *parts: bytes, size: int | None = None) -> bytes:
    body = name + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def webp(name: bytes, data: bytes) -> bytes:
    return riff(b"WEBP", name, struct.pack("<I", len(data)), data)


def form(coding: int = 1, channels: int = 1, rate: int = 8, width: int = 2, extra: bytes = b"") -> bytes:
    data = struct.pack("<HHIIHH", coding, channels, rate, rate * width, width, 8 * width) + extra
    return b"fmt " + struct.pack("<I", len(data)) + data


def sound(*parts: bytes) -> bytes:
    return riff(b"WAVE", *parts)


def samples_of(count: int, claim: int | None = None) -> bytes:
    return b"data" + struct.pack("<I", count if claim is None else claim) + bytes(count)


def tags(*rows: tuple[int, int, int, bytes], following: int = 0, tail: bytes = b"") -> bytes:
    body = b"".join(
        struct.pack("<HHI", tag, sort, count) + value.ljust(4, b"\0") for tag, sort, count, value in rows
    )
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(rows)) + body + struct.pack("<I", following) + tail


def short(tag: int, value: int) -> tuple[int, int, int, bytes]:
    return (tag, 3, 1, struct.pack("<H", value))


SIZE = (short(256, 7), short(257, 5))


def tensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype: str = "U8", shape: object = (2,), span: object = (0, 2)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": span}


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def parquet(footer: bytes) -> bytes:
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


DAMAGED = {
    "a picture without its header": (pictures.inspect_png, b"\x89PNG\r\n\x1a\n" + bytes(30), "begin"),
    "a picture with a wrong checksum": (pictures.inspect_png, png(1, 1, 8, 2, 0, 0, 0, crc=1), "checksum"),
    "a picture without pixels": (pictures.inspect_png, png(0, 1, 8, 2, 0, 0, 0), "no pixel"),
    "a picture of no such depth": (pictures.inspect_png, png(1, 1, 3, 2, 0, 0, 0), "combines"),
    "a picture of no such colour": (pictures.inspect_png, png(1, 1, 8, 9, 0, 0, 0), "combines"),
    "a cut picture": (pictures.inspect_png, png(1, 1, 8, 2, 0, 0, 0)[:20], "cut short"),
    "no GIF": (pictures.inspect_gif, b"GIF90a" + bytes(10), "begin"),
    "no JPEG": (pictures.inspect_jpeg, b"xx", "begin"),
    "a JPEG out of step": (pictures.inspect_jpeg, b"\xff\xd8abc", "follow"),
    "a JPEG without frame": (pictures.inspect_jpeg, b"\xff\xd8\xff\xff\x01\xff\xd9", "no frame"),
    "a JPEG without end": (pictures.inspect_jpeg, b"\xff\xd8" + b"\xff\x01" * 20_000, "no frame"),
    "a JPEG without channels": (
        pictures.inspect_jpeg,
        b"\xff\xd8\xff\xe0\0\x02\xff\xc0\0\x0b\x08\0\x05\0\x07\0",
        "no channel",
    ),
    "no WebP": (pictures.inspect_webp, b"RIFF" + bytes(20), "begin"),
    "a cut WebP": (pictures.inspect_webp, riff(b"WEBP", b"VP8 ", size=99), "cut short"),
    "a WebP without picture": (pictures.inspect_webp, webp(b"ICCP", bytes(10)), "no picture"),
    "a lossy WebP that is none": (pictures.inspect_webp, webp(b"VP8 ", bytes(10)), "VP8 does"),
    "a lossless WebP that is none": (pictures.inspect_webp, webp(b"VP8L", bytes(10)), "VP8L does"),
    "no TIFF": (tiff.inspect, b"II\0\0" + bytes(8), "begin"),
    "a TIFF without tags": (tiff.inspect, tags(), "0 tags"),
    "a TIFF without size": (tiff.inspect, tags(short(258, 8)), "how large"),
    "a TIFF whose size is a text": (tiff.inspect, tags((256, 2, 4, b"abcd"), short(257, 5)), "how large"),
    "a TIFF with an unknown type": (tiff.inspect, tags((256, 14, 1, b"")), "unknown type 14"),
    "a TIFF with a huge tag": (tiff.inspect, tags((256, 12, 2**30, b"")), "claims"),
    "a TIFF whose pages go round": (tiff.inspect, tags(*SIZE, following=8), "do not end"),
    "a TIFF that lies nowhere": (
        tiff.inspect,
        tags(
            *SIZE,
            (34735, 3, 1, b""),
            (33550, 12, 2, struct.pack("<I", 62)),
            tail=struct.pack("<dd", np.inf, 1),
        ),
        "no number",
    ),
    "a TIFF whose text is none": (tiff.inspect, tags(*SIZE, (42113, 2, 2, b"\xff\xff")), "UTF-8"),
    "no sound": (wav.inspect, b"RIFF" + bytes(20), "begin"),
    "a sound that is cut": (wav.inspect, sound(form(), samples_of(4, claim=40)), "more than it has"),
    "a sound without form": (wav.inspect, sound(samples_of(4)), "coded"),
    "a sound without channels": (wav.inspect, sound(form(channels=0), samples_of(4)), "no channel"),
    "a sound without samples": (wav.inspect, sound(*[b"LIST\0\0\0\0"] * 10_001), "no samples"),
    "tensors with a huge header": (safetensors.inspect, struct.pack("<Q", 2**40), "claims"),
    "tensors without document": (safetensors.inspect, tensors(b"{,}"), "no document"),
    "tensors in a list": (safetensors.inspect, tensors([]), "no map"),
    "tensors with odd metadata": (safetensors.inspect, tensors({"__metadata__": {"a": 1}}), "metadata"),
    "tensors of no such type": (
        safetensors.inspect,
        tensors({"a": tensor("X9")}, b"12"),
        "unknown type `X9`",
    ),
    "tensors that are lists": (safetensors.inspect, tensors({"a": []}), "agree"),
    "tensors of another size": (safetensors.inspect, tensors({"a": tensor(shape=[3])}, b"12"), "agree"),
    "tensors with half an axis": (safetensors.inspect, tensors({"a": tensor(shape=[1.5])}, b"12"), "agree"),
    "tensors with a hole": (safetensors.inspect, tensors({"a": tensor(span=[1, 3])}, b"123"), "holes"),
    "tensors that overlap": (safetensors.inspect, tensors({"a": tensor(), "b": tensor()}, b"12"), "holes"),
    "tensors that leave a rest": (safetensors.inspect, tensors({"a": tensor()}, b"123"), "holes"),
    "a model without graph": (onnxfile.inspect, field(1, 8), "no graph"),
    "a model that is cut": (onnxfile.inspect, b"\x3a\x05ab", "longer than its message"),
    "a model of an unknown sort": (onnxfile.inspect, b"\x0b\x00", "unknown sort 3"),
    "a model with an endless number": (onnxfile.inspect, b"\xff" * 20, "does not end"),
    "a model with a cut number": (onnxfile.inspect, b"\x08\xff", "does not end"),
    "a model with too many fields": (onnxfile.inspect, field(1, 1) * (MOST_FIELDS + 1), "more than"),
    "a model with a field of no number": (onnxfile.inspect, b"\x00\x01", "longer"),
    "a table without end": (parquetfile.inspect, b"PAR1" + bytes(20), "begin and end"),
    "a table with a cut footer": (parquetfile.inspect, parquet(b"\x19"), "cut short"),
    "a table with a cut text": (parquetfile.inspect, parquet(b"\x18\x7f"), "cut short"),
    "a table without columns": (parquetfile.inspect, parquet(b"\0"), "no column"),
    "a table nested too deep": (parquetfile.inspect, parquet(b"\x1c" * 80), "too deep"),
    "a table of lists nested too deep": (parquetfile.inspect, parquet(b"\x19" + b"\x19" * 80), "too deep"),
    "a table with a long list": (parquetfile.inspect, parquet(b"\x19\xf3\x7f\0"), "longer"),
    "a table with an unknown sort": (parquetfile.inspect, parquet(b"\x1d\0"), "unknown sort 13"),
    "a table with an endless number": (parquetfile.inspect, parquet(b"\x16" + b"\xff" * 12), "does not end"),
    "a table that lacks columns": (
        parquetfile.inspect,
        parquet(b"\x29\x2c" + b"\x55\x06\0" + b"\x15\x02\x38\x01a\0" + b"\0"),
        "fewer columns",
    ),
    "a table with a column below itself": (
        parquetfile.inspect,
        parquet(b"\x29\xfc\x64" + b"\x55\x02\0" * 100 + b"\0"),
        "nested too deep",
    ),
    "no database": (sqlitefile.inspect, bytes(100), "begin"),
    "no HDF5": (hdf5file.inspect, bytes(100), "begin"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_a_fault_that_says_why(name: str) -> None:
    inspect, data, message = DAMAGED[name]
    fault = inspect(io.BytesIO(data))
    assert isinstance(fault, FormatFault), fault
    assert fault.code.startswith("invalid-")
    assert message in fault.message


def test_rare_but_right_headers_are_read() -> None:
    def told(inspect: object, data: bytes) -> object:
        return inspect(io.BytesIO(data)).value

    jpeg = b"\xff\xd8\xff\xff\xe0\0\x02\xff\xc0\0\x0b\x08\0\x05\0\x07\x01"
    assert told(pictures.inspect_jpeg, jpeg)["width"] == 7
    assert told(pictures.inspect_gif, b"GIF89a\x07\0\x05\0\0\0\0") == {"width": 7, "height": 5, "colors": 0}
    extensible = form(0xFFFE, extra=struct.pack("<HHIH14x", 22, 16, 0, 3))
    assert told(wav.inspect, sound(extensible, samples_of(4)))["encoding"] == "float"
    assert told(wav.inspect, sound(b"LIST\x01\0\0\0a\0", form(9), samples_of(4)))["encoding"] == "9"
    bits = tags(*SIZE, (258, 3, 2, struct.pack("<HH", 8, 4)), short(259, 99), short(277, 2))
    assert told(tiff.inspect, bits) == {
        "width": 7,
        "height": 5,
        "bands": 2,
        "dtype": "4/8 bits",
        "compression": "99",
        "tiled": False,
        "pages": 1,
    }
    plain = struct.pack("<4H", 1, 1, 0, 0)
    nowhere = tags(*SIZE, (34735, 3, 4, struct.pack("<I", 50)), tail=plain)
    assert told(tiff.inspect, nowhere)["geo"] == {"model": "user-defined", "raster": "area"}
    metadata = b"\x19\x1c\x18\x01k\x18\x01v\0" + b"\x00"
    schema = b"\x29\x5c" + b"\x55\x08\0"
    columns = b"".join(
        (
            b"\x15\x04\x25\x00\x18\x01a\x6c\xac\x13\x20\x11\0\0\0",  # an integer of 32 bits
            b"\x15\x0c\x25\x02\x18\x01b\x25\x26\0",  # converted: json
            b"\x15\x0c\x25\x02\x18\x01c\x6c\x9c\0\0\0",  # a logical type of a later version
            b"\x15\x1e\x25\x02\x18\x01d\0",  # a physical type of a later version
        )
    )
    table = told(parquetfile.inspect, parquet(schema + columns + b"\x16\x04" + b"\x19\x0c" + metadata))
    assert table["metadata"] == {"k": "v"}
    assert table["rows"] == 2
    assert table["columns"]["a"] == {"type": "int32", "required": True}
    assert [each["type"] for each in table["columns"].values()] == ["int32", "json", "other", "other"]


def test_a_header_may_not_ask_for_too_much() -> None:
    source = HeaderBytes(io.BytesIO(bytes(100)), limit=10)
    with pytest.raises(DamagedHeaderError, match="too much"):
        source.at(0, 11)
    with pytest.raises(DamagedHeaderError, match="cut short"):
        source.at(-1, 5)

    class Shrinking(io.BytesIO):
        def read(self, _count: int = -1) -> bytes:
            return b""

    with pytest.raises(DamagedHeaderError, match="cut short"):
        HeaderBytes(Shrinking(b"abc")).at(0, 2)


def test_a_file_that_cannot_be_read_is_a_fault() -> None:
    class Failing(io.BytesIO):
        def read(self, _count: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    assert read_header(Failing(b"abc"), "invalid-image", lambda source: source.at(0, 1)).code == "unreadable"
    assert read_header(io.BytesIO(), "invalid-image", lambda _source: float("nan")).code == "not-finite"


def test_a_damaged_database_is_a_fault(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE a(x)")
    connection.commit()
    connection.close()
    data = bytearray((tmp_path / "a.db").read_bytes())
    data[100:200] = b"\xff" * 100
    (tmp_path / "b.db").write_bytes(data)
    (tmp_path / "c.db").write_bytes(data[:101])
    inspector = Inspector(str(tmp_path))
    assert inspector.header("b.db").code == "invalid-sqlite"
    assert inspector.header("c.db").code == "invalid-sqlite"


def test_a_database_with_too_many_tables_or_too_slow_a_schema_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.executescript(";".join(f"CREATE TABLE t{n}(x)" for n in range(50)))
    connection.close()
    for name, value in (("_MOST_NAMES", 3), ("_MOST_STEPS", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(sqlitefile, name, value)
            patch.setattr(sqlitefile, "_STEP", 1)
            assert Inspector(str(tmp_path)).header("a.db").code == "invalid-sqlite"


def test_a_system_without_descriptors_as_files_cannot_read_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite3.connect(tmp_path / "a.db").executescript("CREATE TABLE a(x)")
    monkeypatch.setattr(sqlitefile, "_DESCRIPTORS", "/nowhere")
    assert "without its name" in Inspector(str(tmp_path)).header("a.db").message


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"II+\0", "tiff"),
        (b"MM\0+", "tiff"),
        (riff(b"WAVE"), "wav"),
        (riff(b"WEBP"), "webp"),
        (riff(b"AVI "), "binary"),
    ],
)
def test_more_formats_are_told_by_their_first_bytes(data: bytes, name: str) -> None:
    assert sniff(data) == name


def test_no_change_of_a_header_stops_its_reader() -> None:
    generator = random.Random(20)
    told = faults = 0
    for path in sorted(SAMPLES.iterdir()):
        inspect = next((each.inspect for each in FORMATS if path.suffix in each.suffixes), None)
        if path.suffix == ".md" or inspect is None:
            continue
        data = path.read_bytes()
        for _number in range(150):
            found = inspect(io.BytesIO(mutated(data, generator)))
            told, faults = told + isinstance(found, HeaderFact), faults + isinstance(found, FormatFault)
    assert told + faults == 150 * 16
    assert min(told, faults) > 300


def mutated(data: bytes, generator: random.Random) -> bytes:
    """Return data with a few bytes changed, removed or doubled, mostly near the start."""
    buffer = bytearray(data)
    for _change in range(generator.randint(1, 6)):
        at = generator.randrange(min(len(buffer), generator.choice((100, 400, 10_000))))
        match generator.randrange(5):
            case 0:
                buffer[at] = generator.randrange(256)
            case 1:
                width = generator.choice((2, 4, 8))
                buffer[at : at + width] = generator.choice((b"\xff", b"\0", b"\x7f")) * width
            case 2:
                del buffer[at : at + generator.randint(1, 8)]
            case 3:
                buffer[at:at] = buffer[at : at + generator.randint(1, 16)]
            case _:
                del buffer[len(buffer) - generator.randint(0, len(buffer) // 4) :]
        buffer = buffer or bytearray(b"x")
    return bytes(buffer)


def test_the_reader_of_hdf5_stands_alone() -> None:
    text = Path(hdf5reader.__file__).read_text()
    assert re.findall(r"^(?:from|import) runpact", text, re.MULTILINE) == []

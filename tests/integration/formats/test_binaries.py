import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from runpact.formats import csvtable, npz, text, torchfile
from runpact.formats.archive import CappedStream
from runpact.formats.npyheader import read_header
from runpact.formats.sniff import HEAD, is_text, sniff
from runpact.model.facts import (
    ArchiveFact,
    ArrayFact,
    ArraysFact,
    FormatFault,
    MemberFact,
    TableFact,
    TextFact,
)


def _npz(**arrays) -> io.BytesIO:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    stream.seek(0)
    return stream


def _zip(members: dict[str, bytes], method=zipfile.ZIP_STORED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    stream.seek(0)
    return stream


def _npy(header: str, body: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    data = header.encode("latin-1")
    return (
        b"\x93NUMPY"
        + bytes(version)
        + struct.pack("<H" if version[0] == 1 else "<I", len(data))
        + data
        + body
    )


def test_arrays_are_told_by_their_headers():
    structured = np.zeros(3, dtype=[("x", "<f4"), ("y", "<i2", (2,))])
    facts = npz.inspect(
        _npz(a=np.arange(6, dtype="<i8").reshape(2, 3), s=structured, f=np.asfortranarray(np.ones((2, 3))))
    )
    assert facts.arrays[0] == ArrayFact("a", "<i8", (2, 3))
    assert facts.arrays[1].shape == (3,)
    assert facts.arrays[2].fortran
    assert not facts.pickle
    assert facts.arrays[2].shape == (2, 3)


def test_an_object_array_is_a_pickle_and_is_not_read():
    facts = npz.inspect(_npz(o=np.array([{}], dtype=object)))
    assert facts.pickle
    nested = np.zeros(1, dtype=[("a", [("b", object)])])
    assert npz.inspect(_npz(n=nested)).pickle


def test_one_array_has_no_name():
    stream = io.BytesIO()
    np.save(stream, np.zeros((2, 2)))
    assert npz.inspect_npy(stream) == ArraysFact((ArrayFact("", "<f8", (2, 2)),))


GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00\x00\x00",
        _npy(GOOD),
        _npy(GOOD, b"x" * 9),
        _npy(GOOD)[:20],
        _npy("[" * 3000),
        _npy("'\\q' is 1"),
        _npy("{'\\q': 1()}"),
        _npy("__import__('os').system('x')"),
        _npy("{'descr': '<f8'}"),
        _npy(GOOD.replace("(1,)", "(-1,)")),
        _npy(GOOD.replace("(1,)", "(True,)")),
        _npy(GOOD.replace("(1,)", "[1]")),
        _npy(GOOD.replace("'<f8'", "'<q8'")),
        _npy(GOOD.replace("'<f8'", "[]")),
        _npy(GOOD.replace("'<f8'", "[('a',)]")),
        _npy(GOOD.replace("'<f8'", "[('a', '<f8', -1)]")),
        _npy(GOOD.replace("'<f8'", "[('a', " * 12 + "'<f8'" + ")]" * 12)),
        _npy(GOOD.replace("False", "0")),
        _npy(GOOD.replace("(1,)", "(" + "9" * 5000 + ",)")),
        _npy("\xff" + GOOD, version=(3, 0)),
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f",
    ],
)
def test_a_forged_array_is_a_fault(data):
    assert npz.inspect_npy(io.BytesIO(data)).code == "invalid-npz"
    fault = npz.inspect(_zip({"x.npy": data}))
    assert (fault.code, fault.pointer) == ("invalid-npz", "/x")


def test_headers_of_all_versions_are_read():
    for version in ((1, 0), (2, 0), (3, 0)):
        data = _npy(GOOD, b"x" * 8, version)
        assert read_header(io.BytesIO(data), "a", len(data)) == ArrayFact("a", "<f8", (1,))


def _patched(data: bytes, signature: bytes, offset: int, value: bytes) -> io.BytesIO:
    at = data.rindex(signature) + offset
    return io.BytesIO(data[:at] + value + data[at + len(value) :])


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (io.BytesIO(b""), "invalid-zip"),
        (io.BytesIO(b"PK\x03\x04"), "invalid-zip"),
        (_zip({"a.txt": b"x"}), "invalid-npz"),
        (_zip({"a.npy": b"x"}, zipfile.ZIP_BZIP2), "invalid-zip"),
        (_zip({"a.npy": b"x"}, zipfile.ZIP_LZMA), "invalid-zip"),
        (_patched(_zip({"a.npy": b"x"}).getvalue(), b"PK\x01\x02", 8, b"\x01"), "invalid-zip"),
        (_patched(_zip({"a.npy": b"x"}).getvalue(), b"PK\x01\x02", 24, b"\x09"), "invalid-zip"),
        (_patched(_zip({"a.npy": b"x"}).getvalue(), b"PK\x01\x02", 20, b"\xff\xff"), "zip-bomb"),
        (_patched(_npz(a=np.zeros(2)).getvalue(), b"PK\x01\x02", 10, b"\x08\x00"), "invalid-zip"),
    ],
)
def test_a_damaged_archive_is_a_fault(stream, code):
    assert npz.inspect(stream).code == code


def test_a_zip_bomb_is_refused_before_it_grows():
    bomb = _zip({"a.npy": bytes(1000)}, zipfile.ZIP_DEFLATED)
    assert npz.inspect(_patched(bomb.getvalue(), b"PK\x01\x02", 24, b"\xff\xff\xff\x7f")).code == "zip-bomb"


def test_members_of_the_same_name_are_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.npy", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", b"2")
    assert npz.inspect(stream).code == "invalid-zip"


def test_many_members_are_refused(monkeypatch):
    monkeypatch.setattr("runpact.formats.archive.MAX_MEMBERS", 1)
    assert npz.inspect(_zip({"a.npy": b"", "b.npy": b""})).code == "zip-bomb"


def test_a_capped_stream_refuses_to_read_on():
    stream = CappedStream(io.BytesIO(bytes(100)), 10)
    assert stream.readable()
    assert stream.seekable()
    assert stream.readinto(bytearray(5)) == 5
    assert stream.read(5) == bytes(5)
    with pytest.raises(ValueError, match="too much"):
        stream.read()


def test_a_checkpoint_is_told_by_its_members():
    stream = _zip({"best/data.pkl": b"x", "best/version": b"3"})
    members = (MemberFact("best/data.pkl", 1), MemberFact("best/version", 1))
    assert torchfile.inspect(stream) == ArchiveFact("torch", members, pickle=True)
    legacy = io.BytesIO(pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + b"...")
    assert torchfile.inspect(legacy) == ArchiveFact("torch-legacy", pickle=True)
    assert torchfile.inspect(_zip({"a": b""})).code == "invalid-torch"
    assert torchfile.inspect(io.BytesIO(b"no")).code == "invalid-zip"


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", [{"a": 1}, print, {1, 2}, [{"x": "y" * 10_000}], [list(range(5000))]])
def test_pickles_of_every_protocol_are_told(protocol, value):
    assert sniff(pickle.dumps(value, protocol)[:HEAD]) == "pickle"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", "empty"),
        (b"cos\nsystem\n(S'x'\ntR.", "pickle"),
        (b"\x80\x04cos\nsystem\n\xfe", "pickle"),
        (b"S'\\q'\np0\n.", "pickle"),
        (b"\x80\x02\xfe\xfe\xfe\xfe", "binary"),
        (b"PK\x03\x04", "zip"),
        (b"\x93NUMPY\x01", "npy"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"%PDF-1.7", "pdf"),
        (b"\x89HDF\r\n\x1a\n", "hdf5"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"RIFF\x00\x00\x00\x00WEBP", "webp"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "safetensors"),
        (b"\x08\x07\x12\x07pytorch\xff", "onnx"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<svg xmlns='x'>", "svg"),
        (b"<!DOCTYPE html>", "html"),
        (b' {"a":1}', "json"),
        (b"(c) somebody, 2026\n", "text"),
        (b"I was here\n", "text"),
        (b"plain", "text"),
        ("é".encode() * (HEAD // 2), "text"),
        (b"a" * (HEAD - 1) + b"\xc3", "text"),
        (b"a\xc3", "binary"),
        (b"a\0b", "binary"),
    ],
)
def test_files_are_told_by_their_first_bytes(head, name):
    assert sniff(head) == name


def test_text_may_be_cut_inside_a_character():
    assert is_text(b"a" * (HEAD - 2) + b"\xe2\x82")
    assert not is_text(b"\xe2" + b"a" * (HEAD - 1))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no header"),
        (b"\n", "no header"),
        (b"a,b\n1\n", "1 cells"),
        (b"a,b\n\n", "0 cells"),
        (b"a\0", "NUL"),
        (b"\xef\xbb\xbfa", "byte order mark"),
        (b"\xff\xfea", "UTF-8"),
        (b'a,b\n1,"2"x\n', "expected"),
        (b"a" * (csvtable.MAX_LINE + 1), "more than"),
    ],
)
def test_what_is_no_table_is_a_fault(data, message):
    fault = csvtable.inspect(io.BytesIO(data))
    assert fault.code == "invalid-csv"
    assert message in fault.message


def test_tables_are_counted():
    assert csvtable.inspect(io.BytesIO(b'a,b\n1,"2\n3"\n4,5')) == TableFact(("a", "b"), 2)
    assert csvtable.inspect_tsv(io.BytesIO(b"a\tb\n1\t2\n")) == TableFact(("a", "b"), 1)


def test_lines_of_text_are_counted():
    assert text.inspect(io.BytesIO(b"a\nb")) == TextFact(2, 3)
    assert text.inspect(io.BytesIO(b"a\n")) == TextFact(1, 2)
    assert text.inspect(io.BytesIO(b"")) == TextFact(0, 0)
    assert text.inspect(io.BytesIO(b"\xc3")).code == "invalid-text"


class _Broken(io.BytesIO):
    def read(self, *_args):
        raise OSError(5, "I/O error")

    readline = read


@pytest.mark.parametrize("inspect", [csvtable.inspect, text.inspect, npz.inspect_npy, npz.inspect])
def test_a_read_error_is_a_fault(inspect):
    fault = inspect(_Broken(b"x"))
    assert isinstance(fault, FormatFault)
    assert fault.code in {"unreadable", "invalid-zip"}

import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from runpact.formats.inspect import Inspector, parse_document
from runpact.formats.registry import BY_NAME, FORMATS, formats_named
from runpact.model.facts import ArraysFact, ContentFact, DocumentFact, FormatFault


def _content(tmp_path, name: str, data: bytes) -> ContentFact:
    (tmp_path / name).write_bytes(data)
    fact = Inspector(str(tmp_path)).content(name)
    assert isinstance(fact, ContentFact)
    return fact


def _npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


def test_names_and_suffixes_are_those_of_one_format_each():
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert len(BY_NAME) == len(FORMATS)
    assert [each.name for each in formats_named("a/B.JSON")] == ["json"]
    assert [each.name for each in formats_named("LICENSE")] == ["text", "binary"]
    assert formats_named("x.rds")[0].name == "rds"


@pytest.mark.parametrize(
    ("name", "data", "fits"),
    [
        ("a.json", b"{}", ("json",)),
        ("a.json", b"{", ()),
        ("a.json", b"", ()),
        ("a.yaml", b"a: 1", ("yaml",)),
        ("a.npz", _npz(a=np.zeros(2)), ("npz",)),
        ("a.npz", b"{}", ()),
        ("a.npy", _npz(a=np.zeros(2)), ()),
        ("a.png", b"\x89PNG\r\n\x1a\n", ("png",)),
        ("a.png", b"text", ()),
        ("a.log", b"text", ("log",)),
        ("a.log", b"\0\1", ()),
        ("a.rds", b"anything", ("rds",)),
        ("a.zip", _zip("x"), ("zip",)),
        ("a.pt", _zip("m/data.pkl"), ("pt",)),
        ("a.pt", _zip("m/other"), ()),
        ("notes", b"text", ("text",)),
        ("notes", b"\0\1", ("binary",)),
    ],
)
def test_content_is_compared_with_the_name(tmp_path, name, data, fits):
    assert _content(tmp_path, name, data).fits == fits


def test_a_strict_format_says_why_it_is_not_one(tmp_path):
    assert _content(tmp_path, "a.json", b'{"a":NaN}').fault.code == "invalid-json"


@pytest.mark.parametrize("name", ["a.json", "a.log", "a.bin", "a.npz"])
@pytest.mark.parametrize(
    "data",
    [pickle.dumps({"a": 1}), _zip("x/data.pkl"), _npz(o=np.array([{}], dtype=object))],
    ids=["pickle", "pt", "npz"],
)
def test_pickles_are_told_whatever_the_name(tmp_path, name, data):
    assert _content(tmp_path, name, data).pickle


def test_an_object_array_alone_is_a_pickle(tmp_path):
    stream = io.BytesIO()
    np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    assert _content(tmp_path, "a.npy", stream.getvalue()).pickle


def test_each_file_is_parsed_once(tmp_path):
    (tmp_path / "a.json").write_bytes(b"[1]")
    inspector = Inspector(str(tmp_path))
    first = inspector.document("a.json")
    (tmp_path / "a.json").unlink()
    assert inspector.document("a.json") is first
    assert first == DocumentFact([1])


def test_documents_and_other_facts_come_from_the_same_place(tmp_path):
    (tmp_path / "a.npz").write_bytes(_npz(a=np.zeros(2)))
    (tmp_path / "a.pdf").write_bytes(b"")
    inspector = Inspector(str(tmp_path))
    assert isinstance(inspector.facts("a.npz"), ArraysFact)
    assert inspector.document("a.npz").code == "not-a-document"
    assert inspector.document("a.pdf").code == "not-a-document"


def test_nothing_but_regular_files_below_the_root_is_opened(tmp_path):
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (tmp_path / "secret.json").write_bytes(b"{}")
    (root / "link.json").symlink_to("../secret.json")
    (root / "up").symlink_to("..")
    os.mkfifo(root / "pipe.json")
    inspector = Inspector(str(root))
    for path in ("link.json", "up/secret.json", "../secret.json", "pipe.json", "d", "d//x", "a\0b"):
        for fault in (inspector.document(f"{path}"), inspector.content(path)):
            assert isinstance(fault, FormatFault)
            assert fault.code in {"unreadable", "not-a-document"}
    assert inspector.document("none.json").code == "missing-file"


def test_a_file_that_fails_to_read_is_a_fault(tmp_path, monkeypatch):
    class Broken(io.BytesIO):
        def read(self, *_args):
            raise OSError(5, "I/O error")

    monkeypatch.setattr("runpact.formats.inspect.open_beneath", lambda _root, _path: Broken())
    inspector = Inspector(str(tmp_path))
    assert inspector.content("a.json").code == "unreadable"
    assert inspector.document("a.json").code == "unreadable"


def test_a_document_is_parsed_by_the_suffix_of_its_name():
    assert parse_document("a.json", json.dumps({"a": 1}).encode()) == {"a": 1}
    assert parse_document("a.yml", b"a: 1") == {"a": 1}
    assert parse_document("a.toml", b"a = 1") == {"a": 1}
    assert parse_document("a.json", b"{").code == "invalid-json"
    assert parse_document("a.png", b"").code == "not-a-document"


def test_a_document_that_no_double_can_hold_has_no_canonical_form(tmp_path):
    (tmp_path / "exact.json").write_text('{"a":9007199254740991}')
    (tmp_path / "beyond.json").write_text('{"a":9007199254740993}')
    inspector = Inspector(str(tmp_path))
    assert inspector.is_canonical("exact.json")
    assert not inspector.is_canonical("beyond.json")

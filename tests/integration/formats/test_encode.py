import enum
import json
import math
from pathlib import Path

import numpy as np
import pytest

from runpact.formats import jsondoc, npz, tomldoc, yamldoc
from runpact.formats.encode import encode_value
from runpact.model.errors import ValueRefusedError

DATA = {"b": [1, 2.5, None, True], "a": {"text": "é"}}


def _bytes(value, suffix: str) -> bytes:
    return encode_value(value, suffix)[0]


def test_json_is_strict_and_keeps_the_order():
    assert jsondoc.parse(_bytes(DATA, ".json")).value == DATA
    assert list(json.loads(_bytes(DATA, ".json"))) == ["b", "a"]


def test_yaml_and_toml_are_read_back_as_they_were():
    assert yamldoc.parse(_bytes(DATA, ".yaml")).value == DATA
    table = {"a": 1, "b": {"c": [1.5, "x"]}}
    assert tomldoc.parse(_bytes(table, ".toml")).value == table


@pytest.mark.parametrize(
    "text", ["no", "on", "1_0", "012", "1e3", "0x1f", "2001-01-01", "null", "", "1:30", ".inf", "<<"]
)
def test_text_that_looks_like_something_else_stays_text_in_yaml(text):
    assert yamldoc.parse(_bytes({"k": text}, ".yaml")).value == {"k": text}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("suffix", [".json", ".yaml", ".toml", ".jsonl"])
def test_numbers_that_are_not_finite_are_refused_with_their_place(number, suffix):
    value = [{"a": [0, number]}] if suffix == ".jsonl" else {"a": [0, number]}
    with pytest.raises(ValueRefusedError) as caught:
        encode_value(value, suffix)
    assert "/a/1" in caught.value.message


def test_scalars_of_numpy_become_numbers_and_arrays_are_refused():
    value = {"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True)}
    assert json.loads(_bytes(value, ".json")) == {"a": 0.5, "b": 3, "c": True}
    with pytest.raises(ValueRefusedError, match="npz"):
        encode_value({"a": np.zeros(3)}, ".json")
    with pytest.raises(ValueRefusedError):
        encode_value({"a": np.float32("nan")}, ".json")


class Mode(enum.Enum):
    FAST = "fast"


def test_odd_values_are_refused_not_guessed():
    loop: list = []
    loop.append(loop)
    for value in (loop, {"a": object()}, "\ud800", {"\ud800": 1}, {"a": 1j}):
        with pytest.raises(ValueRefusedError):
            encode_value(value, ".json")
    assert json.loads(_bytes({"m": Mode.FAST}, ".json")) == {"m": "fast"}


@pytest.mark.parametrize("suffix", [".txt", ".md", "", ".dat"])
def test_text_with_half_a_surrogate_pair_is_refused(suffix):
    with pytest.raises(ValueRefusedError):
        encode_value("a\ud800", suffix)


def test_arrays_have_the_same_bytes_each_time(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x"])}
    assert _bytes(arrays, ".npz") == _bytes(dict(arrays), "")
    path = Path(tmp_path / "x.npz")
    path.write_bytes(_bytes(arrays, ".npz"))
    with np.load(path) as loaded:
        assert (loaded["a"] == arrays["a"]).all()
    with path.open("rb") as stream:
        assert [array.name for array in npz.inspect(stream).arrays] == ["a", "b"]


def test_object_arrays_are_refused():
    objects = np.array([{}], dtype=object)
    for value, suffix in (
        (objects, ".npy"),
        ({"a": objects}, ".npz"),
        ("text", ".npy"),
        ({}, ".npz"),
        (3, ".npz"),
    ):
        with pytest.raises(ValueRefusedError):
            encode_value(value, suffix)


class Frame:
    def to_csv(self, **_options) -> str:
        return "a\n1\n"


def test_rows_become_a_table():
    rows = [{"a": 1, "b": "x,y"}, {"a": 0.5, "b": None}]
    assert _bytes(rows, ".csv") == b'a,b\n1,"x,y"\n0.5,\n'
    assert encode_value(Frame(), "") == (b"a\n1\n", ".csv")
    for wrong in ([], [1], [{"a": 1}, {"b": 1}], [{"a": math.nan}]):
        with pytest.raises(ValueRefusedError):
            encode_value(wrong, ".csv")


def test_the_value_decides_when_the_name_does_not():
    assert encode_value("text", "") == (b"text", ".txt")
    assert encode_value(b"\x00", "") == (b"\x00", ".bin")
    assert encode_value(b"\x00", ".weights") == (b"\x00", ".weights")
    assert encode_value({"a": 1}, "")[1] == ".json"
    assert encode_value(np.zeros(1), "")[1] == ".npy"


def test_a_format_that_cannot_hold_the_value_is_refused():
    for value, suffix in (
        ({"a": 1}, ".png"),
        ([1], ".toml"),
        ({"a": [1, None]}, ".toml"),
        ({"a": 1}, ".jsonl"),
        ({"a": 1}, ".txt"),
    ):
        with pytest.raises(ValueRefusedError):
            encode_value(value, suffix)

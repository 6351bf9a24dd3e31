"""The fast writer of NPZ files writes what NumPy reads, and nothing that needs pickle."""

from __future__ import annotations

import io
import zipfile

import hypothesis.extra.numpy as shapes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runpact.formats import npzbytes
from runpact.formats.npzbytes import as_array, encode_arrays, fault_of_array
from runpact.model.errors import ValueRefusedError

DTYPES = st.one_of(
    shapes.boolean_dtypes(),
    shapes.integer_dtypes(),
    shapes.floating_dtypes(),
    shapes.complex_number_dtypes(),
    shapes.unicode_string_dtypes(max_len=5),
    shapes.byte_string_dtypes(max_len=5),
    shapes.datetime64_dtypes(),
)
ARRAYS = shapes.arrays(DTYPES, shapes.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


@given(st.dictionaries(st.text("abcü_", min_size=1, max_size=4), ARRAYS, min_size=1, max_size=4))
def test_numpy_reads_back_what_was_written(arrays: dict[str, np.ndarray]) -> None:
    data = encode_arrays({name: as_array(name, array) for name, array in arrays.items()})
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    with np.load(io.BytesIO(data), allow_pickle=False) as read:
        assert sorted(read) == sorted(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == array.dtype
            np.testing.assert_array_equal(read[name], array)


def test_equal_arrays_give_equal_bytes_whatever_their_order_in_memory() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert encode_arrays({"a": array}) == encode_arrays({"a": np.asfortranarray(array)})


def test_lists_and_numbers_become_arrays() -> None:
    assert as_array("a", [[1, 2], [3, 4]]).shape == (2, 2)
    assert as_array("a", 1.5).shape == ()


@pytest.mark.requirement("A-045")
@pytest.mark.parametrize(
    "value", [[{}], np.array([None]), [[1], [1, 2]], object(), np.zeros(2, dtype=[("a", "f4")])]
)
def test_objects_and_records_are_refused(value: object) -> None:
    with pytest.raises(ValueRefusedError, match="array `a`"):
        as_array("a", value)


@pytest.mark.parametrize("name", ["", "a/b", "a\nb"])
def test_the_name_of_an_array_is_a_plain_one(name: str) -> None:
    with pytest.raises(ValueRefusedError, match="no name of an array"):
        as_array(name, 1)


def test_what_a_type_says_is_held_against_an_array() -> None:
    array = np.array([1.0, np.nan])
    assert fault_of_array(array, dtypes=(), is_finite=False) is None
    assert fault_of_array(np.arange(3), dtypes=("<i8",), is_finite=True) is None
    assert fault_of_array(array, dtypes=("float32", array.dtype.name), is_finite=False) is None
    assert fault_of_array(array, dtypes=("<f4", "<f2"), is_finite=False) == (
        "it has another type",
        "<f4 or <f2",
        "<f8",
    )
    assert fault_of_array(array, dtypes=(), is_finite=True) is not None
    assert fault_of_array(np.array([1j * np.inf]), dtypes=(), is_finite=True) is not None


def test_too_much_for_one_small_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = np.broadcast_to(np.zeros(1, "u1"), (3,))
    many = dict.fromkeys(map(str, range(60_001)), np.zeros(0))
    assert len(encode_arrays({"a": huge})) > 0
    with pytest.raises(ValueRefusedError, match="too large"):
        encode_arrays(many)
    assert npzbytes.encode_arrays is encode_arrays

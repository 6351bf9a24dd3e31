"""Types of arrays have several spellings and one meaning."""

from __future__ import annotations

import pytest

from runpact.model.dtypes import NAMES, fits_dtype, is_dtype


@pytest.mark.parametrize(
    ("dtype", "wanted"),
    [
        ("<f8", "float64"),
        (">f8", "float64"),
        ("<f4", "f4"),
        ("<f4", ("<f2", "single")),
        ("|u1", "u1"),
        ("|u1", "uint8"),
        ("|b1", "bool"),
        ("<U4", "U4"),
        ("<M8[ns]", "<M8[ns]"),
    ],
)
def test_a_type_fits_its_name_and_its_codes(dtype: str, wanted: str | tuple[str, ...]) -> None:
    assert fits_dtype(dtype, wanted)
    assert all(map(is_dtype, (wanted,) if isinstance(wanted, str) else wanted))


@pytest.mark.parametrize(("dtype", "wanted"), [(">f8", "<f8"), ("<f8", "float32"), ("<f8", ()), ("<f8", "f")])
def test_another_type_does_not_fit(dtype: str, wanted: str | tuple[str, ...]) -> None:
    assert not fits_dtype(dtype, wanted)


def test_names_of_no_type_are_told_apart() -> None:
    assert all(map(is_dtype, NAMES))
    assert not any(map(is_dtype, ("flaot32", "f", "<float32", "", "object", "O", "str")))

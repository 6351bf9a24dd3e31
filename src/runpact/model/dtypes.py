"""Types of arrays as contracts and files spell them.

Knows: NumPy's names (`float32`), its codes with and without byte order (`<f4`, `f4`), which fit which.
Does not know: NumPy, files, values.
"""

from __future__ import annotations

import re

NAMES = {
    "bool": "b1",
    "bool_": "b1",
    "half": "f2",
    "single": "f4",
    "double": "f8",
    "complex64": "c8",
    "complex128": "c16",
    **{
        f"{word}{size * 8}": f"{letter}{size}"
        for word, letter, sizes in (
            ("int", "i", (1, 2, 4, 8)),
            ("uint", "u", (1, 2, 4, 8)),
            ("float", "f", (2, 4, 8)),
        )
        for size in sizes
    },
}
"""Code without byte order by name."""
_CODE = re.compile(r"(?:[<>|]?[biufcSUV]\d+|[<>]?[mM]8(?:\[\w+\])?|\[.*\])")
_ORDERS = ("|", "<", ">")


def fits_dtype(dtype: str, wanted: str | tuple[str, ...]) -> bool:
    """Whether the type of a file's array is one of those wanted.

    A name, and a code without byte order, allow both orders.

    Args:
        dtype: As an NPY header spells it: `<f4`, `|b1`.
        wanted: As a contract spells it.
    """
    return any(dtype in _spellings(each) for each in ((wanted,) if isinstance(wanted, str) else wanted))


def is_dtype(text: str) -> bool:
    """Whether an array can have a type that is spelled so."""
    return text in NAMES or _CODE.fullmatch(text) is not None


def _spellings(wanted: str) -> tuple[str, ...]:
    code = NAMES.get(wanted, wanted)
    return (code,) if code.startswith(_ORDERS) else (code, *(f"{order}{code}" for order in _ORDERS))

"""How deep a document is, told without walking it."""

from __future__ import annotations

import pytest

from runpact.formats.jsondoc import parse
from runpact.formats.limits import MAX_DEPTH
from runpact.model.facts import DocumentFact


@pytest.mark.parametrize(
    ("data", "is_read"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, True),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), False),
        (b'["]",' * 100 + b"0" + b',"["]' * 100, False),
        (b'[{"a": "]}"},' + b"{}," * 100 + b"{}]", True),
        (b'[{"a": "\\""},' + b"{}," * 100 + b"{}]", True),
    ],
)
def test_depth_is_counted_outside_of_texts(data: bytes, is_read: bool) -> None:
    assert isinstance(parse(data), DocumentFact) is is_read

"""A command typed by a person against the contract's."""

from __future__ import annotations

import pytest

from runpact.model.contract.byhand import is_as_declared


@pytest.mark.parametrize(
    ("typed", "declared", "here", "is_same"),
    [
        ("python s1.py --experiment e", "python s1.py", "/w", True),
        ("/usr/bin/python3 s1.py --experiment=e", "python s1.py --experiment x", "/w", True),
        ("python s1.py --config c.json --input a=b", "python s1.py", "/w", True),
        ("python s1.py --depth 9 --experiment e", "python s1.py", "/w", False),
        ("python s1.py --depth 9", "python s1.py --depth 8", "/w", False),
        ("python fit.py deep", "python stages/fit.py deep", "/w/stages", True),
        ("python /w/stages/fit.py", "python stages/fit.py", "/else", True),
        ("python fit.py data/a", "python stages/fit.py data/a", "/w/stages", False),
        ("python other.py", "python stages/fit.py", "/w", False),
    ],
)
def test_a_command_is_the_contracts_apart_from_what_is_for_runpact(
    typed: str, declared: str, here: str, is_same: bool
) -> None:
    assert is_as_declared(tuple(typed.split()), tuple(declared.split()), here=here, root="/w") is is_same

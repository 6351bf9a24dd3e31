"""What a Python file imports and catches, told without running it."""

from __future__ import annotations

import pytest

from runpact.formats.pythonsource import read_python
from runpact.model.imports import Caught, Imported, SourceFacts

SOURCE = b"""\
import os, a.b as c
from . import d
from ..e.f import g, h
import importlib
importlib.import_module("i.j"); __import__("k"); importlib.import_module(name)
def go():
    from l import *
    try: os.getcwd()
    except (ValueError, Exception): pass
    try: pathlib.Path.cwd()
    except BaseException as error:
        raise ValueError from error
    try: ...
    except: ...
    with contextlib.suppress(builtins.Exception), suppress(OSError): ...
    try: ...
    except module().Error: raise
"""


def test_imports_catches_and_current_directories_are_told_by_line() -> None:
    facts = read_python(SOURCE)
    assert isinstance(facts, SourceFacts)
    assert facts.imports == (
        Imported(1, "os"),
        Imported(1, "a.b"),
        Imported(2, "", "d", 1),
        Imported(3, "e.f", "g", 2),
        Imported(3, "e.f", "h", 2),
        Imported(4, "importlib"),
        Imported(5, "i.j"),
        Imported(5, "k"),
        Imported(7, "l", "*"),
    )
    assert facts.caught == (
        Caught(9, raises=False),
        Caught(11, raises=True),
        Caught(14, raises=False),
        Caught(15, raises=False),
    )
    assert facts.current_directory == (8, 10)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(b"a = (", "it is no Python in line 1"), (b"a\0b", "it is no Python"), (b"\xff", "it is no Python")],
)
def test_what_is_no_python_is_told(text: bytes, reason: str) -> None:
    told = read_python(text)
    assert isinstance(told, str)
    assert told.startswith(reason)


def test_deep_nesting_is_told() -> None:
    assert isinstance(read_python(b"(" * 5000), str)

"""A program of Hydra in a workspace, run in this process."""

from __future__ import annotations

import logging
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.hydra.program import CONTRACT, PROGRAM, write_conf
from integration.runs.place import Place


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace with a program and its configurations."""
    empty.write("contract.yaml", CONTRACT)
    empty.write("train.py", PROGRAM)
    write_conf(empty, "conf")
    return empty


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Call a program with arguments, as from the command line; gives its exit code."""

    def call(path: Path, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", [str(path), *arguments])
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as end:
            return int(end.code or 0)
        except Exception:  # noqa: BLE001 - Hydra raises where it finds a tracer, as coverage's, in place of exiting
            return 1
        return 0

    handlers, level = [*logging.root.handlers], logging.root.level
    yield call
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name in [*logging.root.manager.loggerDict]:
        logging.getLogger(name).disabled = False

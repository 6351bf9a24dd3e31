"""The page of the Python names says what the code says, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import python_page

import runpact
from runpact.cli.main import run_command_line


def test_the_page_is_what_the_code_says() -> None:
    assert python_page.PAGE.read_text(encoding="utf-8") == python_page.page(), (
        "python3 tools/python_page.py --write"
    )


def test_every_public_name_stands_in_one_section() -> None:
    named = [
        name for names in python_page.SECTIONS.values() for name in names if name not in python_page.RETURNED
    ]
    assert sorted(named) == sorted(set(runpact.__all__) - {"__version__"})


def test_the_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init", "--pack", "runpact:basic@1"]) == 0
    example = re.search(r"```python\n(import runpact.*?)```", python_page.HEAD, re.DOTALL)
    assert example is not None
    capsys.readouterr()
    exec(compile(example[1], "docs/python.md", "exec"), {})  # noqa: S102 - the example of the page
    assert re.fullmatch(r"baseline\S* 0\.333+\n", capsys.readouterr().out)

"""Whose code is running, and which file a command names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from runpact.host.callers import calling_files, program_file, responsible_file


def test_the_nearest_file_comes_first() -> None:
    assert calling_files()[0] == __file__
    assert len(calling_files()) == len(set(calling_files()))


def test_libraries_and_code_without_a_file_act_for_their_caller(tmp_path: Path) -> None:
    project = tmp_path / "main.py"
    project.touch()
    (tmp_path / "link.py").symlink_to(project)
    inside = tmp_path / "venv/lib/site-packages/tool.py"
    inside.parent.mkdir(parents=True)
    inside.touch()
    names = (str(inside), os.__file__, "<string>", str(tmp_path / "gone.py"), "link.py")
    assert responsible_file(names, str(tmp_path)) == os.path.realpath(project)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (("python", "a.py"), "a.py"),
        (("./run.sh", "a.py"), "run.sh"),
        ((sys.executable, "-X", "dev", "a.py", "b.py"), "a.py"),
        (("uv", "run", "python", "b.py"), "b.py"),
        (("python", "-m", "pkg"), "pkg/__main__.py"),
        (("python", "-m", "pkg.mod", "a.py"), "pkg/mod.py"),
        (("env/bin/tool", "a.py"), "a.py"),
        (("python", "gone.py", ""), None),
        ((os.__file__,), None),
    ],
)
def test_a_command_names_the_first_file_that_is_no_installed_program(
    tmp_path: Path, command: tuple[str, ...], found: str | None
) -> None:
    root = Path(os.path.realpath(tmp_path))
    for name in ("a.py", "b.py", "run.sh", "pkg/__main__.py", "pkg/mod.py", "env/bin/tool", "env/pyvenv.cfg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert program_file(command, str(root), root=str(root)) == (str(root / found) if found else None)

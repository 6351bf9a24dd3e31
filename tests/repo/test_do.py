"""The bootstrap script answers clearly before anything is installed."""

import ast
import subprocess
import sys

import pytest
from tracked import ROOT


def run_do(*arguments, program=None):
    command = [sys.executable, "-c", program] if program else [sys.executable, "do.py", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, encoding="utf-8")


def test_do_prints_its_commands_on_help():
    done = run_do("--help")
    assert done.returncode == 0
    assert "do.py demo" in done.stdout


@pytest.mark.parametrize("arguments", [["dmeo"], ["walk"], ["walk", "007"], []])
def test_do_answers_a_line_it_does_not_understand_with_64(arguments):
    done = run_do(*arguments)
    assert done.returncode == 64
    assert done.stdout.strip()


def test_do_can_be_read_by_older_pythons_so_that_they_can_say_what_is_needed():
    ast.parse((ROOT / "do.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_do_names_the_python_it_needs_when_started_with_an_older_one():
    program = (
        "import sys, runpy; sys.version_info = (3, 9, 2); sys.argv = ['do.py', 'test'];"
        "runpy.run_path('do.py', run_name='__main__')"
    )
    done = run_do(program=program)
    assert done.returncode == 2
    assert "needs Python 3.11 or newer; this is 3.9.2" in done.stdout


def test_every_seed_can_be_walked():
    walks = sorted(path.name for path in (ROOT / "tools" / "walks").glob("seed_*.py"))
    assert walks == [f"seed_00{number}.py" for number in range(5)]

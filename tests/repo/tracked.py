"""What stands in the repository: tracked files, and modules of the package."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "runpact"


def tracked_files() -> list[Path]:
    """Name every file that git tracks; skips the test where there is no git checkout."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: nothing is tracked")
    names = [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


ALONE = SOURCE / "standalone" / "runpact_verify.py"
"""The verifier that stands alone is one file on purpose; tests of its own bound it."""


def modules() -> list[tuple[str, ast.Module, str]]:
    """Parse every module of the package: its path from the root, its tree, its text."""
    parsed = []
    for path in sorted(set(SOURCE.rglob("*.py")) - {ALONE}):
        text = path.read_text(encoding="utf-8")
        parsed.append((path.relative_to(ROOT).as_posix(), ast.parse(text), text))
    return parsed

"""The example laid out as a workspace of its own, and run as a user would."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from runpact.cli.main import run_command_line

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "holography"
TOY: dict[str, Any] = json.loads((EXAMPLE / "configs/toy.json").read_text(encoding="utf-8"))
Done = subprocess.CompletedProcess[str]
_LEFT_OUT = shutil.ignore_patterns("runs", "__pycache__", ".runpact")


class Workspace:
    """The example in a folder of its own."""

    def __init__(self, root: Path) -> None:
        """Store the folder."""
        self.root = root
        self.began: set[str] = set()
        """Files that stood there before anything ran."""
        self.first: Done | None = None
        """How the first run of the toy ended."""
        self.preflight: Done | None = None
        """How stage 00 ended, which was run after all others."""

    @classmethod
    def lay_out(cls, folder: Path) -> Workspace:
        """Copy the example, without what was run in it, and commit it."""
        place = cls(folder / "holography")
        shutil.copytree(EXAMPLE, place.root, ignore=_LEFT_OUT)
        for command in (
            ("init", "-q"),
            ("add", "-A"),
            ("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "a"),
        ):
            subprocess.run(("git", *command), cwd=place.root, check=True)
        return place

    def copied(self, root: Path) -> Workspace:
        """Return a copy of this workspace, runs included, with every file writable."""
        shutil.copytree(self.root, root, symlinks=True)
        for path in root.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o200)
        return Workspace(root)

    def write(self, path: str, value: object) -> Path:
        """Write a file: text as it is, anything else as JSON."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return target

    def call(self, *command: str) -> Done:
        """Run a Python program of the workspace, from its folder."""
        environment = {name: value for name, value in os.environ.items() if name != "RUNPACT_WORKSPACE"}
        return subprocess.run(
            (sys.executable, *command),
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, experiment: str, *options: str) -> Done:
        """Run the pipeline."""
        return self.call("run_pipeline.py", "--experiment", experiment, *options)

    def gate(self, stage: str, *options: str) -> tuple[int, list[str]]:
        """Ask the gate before a stage of the toy, in this process."""
        told = io.StringIO()
        asked = ("gate", "--workspace", str(self.root), "--experiment", "toy", "--stage", stage)
        with contextlib.redirect_stdout(told):
            code = run_command_line([*asked, *options])
        return code, told.getvalue().splitlines()

    def listing(self) -> set[str]:
        """Return every file outside `runs` and the caches that Python keeps."""
        names = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*"))
        return {
            name for name in names if not name.startswith(("runs", ".git/")) and "__pycache__" not in name
        }

    def document(self, path: str) -> Any:
        """Read a JSON document of the toy experiment."""
        return json.loads((self.root / "runs/toy" / path).read_text(encoding="utf-8"))

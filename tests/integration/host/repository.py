"""A repository of git that tests change, and read through runpact."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from runpact.host.git import NoCode, Snapshot, take_snapshot
from runpact.host.gitfolder import find_repository

GIT = shutil.which("git")
assert GIT is not None, "these tests need git"


class Repository:
    """A working tree below a folder."""

    def __init__(self, root: Path) -> None:
        """Make the repository, with one commit."""
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=trunk")
        self.write("a.py", "x = 1\n")
        self.commit()

    def git(self, *arguments: str, cwd: Path | None = None, **variables: str) -> str:
        """Call git as a person would, with nobody's configuration."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            **variables,
        }
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
        done = subprocess.run(
            [GIT, *who, *arguments], cwd=cwd or self.root, check=True, capture_output=True, env=environment
        )
        return done.stdout.decode()

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the working tree."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def commit(self) -> str:
        """Commit everything; return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=one")
        return self.git("rev-parse", "HEAD").strip()

    def clone(self, target: Path) -> Path:
        """Clone at the commit that is checked out."""
        commit = self.git("rev-parse", "HEAD").strip()
        self.git("clone", "--quiet", str(self.root), str(target))
        self.git("checkout", "--quiet", commit, cwd=target)
        return target

    def snapshot(self, *, outputs: str = "", **variables: str) -> Snapshot:
        """Return what runpact sees."""
        found = find_repository(str(self.root))
        assert found is not None
        return take_snapshot(found, {**os.environ, **variables}, no_code=NoCode(outputs))


def files_of(root: Path) -> dict[str, tuple[str, bytes]]:
    """Return kind and content of everything in a working tree."""
    found = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if relative.split("/")[0] in {".git", "runs"} or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink():
            found[relative] = ("link", bytes(path.readlink()))
        else:
            kind = "program" if os.access(path, os.X_OK) else "file"
            found[relative] = (kind, path.read_bytes())
    return found

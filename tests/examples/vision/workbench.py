"""A work directory of the example, and its programs called in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "vision"

Main = Callable[[list[str]], int]


@dataclass(frozen=True)
class System:
    """A work directory outside the example, and the programs that work on it."""

    root: Path
    small: tuple[str, ...] = ("train.epochs=3", "train.batch=64")

    @property
    def config(self) -> Path:
        """Its settings."""
        return self.root / "config.toml"

    def call(self, main: Main, *settings: str) -> int:
        """Run a program with `--config --workdir --set`, in this process."""
        sets = [part for text in settings for part in ("--set", text)]
        return main(["--config", str(self.config), "--workdir", str(self.root), *sets])

    def runs(self) -> list[Path]:
        """Return the runs, oldest first."""
        return sorted((self.root / "runs").glob("*"), key=lambda path: path.stat().st_ctime_ns)

    def newest(self, name: str = "artifacts.json") -> dict:
        """Return a record of the newest run."""
        return json.loads((self.runs()[-1] / name).read_text(encoding="utf-8"))


def lay_out(root: Path) -> System:
    """Make a work directory with the example's settings, and nothing else."""
    root.mkdir(parents=True)
    for name in ("config.example.toml", "README.md", ".gitkeep"):
        (root / name).write_bytes((EXAMPLE / "work-dir" / name).read_bytes())
    (root / "config.toml").write_bytes((root / "config.example.toml").read_bytes())
    return System(root)

"""Rows: what it costs to start."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from contest import Contest, Way, compete
from row import Scale, row

from rows.workspaces import TEN_FILES, ten_file_run, workspace

FLOOR = """\
import sys, json, os, sqlite3
base = sqlite3.connect(":memory:")
base.execute("create table run (path text, sealed int)")
for folder, _folders, names in os.walk(sys.argv[1]):
    for name in names:
        if name.endswith(".json"):
            with open(os.path.join(folder, name), "rb") as file:
                base.execute("insert into run values (?, ?)", (name, len(json.loads(file.read()))))
print(base.execute("select count(*) from run").fetchall())
"""


def child_environment() -> dict[str, str]:
    """Return an environment in which children keep compiled modules, as a user's do."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RUNPACT"))}


def spawn(command: list[str], cwd: str | None = None) -> None:
    """Run a command to its end; it must succeed."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    if cwd is not None:
        os.chdir(cwd)
    child = os.posix_spawn(command[0], command, child_environment(), file_actions=silent)
    _child, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {status}")


def installed(name: str) -> str:
    """Return a program of this environment."""
    return os.path.join(os.path.dirname(sys.executable), name)


def _race(commands: Mapping[str, list[str]], repetitions: int, cwd: str | None = None) -> Contest:
    ways = {
        name: Way(lambda _number, command=command: spawn(command, cwd)) for name, command in commands.items()
    }
    return compete(ways, repetitions=repetitions)


@row(
    "version",
    "`runpact --version`, a new process",
    budget=1.5,
    derived="1.5 × `python -c pass`",
)
def version(_place: str, scale: Scale) -> Contest:
    """Race the shortest command against an interpreter that does nothing."""
    commands = {"runpact": [installed("runpact"), "--version"], "floor": [sys.executable, "-c", "pass"]}
    return _race(commands, scale.of(60, 10))


@row(
    "import",
    "`import runpact`, a new process",
    budget=2.25,
    derived="15 ms beyond bare Python's 12 ms",
)
def import_package(_place: str, scale: Scale) -> Contest:
    """Race the import against an interpreter that does nothing."""
    commands = {
        "runpact": [sys.executable, "-c", "import runpact"],
        "floor": [sys.executable, "-c", "pass"],
    }
    return _race(commands, scale.of(60, 10))


@row(
    "ls-cold",
    "`runpact ls` of one run of ten files, a new process",
    budget=4.0,
    derived="80 ms against 20 ms (Python, sqlite3)",
    goal=80,
    why="importing click and msgspec takes a third of it, runpact's own modules another",
)
def list_cold(place: str, scale: Scale) -> Contest:
    """Race the listing against Python with its database, reading the same files."""
    return _cold(place, ["ls"], scale.of(25, 5))


@row(
    "check-cold",
    "`runpact check` of one run of ten files, a new process",
    budget=6.0,
    derived="120 ms against 20 ms (Python, sqlite3)",
    goal=120,
    why="importing click, msgspec, the expression engine and jsonschema-rs takes half of it",
)
def check_cold(place: str, scale: Scale) -> Contest:
    """Race the check against Python with its database, reading the same files."""
    return _cold(place, ["check", "runs/ten"], scale.of(25, 5))


def _cold(place: str, words: list[str], repetitions: int) -> Contest:
    root = workspace(place, TEN_FILES)
    directory = ten_file_run(root, "ten")
    commands = {
        "runpact": [installed("runpact"), *words],
        "floor": [sys.executable, "-c", FLOOR, directory],
    }
    return _race(commands, repetitions, cwd=root)

"""Walk a seed: make its outputs, then print each of its demands with the evidence found.

    python3 do.py walk 00N [--into DIR]

Each seed has a module `tools/walks/seed_00N.py` with `TITLE`, `LETTER` (its list in docs/requirements) and
`produce(walk)`, which runs commands and says what each of them shows.

Knows: the requirement tables, how evidence is counted; a demand without any is printed as open.
Does not know: any seed.

Exit 0: all that was tried came out as the seed says. 3: something did not. Open demands change nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import requirements_table

ROOT = requirements_table.ROOT
RUNPACT = str(Path(sys.executable).with_name("runpact"))
FAILED = 3
_SHOWN = 100
_TAIL = 12


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One thing that shows that a demand is met, or that it is not."""

    sort: str
    """`command`, `file`, `test` or `look`."""
    told: str
    holds: bool = True


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    error: str

    def json(self) -> dict[str, object]:
        """Return the JSON document on stdout."""
        return dict(json.loads(self.out))


class Walk:
    """The folder in which a seed's outputs are made, and what was found there."""

    def __init__(self, folder: Path, letter: str) -> None:
        """Take an empty folder and the list of demands that the seed has."""
        self.folder = folder
        demands = [(number, demand, tests) for number, demand, tests in requirements_table.rows()]
        self.demands = [row for row in demands if _letter_of(row[0]) == letter]
        self.found: dict[str, list[Evidence]] = {number: [] for number, _, _ in self.demands}

    def run(
        self,
        *command: str,
        shows: Sequence[str] = (),
        code: int = 0,
        says: str = "",
        within: str = ".",
        environ: Mapping[str, str] = os.environ,
    ) -> Ran:
        """Run a command; it is evidence when it ends with `code` and prints what matches `says`.

        Args:
            command: `runpact` and `python` mean those of this project.
            shows: Numbers of the demands that it is evidence of.
            code: Exit code that is right.
            says: Regular expression for stdout and stderr together.
            within: Folder to run it in, below that of the walk.
            environ: Of the command.
        """
        words = [{"runpact": RUNPACT, "python": sys.executable}.get(command[0], command[0]), *command[1:]]
        print(f"$ {' '.join(command)[:_SHOWN]}", flush=True)
        done = subprocess.run(
            words, cwd=self.folder / within, env=dict(environ), capture_output=True, text=True, check=False
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        holds = ran.code == code and re.search(says, ran.out + ran.error) is not None
        if not holds:
            print(f"  ended with {ran.code}, not {code}, or did not say `{says}`:")
            print("\n".join(f"  | {line}" for line in (ran.out + ran.error).splitlines()[-_TAIL:]))
        told = f"`{' '.join(command)[:_SHOWN]}` ends with {ran.code}" + (f", says `{says}`" if says else "")
        self.note("command", told, shows, holds=holds)
        return ran

    def file(
        self, pattern: str, *shows: str, count: int = 1, holds: Callable[[Path], bool] | None = None
    ) -> None:
        """Look for files below the folder: at least `count`, and all of them as `holds` says."""
        paths = sorted(self.folder.glob(pattern))
        is_right = (
            len(paths) >= count and all(holds(path) for path in paths) if holds else len(paths) >= count
        )
        named = paths[0].relative_to(self.folder).as_posix() if paths else f"no {pattern}"
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        self.note("file", f"`{named}`{more}", shows, holds=is_right)

    def look(self, told: str, *shows: str, holds: bool) -> None:
        """Say what was looked at and whether it is as the demand says."""
        self.note("look", told, shows, holds=holds)

    def note(self, sort: str, told: str, shows: Sequence[str], *, holds: bool) -> None:
        """Keep a piece of evidence for each of the demands it speaks of."""
        for number in shows or ("",):
            self.found.setdefault(number, []).append(Evidence(sort, told, holds))

    def report(self) -> int:
        """Print each demand with its evidence; return the exit code."""
        print()
        for number, demand, tests in self.demands:
            evidence = [*self.found[number], *(Evidence("test", test) for test in tests)]
            word = "open" if not evidence else "held" if all(each.holds for each in evidence) else "FAILS"
            print(f"{number} {word}  {demand}")
            for each in evidence:
                print(f"    {'' if each.holds else 'FAILS '}{each.sort}: {each.told}")
        unknown = sorted(set(self.found) - {""} - {number for number, _, _ in self.demands})
        if unknown:
            print(f"evidence for numbers that the list does not have: {', '.join(unknown)}")
        return self._counted() or (FAILED if unknown else 0)

    def _counted(self) -> int:
        failed = {each for pieces in self.found.values() for each in pieces if not each.holds}
        shown = sum(bool(self.found[number]) for number, _, _ in self.demands)
        held = sum(bool(self.found[number] or tests) for number, _, tests in self.demands)
        total = len(self.demands)
        print(f"\n{total} demands: {shown} shown here, {held - shown} by tests alone, {total - held} open")
        if failed:
            print(f"{len(failed)} things did not come out as they should:")
            print("\n".join(f"  {each.sort}: {each.told}" for each in sorted(failed, key=str)))
        return FAILED if failed else 0


def _letter_of(number: str) -> str:
    return {"X": "C"}.get(number[0], number[0])


def main(arguments: Sequence[str]) -> int:
    """Walk one seed."""
    parser = argparse.ArgumentParser(
        prog="do.py walk", description="Make a seed's outputs, print its demands."
    )
    parser.add_argument("seed", choices=seeds())
    parser.add_argument("--into", type=Path, help="empty folder for the outputs; by default a temporary one")
    said = parser.parse_args(arguments)
    folder = said.into or Path(tempfile.mkdtemp(prefix=f"runpact-walk-{said.seed}-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        print(f"`{folder}` is not empty")
        return 2
    seed = importlib.import_module(f"walks.seed_{said.seed}")
    print(f"walk {said.seed}: {seed.TITLE}\noutputs in {folder}\n")
    began = time.monotonic()
    walk = Walk(folder.resolve(), seed.LETTER)
    seed.produce(walk)
    code = walk.report()
    print(f"walk {said.seed}: {time.monotonic() - began:.0f} s, outputs in {folder}")
    return code


def seeds() -> list[str]:
    """Name the seeds that can be walked."""
    modules = (Path(__file__).parent / "walks").glob("seed_*.py")
    return sorted(path.stem.removeprefix("seed_") for path in modules)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

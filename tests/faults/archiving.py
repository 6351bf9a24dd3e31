"""A workspace in which `runpact promote` and `runpact prune` are disturbed.

Knows: what must never be lost, and what each undisturbed repetition has to complete.
Does not know: which fault was injected, how a copy or the trash is made.

    python -m faults.archiving [--what faults|kill|refuse] [--every N] [--offset K]

prints one JSON document, as `faults.mending` does. The invariants:

kept          every run is whole: in its place, in the trash, or, once the trash was emptied, archived
whole         a curated copy that has its name is complete and as its record says; so is the ledger
honest exit   no traceback; a command that ends with 0 has done what it says
completed     the same commands again end well, and what was stale is gone
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from evidence_cases import arms, evaluate
from faults.mending import Hospital, main, told
from faults.oracle import End
from faults.scenario import Fact, Tell
from faults.sweep import tracebacks
from faults.traced import Tracer
from runpact.verbs.archive.ledger import ledger_of
from runpact.verbs.archive.verify_copy import archive_fault, verify_copy

CONTRACT = """\
contract: faults.archiving
version: "1.0.0"
kinds:
  run:
    at: "runs/{nickname}/{started:%Y%m%d_%H%M%S}"
    clash: "_{n:02}"
    entries: [{file: report.json}]
promotions:
  reports:
    from: [run]
    at: "reports/{label}"
    entries: [{file: report.json}, {file: evaluation.cert.json, required: run.label != "baseline"}]
policies:
  balanced:
    gates: [{metric: primary, of: ratio, statistic: upper, max: 1.1}]
    guards: [{name: invariants}]
    minimum_windows: 20
"""
_TO_CERTIFY = ("report", "quant8", "--format", "cert", "--baseline", "baseline", "--policy", "balanced")
_DOES = (("promote", "--as", "mine"), ("prune",), ("prune", "--undo"), ("prune",), ("prune", "--empty-trash"))


def lay_down(folder: Path) -> None:
    """Make a workspace with a baseline, a certified run, and a later attempt that makes it stale."""
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    with contextlib.chdir(folder):
        evaluate("baseline")
        evaluate("quant8", arms(shift=0.01))
        assert told(folder, *_TO_CERTIFY)[0] == 0
        evaluate("quant8", arms(shift=0.01))


def first(folder: Path) -> str:
    """Return the path of the stale run: the one whose certificate is there."""
    attempts = sorted((folder / "runs" / "quant8").glob("2*"))
    return attempts[0].relative_to(folder).as_posix()


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a directory by their path in it; none where there is no directory."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def untold(*_said: object, **_more: object) -> None:
    """Tell nobody."""


class Curating(Hospital):
    """Gives commands that make curated copies, in copies of one workspace, each in a child of its own."""

    def __init__(self, lay_down: Callable[[Path], None]) -> None:
        """Make the workspace, and do everything once: what is imported late is there then."""
        Tracer.__init__(self)
        self.sick = self.folder / "sick"
        lay_down(self.sick)
        self.remember()
        self.lay_out()
        assert self.does(untold) == 0
        assert self.wrong([], End("exit", 0)) == []

    def lay_out(self) -> None:
        """Lay the workspace out."""
        shutil.copytree(self.sick, self.place)

    def does(self, tell: Tell) -> int:
        """Give all commands; return the first exit code that is not 0."""
        for words in self.commands():
            code, _document, complaint = told(self.place, *words)
            if "Traceback" in complaint or '"internal"' in complaint:
                tell("traceback", text=complaint)
            if code:
                return code
        return 0

    def work(self, tell: Tell) -> int:
        """Do all of it."""
        return self.does(tell)

    def damaged(self) -> Iterator[str]:
        """Say what is wrong with the ledger, and with a copy that has its name."""
        ledger = ledger_of(str(self.place))
        if ledger.fault:
            yield f"whole: the ledger is damaged: {ledger.fault}"
        for folder in self.copies():
            record, report = verify_copy(str(folder))
            if record is None or not report.is_ok:
                yield f"whole: {folder.name} has its name and is not complete"

    def remember(self) -> None:
        """Take note of what must be kept; the workspace is as it was made."""
        raise NotImplementedError

    def commands(self) -> Iterator[tuple[str, ...]]:
        """Yield the words of each command."""
        raise NotImplementedError

    def copies(self) -> Iterable[Path]:
        """Return the folders of curated copies that have their names."""
        raise NotImplementedError


class Archive(Curating):
    """Promotes and prunes."""

    def __init__(self) -> None:
        """Make the workspace."""
        super().__init__(lay_down)

    def remember(self) -> None:
        """Take note of the runs, and which of them is stale."""
        self.stale = first(self.sick)
        self.runs = {
            path.relative_to(self.sick).as_posix(): files_of(path) for path in self.sick.glob("runs/*/2*")
        }

    def commands(self) -> Iterator[tuple[str, ...]]:
        """Promote, prune, take back, prune, empty."""
        for command, *words in _DOES:
            named = [str(self.place / self.stale)] if command == "promote" else []
            yield (command, *named, *words)

    def copies(self) -> Iterable[Path]:
        """Return the folders in `reports/`."""
        return self.place.glob("reports/[!.]*")

    def wrong(self, facts: list[Fact], end: End) -> list[str]:
        """Return what is wrong after it ended so."""
        found = [*tracebacks(facts), *self._kept(), *self.damaged()]
        if end.code == 0 and self._is_there(self.stale):
            found.append("honest exit: all is done, and the stale run is still there")
        if found:
            return found
        code = self._again()
        if code:
            found.append(f"completed: the same again ends with {code}")
        if self._is_there(self.stale) or (self.place / "reports" / ".promoting").exists():
            found.append("completed: something stale is left")
        return [*found, *self._kept(), *self.damaged()]

    def _again(self) -> int:
        """Do it once more, beginning with whatever step is still to be done."""
        if self._is_there(self.stale):
            return self.does(untold)
        return told(self.place, "prune", "--empty-trash")[0]

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(self.place / path)

    def _kept(self) -> Iterator[str]:
        """Say which run is neither in its place nor in the trash, and not archived either."""
        for path, files in self.runs.items():
            kept = [self.place / path, *self.place.glob(f".runpact-trash/*/files/{path}")]
            if any(files_of(folder) == files for folder in kept):
                continue
            entries = ledger_of(str(self.place)).entries
            archived = [each for each in entries if each.path == path and each.action == "promote"]
            if not archived or archive_fault(str(self.place), archived[-1]):
                yield f"kept: {path} is gone, and nothing archives it"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Archive))

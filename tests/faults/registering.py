"""A workspace in which `runpact models` and `runpact data` are disturbed.

Knows: what must never be lost, and what each undisturbed repetition has to complete.
Does not know: which fault was injected, how a version gets its name.

    python -m faults.registering [--what faults|kill|refuse] [--every N] [--offset K]

prints one JSON document, as `faults.mending` does. The invariants:

kept          the run that the model comes from is as it was, to the last byte
whole         a version that has its name is complete and as its record says; the ledger is never damaged
told          a version that has its name and that nobody interrupted is in the ledger; what is gone was told
honest exit   no traceback; a command that ends with 0 has done what it says
completed     the same commands again end well, and nothing that was made ready is left behind
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import runpact
from faults.archiving import Curating, files_of, untold
from faults.mending import main, told
from faults.oracle import End
from faults.scenario import Fact
from faults.sweep import tracebacks
from runpact.disk.archive import STAGING
from runpact.verbs.archive.ledger import ledger_of

CONTRACT = """\
contract: faults.registering
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries: [{files: "artifacts/checkpoints/*"}]
"""
DESCRIPTION = {"input_spec": {"resolution": [1], "normalization": "none"}, "export": {"opset": None}}
TO = ("--to", "vision/depth/tiny/trained/indoor")
DATA = "data://vision/depth/rooms/1.0"
_DOES = (
    ("models", "promote", "detector", *TO),
    ("data", "add", "scans", "--to", DATA.removeprefix("data://")),
    ("data", "remove", DATA),
)


def lay_down(folder: Path) -> None:
    """Make a workspace with a run that can become a model, and a folder that can become a data set."""
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    (folder / "scans").mkdir()
    (folder / "scans" / "a.txt").write_text("a", encoding="utf-8")
    with contextlib.chdir(folder), runpact.run(name="detector", durability="none") as run:
        run.save("artifacts/checkpoints/best.onnx", b"\x08\x08\x12\x04test" + bytes(3_000_000))
        run.save("model.json", DESCRIPTION)


class Registries(Curating):
    """Enters and removes."""

    def __init__(self) -> None:
        """Make the workspace."""
        super().__init__(lay_down)

    def remember(self) -> None:
        """Take note of the run."""
        self.run = files_of(self.sick / "runs")

    def commands(self) -> Iterator[tuple[str, ...]]:
        """Promote, add, remove."""
        for words in _DOES:
            yield tuple(str(self.place / word) if word == "scans" else word for word in words)

    def copies(self) -> list[Path]:
        """Return the folders of versions."""
        found = [path.parent for path in self.place.glob("[md]*/**/evidence_manifest.json")]
        return [folder for folder in found if STAGING not in str(folder)]

    def wrong(self, facts: list[Fact], end: End) -> list[str]:
        """Return what is wrong after it ended so."""
        found = [*tracebacks(facts), *self._whole()]
        if end.code == 0 and len(self.copies()) != 1:
            found.append("honest exit: all is done, and there is not the model alone")
        if found:
            return found
        code = self.does(untold)
        if code:
            found.append(f"completed: the same again ends with {code}")
        if [*self.place.rglob(f"{STAGING}*")]:
            found.append("completed: something that was made ready is left")
        return [*found, *self._whole(), *self._told()]

    def _whole(self) -> Iterator[str]:
        if files_of(self.place / "runs") != self.run:
            yield "kept: the run is not as it was"
        yield from self.damaged()

    def _told(self) -> Iterator[str]:
        entries = ledger_of(str(self.place)).entries
        if [each.at for each in entries if each.action == "remove"] == []:
            yield "told: a data set is gone, and the ledger does not say so"
        code, document, _complaint = told(self.place, "models", "verify")
        if code:
            yield f"told: verifying ends with {code}: {json.dumps(document)[:500]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Registries))

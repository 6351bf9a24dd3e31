"""One real run through the public API that tells each fact once it was acknowledged.

Knows: the calls of a run in order, and what the program was told by each of them.
Does not know: faults, nor what must be true afterwards (`faults.oracle`).

A fact is a JSON object on one line, written with one `os.writev` after the call returned: whatever happens to
the process next, what was told had been acknowledged; and runpact never calls `writev`, so a fault at every
`write` spares the facts. `asked` stands before a call, so that the oracle knows
what may be there without having been acknowledged.

    python -m faults.scenario FOLDER [--kind K] [--durability D] [--name N] [--facts FILE]

makes one run in FOLDER (laid out when it holds no contract) and exits with the run's exit code. The system
calls of the run itself stand between look-ups of `BEGIN_MARK` and `END_MARK`, two names that do not exist.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import runpact
from runpact.model.errors import ContractBrokenError, RunpactError
from runpact.verbs.life.active import ActiveRun

Fact = dict[str, object]
Tell = Callable[..., None]

BEGIN_MARK = "/runpact-faults-begin"
END_MARK = "/runpact-faults-end"
NAME = "a"
CONFIG = {"lr": 0.1, "layers": [1, 2, 3]}
WORDS = {"running": "open", "finished": "ok", "failed": "bad", "interrupted": "cut"}

CONTRACT = """\
contract: faults.scenario
version: "1.0.0"
workspace: {directories: [data/sets], log: log.txt}
kinds:
  run:
    at: "runs/{name}"
    state_words: {running: open, finished: ok, failed: bad, interrupted: cut}
    entries:
      - {file: config.json, written: start, fields: run.config}
      - {file: status.json, written: change, fields: {id: run.id, word: run.word}}
      - {file: summary.json, fields: {id: run.id, word: run.word}}
      - {file: result.json, required: run.state == "finished", schema: schemas/result.json}
      - {files: "parts/*.bin", as: parts, required: run.state == "finished"}
      - {dir: notes, required: false}
    others: refused
    latest:
      - {copy: result.json, to: "latest/result.json"}
      - {link: parts, to: "latest/parts"}
  placed:
    like: run
    at: "placed/{name}"
    records: {manifest: record/run_manifest.json, events: record/events.jsonl, metrics: stream/metrics.jsonl}
    places: {owned: {at: "owned/{run.id}"}}
"""
SCHEMA = '{"type": "object", "required": ["loss"], "properties": {"loss": {"type": "number"}}}'
PLACES = {"run": "runs", "placed": "placed"}
"""Folder of each kind's runs, below the workspace."""
LOG = "log.txt"
LATEST = "latest/result.json"
LATEST_LINK = "latest/parts"
TRACEBACK = 70
"""Exit code of a program whose user would have seen a traceback."""


def lay_out(folder: Path, *, is_taken: bool = False) -> None:
    """Write the workspace's contract; when the name is taken, a file stands where the run would.

    From here on no parsed contract is kept either: what a lane records are the calls of a run alone.
    """
    os.environ["XDG_STATE_HOME"] = "/tmp/runpact-keeps-nothing-here"
    (folder / "schemas").mkdir(parents=True)
    (folder / "schemas/result.json").write_text(SCHEMA)
    (folder / "contract.yaml").write_text(contract_text())
    for place in PLACES.values() if is_taken else ():
        (folder / place).mkdir()
        (folder / place / NAME).write_text("taken")


def contract_text() -> str:
    """Return the contract with the kind `placed` spelt out: the language has no `like` yet."""
    head, placed = CONTRACT.split("  placed:\n", 1)
    body = head.split('at: "runs/{name}"\n', 1)[1]
    return f"{head}  placed:\n{placed.replace('    like: run' + chr(10), '')}{body}"


def event_fields(number: int) -> dict[str, object]:
    """Return the fields of the scenario's event `number`."""
    return {"number": number, "text": f"event {number} " + "é" * number}


def point_values(number: int) -> dict[str, float]:
    """Return the values of the scenario's metric point `number`."""
    return {"loss": 1.0 / (number + 1), "count": float(number)}


def result_of(number: int) -> dict[str, object]:
    """Return the JSON document of the scenario's artifact `number`."""
    return {"loss": 0.25, "number": number}


def part_of(number: int) -> bytes:
    """Return the bytes of the scenario's artifact `number`."""
    return bytes((number * 31 + place) % 251 for place in range(3000))


def teller(descriptor: int) -> Tell:
    """Return a function that writes one fact with one system call."""

    def tell(fact: str, **fields: object) -> None:
        os.writev(descriptor, [json.dumps({"fact": fact, **fields}).encode() + b"\n"])

    return tell


def read_facts(data: bytes) -> list[Fact]:
    """Read what a teller wrote; a last line that was cut was never told."""
    return [json.loads(line) for line in data.split(b"\n")[:-1]]


def write_plainly(path: str, data: bytes) -> None:
    """Write a file as a user's program does: no flush, no rename."""
    Path(path).write_bytes(data)


class Program:
    """The calls a program makes on its open run, each told before and after."""

    def __init__(
        self, run: ActiveRun, tell: Tell, *, write: Callable[[str, bytes], None], stubborn: bool
    ) -> None:
        """Store the run and where facts go.

        Args:
            run: Open.
            tell: Called with each fact.
            write: How the program writes its own files.
            stubborn: Go on after a refused call; an artifact is tried once more.
        """
        self.run = run
        self.tell = tell
        self.write = write
        self.stubborn = stubborn

    def event(self, number: int) -> None:
        """Log an event."""

        def call() -> None:
            seq = self.run.event("scenario.event", **event_fields(number))
            self.tell("event", number=number, seq=seq)

        self._try(call, what="event", number=number)

    def points(self, number: int) -> None:
        """Log metric points."""

        def call() -> None:
            self.run.log(point_values(number), step=number)
            self.tell("points", number=number)

        self._try(call, what="points", number=number)

    def artifact(self, path: str, value: object) -> None:
        """Save an artifact and tell the digest of what a reader must find."""

        def call() -> None:
            stored = self.run.save(path, value)
            data = value if isinstance(value, bytes) else Path(stored).read_bytes()
            assert isinstance(value, bytes) or json.loads(data) == value
            self.tell("artifact", path=path, digest=digest(data))

        if not self._try(call, what="artifact", path=path):
            self._try(call, what="artifact", path=path)

    def own_file(self, path: str, data: bytes) -> None:
        """Write a file of the program's own into the run."""

        def call() -> None:
            self.write(self.run.path(path), data)
            self.tell("file", path=path, digest=digest(data))

        self._try(call, what="file", path=path)

    def owned_file(self, name: str, data: bytes) -> None:
        """Write a file of the program's own into the directory that the run owns outside its own."""
        path = f"../../owned/{self.run.id}/{name}"

        def call() -> None:
            place = Path(self.run.dir, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            self.write(str(place), data)
            self.tell("file", path=path, digest=digest(data))

        self._try(call, what="file", path=path)

    def _try(self, call: Callable[[], None], **asked: object) -> bool:
        self.tell("asked", **asked)
        try:
            call()
        except RunpactError as error:
            if not self.stubborn:
                raise
            self.tell("not", code=error.code, **asked)
            return False
        return True


def digest(data: bytes) -> str:
    """Return the digest that the oracle compares with, not by runpact's own code."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def work(program: Program) -> None:
    """Do what a small training run does."""
    program.event(1)
    for number in range(3):
        program.points(number)
    program.artifact("result.json", result_of(1))
    program.event(2)
    program.artifact("parts/first.bin", part_of(1))
    program.points(3)
    program.own_file("notes/own.txt", b"written by the program itself\n")
    if Path(program.run.dir).parent.name == PLACES["placed"]:
        program.owned_file("model.bin", part_of(3))
    program.artifact("parts/second.bin", part_of(2))
    program.event(3)


def make_run(
    folder: Path,
    tell: Tell,
    *,
    kind: str = "run",
    durability: str = "commit",
    name: str = NAME,
    work: Callable[[Program], None] = work,
    write: Callable[[str, bytes], None] = write_plainly,
    stubborn: bool = False,
) -> int:
    """Make one run and return the exit code its program would have.

    0 finished, 1 finished with a doubt, 3 any refusal that runpact tells; another exception is let through,
    because a user would see its traceback. A run that finished but does not keep its contract, as when a
    stubborn program did without an artifact, is told as sealed too.
    """
    pending = runpact.run(
        kind=kind, name=name, config=CONFIG, workspace=folder, durability=durability, seeds={"random": 7}
    )
    try:
        with pending as run:
            tell("begun", id=run.id, uid=run.uid, kind=kind, durability=durability)
            work(Program(run, tell, write=write, stubborn=stubborn))
            tell("ending")
    except ContractBrokenError as error:
        tell("sealed", doubt=run.standing.reason, broken=error.message)
        return error.exit_code
    except RunpactError as error:
        tell("refused", code=error.code, message=error.message)
        return error.exit_code
    tell("sealed", doubt=run.standing.reason)
    return 1 if run.standing.reason else 0


def main(arguments: list[str]) -> int:
    """Make one run as a program of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", default="run", choices=list(PLACES))
    parser.add_argument("--durability", default="commit")
    parser.add_argument("--name", default=NAME)
    parser.add_argument("--facts", type=Path, default=None)
    said = parser.parse_args(arguments)
    if not (said.folder / "contract.yaml").exists():
        lay_out(said.folder)
    descriptor = os.open(said.facts, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666) if said.facts else 1
    tell = teller(descriptor)
    os.path.lexists(BEGIN_MARK)
    try:
        code = make_run(said.folder, tell, kind=said.kind, durability=said.durability, name=said.name)
    except BaseException:  # noqa: BLE001 - whatever a user would see the traceback of
        tell("traceback", text=traceback.format_exc())
        return TRACEBACK
    os.path.lexists(END_MARK)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

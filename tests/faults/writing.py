"""Many writers at once: each run is whole and its own, whoever looks meanwhile.

Knows: how to let processes loose together, and what each was told.
Does not know: how a run is written.

    python -m faults.writing [--writers N] [--runs N] [--readers N] [--rounds N]

prints one JSON document. Half of the writers ask for the same name every time, the others for their own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from faults.inject import look_away
from faults.layers import SHARED_MEMORY, fork
from faults.oracle import read_log, runs_of
from faults.scenario import PLACES, Program, digest, lay_out, make_run, part_of, result_of
from runpact.disk import io
from runpact.disk.draft import Draft
from runpact.disk.writer import RunWriter
from runpact.model.contract.language import Records
from runpact.model.errors import StorageError
from runpact.model.finding import Verdict
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.finding.find import list_runs

MAY_FOLLOW = {
    None: {"abandoned", "running", "finished"},
    "abandoned": {"running", "abandoned"},
    "running": {"running", "finished"},
    "finished": {"finished"},
}
"""What a reader may see of one path after what; a directory being created may be gone the next time."""


class Start:
    """A line that processes wait at until all of them may go; each of them must come to it."""

    def __init__(self) -> None:
        """Open the line."""
        self._wait, self._hold = os.pipe()

    def wait(self) -> None:
        """Wait for the line to be lifted."""
        os.close(self._hold)
        os.read(self._wait, 1)

    def lift(self) -> None:
        """Let everybody go."""
        os.close(self._hold)
        os.close(self._wait)


def write_runs(folder: Path, writer: int, runs: int, told: Path) -> int:
    """Make runs one after the other; note each once it was acknowledged."""
    descriptor = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    for number in range(runs):
        said: dict[str, object] = {"writer": writer, "number": number}

        def tell(fact: str, said: dict[str, object] = said, **fields: object) -> None:
            said |= fields if fact == "begun" else {}

        def work(program: Program, number: int = number) -> None:
            program.event(writer)
            program.points(number)
            program.artifact("result.json", result_of(number))
            program.artifact("parts/first.bin", part_of(writer))

        name = "shared" if writer % 2 else f"w{writer}"
        code = make_run(folder, tell, durability="none", name=name, work=work)
        os.write(descriptor, json.dumps(said | {"code": code}).encode() + b"\n")
    return 0


def read_runs(folder: Path, told: Path, end: Path) -> int:
    """List the runs over and over; note what must not be seen."""
    contract = load_contract(str(folder / "contract.yaml")).contract
    wrong: list[str] = []
    seen: dict[str, str] = {}
    listings = 0
    while not wrong:
        is_last = end.exists()
        now = {run.path: run.state.value for run in list_runs(str(folder), contract)}
        wrong += [
            f"{path} is {state} after {seen.get(path)}"
            for path, state in now.items()
            if state not in MAY_FOLLOW[seen.get(path)]
        ]
        wrong += [f"{path} is gone" for path in seen.keys() - now.keys() if ".new-" not in path]
        seen = now
        listings += 1
        if is_last:
            break
    told.write_text(json.dumps({"listings": listings, "wrong": wrong}))
    return 0


def write_at_once(folder: Path, *, writers: int, runs: int, readers: int) -> dict:
    """Let writers and readers loose on one workspace; return what is wrong with what they left."""
    workspace, end = folder / "w", folder / "end"
    lay_out(workspace)
    start = Start()
    children = []
    for writer in range(writers):

        def write(writer: int = writer) -> int:
            start.wait()
            return write_runs(workspace, writer, runs, folder / f"writer-{writer}")

        children.append(fork(write))
    watchers = []
    for reader in range(readers):

        def read(reader: int = reader) -> int:
            start.wait()
            return read_runs(workspace, folder / f"reader-{reader}", end)

        watchers.append(fork(read))
    began = time.monotonic()
    start.lift()
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    seconds = time.monotonic() - began
    end.touch()
    codes += [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in watchers]
    told = [json.loads(line) for file in folder.glob("writer-*") for line in file.read_text().splitlines()]
    seen = [json.loads(file.read_text()) for file in folder.glob("reader-*")]
    wrong = [line for reader in seen for line in reader["wrong"]]
    wrong += [f"a process ended with {code}" for code in codes if code]
    wrong += left_wrong(workspace, told)
    return {
        "asked": writers * runs,
        "told": len(told),
        "listings": sum(reader["listings"] for reader in seen),
        "wrong": wrong,
        "seconds": round(seconds, 1),
    }


def left_wrong(workspace: Path, told: list[dict]) -> Iterator[str]:
    """Hold what stands in the workspace against what the writers were told."""
    found = {run.path: run for run in runs_of(workspace)}
    paths = {f"{PLACES['run']}/{said['id']}": said for said in told}
    if len(paths) != len(told) or len({said["uid"] for said in told}) != len(told):
        yield f"{len(told)} runs were told, with {len(paths)} ids"
    yield from (f"{path} was made and not told" for path in found.keys() - paths.keys())
    for path, said in paths.items():
        run = found.get(path)
        if run is None or run.verdict is not Verdict.OK or run.state != "finished" or said["code"] != 0:
            yield f"{path} was told with {said['code']}, and is {run and run.state}"
            continue
        events = [
            entry["number"] for entry in read_log(run.folder / run.records["events"]) if "number" in entry
        ]
        if events != [said["writer"]]:
            yield f"{path} holds the events of {events}"
        if json.loads((run.folder / "result.json").read_bytes()) != result_of(said["number"]):
            yield f"{path} holds another result"
        if digest((run.folder / "parts/first.bin").read_bytes()) != digest(part_of(said["writer"])):
            yield f"{path} holds another writer's part"


def claim(folder: Path, *, claimants: int, prepare: Callable[[], None]) -> list[str]:
    """Let processes claim one id with no other to turn to; return what is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    start = Start()

    def work(number: int) -> int:
        look_away()
        prepare()
        draft = Draft(
            token=f"{number:016}",
            record_for=lambda identity: json.dumps({"id": identity, "by": number}).encode(),
            manifest_for=lambda _identity: b"{}",
            records={name: getattr(Records(), name) for name in Records.__struct_fields__},
            contract={},
            is_durable=False,
            mode=0o777,
        )
        start.wait()
        try:
            RunWriter.create(draft, str(folder), ["one"])
        except (StorageError, StopIteration):
            return 1
        return 0

    children = [fork(lambda number=number: work(number)) for number in range(claimants)]
    start.lift()
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if sorted(codes) != [0] + [1] * (claimants - 1):
        return [f"{codes.count(0)} of {claimants} won"]
    winner = json.loads((folder / "one/.runpact/run.json").read_bytes())["by"]
    left = [path.name for path in folder.iterdir() if path.name != "one"]
    wrong = [] if codes[winner] == 0 else [f"{winner} was told that it lost"]
    return wrong + ([f"the losers left {left}"] if left else [])


def without_renameat2() -> None:
    """Take the system call away, as an older file system does."""
    io._c_call = lambda _name: None


def main(arguments: list[str]) -> int:
    """Write and claim as a process of its own, so that forking is safe."""
    parser = argparse.ArgumentParser()
    for name, number in (("writers", 8), ("runs", 50), ("readers", 2), ("rounds", 50)):
        parser.add_argument(f"--{name}", type=int, default=number)
    said = parser.parse_args(arguments)
    base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="runpact-writing-", dir=base))
    try:
        found = write_at_once(folder, writers=said.writers, runs=said.runs, readers=said.readers)
        ways: tuple[Callable[[], None], ...] = (lambda: None, without_renameat2)
        claims = [
            line
            for way in ways
            for _round in range(said.rounds)
            for line in claim(folder / "claim", claimants=said.writers, prepare=way)
        ]
    finally:
        shutil.rmtree(folder)
    print(json.dumps(found | {"claims": said.rounds * len(ways), "claimed_wrongly": claims}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

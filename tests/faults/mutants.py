"""Broken protocols: each must be caught by the layer that is named for it, or that layer has lost its teeth.

Knows: how to break the writer and the readers in one way each.
Does not know: how a layer finds it (`faults.layers`).

    python -m faults.mutants [--without-controls] [NAME…]

prints one JSON document: by mutant its layer and the violation that caught it, and by layer what the unbroken
protocol shows (nothing).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from faults.layers import LAYERS, Prepare, nothing
from runpact.disk import appendlog, draft, io, reader, writer
from runpact.host import process
from runpact.model import journal
from runpact.model.run import Liveness, Outcome, Standing
from runpact.verbs.finding import standing
from runpact.verbs.judging import verify
from runpact.verbs.life import finish


@dataclass(frozen=True)
class Mutant:
    """One way to break the protocol."""

    name: str
    layer: str
    """The layer that must catch it."""
    apply: Prepare
    breaks_reader: bool = False
    """It breaks the readers too, so it is applied to the process that looks."""


MUTANTS: dict[str, Mutant] = {}


def mutant(name: str, layer: str, *, breaks_reader: bool = False) -> Callable[[Prepare], Prepare]:
    """Register what breaks the protocol."""

    def register(apply: Prepare) -> Prepare:
        assert layer in LAYERS
        MUTANTS[name] = Mutant(name, layer, apply, breaks_reader)
        return apply

    return register


@mutant("sequence advances before the write", "sweep")
def _() -> None:
    def write(log: appendlog.AppendLog, line: bytes) -> None:
        if log._descriptor < 0:
            log.open()
        log.count += 1
        try:
            io.append_line(log._descriptor, line)
        except OSError as error:
            raise io.storage_error("log", log._path, error) from error
        log.size += len(line)
        log._digest.update(line)

    appendlog.AppendLog._write = write


@mutant("a short write is not cut back", "sweep")
def _() -> None:
    def settle(log: appendlog.AppendLog) -> None:
        log._doubt = appendlog._Doubt.NONE

    appendlog.AppendLog._settle = settle


@mutant("the manifest is written in place", "sweep")
def _() -> None:
    def replace_file(path: str, data: bytes, *, sync: bool, after_rename: Prepare = nothing) -> None:
        descriptor = io.os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        io.write_all(descriptor, data)
        io.os.close(descriptor)
        after_rename()

    io.replace_file = replace_file


@mutant("the seal is written after the manifest", "sweep")
def _() -> None:
    def commit(run: writer.RunWriter, manifest: bytes, seal: bytes) -> None:
        with io.storing("seal", run.paths.seal):
            io.replace_file(run.paths.manifest, manifest, sync=run.is_durable)
            io.replace_file(run.paths.seal, seal, sync=run.is_durable)
        run._mark_sealed()

    writer.RunWriter.commit = commit


@mutant("an error after the commit is a failure", "sweep")
def _() -> None:
    def commit(run: writer.RunWriter, manifest: bytes, seal: bytes) -> None:
        with io.storing("seal", run.paths.seal):
            io.replace_file(run.paths.seal, seal, sync=run.is_durable)
            io.replace_file(run.paths.manifest, manifest, sync=run.is_durable, after_rename=run._mark_sealed)

    writer.RunWriter.commit = commit


@mutant("a run is built in its final place", "sweep")
def _() -> None:
    draft.STAGED = "staged-"


@mutant("a seal that failed is told as success", "sweep")
def _() -> None:
    def seal_as_failed(run: object, outcome: Outcome, fault: Exception) -> Standing:
        del run, fault
        return standing.classify(
            standing.RunFacts(has_record=True, is_sealed=True, has_seal=True, outcome=outcome)
        )

    finish._seal_as_failed = seal_as_failed


@mutant("what a failed seal left is sealed with the run", "sweep")
def _() -> None:
    writer.RunWriter.clear_leftovers = lambda _run: None


@mutant("a closed log is closed loudly", "sweep")
def _() -> None:
    io.close_quietly = io.close


@mutant("files are not flushed", "power loss")
def _() -> None:
    create = io.create_file

    def create_file(path: str, data: bytes, *, sync: bool, mode: int = 0o666) -> None:
        create(path, data, sync=False, mode=mode)

    io.create_file = create_file


@mutant("directories are not flushed", "power loss")
def _() -> None:
    io.sync_directory = lambda _path: None


@mutant("logs are not flushed before the seal", "power loss")
def _() -> None:
    appendlog.AppendLog.sync = lambda _log: None


@mutant("artifacts are not flushed", "power loss")
def _() -> None:
    io.sync = lambda _descriptor: None


@mutant("files of the program are not flushed", "power loss")
def _() -> None:
    writer.RunWriter.flush = lambda _run, _foreign: None


@mutant("the contract's copy is not flushed", "power loss")
def _() -> None:
    directories = draft._directories
    draft._directories = lambda run: [path for path in directories(run) if "contract" not in path]


@mutant("the lock is taken after publication", "liveness")
def _() -> None:
    publish, locked = io.publish, []

    def open_locked(path: str) -> int:
        locked.append(io.os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        return locked[0]

    def publish_then_lock(staging: str, final: str) -> None:
        publish(staging, final)
        io.fcntl.flock(locked[0], io.fcntl.LOCK_EX)

    io.open_locked, io.publish = open_locked, publish_then_lock


@mutant("a held lock alone means running", "liveness", breaks_reader=True)
def _() -> None:
    def liveness(_owner: object, *, lock_held: bool | None, **_: object) -> Liveness:
        return Liveness.ALIVE if lock_held else Liveness.DEAD

    process.liveness = standing.liveness = liveness


@mutant("readers trust the state word", "damaged store", breaks_reader=True)
def _() -> None:
    reader.why_seal_rejects = lambda _seal, _manifest: None


@mutant("logs are not bound by the seal", "damaged store", breaks_reader=True)
def _() -> None:
    verify._log = lambda _directory, _log: iter(())


@mutant("checksums of log lines are ignored", "damaged store", breaks_reader=True)
def _() -> None:
    journal.parse_line = json.loads


@mutant("a plain rename publishes", "writers")
def _() -> None:
    def renamed(source: str, target: str) -> bool:
        io.os.rename(source, target)
        return True

    io._renamed_to_free_name = renamed


def caught(one: Mutant) -> str:
    """Return the violation by which the mutant's own layer caught it; empty when it slipped through."""
    if one.breaks_reader:
        one.apply()
        return LAYERS[one.layer](nothing)
    return LAYERS[one.layer](one.apply)


def asked_apart(question: Callable[[], str]) -> str:
    """Answer a question in a child: what it breaks stays broken there."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = question()
        except BaseException as error:  # noqa: BLE001 - a child of fork must end here whatever happens
            answer = f"error: {type(error).__name__}: {error}"
        os.write(sending, answer.encode()[:60_000])
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, "rb") as stream:
        answer = stream.read().decode()
    os.waitpid(child, 0)
    return answer


def judged(names: list[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what caught each mutant."""
    for name in names:
        began = time.monotonic()
        by = asked_apart(lambda name=name: caught(MUTANTS[name]))
        yield name, {"layer": MUTANTS[name].layer, "by": by, "seconds": round(time.monotonic() - began, 1)}


def main(arguments: list[str]) -> int:
    """Judge mutants in a process of their own, so that forking is safe."""
    is_controlled = "--without-controls" not in arguments
    names = [name for name in arguments if not name.startswith("--")] or list(MUTANTS)
    layers = sorted({MUTANTS[name].layer for name in names}) if is_controlled else []
    controls = {layer: asked_apart(lambda layer=layer: LAYERS[layer](nothing)) for layer in layers}
    print(json.dumps({"mutants": dict(judged(names)), "controls": controls}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

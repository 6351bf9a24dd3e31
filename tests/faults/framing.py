"""Typed predictions and checkpoints, with a fault at each system call that writes them.

Knows: what a program was told of them, and what must be there whatever happened.
Does not know: which calls there are.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import runpact
from faults.children import told_by
from faults.inject import Fault, Injector, install
from faults.scenario import Fact, Tell
from runpact.cli.main import run_command_line
from runpact.model.errors import RunpactError

CONTRACT = """\
contract: faults.framing
version: "1.0.0"
extends: runpact:project-run@1
kinds: {run: {made_by: ["**"]}}
"""
FRAMES = 3


def _work(tell: Tell, fault: Fault | None) -> int:
    run = runpact.run(name="f", config={"a": 1}, unsafe_skip_check=True).__enter__()
    injector = Injector(fault)
    step_aside = install(injector)
    frames = None
    try:
        with contextlib.suppress(RunpactError):
            frames = run.predictions(contract_version="1.0", intrinsics={"fx": 1})
        for number in range(FRAMES):
            _try(tell, "frame", number, lambda: frames.write(number, timestamp=0, a=np.full(9, number)))  # noqa: B023 - called at once
            _try(tell, "checkpoint", number, lambda: run.checkpoint("last", {"a": np.full(9, number)}))  # noqa: B023 - as above
            _try(tell, "step", number, lambda: run.checkpoint(number, {"a": np.full(9, number)}, keep=1))  # noqa: B023 - as above
        with contextlib.suppress(RunpactError):
            run.save("metrics", {"loss": 0.5})
        with contextlib.suppress(RunpactError):
            run.finish()
            tell("sealed")
    finally:
        step_aside()
    tell("calls", names=injector.calls)
    return 0


def _try(tell: Tell, what: str, number: int, call) -> None:
    try:
        call()
    except (RunpactError, AttributeError) as error:
        tell("not", what=what, number=number, error=type(error).__name__)
    else:
        tell(what, number=number)


def calls_of_a_run() -> list[str]:
    """Return the names of the system calls that frames, checkpoints and the seal make."""
    facts, code, found = _tried(None)
    assert (code, found) == (0, [])
    names = next(fact["names"] for fact in facts if fact["fact"] == "calls")
    assert isinstance(names, list)
    return names


def violations(fault: Fault) -> list[str]:
    """Return what is wrong after a run that this fault struck."""
    facts, _code, found = _tried(fault)
    texts = [str(fact["text"]) for fact in facts if fact["fact"] == "traceback"]
    return [*found, *(f"traceback: {text}" for text in texts if "KeyboardInterrupt" not in text)]


def _tried(fault: Fault | None) -> tuple[list[Fact], int, list[str]]:
    folder = tempfile.mkdtemp(prefix="runpact-frames-")
    try:
        with contextlib.chdir(folder):
            Path("contract.yaml").write_text(CONTRACT, encoding="utf-8")
            facts, code = told_by(lambda tell: _work(tell, fault))
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                run_command_line(["doctor", "--fix"])
            return facts, code, list(_wrong(Path(folder), facts))
    finally:
        shutil.rmtree(folder)


def _wrong(folder: Path, facts: list[Fact]) -> Iterator[str]:
    """Yield what is wrong with the run that was made."""
    (directory,) = folder.glob("runs/f/*")
    if runpact.verify(directory) is not runpact.Verdict.OK:
        yield "verify: the run does not verify"
        return
    told = {fact["number"] for fact in facts if fact["fact"] == "frame"}
    try:
        read = {frame.frame_id: frame["a"] for frame in runpact.open_run(directory).predictions()}
    except RunpactError as error:
        yield f"frames: {error.message}"
        return
    if not told <= read.keys():
        yield f"frames: {sorted(told - read.keys())} were acknowledged and are not there"
    if any((array != number).any() for number, array in read.items()):
        yield "frames: one holds what was not written"
    names = {path.name for path in directory.glob("artifacts/predictions/frame_*")}
    if names != {f"frame_{number:04}.npz" for number in read}:
        yield f"frames: files {sorted(names)} do not match rows {sorted(read)}"
    yield from _checkpoints(directory, facts)


def _checkpoints(directory: Path, facts: list[Fact]) -> Iterator[str]:
    told = [fact["number"] for fact in facts if fact["fact"] == "checkpoint"]
    last = directory / "artifacts/checkpoints/last.npz"
    if told and not last.exists():
        yield "checkpoint: the last one was acknowledged and is not there"
    for path in directory.glob("artifacts/checkpoints/*"):
        if not path.name.endswith(".npz") or path.name.startswith("."):
            yield f"checkpoint: {path.name} is left"
        elif path == last and told and int(np.load(path)["a"][0]) < max(told):
            yield "checkpoint: an older one stands where a newer one was acknowledged"
        else:
            np.load(path)["a"]

"""The layers that a broken protocol must not pass, each as one question: what is the first thing wrong?

Knows: how each layer looks for faults, at a size that takes seconds.
Does not know: what is broken (`faults.mutants`).

sweep          a fault at every third system call (`faults.sweep`)
power loss     every third state after a power cut (`faults.powerloss`)
liveness       an observer after every system call of a living run, and after its owner died
damaged store  bytes of records changed behind runpact's back
writers        programs that claim the same name at the same moment
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faults.inject import install, look_away
from faults.oracle import runs_of
from faults.powerloss import cut_power
from faults.scenario import Program, lay_out, make_run, point_values
from faults.sweep import SHARED_MEMORY, api, sweep
from runpact.disk.storedlog import StoredLog
from runpact.model.finding import Verdict

Prepare = Callable[[], None]
Layer = Callable[[Prepare], str]
"""Takes what is done to the writing process before it starts; returns the first violation, or nothing."""

WRITERS = 4
AFTER = {
    "": {"", "abandoned"},
    "abandoned": {"abandoned", "running"},
    "running": {"running", "finished"},
    "finished": {"finished"},
}
"""What an observer may see after what: a creation counts as abandoned until it holds its lock."""


def nothing() -> None:
    """Leave the protocol as it is."""


def quiet(_fact: str, **_fields: object) -> None:
    """Tell nobody."""


def first_of(found: dict) -> str:
    """Return one violation of a sweep or a series of power cuts."""
    for line in found.get("clean", []):
        return str(line)
    for where, lines in found["violations"].items():
        return f"{where}: {lines[0]}"
    return ""


def sweeping(prepare: Prepare) -> str:
    """Ask the sweep, for a program that gives up and for one that goes on."""
    plain = first_of(sweep(api("run", "commit", stubborn=False), every=3, prepare=prepare, stop=True))
    return plain or first_of(sweep(api("run", "none", stubborn=True), every=3, prepare=prepare, stop=True))


def losing_power(prepare: Prepare) -> str:
    """Ask the power cuts, for both layouts."""
    plain = first_of(cut_power(every=3, prepare=prepare, stop=True))
    return plain or first_of(cut_power(kind="placed", every=3, prepare=prepare, stop=True))


@contextmanager
def workspace() -> Iterator[Path]:
    """Lay a workspace out, and remove it in the end."""
    base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="runpact-layer-", dir=base))
    try:
        lay_out(folder / "w")
        yield folder / "w"
    finally:
        shutil.rmtree(folder)


def fork(work: Callable[[], int]) -> int:
    """Run `work` in a child and return its process id."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    return child


class Pausing:
    """Waits behind each call until the observer has looked."""

    def __init__(self, told: int, answered: int) -> None:
        """Store where to tell, and where to wait for the answer."""
        self._told = told
        self._answered = answered

    def call(self, name: str, real: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Make one call, then wait."""
        value = real(*arguments, **keywords)
        os.write(self._told, b".")
        os.read(self._answered, 1)
        return value


def living(prepare: Prepare) -> str:
    """Watch a run from outside: it runs as long as its owner lives, and not a moment longer."""
    return _watched(prepare) or _orphaned(prepare)


def _watched(prepare: Prepare) -> str:
    told, tell = os.pipe()
    wait, answer = os.pipe()
    with workspace() as folder:

        def work() -> int:
            os.close(told)
            prepare()
            install(Pausing(tell, wait))
            return make_run(folder, quiet, durability="none")

        child = fork(work)
        os.close(tell)
        wrong, seen = "", [""]
        while os.read(told, 1):
            seen.append(" ".join(run.state for run in runs_of(folder)))
            if not wrong and seen[-1] not in AFTER[seen[-2]]:
                wrong = f"after call {len(seen) - 1} the run of a living process is {seen[-1]}"
            os.write(answer, b".")
        os.waitpid(child, 0)
        for descriptor in (told, wait, answer):
            os.close(descriptor)
        return wrong or ("" if seen[-1] == "finished" else f"the last that was observed is {seen[-1]}")


def _orphaned(prepare: Prepare) -> str:
    with workspace() as folder:
        told, tell = os.pipe()

        def leave_a_child(program: Program) -> None:
            program.event(1)
            if os.fork() == 0:
                signal.pause()
            os.write(tell, b".")
            os.kill(os.getpid(), signal.SIGKILL)

        def work() -> int:
            os.setpgid(0, 0)
            prepare()
            return make_run(folder, quiet, durability="none", work=leave_a_child)

        child = fork(work)
        os.read(told, 1)
        os.waitpid(child, 0)
        states = [run.state for run in runs_of(folder)]
        os.killpg(child, signal.SIGKILL)
        os.close(told)
        os.close(tell)
    return "" if states == ["interrupted"] else f"its owner died, a child of it lives: {states}"


def damaging(prepare: Prepare) -> str:
    """Change bytes of a sealed and of a killed run; neither may be believed."""
    return _sealed_and_edited(prepare) or _killed_and_edited(prepare)


def _sealed_and_edited(prepare: Prepare) -> str:
    edits: dict[str, Callable[[Path], object]] = {
        "the outcome in the manifest": lambda run: _swap(run / "manifest.json", b'"finished"', b'"failed"'),
        "a digit in the manifest": lambda run: _swap(run / "manifest.json", b'"size": 3000', b'"size": 3001'),
        "the last event": lambda run: _cut_line(run / "events.jsonl"),
        "the last point": lambda run: _cut_line(run / "metrics.jsonl"),
        "a byte of an artifact": lambda run: _swap(run.parent / "result.json", b"0.25", b"0.26"),
        "a letter of the seal": lambda run: _swap(run / "seal", b'"uid"', b'"uix"'),
    }
    for name, edit in edits.items():
        with workspace() as folder:
            os.waitpid(fork(lambda folder=folder: _make(folder, prepare)), 0)
            (before,) = runs_of(folder)
            edit(before.folder / ".runpact")
            (after,) = runs_of(folder)
        if (before.verdict, after.verdict) != (Verdict.OK, Verdict.ERROR):
            return f"{name} was changed: verify said {before.verdict.value}, then {after.verdict.value}"
    return ""


def _make(folder: Path, prepare: Prepare) -> int:
    prepare()
    return make_run(folder, quiet, durability="none")


def _killed_and_edited(prepare: Prepare) -> str:
    with workspace() as folder:

        def work() -> int:
            prepare()
            return make_run(folder, quiet, durability="none", work=_log_and_die)

        os.waitpid(fork(work), 0)
        (run,) = runs_of(folder)
        _swap(run.folder / run.records["metrics"], b'"count":2.0', b'"count":7.0')
        read = list(StoredLog(str(run.folder), run.records["metrics"]).entries())
    meant = json.loads(json.dumps([point_values(number) for number in range(4)]))
    got = [entry["values"] for entry in read]
    return "" if got == meant[:2] else f"a point was changed, and read as {got[2:3]}"


def _log_and_die(program: Program) -> None:
    for number in range(4):
        program.points(number)
    os.kill(os.getpid(), signal.SIGKILL)


def _swap(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def _cut_line(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def writing_at_once(prepare: Prepare) -> str:
    """Let programs claim one name at once: each gets a run of its own."""
    with workspace() as folder:

        def work() -> int:
            prepare()
            look_away()
            return make_run(folder, quiet, durability="none")

        children = [fork(work) for _writer in range(WRITERS)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        found = runs_of(folder)
        is_right = len({run.path for run in found if run.verdict is Verdict.OK}) == WRITERS
    return "" if is_right and codes == [0] * WRITERS else f"exit codes {codes}, {len(found)} runs"


LAYERS: dict[str, Layer] = {
    "sweep": sweeping,
    "power loss": losing_power,
    "liveness": living,
    "damaged store": damaging,
    "writers": writing_at_once,
}

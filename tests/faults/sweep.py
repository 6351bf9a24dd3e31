"""The fork-server sweep: one run a fault, at every system call of the writer.

Knows: how to fork a warm process for each fault, and to ask the oracle about what it left.
Does not know: what must be true (`faults.oracle`).

    python -m faults.sweep [--kind K] [--durability D] [--way W] [--every N]

prints one JSON document: calls, points, points not hit, and the violations by fault.
"""

from __future__ import annotations

import argparse
import contextlib
import io as text_io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from faults.inject import Fault, Injector, faults_of, install, look_away
from faults.oracle import End, violations
from faults.scenario import TRACEBACK, Fact, Tell, lay_out, make_run, read_facts, result_of, teller

INTERRUPTED = 130
SHARED_MEMORY = Path("/dev/shm")

Way = Callable[[Path, Tell], int]


def api(kind: str, durability: str, *, stubborn: bool) -> Way:
    """Return a program that makes its run with the Python API."""

    def make(folder: Path, tell: Tell) -> int:
        return make_run(folder, tell, kind=kind, durability=durability, stubborn=stubborn)

    return make


def command(kind: str, durability: str) -> Way:
    """Return a program that is `runpact run` around a shell script."""
    script = (
        f"echo '{json.dumps(result_of(1))}' > \"$RUNPACT_RUN_DIR/result.json\"\n"
        'mkdir "$RUNPACT_RUN_DIR/parts"; echo part > "$RUNPACT_RUN_DIR/parts/a.bin"; echo out; echo err >&2\n'
    )

    def make(folder: Path, tell: Tell) -> int:
        from runpact.cli.main import run_command_line

        arguments = ["run", "--workspace", str(folder), "--kind", kind, "--durability", durability]
        said = text_io.StringIO()
        with contextlib.redirect_stderr(said):
            code = run_command_line([*arguments, "--name", "a", "--quiet", "--", "sh", "-c", script])
        if "Traceback" in said.getvalue() or "error[internal]" in said.getvalue():
            tell("traceback", text=said.getvalue())
        return code

    return make


def tracebacks(facts: list[Fact]) -> list[str]:
    """Return what a user would have seen a traceback of."""
    return [
        f"traceback: {str(fact['text']).strip().splitlines()[-1]}"
        for fact in facts
        if fact["fact"] == "traceback"
    ]


class Server:
    """Makes runs in forked children and judges what they leave."""

    def __init__(
        self, way: Way, prepare: Callable[[], None] = lambda: None, *, is_taken: bool = False
    ) -> None:
        """Store how a run is made.

        Args:
            way: Makes it, and returns the exit code.
            prepare: Called in each child before.
            is_taken: The run's name is taken behind its back.
        """
        self.way = way
        self.is_taken = is_taken
        self.prepare = prepare
        base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="runpact-sweep-", dir=base))

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder)

    def run(self, fault: Fault | None) -> tuple[Path, list[Fact], End]:
        """Make one run in a child; return its workspace, what it told, and how it ended."""
        place = self.folder / "w"
        shutil.rmtree(place, ignore_errors=True)
        lay_out(place, is_taken=self.is_taken)
        receiving, sending = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(receiving)
            self._child(place, teller(sending), fault)
        os.close(sending)
        with os.fdopen(receiving, "rb") as stream:
            facts = read_facts(stream.read())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code < 0:
            return place, facts, End("killed")
        is_tidy = fault is not None and fault.mode in {"once", "short"}
        is_interrupt = fault is not None and fault.mode == "interrupt"
        return place, facts, End("exit", code, is_interrupt=is_interrupt, is_tidy=is_tidy)

    def _child(self, place: Path, tell: Tell, fault: Fault | None) -> None:
        injector = Injector(fault, hit=lambda: tell("hit"))
        code = TRACEBACK
        try:
            self.prepare()
            if self.is_taken:
                look_away()
            install(injector)
            code = self.way(place, tell)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BaseException:  # noqa: BLE001 - a child of fork must end here whatever happens
            tell("traceback", text=traceback.format_exc())
        finally:
            if fault is None:
                tell("calls", names=injector.calls)
            os._exit(code)

    def judge(self, fault: Fault) -> tuple[bool, list[str]]:
        """Return whether the fault struck, and what is wrong."""
        place, facts, end = self.run(fault)
        wrong = violations(place, facts, end)
        wrong += tracebacks(facts)
        return any(fact["fact"] == "hit" for fact in facts), wrong


def sweep(
    way: Way,
    *,
    every: int = 1,
    offset: int = 0,
    prepare: Callable[[], None] = lambda: None,
    is_taken: bool = False,
    stop: bool = False,
) -> dict:
    """Try every `every`-th fault, beginning at `offset`; when told to, stop at the first violation."""
    server = Server(way, prepare, is_taken=is_taken)
    began = time.monotonic()
    try:
        _place, facts, end = server.run(None)
        (calls,) = (fact["names"] for fact in facts if fact["fact"] == "calls")
        clean = [f"without a fault: {line}" for line in violations(_place, facts, end)]
        chosen = faults_of(list(calls))[offset::every]
        if stop:
            random.Random(1).shuffle(chosen)
        missed, found = 0, {}
        for fault in chosen:
            is_hit, wrong = server.judge(fault)
            missed += not is_hit
            if wrong:
                found[f"{calls[fault.point]}#{fault.point} {fault.mode} {fault.error}".strip()] = wrong
                if stop:
                    break
    finally:
        server.close()
    return {
        "calls": len(calls),
        "names": dict(Counter(calls)),
        "points": len(chosen),
        "missed": missed,
        "clean": clean,
        "violations": found,
        "seconds": round(time.monotonic() - began, 2),
    }


def repository(folder: Path) -> Path:
    """Make a git repository with a change and a file that git does not know: both are stored with a run."""
    quiet = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=n@example.invalid"]
    (folder / "known.py").write_text("before = 1\n")
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "one"]):
        subprocess.run([*quiet, *words], check=True)
    (folder / "known.py").write_text("after = 2\n")
    (folder / "unknown.py").write_text("new = 3\n")
    return folder


WAYS = {
    "api": lambda kind, durability: api(kind, durability, stubborn=False),
    "stubborn": lambda kind, durability: api(kind, durability, stubborn=True),
    "race": lambda kind, durability: api(kind, durability, stubborn=False),
    "command": command,
    "repository": lambda kind, durability: api(kind, durability, stubborn=False),
}


def main(arguments: list[str]) -> int:
    """Sweep as a process of its own, so that forking is safe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="run")
    parser.add_argument("--durability", default="commit")
    parser.add_argument("--way", default="api", choices=list(WAYS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="runpact-sweep-") as folder:
        os.chdir(repository(Path(folder)) if said.way == "repository" else folder)
        result = sweep(
            WAYS[said.way](said.kind, said.durability),
            every=said.every,
            offset=said.offset,
            is_taken=said.way == "race",
        )
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

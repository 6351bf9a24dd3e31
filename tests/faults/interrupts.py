"""Ctrl-C and SIGTERM at every moment of a run: real signals, wherever the program happens to be.

Knows: how to have the kernel's timer interrupt a program after so many microseconds.
Does not know: what must be true afterwards (`faults.oracle`).

    python -m faults.interrupts [--signal SIGINT|SIGTERM] [--count N] [--every N] [--offset K]

prints one JSON document. Moments stand side by side from the first instruction of a run until after its last.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from faults.children import told_by
from faults.oracle import End, runs_of, violations
from faults.scenario import Tell, lay_out, make_run
from faults.sweep import INTERRUPTED, SHARED_MEMORY, tracebacks

STUCK = 30
"""Seconds after which a program is taken for one that hangs."""
WIDE = 1.3
"""How far beyond an undisturbed run the moments reach."""


def interrupted_after(folder: Path, seconds: float, number: signal.Signals, tell: Tell) -> int:
    """Make a run that a signal reaches after so many seconds; return the exit code."""

    def strike(_number: int, _frame: FrameType | None) -> None:
        tell("hit")
        signal.raise_signal(number)

    signal.signal(signal.SIGALRM, strike)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.dump_traceback_later(STUCK, exit=True)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        code = make_run(folder, tell, durability="none")
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    return code


def strike_all(name: str, *, count: int, every: int, offset: int) -> dict:
    """Try every `every`-th of `count` moments, beginning at `offset`."""
    base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="runpact-interrupt-", dir=base))
    began = time.monotonic()
    became: Counter[str] = Counter()
    found: dict[str, list[str]] = {}
    points = hits = 0
    number = signal.Signals[name]
    try:
        lasted = _measure(folder)
        for point in range(offset, count, every):
            seconds = WIDE * lasted * (point + 1) / count
            is_hit, state, wrong = _one(folder, seconds, number)
            points, hits = points + 1, hits + is_hit
            became[state] += is_hit
            if wrong:
                found[f"{name} after {seconds * 1000:.2f} of {lasted * 1000:.2f} ms"] = wrong
    finally:
        shutil.rmtree(folder)
    seconds = round(time.monotonic() - began, 2)
    return {"points": points, "hits": hits, "became": dict(became), "violations": found, "seconds": seconds}


def _measure(folder: Path) -> float:
    """Warm this process up; return how long an undisturbed run takes in one forked from it."""
    lay_out(folder / "warm")

    def work(tell: Tell) -> int:
        began = time.monotonic()
        code = make_run(folder / "warm", lambda _fact, **_fields: None, durability="none")
        tell("lasted", seconds=time.monotonic() - began)
        return code

    assert make_run(folder / "warm", lambda _fact, **_fields: None, durability="none") == 0
    told = [fact for _time in range(25) for fact in told_by(work)[0]]
    return min(float(str(fact["seconds"])) for fact in told)


def _one(folder: Path, seconds: float, number: signal.Signals) -> tuple[bool, str, list[str]]:
    place = folder / "w"
    shutil.rmtree(place, ignore_errors=True)
    lay_out(place)
    facts, code = told_by(lambda tell: interrupted_after(place, seconds, number, tell))
    is_hit = any(fact["fact"] == "hit" for fact in facts)
    end = End("exit", code, is_interrupt=True) if code >= 0 else End("killed")
    state = " ".join(run.state for run in runs_of(place)) or "no run"
    return is_hit, state, violations(place, facts, end) + tracebacks(facts)


def main(arguments: list[str]) -> int:
    """Interrupt as a process of its own, so that forking is safe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--signal", default="SIGINT", choices=["SIGINT", "SIGTERM"])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    print(json.dumps(strike_all(said.signal, count=said.count, every=said.every, offset=said.offset)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

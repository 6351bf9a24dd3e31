"""Processes that write into one run: a fault at every system call of one of them, or all at once and killed.

Knows: what each process was told, and what must be in the run whatever became of any of them.
Does not know: how processes take turns.

    python -m faults.attached [--who worker|owner] [--every N] [--offset N] [--storm N] [--without-turns]

prints one JSON document: points, points not hit, violations by fault; with `--storm` runs, killed and
violations.

In a sweep one worker writes, with or without the fault; then another, without; then the owner takes the run
over and seals it, with or without the fault. A worker's fault must not reach anybody else. In a storm all
write at once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import runpact
from faults.inject import Fault, Injector, faults_of, install
from faults.oracle import read_log
from faults.scenario import Fact, Tell, read_facts, teller
from faults.sweep import SHARED_MEMORY
from runpact.disk import io, sharedlog
from runpact.verbs.judging.verify import verify_run
from runpact.verbs.life.attach import STARTED, AttachedRun, adopt, attached_run

STEPS = 3
WRITERS = 5


def work(run: AttachedRun, who: str, tell: Tell) -> None:
    """Write points, events and artifacts, and go on whatever is refused; tell what was acknowledged."""
    for step in range(STEPS):
        key = f"{who}{step}"
        for kind, write in (
            ("point", lambda key=key, step=step: run.log({key: step}, step=step)),
            ("event", lambda key=key: run.event("tick", key=key)),
            ("artifact", lambda key=key: run.save(f"parts/{key}.bin", key.encode() * 1000)),
        ):
            with contextlib.suppress(runpact.RunpactError, KeyboardInterrupt):
                write()
                tell(kind, key=key)


def attach(run: runpact.ActiveRun) -> AttachedRun:
    """Attach as a process of the run's command does."""
    attached_run.__globals__["_attach"].cache_clear()
    environ = {"RUNPACT_RUN_UID": run.uid, "RUNPACT_RUN_DIR": run.dir, "RUNPACT_RUN_ROOT": run.root}
    found = attached_run(environ)
    if found is None:
        raise runpact.model.errors.UsageError("the run has ended")
    return found


def worker(run: runpact.ActiveRun, who: str, tell: Tell, injector: Injector | None) -> int:
    """Start a process that writes into the run; return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            if injector is not None:
                install(injector)
            work(attach(run), who, tell)
            if injector is not None:
                tell("calls", names=injector.calls)
        except (runpact.RunpactError, KeyboardInterrupt):
            pass  # refused to attach
        except BaseException:  # noqa: BLE001 - a child of fork must end here whatever happens
            tell("traceback", text=traceback.format_exc())
        finally:
            os._exit(0)
    return pid


def own(place: Path, who: str, fault: Fault | None, tell: Tell) -> None:
    """Be the owner of a run that two workers write into, one after the other."""
    os.chdir(place)
    injector = Injector(fault, hit=lambda: tell("hit"))
    with runpact.run(name="a", guard="off") as run:
        run.event(STARTED)
        os.waitpid(worker(run, "a", tell, injector if who == "worker" else None), 0)
        os.waitpid(worker(run, "b", tell, None), 0)
        tell("b ended")
        step_aside = install(injector) if who == "owner" else lambda: None
        adopt(run)
        run.event("command.ended")
        run.finish()
        step_aside()
    tell("sealed")
    if who == "owner":
        tell("calls", names=injector.calls)


def gathered(action: Callable[[Tell], None]) -> list[Fact]:
    """Do something in a child process; return what it told."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        tell = teller(sending)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            action(tell)
        except (runpact.RunpactError, KeyboardInterrupt):
            pass  # the owner was refused
        except BaseException:  # noqa: BLE001 - as above
            tell("traceback", text=traceback.format_exc())
        finally:
            os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, "rb") as stream:
        facts = read_facts(stream.read())
    os.waitpid(child, 0)
    return facts


def wrongs(place: Path, facts: list[Fact]) -> Iterator[str]:
    """Tell what is wrong in the only run of the place."""
    (folder,) = (place / "runs").iterdir()
    told = {kind: [f["key"] for f in facts if f["fact"] == kind] for kind in ("point", "event", "artifact")}
    points = [key for entry in read_log(folder / ".runpact/metrics.jsonl") for key in entry["values"]]
    events = read_log(folder / ".runpact/events.jsonl")
    ticks = [entry["key"] for entry in events if entry["event"] == "tick"]
    saved = [entry["path"] for entry in events if entry["event"] == "artifact.saved"]
    for kind, found in (("point", points), ("event", ticks)):
        if lost := set(told[kind]) - set(found):
            yield f"kept: lost {kind} {sorted(lost)}"
        if len(set(found)) != len(found):
            yield f"nothing invented: {kind} twice in {found}"
    for key in told["artifact"]:
        path = folder / f"parts/{key}.bin"
        if not path.exists() or path.read_bytes() != str(key).encode() * 1000:
            yield f"kept: artifact {key} is gone or another"
        if f"parts/{key}.bin" not in saved:
            yield f"kept: artifact {key} is not in the log"
    is_sealed = json.loads((folder / ".runpact/manifest.json").read_bytes())["sealed"]
    standing, report = verify_run(str(folder))
    if is_sealed is not (report.verdict is runpact.Verdict.OK):
        yield f"true: sealed {is_sealed}, verify {report.verdict} {[f.message for f in report.findings]}"
    if standing.state.value not in {"finished", "failed", "interrupted"}:
        yield f"classifiable: {standing.state}"
    if is_sealed:
        yield from (f"whole: {path} is left" for path in folder.rglob(".tmp-*"))
    yield from (str(fact["text"]) for fact in facts if fact["fact"] == "traceback")


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Yield an empty folder."""
    base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="runpact-attached-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def sweep(who: str, every: int, offset: int) -> dict[str, object]:
    """Try every `every`-th fault of a worker or of the owner."""
    found: dict[str, list[str]] = {}
    with scratch() as place:
        facts = gathered(lambda tell: own(place, who, None, tell))
        calls = next(fact["names"] for fact in facts if fact["fact"] == "calls")
        clean = list(wrongs(place, facts))
    chosen = faults_of(list(calls))[offset::every]
    missed = 0
    for fault in chosen:
        with scratch() as place:
            facts = gathered(lambda tell, fault=fault, place=place: own(place, who, fault, tell))
            wrong = list(wrongs(place, facts))
        is_of_b = [fact for fact in facts if str(fact.get("key", "")).startswith("b")]
        if len(is_of_b) != 3 * STEPS:
            wrong.append(f"usable: the other worker was told {len(is_of_b)} of {3 * STEPS}")
        if who == "worker" and not any(fact["fact"] == "sealed" for fact in facts):
            wrong.append("usable: the run was not finished")
        missed += not any(fact["fact"] == "hit" for fact in facts)
        if wrong:
            found[f"{calls[fault.point]}#{fault.point} {fault.mode} {fault.error}".strip()] = wrong
    return {
        "calls": len(calls), "points": len(chosen), "missed": missed, "clean": clean, "violations": found
    }  # fmt: skip


def storm(runs: int) -> dict[str, object]:
    """Let many processes write at once, kill some of them, and seal while some still write."""
    dice, found, killed = random.Random(1), {}, 0
    for number in range(runs):
        with scratch() as place:
            seed = dice.random()
            facts = gathered(lambda tell, place=place, seed=seed: _storm(place, seed, tell))
            wrong = list(wrongs(place, facts))
            wrong += ["usable: the run was not finished"] * (not any(f["fact"] == "sealed" for f in facts))
        killed += sum(fact["fact"] == "killed" for fact in facts)
        if wrong:
            found[str(number)] = wrong
    return {"runs": runs, "killed": killed, "violations": found}


def _storm(place: Path, seed: float, tell: Tell) -> None:
    os.chdir(place)
    dice = random.Random(seed)
    with runpact.run(name="a", guard="off") as run:
        run.event(STARTED)
        pids = [worker(run, f"w{number}-", tell, None) for number in range(WRITERS)]
        for pid in pids[: WRITERS // 2]:
            time.sleep(dice.random() * 0.008)
            os.kill(pid, signal.SIGKILL)
            tell("killed")
        if dice.random() < 1 / 2:  # else the owner is first
            [os.waitpid(pid, 0) for pid in pids]
            pids = []
        adopt(run)
        run.event("command.ended")
        run.finish()
    tell("sealed")
    [os.waitpid(pid, 0) for pid in pids]


def main(arguments: list[str]) -> int:
    """Sweep or storm as a process of its own, so that forking is safe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--who", default="worker", choices=["worker", "owner"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--storm", type=int, default=0)
    parser.add_argument("--without-turns", action="store_true")
    said = parser.parse_args(arguments)
    if said.without_turns:
        io.lock = lambda _descriptor: None
    assert sharedlog.io is io
    print(json.dumps(storm(said.storm) if said.storm else sweep(said.who, said.every, said.offset)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A pipeline whose orchestrator dies, or is refused, at each system call of the writer.

Knows: how to fork a warm process for each fault; what must be true right afterwards, and after going on.
Does not know: which calls there are.

    python -m faults.pipelines [--every N] [--offset K] [--jobs J]

prints one JSON document: calls, points, points not hit, and the violations by fault.
"""

from __future__ import annotations

import argparse
import contextlib
import io as text_io
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from faults.inject import Fault, Injector, install
from runpact.cli.main import run_command_line

CONTRACT = """\
contract: test.faults
version: "1.0.0"
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
    records: {manifest: run_manifest.json}
    entries: [{file: config.resolved.json, written: start, fields: run.config}]
    each_stage: {entries: [{file: stage_summary.json, as: summary, written: seal, fields: summary}]}
    stages:
      - {id: "01", slug: a, command: [sh, one.sh], writes: {x: {files: "x/{n}.txt"}}}
      - {id: "02", slug: b, command: [sh, two.sh], reads: {x: {}}, writes: {y: {file: y/y.txt}}}
      - {id: "03", slug: c, command: [sh, two.sh], reads: {x: {}}, writes: {z: {file: z/y.txt}}}
"""
ONE = 'echo 1 > "$RUNPACT_STAGE_DIR/x/1.txt"; echo 2 > "$RUNPACT_STAGE_DIR/x/2.txt"\n'
TWO = """\
for alias in y z; do
  [ ! -d "$RUNPACT_STAGE_DIR/$alias" ] ||
    cat "$RUNPACT_EXPERIMENT_DIR"/x/*.txt > "$RUNPACT_STAGE_DIR/$alias/y.txt"
done
"""
EXPECTED = {"x/1.txt": "1\n", "x/2.txt": "2\n", "y/y.txt": "1\n2\n", "z/y.txt": "1\n2\n"}
TRACEBACK, INTERRUPTED = 99, 130
ERRORS = ("ENOSPC", "EIO")
KNOWN = {"running", "finished", "failed", "interrupted"}


def faults_at(point: int, name: str) -> list[Fault]:
    """Return what may go wrong at one call."""
    faults = [Fault(point, "before"), Fault(point, "after"), Fault(point, "interrupt")]
    faults += [Fault(point, mode, error) for error in ERRORS for mode in ("once", "sticky")]
    return faults + ([Fault(point, "torn")] if name == "write" else [])


def command(*arguments: str) -> tuple[int, str]:
    """Call one command in this process; return exit code and stdout."""
    out, err = text_io.StringIO(), text_io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line(list(arguments))
    return code, out.getvalue() or err.getvalue()


def lay_out(folder: Path) -> None:
    """Make the workspace."""
    folder.mkdir()
    for name, text in (("contract.yaml", CONTRACT), ("one.sh", ONE), ("two.sh", TWO)):
        (folder / name).write_text(text)


def run_in_child(folder: Path, fault: Fault | None, jobs: int) -> tuple[int, dict]:
    """Run the pipeline in a forked child; return how it ended and what it told."""
    told = folder.with_suffix(".json")
    child = os.fork()
    if child == 0:
        injector, code = Injector(fault, hit=lambda: told.write_text('{"hit": true}')), TRACEBACK
        try:
            os.chdir(folder)
            install(injector)
            code, out = command(
                "pipeline", "run", "--experiment", "e", "--jobs", str(jobs), "--durability", "none"
            )
            if "a fault of runpact itself" in out:
                told.write_text(json.dumps({"hit": True, "bug": out}))
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BaseException:  # noqa: BLE001 - a child of fork must end here whatever happens
            told.write_text(json.dumps({"hit": True, "bug": traceback.format_exc()}))
        finally:
            if fault is None:
                told.write_text(json.dumps({"calls": injector.calls}))
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, json.loads(told.read_text()) if told.exists() else {}


def violations(folder: Path, code: int, told: dict) -> list[str]:
    """Return what is wrong right after the end, and once the pipeline went on."""
    wrong = [told["bug"]] if "bug" in told else []
    os.chdir(folder)
    experiment = folder / "runs/e"
    if experiment.exists():
        seen, out = command("pipeline", "status", "e", "--json")
        status = json.loads(out)
        if seen != 0 or status.get("state") not in KNOWN:
            wrong.append(f"status {seen}: {out[:300]}")
        elif status["state"] == "running":
            wrong.append("running, and nobody lives")
        elif code == 0 and status["state"] != "finished":
            wrong.append(f"exit code 0, and it is {status['state']}")
        wrong += dangling(experiment)
    again, out = command("pipeline", "run", "--experiment", "e", "--json", "--durability", "none")
    if again != 0:
        wrong.append(f"going on: {again}: {out[-600:]}")
    wrong += [
        f"{path}: {text!r}"
        for path, expected in EXPECTED.items()
        if (text := content(experiment / path)) != expected
    ]
    for verb in ("check", "verify"):
        judged, out = command(verb, "runs/e")
        if judged != 0:
            wrong.append(f"{verb}: {judged}: {out[:600]}")
    wrong += [f"left over: {path.name}" for path in experiment.glob(".new-*")]
    listed = json.loads(command("ls", "--json")[1])["runs"]
    standings = [(run["path"], run["state"]) for run in listed if run["state"] != "abandoned"]
    if standings != [("runs/e", "finished")]:
        wrong.append(f"ls: {listed}")
    return wrong


def dangling(experiment: Path) -> list[str]:
    """Return aliases that lead nowhere."""
    return [
        f"dangling: {each.name}" for each in experiment.iterdir() if each.is_symlink() and not each.exists()
    ]


def content(path: Path) -> str | None:
    """Return a file's text; None when there is none."""
    return path.read_text() if path.exists() else None


def sweep(*, every: int, offset: int, jobs: int) -> dict:
    """Try every `every`-th fault, beginning at `offset`."""
    base = Path(tempfile.mkdtemp(prefix="runpact-pipelines-"))
    began = time.monotonic()
    home = Path.cwd()
    try:
        first = base / "clean"
        lay_out(first)
        code, told = run_in_child(first, None, jobs)
        calls = told["calls"]
        clean = violations(first, code, {})
        chosen = [fault for point, name in enumerate(calls) for fault in faults_at(point, name)][
            offset::every
        ]
        missed, found = 0, {}
        for number, fault in enumerate(chosen):
            folder = base / str(number)
            lay_out(folder)
            code, told = run_in_child(folder, fault, jobs)
            missed += "hit" not in told
            wrong = violations(folder, code, told)
            if wrong:
                found[f"{fault.point} {calls[fault.point]} {fault.mode} {fault.error}"] = wrong
            os.chdir(home)
            shutil.rmtree(folder)
        return {
            "calls": len(calls),
            "points": len(chosen),
            "missed": missed,
            "clean": clean,
            "violations": found,
            "seconds": time.monotonic() - began,
        }
    finally:
        os.chdir(home)
        shutil.rmtree(base)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    json.dump(sweep(every=given.every, offset=given.offset, jobs=given.jobs), sys.stdout)

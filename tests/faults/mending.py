"""A sick workspace, treated by `runpact doctor --fix` that something goes wrong with.

Knows: what ails the workspace, what of it must never be lost, when it is well.
Does not know: which fault was injected, how a remedy is carried out.

    python -m faults.mending [--what faults|kill|refuse] [--every N] [--offset K]

prints one JSON document: points, points not hit, and the violations by fault. `faults` strike at every system
call of `runpact.disk.io`; the kernel kills and refuses at every one of the process (`faults.traced`). The
invariants:

kept          every file that was there is there, or moved aside, byte for byte; every log begins as it did
sealed        a sealed run is as it was, to the last byte
classifiable  the run that nobody sealed is interrupted, sealed or not; never damaged
honest exit   no traceback; a doctor that says OK leaves nothing to be done
mended        another `doctor --fix` completes what the first began; then the workspace is well
"""

from __future__ import annotations

import argparse
import contextlib
import io as text_io
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import runpact
from faults.children import told_by
from faults.inject import Fault, Injector, faults_of, install
from faults.oracle import End, read_log
from faults.scenario import Fact, Tell, digest
from faults.sweep import tracebacks
from faults.traced import Tracer, trace_all
from runpact.cli.main import run_command_line
from runpact.host.gitcommit import Looked
from runpact.model.contract.ignoring import BEGIN
from runpact.model.doctor import leftovers, runs
from runpact.model.doctor.repository import Ignored
from runpact.verbs.doctor import repository

CONTRACT = """\
contract: faults.mending
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    state_words: {finished: ok, interrupted: cut}
    entries:
      - {file: status.json, written: change, fields: {id: run.id, word: run.word}}
    latest:
      - {copy: result.json, to: "latest/result.json"}
      - {link: parts, to: "latest/parts"}
"""
CUT, WHOLE = "runs/cut", "runs/whole"
EDITED = b'{"loss": "what a person wrote"}'
TORN = b'{"seq":99,"time":1.0,"st'
DERIVED = frozenset({f"{CUT}/status.json", f"{CUT}/.runpact/manifest.json", f"{CUT}/.runpact/ballast"})
"""Files that a remedy is to replace or remove."""
LOGS = (f"{CUT}/.runpact/events.jsonl", f"{CUT}/.runpact/metrics.jsonl")


def fall_ill(folder: Path) -> None:
    """Make a workspace with everything that the doctor has a remedy for."""
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT)
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("a line of a person\n")
    with runpact.run(name="whole", workspace=folder, durability="none") as run:
        run.save("result.json", {"loss": 0.5})
        run.save("parts/a.bin", b"part")
    _facts, code = told_by(lambda _tell: die(folder))
    assert code == -signal.SIGKILL
    with (folder / LOGS[1]).open("ab") as log:
        log.write(TORN)
    assert told(folder, "ls")[0] == 0
    (folder / ".runpact-cache/index.sqlite").resolve().write_bytes(b"no index" * 1000)
    (folder / ".runpact-cache/index-0123456789abcdef.sqlite").write_bytes(b"half an index")
    (folder / "runs/.new-0123456789abcdef/.runpact").mkdir(parents=True)
    (folder / "runs/.new-0123456789abcdef/.runpact/run.json").write_bytes(b"{")
    (folder / "latest/result.json").write_bytes(EDITED)
    (folder / "latest/parts").unlink()
    (folder / ".gitignore.tmp-999999999").write_bytes(b"half a list")


def die(folder: Path) -> int:
    """Make a run that is killed in the middle of it."""
    with runpact.run(name="cut", workspace=folder, durability="commit") as run:
        for number in range(3):
            run.event("mending.event", number=number)
            run.log({"loss": 1 / (number + 1)}, step=number)
        run.save("model.bin", b"weights")
        Path(run.path("own.txt")).write_bytes(b"written by the program itself")
        Path(run.path(f".tmp-{os.getpid()}-half.bin")).write_bytes(b"half an artifact")
        os.kill(os.getpid(), signal.SIGKILL)
    return 0


def told(folder: Path, *arguments: str) -> tuple[int, dict, str]:
    """Return exit code, document and complaint of a command in the workspace."""
    out, err = text_io.StringIO(), text_io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line([*arguments, "--workspace", str(folder), "--json"])
    text = out.getvalue()
    return code, json.loads(text) if text.startswith("{") and text.endswith("}\n") else {}, err.getvalue()


def treat(folder: Path, tell: Tell) -> int:
    """Let the doctor treat the workspace; tell what a user would see of a fault of ours."""
    code, _document, complaint = told(folder, "doctor", "--fix")
    if "Traceback" in complaint or '"internal"' in complaint:
        tell("traceback", text=complaint)
    return code


def without_git_and_waiting() -> None:
    """Let what is young count as old; say for git what `.gitignore` says: git is not what is tried here."""
    leftovers.YOUNG_SECONDS = runs.YOUNG_SECONDS = 0.0

    def look(found: repository.Repository, *_words: object, probes: list[str], **_more: object) -> Looked:
        text = (Path(found.top) / ".gitignore").read_text()
        pattern = Ignored(".gitignore", 1, "/runs/")
        return Looked(ignored=dict.fromkeys(probes, pattern) if "/runs/" in text else {})

    repository.look_at_commit = look  # type: ignore[assignment]  # that is the point


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Return every file of a workspace by its path, those of its cache left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and ".runpact-cache" not in path.parts
    }


def violations(folder: Path, before: dict[str, bytes], code: int) -> list[str]:
    """Return what is wrong after a doctor was disturbed, and after another one was not; one line each."""
    wrong = [*_kept(folder, before), *_sealed(folder, before), *_classified(folder)]
    if code == 0:
        wrong += [f"honest exit: OK, and {each} is left" for each in _ails(folder)]
    again, _document, complaint = told(folder, "doctor", "--fix")
    if again != 0:
        wrong.append(f"mended: another doctor exits with {again}: {complaint[:200]}")
    wrong += [f"mended: {each} is left" for each in _ails(folder)]
    wrong += [*_kept(folder, before), *_sealed(folder, before), *_classified(folder), *_well(folder, before)]
    return list(dict.fromkeys(wrong))


def _ails(folder: Path) -> list[str]:
    _code, document, complaint = told(folder, "doctor")
    found = [each["code"] for each in document["findings"]] if document else [complaint[:200]]
    return [each for each in found if each != "set-aside"]


def _kept(folder: Path, before: dict[str, bytes]) -> Iterator[str]:
    """Say what is neither where it was nor anywhere else."""
    after = bytes_in(folder)
    there = Counter(digest(data) for data in after.values())
    for path, data in before.items():
        if path in LOGS:
            whole, tail = data.removesuffix(TORN), TORN if data.endswith(TORN) else b""
            if not after.get(path, b"").startswith(whole):
                yield f"kept: {path} does not begin as it did"
            if tail and not any(each.endswith(tail) for each in after.values()):
                yield f"kept: what was behind the last line of {path} is gone"
        elif path == ".gitignore":
            if not after.get(path, b"").startswith(data):
                yield "kept: .gitignore lost what a person wrote"
        elif path not in DERIVED and there[digest(data)] == 0:
            yield f"kept: {path} is gone"


def _sealed(folder: Path, before: dict[str, bytes]) -> Iterator[str]:
    then = {path: data for path, data in before.items() if path.startswith(f"{WHOLE}/")}
    now = {path: data for path, data in bytes_in(folder).items() if path.startswith(f"{WHOLE}/")}
    if then != now:
        yield "sealed: the sealed run changed"


def _classified(folder: Path) -> Iterator[str]:
    document = told(folder, "ls")[1]
    states = {run["id"]: run["state"] for run in document.get("runs", ())}
    states.pop(".new-0123456789abcdef", None)
    if states != {"whole": "finished", "cut": "interrupted"}:
        yield f"classifiable: {states}"


def _well(folder: Path, before: dict[str, bytes]) -> Iterator[str]:
    """Say what is not as it should be in a workspace that was treated to the end."""
    for run in (CUT, WHOLE):
        code, document, _complaint = told(folder, "verify", str(folder / run))
        if code != 0:
            yield f"mended: {run} does not verify: {[each['code'] for each in document.get('findings', ())]}"
    events = [str(entry["event"]) for entry in read_log(folder / LOGS[0])]
    if events.count("mending.event") != 3 or events[-1] != "run.ended":
        yield f"mended: the events of the run are {events}"
    if len(read_log(folder / LOGS[1])) != 3:
        yield "mended: points of the run are missing"
    if json.loads((folder / CUT / "status.json").read_bytes()) != {"id": "cut", "word": "cut"}:
        yield "mended: the layout's file does not say that the run was interrupted"
    if (folder / "latest/result.json").read_bytes() != before[f"{WHOLE}/result.json"]:
        yield "mended: the latest copy is not the newest run's"
    if not (folder / "latest/parts").is_symlink():
        yield "mended: the latest link is missing"
    if (folder / ".gitignore").read_text().count(BEGIN) != 1:
        yield "mended: .gitignore does not hold the block once"


class Hospital(Tracer):
    """Treats copies of one sick workspace, each in a child of its own."""

    def __init__(self) -> None:
        """Make the sick workspace, and treat it once: what is imported late is there then."""
        super().__init__()
        without_git_and_waiting()
        fall_ill(self.folder / "sick")
        self.before = bytes_in(self.folder / "sick")
        self.lay_out()
        assert self.wrong([], End("killed")) == []

    def lay_out(self) -> None:
        """Lay out the sick workspace."""
        shutil.copytree(self.folder / "sick", self.place, symlinks=True)

    def work(self, tell: Tell) -> int:
        """Treat it."""
        return treat(self.place, tell)

    def wrong(self, facts: list[Fact], end: End) -> list[str]:
        """Return what is wrong after a treatment that ended so."""
        return violations(self.place, self.before, end.code if end.code is not None else -1) + tracebacks(
            facts
        )

    def strike(self, fault: Fault | None) -> tuple[list[Fact], list[str]]:
        """Treat it in a child that a fault strikes; return what it told, and what is wrong."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.lay_out()

        def work(tell: Tell) -> int:
            injector = Injector(fault, hit=lambda: tell("hit"))
            install(injector)
            try:
                return self.work(tell)
            except KeyboardInterrupt:
                return 130
            finally:
                if fault is None:
                    tell("calls", names=injector.calls)

        facts, code = told_by(work)
        return facts, self.wrong(facts, End("exit", code))


def strike_all(hospital: Hospital, *, every: int, offset: int) -> dict:
    """Try every `every`-th fault, beginning at `offset`."""
    began = time.monotonic()
    found: dict[str, list[str]] = {}
    missed = 0
    try:
        facts, clean = hospital.strike(None)
        if clean:
            found["without a fault"] = clean
        (calls,) = (fact["names"] for fact in facts if fact["fact"] == "calls")
        names = list(calls)  # type: ignore[call-overload]  # it was told as a list
        faults = faults_of(names)[offset::every]
        for fault in faults:
            facts, wrong = hospital.strike(fault)
            missed += not any(each["fact"] == "hit" for each in facts)
            if wrong:
                found[f"{names[fault.point]}#{fault.point} {fault.mode} {fault.error}".strip()] = wrong
    finally:
        hospital.close()
    seconds = round(time.monotonic() - began, 2)
    return {"points": len(faults), "missed": missed, "violations": found, "seconds": seconds}


def main(arguments: list[str], make: Callable[[], Hospital] = Hospital) -> int:
    """Strike as a process of its own, so that forking is safe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--what", default="faults", choices=["faults", "kill", "refuse"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    points = {"every": said.every, "offset": said.offset}
    hospital = make()
    is_ours = said.what == "faults"
    print(
        json.dumps(
            strike_all(hospital, **points) if is_ours else trace_all(hospital, what=said.what, **points)
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

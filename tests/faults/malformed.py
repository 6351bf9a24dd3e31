"""Inputs that nobody meant, read by everything that reads.

Knows: how to let each reader loose on a spoilt input, and what it must not do with it.
Does not know: what the input ought to be.

    python -m faults.malformed [--count N] [--every N] [--offset K]

prints one JSON document: per kind of input how many were read, how many were refused, the slowest, and what
went wrong. An exception that runpact does not name is a traceback; a second of computing is a hang; an audit
hook hears of every path that is opened, made, renamed or removed outside the input's own folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

import runpact
from faults import judged
from faults.mutate import TRAP, odd_name, odd_npy, odd_npz, spoilt, spoilt_document
from faults.oracle import runs_of
from faults.scenario import LOG, lay_out, make_run
from faults.sweep import SHARED_MEMORY
from runpact.formats.inspect import Inspector
from runpact.formats.registry import FORMATS
from runpact.model.errors import RunpactError
from runpact.model.facts import ArraysFact, FormatFault
from runpact.model.finding import Verdict
from runpact.workspace import Workspace

TESTS = Path(__file__).parents[1]
SAMPLES = TESTS / "integration/formats/samples"
CORPUS = TESTS / "corpus"
SLOW = 1.0
"""Seconds of computing that count as a hang."""
BESIDE = frozenset({"contract.yaml", "schemas", "runs", "latest", "data", LOG})
"""What the contract says stands beside the runs."""
MEMORY = 4 << 30
"""Address space that a reader may take, bytes."""
RECORDS = ("run.json", "manifest.json", "seal", "events.jsonl", "metrics.jsonl", "contract/contract.yaml")
HOSTILE = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pickle.find_class"})
"""What no reader may do, wherever."""
CHANGING = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
    | {"os.chown", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile"}
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Read = Callable[[bytes], bool]
"""Reads one input; returns whether it was refused."""


class Watch:
    """Hears of everything that Python opens or changes outside one folder."""

    def __init__(self, folder: Path) -> None:
        """Begin to listen; an audit hook stays for good."""
        self.folder = str(folder)
        self.heard: list[str] = []
        self.is_on = False
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take in one event."""
        if not self.is_on:
            return
        if event in HOSTILE:
            self.heard.append(event)
        elif event == "open":
            path, mode, flags = arguments
            writes = bool(isinstance(flags, int) and flags & WRITING) or (
                isinstance(mode, str) and bool(set(mode) & set("wax+"))
            )
            self._judge(event, path, is_reading=not writes)
        elif event in CHANGING:
            for path in arguments[:2]:
                self._judge(event, path, is_reading=False)

    def _judge(self, event: str, path: object, *, is_reading: bool) -> None:
        if not isinstance(path, str | bytes):
            return
        where = os.path.normpath(os.fsdecode(path))
        is_outside = where.startswith("/") and not where.startswith(self.folder)
        if "runpact-trap" in where or (is_outside and not is_reading):
            self.heard.append(f"{event} {where[:80]!r}")


class Bench:
    """Lets readers loose on inputs, one folder at a time."""

    def __init__(self) -> None:
        """Make a folder that everything happens in."""
        base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="runpact-malformed-", dir=base))
        self.watch = Watch(self.folder)
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        self.slowest: dict[str, float] = {}

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder)

    def try_all(self, kind: str, read: Read, inputs: Iterator[bytes]) -> None:
        """Read each input and note what must not happen."""
        for data in inputs:
            self.watch.heard.clear()
            began = time.process_time()
            self.watch.is_on = True
            try:
                is_refused = read(data)
            except RunpactError:
                is_refused = True
            except Exception as error:  # noqa: BLE001 - whatever it raises is the violation
                is_refused = True
                self._note(kind, data, f"traceback: {type(error).__name__}: {str(error)[:150]}")
            finally:
                self.watch.is_on = False
            seconds = time.process_time() - began
            self.counts[kind] += 1
            self.counts[f"{kind} refused"] += is_refused
            self.slowest[kind] = max(seconds, self.slowest.get(kind, 0.0))
            if seconds > SLOW:
                self._note(kind, data, f"hang: {seconds:.1f} s")
            for event in self.watch.heard:
                self._note(kind, data, f"outside: {event}")

    def _note(self, kind: str, data: bytes, what: str) -> None:
        self.wrong.append(f"{kind} #{self.counts[kind]}: {what}: {data[:120]!r}")

    def document(self, suffix: str) -> Read:
        """Return what reads a file of that suffix in every way that a contract can ask for."""
        folder = self.folder / "files"
        folder.mkdir(exist_ok=True)
        name = f"x{suffix}"

        def read(data: bytes) -> bool:
            (folder / name).write_bytes(data)
            inspector = Inspector(str(folder))
            asked = (inspector.document, inspector.content, inspector.header, inspector.rows)
            for question in (*asked, inspector.text, inspector.is_canonical):
                question(name)
            facts = inspector.facts(name)
            for array in facts.arrays if isinstance(facts, ArraysFact) else ():
                inspector.values(name, array.name)
            return isinstance(facts, FormatFault)

        return read

    def contract(self, data: bytes) -> bool:
        """Read a contract, and judge by it if it can be read."""
        folder = self.folder / "contract"
        folder.mkdir(exist_ok=True)
        (folder / "contract.yaml").write_bytes(data)
        workspace = Workspace.open(workspace=str(folder))
        workspace.lint()
        workspace.page()
        workspace.check([])
        return False

    def record(self, name: str) -> Read:
        """Return what reads a sealed run of which one record was spoilt."""
        folder = self.folder / "sealed"
        if not folder.exists():
            lay_out(folder)
            assert make_run(folder, lambda _fact, **_fields: None, durability="none") == 0
        path = folder / "runs/a/.runpact" / name
        good = path.read_bytes()

        def read(data: bytes) -> bool:
            path.write_bytes(data)
            try:
                (run,) = runs_of(folder)
                workspace = Workspace.open(workspace=str(folder))
                workspace.check([])
                workspace.show(run.path)
                if run.verdict is Verdict.OK and data != good:
                    self._note(f"record {name}", data, "believed: a spoilt record verifies")
                return run.verdict is not Verdict.OK
            finally:
                path.write_bytes(good)

        return read

    def name(self, data: bytes) -> bool:
        """Use a name for a run, and look a run up by it; what was made must stand where runs do."""
        text = data.decode(errors="surrogatepass")
        folder = self.folder / "named"
        if not folder.exists():
            lay_out(folder)
        workspace = Workspace.open(workspace=str(folder))
        with suppress(RunpactError):  # it may be the path of a directory that is there
            workspace.resolve(text)
        try:
            with runpact.run(
                kind="run", name=text, workspace=folder, durability="none", unsafe_skip_check=True
            ):
                pass
        finally:
            made = [path for path in folder.rglob(".runpact") if path.parent.parent != folder / "runs"]
            beside = {path.name for path in folder.iterdir()} - BESIDE
            for path in (*made, *sorted(beside)):
                self._note("name", data, f"outside: a run made {path}")
            shutil.rmtree(folder / "runs", ignore_errors=True)
        return False


def good_documents(suffix: str) -> list[bytes]:
    """Return every document of that suffix in the corpus."""
    return [path.read_bytes() for path in sorted(CORPUS.rglob(f"*{suffix}")) if path.stat().st_size < 20_000]


def good_npz() -> bytes:
    """Return an NPZ file as programs write them."""
    path = Path(tempfile.mkdtemp()) / "x.npz"
    np.savez_compressed(path, a=np.arange(6.0).reshape(2, 3), b=np.array([1, 2], dtype="<i4"))
    data = path.read_bytes()
    shutil.rmtree(path.parent)
    return data


def spoils(seeds: list[bytes], count: int, chance: random.Random) -> Iterator[bytes]:
    """Yield spoilt copies of good inputs."""
    for _number in range(count):
        yield spoilt(chance.choice(seeds), chance, seeds)


def spoilt_records(good: bytes, count: int, chance: random.Random) -> Iterator[bytes]:
    """Yield spoilt copies of a record: half of them as bytes, half as documents."""
    for number in range(count):
        is_document = number % 2 and good.startswith(b"{") and good.count(b"\n") < 2
        yield spoilt_document(good, chance) if is_document else spoilt(good, chance, [good])


def feed(bench: Bench, count: int, chance: random.Random) -> None:
    """Let every reader read `count` inputs of its own kind."""
    jsons, yamls = good_documents(".json"), good_documents(".yaml")
    bench.try_all("json", bench.document(".json"), spoils(jsons, count, chance))
    bench.try_all("yaml", bench.document(".yaml"), spoils(yamls, count, chance))
    good = good_npz()
    bench.try_all("npz", bench.document(".npz"), (odd_npz(chance) for _number in range(count // 2)))
    bench.try_all("npz", bench.document(".npz"), spoils([good, odd_npz(chance)], count // 2, chance))
    bench.try_all("npy", bench.document(".npy"), (odd_npy(chance) for _number in range(count // 2)))
    share = count // len(FORMATS) + 1
    binaries = {path.suffix: path.read_bytes() for path in sorted(SAMPLES.glob("*.*"))} | {".npz": good}
    for form in FORMATS:
        seeds = [binaries.get(form.suffixes[0], good)] if form.suffixes else []
        for suffix in form.suffixes[:1]:
            texts = good_documents(suffix)
            bench.try_all("others", bench.document(suffix), spoils(texts or seeds, share, chance))
    contracts = [path.read_bytes() for path in sorted(CORPUS.glob("*/contract.yaml"))]
    bench.try_all("contract", bench.contract, spoils(contracts, count // 2, chance))
    files = {**{suffix: good_documents(suffix) for suffix in judged.SUFFIXES}, ".npz": [good_npz()]}
    for suffix in judged.SUFFIXES:
        seeds = files[suffix] or [odd_npy(chance), b"A\nfoo bar\n"]
        read = judged.judge(bench.folder / "judged", suffix)
        bench.try_all("tree", read, spoils(seeds, count // len(judged.SUFFIXES), chance))
    made = (judged.odd_expression(chance).encode() for _number in range(count // 2))
    bench.try_all("expression", judged.expression, made)
    made = (judged.odd_pattern(chance).encode() for _number in range(count // 2))
    bench.try_all("pattern", judged.pattern, made)
    for name in RECORDS:
        read = bench.record(name)
        record = (bench.folder / "sealed/runs/a/.runpact" / name).read_bytes()
        bench.try_all("record", read, spoilt_records(record, count // 4, chance))
    names = (odd_name(chance).encode(errors="surrogatepass") for _number in range(count // 2))
    bench.try_all("name", bench.name, names)


def main(arguments: list[str]) -> int:
    """Read malformed inputs in a process of its own: an audit hook stays."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    warnings.simplefilter("ignore", UserWarning)  # zipfile's, about the archives that are made here
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    began = time.monotonic()
    bench = Bench()
    try:
        feed(bench, said.count // said.every, random.Random(said.offset))
    finally:
        bench.close()
    found = {
        "inputs": sum(count for kind, count in bench.counts.items() if "refused" not in kind),
        "counts": dict(bench.counts),
        "slowest": round(max(bench.slowest.values()), 3),
        "wrong": bench.wrong,
        "is_trap_there": int(Path(TRAP).exists()),
        "seconds": round(time.monotonic() - began, 2),
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

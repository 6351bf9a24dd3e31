"""Simulated power cuts: every state that a file system may show after one, held against the oracle.

Knows: what a file system owes to a flush, under two models; how to record the writer's calls.
Does not know: what must be true afterwards (`faults.oracle`), why a call is made.

The writer's calls are recorded where `faults.inject` stands. A state is what is found after the power was cut
behind some call: what was flushed is there, the rest is there or not.

`ordered`      as ext4 does by default: names change in the order of the calls, and any flush makes all
               earlier changes of names durable. The content of a file not flushed is whole, half or empty.
`adversarial`  what POSIX allows at worst: every change of a name is there or not, each for itself, until its
               directory is flushed; every write to a file is there, half there, zeros or not, until the
               file is.

    python -m faults.powerloss [--kind K] [--durability D] [--every N] [--seed S] [--is-taken]
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import pickle
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.inject import install, look_away
from faults.oracle import End, violations
from faults.scenario import Fact, lay_out, make_run
from faults.sweep import SHARED_MEMORY

MODELS = ("ordered", "adversarial")


class Recorder:
    """Makes each call and writes down what it was, facts in between."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.trace: list[tuple[str, tuple[Any, ...], Any]] = []

    def call(self, name: str, real: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Make one call; only one that succeeded changed anything."""
        value = real(*arguments, **keywords)
        kept = tuple(bytes(part) if isinstance(part, memoryview) else part for part in arguments)
        if name in {"renameat2", "syncfs"} and value != 0:
            return value
        self.trace.append((name, kept, value))
        return value

    def tell(self, fact: str, **fields: object) -> None:
        """Write a fact down."""
        self.trace.append(("fact", ({"fact": fact, **fields},), None))

    def write(self, path: str, data: bytes) -> None:
        """Write a file as the user's program does."""
        Path(path).write_bytes(data)
        self.trace.append(("own", (path, data), None))


@dataclass
class Change:
    """One thing that a power cut may undo."""

    at: int
    """Index in the trace."""
    names: list[tuple[int, str, int | None]] = field(default_factory=list)
    """Directory, name, and the inode it names from now on."""
    inode: int | None = None
    offset: int = 0
    data: bytes | None = None
    """Written at `offset`; None for a new size."""
    durable_from: int | None = None
    """Index of the flush that made it durable."""

    @property
    def is_name(self) -> bool:
        """Whether names change, not content."""
        return bool(self.names)


class Machine:
    """Follows a trace and knows, for each change, when it became durable."""

    def __init__(self, root: str, *, began: int) -> None:
        """Begin with an empty directory at `root`; what is done before the call `began` is durable."""
        self.root = root
        self.began = began
        self.changes: list[Change] = []
        self.flushes: list[int] = []
        self.facts: list[tuple[int, Fact]] = []
        self.directories = {0}
        self.links: dict[int, str] = {}
        self._names: dict[int, dict[str, int]] = {0: {}}
        self._open: dict[int, tuple[int, int, bool]] = {}
        self._sizes: dict[int, int] = {}
        self._next = 1

    def follow(self, trace: list[tuple[str, tuple[Any, ...], Any]]) -> None:
        """Take in all calls."""
        for at, (name, arguments, value) in enumerate(trace):
            step = getattr(self, "_opened" if name == "open" else f"_{name}", None)
            assert step is not None, f"a call that the model does not know: {name}"
            step(at, value, *arguments)

    def _resolve(self, path: str | bytes) -> tuple[int, str]:
        relative = os.path.relpath(os.fsdecode(path), self.root)
        directory = 0
        *above, name = relative.split("/")
        for part in above:
            directory = self._names[directory][part]
        return directory, name

    def _lookup(self, path: str) -> int | None:
        if os.path.normpath(path) == self.root:
            return 0
        directory, name = self._resolve(path)
        return self._names[directory].get(name)

    def _rename_entries(self, at: int, names: list[tuple[int, str, int | None]]) -> None:
        for directory, name, inode in names:
            if inode is None:
                self._names[directory].pop(name, None)
            else:
                self._names[directory][name] = inode
        self.changes.append(Change(at, names=names))

    def _new(self, at: int, path: str, *, is_directory: bool) -> int:
        inode, self._next = self._next, self._next + 1
        if is_directory:
            self._names[inode] = {}
            self.directories.add(inode)
        else:
            self._sizes[inode] = 0
        directory, name = self._resolve(path)
        self._rename_entries(at, [(directory, name, inode)])
        return inode

    def _mkdir(self, at: int, _value: None, path: str, *_mode: int) -> None:
        self._new(at, path, is_directory=True)

    def _opened(self, at: int, value: int, path: str, flags: int, *_mode: int) -> None:
        inode = self._lookup(path)
        if inode is None:
            inode = self._new(at, path, is_directory=False)
        self._open[value] = (inode, 0, bool(flags & os.O_APPEND))

    def _close(self, _at: int, _value: None, descriptor: int) -> None:
        del self._open[descriptor]

    def _write(self, at: int, value: int, descriptor: int, data: bytes) -> None:
        inode, position, is_append = self._open[descriptor]
        offset = self._sizes[inode] if is_append else position
        self._content(at, inode, offset, data[:value])
        self._open[descriptor] = (inode, offset + value, is_append)

    def _content(self, at: int, inode: int, offset: int, data: bytes) -> None:
        self._sizes[inode] = max(self._sizes[inode], offset + len(data))
        self.changes.append(Change(at, inode=inode, offset=offset, data=data))

    def _lseek(self, _at: int, value: int, descriptor: int, *_: int) -> None:
        inode, _position, is_append = self._open[descriptor]
        self._open[descriptor] = (inode, value, is_append)

    def _ftruncate(self, at: int, _value: None, descriptor: int, size: int) -> None:
        inode = self._open[descriptor][0]
        if self._sizes[inode] != size:
            self._sizes[inode] = size
            self.changes.append(Change(at, inode=inode, offset=size))

    def _own(self, at: int, _value: None, path: str, data: bytes) -> None:
        self._content(at, self._new(at, path, is_directory=False), 0, data)

    def _rename(self, at: int, _value: object, source: str | bytes, target: str | bytes) -> None:
        source_directory, source_name = self._resolve(source)
        target_directory, target_name = self._resolve(target)
        inode = self._names[source_directory][source_name]
        self._rename_entries(
            at, [(source_directory, source_name, None), (target_directory, target_name, inode)]
        )

    def _renameat2(self, at: int, value: int, *arguments: Any) -> None:
        _from, source, _to, target, _flags = arguments
        self._rename(at, value, source, target)

    def _unlink(self, at: int, _value: None, path: str) -> None:
        directory, name = self._resolve(path)
        self._rename_entries(at, [(directory, name, None)])

    _rmdir = _unlink

    def _symlink(self, at: int, _value: None, target: str, path: str) -> None:
        self.links[self._new(at, path, is_directory=False)] = target

    def _link(self, at: int, _value: None, source: str, target: str) -> None:
        directory, name = self._resolve(source)
        target_directory, target_name = self._resolve(target)
        self._rename_entries(at, [(target_directory, target_name, self._names[directory][name])])

    def _fsync(self, at: int, _value: None, descriptor: int) -> None:
        self._flush(
            at,
            lambda change, inode=self._open[descriptor][0]: (
                change.inode == inode or any(directory == inode for directory, _name, _target in change.names)
            ),
        )

    _fdatasync = _fsync

    def _syncfs(self, at: int, _value: object, _descriptor: int) -> None:
        self._flush(at, lambda _change: True)

    def _flush(self, at: int, covers: Callable[[Change], bool]) -> None:
        self.flushes.append(at)
        for change in self.changes:
            if change.durable_from is None and covers(change):
                change.durable_from = at

    def _flock(self, *_: object) -> None:
        pass

    _utime = _flock
    _fstat = _flock

    def _fact(self, at: int, _value: None, fact: Fact) -> None:
        self.facts.append((at, fact))


Tree = dict[str, bytes | str | None]
"""Content by path; text for the target of a link, None for a directory."""
Fate = Callable[[Change], str]
"""`all`, `half`, `zeros` or `none`: what became of a change."""


def tree_after(machine: Machine, changes: list[Change], fate: Fate) -> Tree:
    """Return what is found when each change met its fate."""
    names: dict[int, dict[str, int]] = {inode: {} for inode in machine.directories}
    content: dict[int, bytearray] = {}
    for change in changes:
        what = fate(change)
        if what == "none":
            continue
        for directory, name, inode in change.names:
            if inode is None:
                names[directory].pop(name, None)
            else:
                names[directory][name] = inode
        if change.inode is not None:
            _apply(content.setdefault(change.inode, bytearray()), change, what)
    return dict(_walk(names, content | machine.links, 0, ""))


def _apply(content: bytearray, change: Change, what: str) -> None:
    if change.data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    data = change.data if what == "all" else change.data[: len(change.data) // 2]
    data = bytes(len(change.data)) if what == "zeros" else data
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(data)] = data


def _walk(
    names: dict[int, dict[str, int]], content: dict[int, bytearray | str], inode: int, prefix: str
) -> Iterator[tuple[str, bytes | str | None]]:
    for name, below in sorted(names[inode].items()):
        if below in names:
            yield prefix + name, None
            yield from _walk(names, content, below, f"{prefix}{name}/")
        else:
            found = content.get(below, b"")
            yield prefix + name, found if isinstance(found, str) else bytes(found)


def fates_ordered(machine: Machine, changes: list[Change], cut: int) -> Iterator[Fate]:
    """Yield what may have happened under the model `ordered`."""
    committed = max((flush for flush in machine.flushes if flush <= cut), default=-1)
    names = [change.at for change in changes if change.is_name and change.at > committed]
    dirty = {change.inode for change in changes if not change.is_name and not _is_durable(change, cut)}
    for last in [committed, *names]:
        for lost, what in _losses(dirty):

            def fate(change: Change, last: int = last, lost: frozenset[Any] = lost, what: str = what) -> str:
                if change.is_name:
                    return "all" if change.at <= last else "none"
                return what if change.inode in lost and not _is_durable(change, cut) else "all"

            yield fate


def _losses(dirty: set[int | None]) -> Iterator[tuple[frozenset[Any], str]]:
    yield frozenset(), "all"
    for what in ("none", "half"):
        if dirty:
            yield frozenset(dirty), what
    if len(dirty) > 1:
        for inode in sorted(dirty, key=str):
            yield frozenset({inode}), "none"


def _is_durable(change: Change, cut: int) -> bool:
    return change.durable_from is not None and change.durable_from <= cut


def fates_adversarial(changes: list[Change], cut: int, chance: random.Random, samples: int) -> Iterator[Fate]:
    """Yield what may have happened under the model `adversarial`."""
    loose = [index for index, change in enumerate(changes) if not _is_durable(change, cut)]
    number = {id(changes[index]): index for index in loose}
    kinds = ("all", "none", "half", "zeros")

    def by(choice: dict[int, str], otherwise: str) -> Fate:
        def fate(change: Change) -> str:
            if id(change) not in number:
                return "all"
            what = choice.get(number[id(change)], otherwise)
            return ("all" if what in {"half", "zeros"} else what) if change.is_name else what

        return fate

    for otherwise in kinds:
        yield by({}, otherwise)
    for index in loose:
        yield by({index: "none"}, "all")
        yield by({index: "all"}, "none")
        if not changes[index].is_name:
            yield by({index: "half"}, "all")
            yield by({index: "zeros"}, "all")
    for _sample in range(samples if len(loose) > 1 else 0):
        yield by({index: chance.choice(kinds) for index in loose}, "all")


@dataclass(frozen=True)
class Shown:
    """One state after a power cut."""

    model: str
    cut: int
    tree: Tree
    facts: list[Fact]


def states(machine: Machine, *, seed: int, samples: int = 6) -> Iterator[Shown]:
    """Yield every distinct state with the facts that were acknowledged before the cut."""
    chance = random.Random(seed)
    seen: set[tuple[str, bytes]] = set()
    cuts = sorted({*(change.at for change in machine.changes), *machine.flushes, machine.facts[-1][0]})
    cuts = [cut for cut in cuts if cut >= machine.began]
    for cut, model in itertools.product(cuts, MODELS):
        changes = [change for change in machine.changes if change.at <= cut]
        facts = [fact for at, fact in machine.facts if at < _next(cuts, cut)]
        fates = (
            fates_ordered(machine, changes, cut)
            if model == "ordered"
            else fates_adversarial(changes, cut, chance, samples)
        )
        for fate in fates:
            tree = tree_after(machine, changes, fate)
            key = model, hashlib.sha256(pickle.dumps((len(facts), sorted(tree.items())))).digest()
            if key not in seen:
                seen.add(key)
                yield Shown(model, cut, tree, facts)


def _next(cuts: list[int], cut: int) -> int:
    """Return the index of the next change: facts before it were told in the same state."""
    return next((other for other in cuts if other > cut), sys.maxsize)


def materialise(folder: Path, tree: Tree) -> None:
    """Lay a state out on disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, content in tree.items():
        if content is None:
            (folder / path).mkdir()
        elif isinstance(content, str):
            (folder / path).symlink_to(content)
        else:
            (folder / path).write_bytes(content)


def record(
    folder: Path,
    *,
    kind: str,
    durability: str,
    prepare: Callable[[], None] = lambda: None,
    is_taken: bool = False,
) -> Machine:
    """Make one run in a child and return the machine that followed it."""
    lay_out(folder, is_taken=is_taken)
    before = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    first: list[tuple[str, tuple[Any, ...], Any]] = [
        ("mkdir", (str(path),), None) if path.is_dir() else ("own", (str(path), path.read_bytes()), None)
        for path in before.values()
    ]
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        if is_taken:
            look_away()
        _record_in_child(folder, sending, kind, durability, prepare)
    os.close(sending)
    with os.fdopen(receiving, "rb") as stream:
        trace = pickle.loads(stream.read())  # noqa: S301 - written by our own child
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    machine = Machine(str(folder), began=len(first))
    machine.follow([*first, ("syncfs", (-1,), None), *trace])
    machine.facts = machine.facts or [(len(first), {"fact": "nothing"})]
    return machine


def _record_in_child(
    folder: Path, sending: int, kind: str, durability: str, prepare: Callable[[], None]
) -> None:
    recorder = Recorder()
    code = 70
    try:
        prepare()
        install(recorder)
        code = make_run(folder, recorder.tell, kind=kind, durability=durability, write=recorder.write)
    finally:
        with os.fdopen(sending, "wb") as stream:
            pickle.dump(recorder.trace, stream)
        os._exit(code)


def cut_power(
    *,
    kind: str = "run",
    durability: str = "commit",
    every: int = 1,
    offset: int = 0,
    seed: int = 1,
    samples: int = 6,
    prepare: Callable[[], None] = lambda: None,
    is_taken: bool = False,
    stop: bool = False,
) -> dict:
    """Record a run, show every `every`-th state to the oracle, and return what it found.

    When told to, stop at the first violation.
    """
    base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    place = Path(tempfile.mkdtemp(prefix="runpact-power-", dir=base))
    began = time.monotonic()
    counts = dict.fromkeys(MODELS, 0)
    found: dict[str, list[str]] = {}
    try:
        machine = record(place / "w", kind=kind, durability=durability, prepare=prepare, is_taken=is_taken)
        end = End("power", is_durable=durability == "commit")
        for state in itertools.islice(states(machine, seed=seed, samples=samples), offset, None, every):
            counts[state.model] += 1
            materialise(place / "w", state.tree)
            wrong = violations(place / "w", state.facts, end)
            if wrong:
                found[f"{state.model} cut {state.cut} state {sum(counts.values())}"] = wrong
                if stop:
                    break
    finally:
        shutil.rmtree(place)
    return {
        "changes": len(machine.changes),
        "flushes": len(machine.flushes),
        "states": counts,
        "violations": found,
        "seconds": round(time.monotonic() - began, 2),
    }


def main(arguments: list[str]) -> int:
    """Cut the power in a process of its own, so that forking is safe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="run")
    parser.add_argument("--durability", default="commit")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--is-taken", action="store_true")
    print(json.dumps(cut_power(**vars(parser.parse_args(arguments)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

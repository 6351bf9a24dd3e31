"""Real attacks on the fence, at each level: what got through must stand in the record."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.fence import attacks
from integration.runs.place import Place
from runpact.host import landlock

HELD_BY_NOTHING = frozenset(attacks.ATTACKS) - {
    "by_an_inherited_descriptor",
    "by_standard_input",
    "by_a_mount",
    "take_over_the_parent",
}
METADATA = frozenset({"chmod", "utime", "setxattr"})
ASKING = frozenset({"by_asking_a_program"})
OUTSIDE = frozenset(attacks.ELSEWHERE)
THROUGH = {
    "W0": HELD_BY_NOTHING,
    "W1": HELD_BY_NOTHING,
    "W2": METADATA | ASKING | {"in_shared_memory"},
    "W3": ASKING,
}
"""What gets through at each level, when the workspace stands in the temporary folder."""


NEEDS_NAMESPACES = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="`bwrap` is not on PATH: attacks on namespaces are left out"
)


class Field:
    """A workspace with something to spoil, folders outside it, and a program that writes when it is asked."""

    def __init__(self, place: Place, folders: dict[str, Path]) -> None:
        self.place = place
        self.held = place.root / "held"
        self.outside = folders
        self.before: dict[str, object] = {}

    def folder(self, name: str) -> Path:
        return attacks.target(name, self.held, self.outside)

    def changed(self) -> set[str]:
        """Return the attacks that changed something, whatever they said of themselves."""
        return {name for name, before in self.before.items() if attacks.state(self.folder(name)) != before}


@contextlib.contextmanager
def writing_when_asked(folder: Path) -> Iterator[None]:
    """Keep a program outside the fence that creates a file for whoever connects to it."""
    server = socket.socket(socket.AF_UNIX)
    short = f"/proc/self/fd/{os.open(folder, os.O_PATH)}/ask"
    server.bind(short)
    server.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            asked, _address = server.accept()
            with asked:
                if asked.recv(5) == b"write":
                    (folder / "new").write_text("x")
                    asked.sendall(b"!")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        os.close(int(short.split("/")[-2]))


@pytest.fixture
def field(empty: Place) -> Iterator[Field]:
    token = uuid.uuid4().hex[:8]
    folders = {
        "tmp": Path(tempfile.gettempdir()) / f"attacked-{token}",
        "shm": Path(f"/dev/shm/attacked-{token}"),
    }
    made = Field(empty, folders)
    for name in attacks.ATTACKS:
        attacks.lay_out(made.folder(name))
    descriptor = os.open(made.folder("by_an_inherited_descriptor") / "kept", os.O_WRONLY | os.O_APPEND)
    os.set_inheritable(descriptor, True)
    (made.folder("by_an_inherited_descriptor") / "descriptor").write_text(str(descriptor))
    made.before = {name: attacks.state(made.folder(name)) for name in attacks.ATTACKS}
    kept_input = os.dup(0)
    opened = os.open(made.folder("by_standard_input") / "kept", os.O_RDWR)
    os.dup2(opened, 0)
    try:
        with writing_when_asked(made.folder("by_asking_a_program")):
            yield made
    finally:
        os.dup2(kept_input, 0)
        for number in (descriptor, kept_input, opened):
            os.close(number)
        for folder in folders.values():
            shutil.rmtree(folder)


def attacked(field: Field, *options: str) -> tuple[set[str], dict, dict[str, str]]:
    """Let all attacks loose; return what changed, what is recorded, and what each was answered."""
    program = [sys.executable, attacks.__file__, str(field.held)]
    program += [str(field.outside["tmp"]), str(field.outside["shm"])]
    _code, _out, err = field.place.call("run", *options, "--", *program)
    folder = field.place.root / field.place.runs()[0]["path"]
    manifest = json.loads((folder / ".runpact/manifest.json").read_text())
    answers = json.loads((folder / "answers.json").read_text()) if (folder / "answers.json").exists() else {}
    assert answers.keys() == attacks.ATTACKS.keys(), err
    changed = field.changed()
    if answers["take_over_the_parent"] == "done":
        changed.add("take_over_the_parent")
    return changed, manifest["provenance"]["confinement"], answers


def claims_to_hold(name: str, record: dict, field: Field) -> bool:
    """Whether a record says that such an attack was refused, or would have been told."""
    gaps, level = " ".join(record["gaps"]), record["level"]
    if level == "W0" or (level == "W1" and name in OUTSIDE | {"by_an_inherited_descriptor"}):
        return False
    if name in OUTSIDE:
        shown = {str(Path(path).expanduser()) for path in record["opened"]}
        return not any(str(parent) in shown for parent in field.folder(name).parents)
    told = {
        **dict.fromkeys(METADATA, "times, modes, owners and attributes of files outside"),
        **dict.fromkeys(ASKING, "a program outside may be asked to write"),
    }
    return level != "W1" and told.get(name, "-") not in gaps


@pytest.mark.parametrize(
    "level",
    [pytest.param(level, marks=[NEEDS_NAMESPACES] if level == "W3" else []) for level in sorted(THROUGH)],
)
def test_what_got_through_is_never_more_than_the_record_admits(field: Field, level: str) -> None:
    changed, record, answers = attacked(field, "--confinement", level, "--require-confinement", level)
    assert record["level"] == level
    assert {name for name in changed if claims_to_hold(name, record, field)} == set()
    expected = THROUGH[level] - (
        METADATA - {"chmod", "utime"} if answers["setxattr"] == "EOPNOTSUPP" else set()
    )
    assert changed - {"by_a_mount", "take_over_the_parent"} == expected


@pytest.mark.requirement("A-003", "A-004", "C-018")
def test_at_w2_every_write_outside_is_answered_with_no_permission(field: Field) -> None:
    _changed, record, answers = attacked(field)
    denied = {name: answer for name, answer in answers.items() if name not in THROUGH["W2"]}
    others = {"by_standard_input": "EBADF", "by_an_inherited_descriptor": "EBADF"}
    never = frozenset({"EPERM", "EACCES", "ENOSYS", "EINVAL"})
    moved = {"by_a_mount": never, "take_over_the_parent": never}
    for name, answer in denied.items():
        if name == "by_a_daemon":
            continue  # it could tell nobody
        assert answer in moved.get(name, {others.get(name, "EACCES"), "EXDEV"}), name
    assert record["mechanism"] == ["landlock", "private temporary folder", "comparison"]


def test_the_comparison_tells_of_changed_modes_that_the_kernel_lets_pass(field: Field) -> None:
    _changed, record, _answers = attacked(field)
    told = {stray["path"] for stray in record["strays"]}
    assert {"held/chmod/kept", "held/utime/kept"} <= told


def test_without_landlock_the_level_is_w1_and_that_is_said(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    changed, record, _answers = attacked(field)
    assert (record["requested"], record["level"]) == ("W2", "W1")
    assert record["lacking"][0].startswith("W2 was asked for: this kernel has no Landlock")
    assert {name for name in changed if claims_to_hold(name, record, field)} == set()
    assert "create" in changed
